"""How many Oracle accounts stand how in each region, for the live view."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus

import aiohttp
from pydantic import TypeAdapter, ValidationError

from localcloud import staff
from localcloud.app_settings import endpoint
from localcloud.commands.overview import TokenStates
from localcloud.commands.tokens import ACCOUNTS_PATH
from localcloud.layout import Layout
from localcloud.supervisor.keys import read_staff_key
from muneris.replication.overview import AccountOverview

_SECONDS = 10.0
"""Between two looks: each reads every account in every region."""
_ANSWER = aiohttp.ClientTimeout(total=5)
_ACCOUNTS = TypeAdapter(dict[str, list[AccountOverview]])


class TokenWatch:
    """Asks any region that answers how the accounts stand in all of them, and remembers it for a while."""

    def __init__(
        self,
        layout: Layout,
        session: aiohttp.ClientSession,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._layout = layout
        self._session = session
        self._monotonic = monotonic
        self._states: TokenStates = {}
        self._next_at = monotonic()

    async def look(self) -> TokenStates:
        """The accounts of each region by state; empty while no region answers."""
        if self._monotonic() >= self._next_at:
            self._states = await self._ask()
            self._next_at = self._monotonic() + _SECONDS
        return self._states

    async def _ask(self) -> TokenStates:
        headers = {"Authorization": f"Bearer {staff.issue_token(read_staff_key(self._layout.data_dir))}"}
        for region in self._layout.regions:
            address = f"{endpoint(self._layout.gateway(region))}{ACCOUNTS_PATH}"
            try:
                async with self._session.get(address, headers=headers, timeout=_ANSWER) as answer:
                    if answer.status == HTTPStatus.OK:
                        return _counted(_ACCOUNTS.validate_json(await answer.read())["items"])
            except (aiohttp.ClientError, TimeoutError, ValidationError):
                continue
        return {}


def _counted(accounts: list[AccountOverview]) -> Mapping[str, Mapping[str, int]]:
    states: dict[str, Counter[str]] = {}
    for account in accounts:
        for regional in account.regions:
            states.setdefault(regional.region, Counter())[str(regional.state)] += 1
    return states
