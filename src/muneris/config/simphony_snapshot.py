"""What Simphony last said of a revenue center's menu, and the entity tags to ask for newer with. Pure."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from muneris.simphony.configuration import Taxes, UnavailableItems, Versioned
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Connection


class Snapshot(BaseModel):
    """The answers together, since each may change alone; of one `scope`, to which its entity tags belong."""

    model_config = ConfigDict(frozen=True)

    scope: str
    menu: SimphonyMenu | None = None
    menu_etag: str | None = None
    unavailable: UnavailableItems = UnavailableItems()
    unavailable_etag: str | None = None
    taxes: Taxes = Taxes()
    taxes_etag: str | None = None

    @property
    def content(self) -> SimphonyMenu:
        """The menu of a snapshot that has one.

        Raises:
            LookupError: it has none.
        """
        if self.menu is None:
            raise LookupError("a snapshot without a menu")
        return self.menu

    @property
    def versioned_menu(self) -> Versioned[SimphonyMenu] | None:
        """The menu as it is asked for anew; None: there is none."""
        return None if self.menu is None else Versioned(self.menu, self.menu_etag)

    @classmethod
    def none_of(cls, connection: Connection) -> Self:
        """Nothing of a revenue center yet."""
        return cls(scope=scope_of(connection))


def scope_of(connection: Connection) -> str:
    """What an entity tag belongs to: the revenue center and the API's version. All else never differs."""
    return repr((connection.site, connection.menu_version))


def snapshot_document(property_code: str) -> str:
    """The name of the document a snapshot is kept in."""
    return f"{property_code}/simphony-menu.json"
