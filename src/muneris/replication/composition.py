"""An app's parts of what all regions hold alike."""

from collections.abc import Mapping

from muneris.cloud.agenda import Agenda
from muneris.cloud.platform import Platform
from muneris.cloud.sealing import Opener, Sealer
from muneris.cloud.settings import PeerSettings
from muneris.cloud.tables import Table
from muneris.replication.gathering import Regions
from muneris.replication.mastership import Mastership
from muneris.replication.refreshing import IdentityProvider, Means
from muneris.replication.settings import TokenSettings
from muneris.replication.store import AccountStore
from muneris.replication.tokens import AGENDA, TokenKeeper, token_outbox

_TOKENS, _MASTER = "SimphonyTokens", "Master"


def all_tables(settings: PeerSettings, platform: Platform, name: str) -> Mapping[str, Table]:
    """One table in every region, by region."""
    peers = {region: platform.peer_table(peer, name) for region, peer in settings.peers.items()}
    return {settings.region: platform.table(name), **peers}


def token_keeper_of(settings: TokenSettings, platform: Platform) -> TokenKeeper:
    """The tokens of an app that signs accounts in."""
    tables = dict(all_tables(settings, platform, _TOKENS))
    own = tables.pop(settings.region)
    return TokenKeeper(
        settings.region,
        own,
        Opener(settings.sealing_key.get_secret_value()),
        Sealer(settings.sealing_recipients),
        token_outbox(own, Agenda(platform.table("Agenda"), AGENDA, platform.clock), tables),
        platform.clock,
    )


def means_of(settings: TokenSettings, platform: Platform, identity: IdentityProvider) -> Means:
    """What the token master works with."""
    tables = all_tables(settings, platform, _TOKENS)
    own = tables[settings.region]
    peers = {region: table for region, table in tables.items() if region != settings.region}
    stores = {region: AccountStore(table) for region, table in tables.items()}
    return Means(
        Regions(settings.region, stores, platform.clock),
        Mastership(settings.region, all_tables(settings, platform, _MASTER), platform.clock),
        token_outbox(own, Agenda(platform.table("Agenda"), AGENDA, platform.clock), peers),
        identity,
        Opener(settings.sealing_key.get_secret_value()),
        Sealer(settings.sealing_recipients),
        platform.clock,
    )
