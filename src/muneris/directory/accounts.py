"""Which of its region's storage accounts holds a property: chosen once, kept in the directory. Pure."""

import hashlib
from collections.abc import Iterable

from muneris.cloud.tables import Row
from muneris.cloud.tables.spread import MAIN


def choose_account(code: str, accounts: Iterable[str]) -> str:
    """The account a new property goes to: evenly spread, and the same whoever asks with the same accounts.

    By rendezvous hashing (Thaler and Ravishankar 1998, "Using name-based mappings to increase hit rates"):
    another account takes its share of every account's new properties and no more.
    """
    return max(accounts, key=lambda account: hashlib.sha256(f"{account}/{code}".encode()).digest())


def find_account(row: Row, region: str) -> str | None:
    """The account that holds a property in a region, by the region's directory row of it.

    A row of the region's own that names none is older than the choice: its property is in the main one.
    None: the property is another region's and never was this one's.
    """
    return row.text("Account") or (MAIN if row.text("Region") == region else None)
