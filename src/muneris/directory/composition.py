"""The directory's parts for an app that registers codes."""

from muneris.cloud.agenda import Agenda
from muneris.cloud.platform import Platform
from muneris.cloud.settings import PeerSettings
from muneris.cloud.tables.spread import MAIN
from muneris.directory.homes import Directory
from muneris.directory.outbox import AGENDA, DirectoryOutbox

_TABLE = "Directory"


def directory_of(settings: PeerSettings, platform: Platform) -> tuple[Directory, DirectoryOutbox]:
    """This region's directory, and what carries new codes into every region's."""
    own = platform.table(_TABLE)
    peers = {region: platform.peer_table(peer, _TABLE) for region, peer in settings.peers.items()}
    outbox = DirectoryOutbox(
        platform.table("Config"),
        Agenda(platform.table("Agenda"), AGENDA, platform.clock),
        {settings.region: own, **peers},
        (MAIN, *settings.storage_accounts),
    )
    return Directory(own, settings.region, settings.regions), outbox
