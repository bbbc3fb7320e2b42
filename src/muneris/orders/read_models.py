"""What intake reads of other concerns: ports, whose values are kept in memory."""

from dataclasses import dataclass
from typing import Protocol

from muneris.config.menu import Menu
from muneris.config.property import Property
from muneris.inventory.availability import Availability
from muneris.inventory.recipes import Recipes


class Homes(Protocol):
    """Knows where properties live."""

    async def require_here(self, property_code: str) -> None:
        """Refuse unless the property lives in this region.

        Raises:
            ProblemError: `property_not_found` or `property_in_another_region`.
        """
        ...

    async def refuse_elsewhere(self, property_code: str) -> None:
        """Refuse what concerns another region's property; a code that nobody registered passes.

        Raises:
            ProblemError: `property_in_another_region`.
        """
        ...

    def expect(self, property_code: str) -> None:
        """Begin to read where a property lives, unless that is known."""
        ...


class ReadModel[T](Protocol):
    """What another concern publishes about a property."""

    async def find(self, property_code: str) -> T | None:
        """The newest version within bounded staleness, or None."""
        ...

    def expect(self, property_code: str) -> None:
        """Begin to read what is soon to be found, unless it is held."""
        ...


@dataclass(frozen=True)
class ReadModels:
    """All that intake reads of other concerns."""

    homes: Homes
    properties: ReadModel[Property]
    menus: ReadModel[Menu]
    recipes: ReadModel[Recipes]
    availability: ReadModel[Availability]

    def expect_all(self, property_code: str) -> None:
        """Begin to read what an order at a property needs: who has to wait waits once, not for each."""
        self.menus.expect(property_code)
        self.recipes.expect(property_code)
        self.availability.expect(property_code)
