"""The queues that these tests have to themselves."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """A queue that has poison, and one that has none."""

    inbox: str
    plain: str

    @property
    def poison(self) -> str:
        return f"{self.inbox}-poison"

    def __iter__(self) -> Iterator[str]:
        yield from (self.inbox, self.poison, self.plain)
