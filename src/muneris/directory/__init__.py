"""The directory: which region a company or property lives in, known in every region."""

from muneris.directory.homes import Directory, record_home
from muneris.directory.outbox import DirectoryOutbox

__all__ = ["Directory", "DirectoryOutbox", "record_home"]
