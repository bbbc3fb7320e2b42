"""What config publishes, for the other concerns to read."""

from muneris.cloud.documents import Documents
from muneris.cloud.documents.read_model import FRESH_SECONDS, ReadModel
from muneris.config.menu import Menu, menu_document
from muneris.config.menu_changes import MenuHistory, history_document
from muneris.config.property import Property, property_document


def property_read_model(documents: Documents) -> ReadModel[Property]:
    """The published properties."""
    return ReadModel(documents, Property, property_document)


def menu_read_model(documents: Documents, *, fresh_seconds: float = FRESH_SECONDS) -> ReadModel[Menu]:
    """The published menus."""
    return ReadModel(documents, Menu, menu_document, fresh_seconds=fresh_seconds)


def menu_history_read_model(documents: Documents, *, fresh_seconds: float) -> ReadModel[MenuHistory]:
    """What the published menus were before."""
    return ReadModel(documents, MenuHistory, history_document, fresh_seconds=fresh_seconds)
