"""An account as all regions that answer know it; they know the same of it afterwards."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from muneris.cloud.tables import TableUnavailableError
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.replication.accounts import Attempt, latest
from muneris.replication.links import Link, heads
from muneris.replication.store import AccountStore, StoredAccount

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 3.0
_LEFT_ALONE = timedelta(minutes=1)
"""A region that was silent is not asked again so soon: it would be waited for with every account."""


@dataclass(frozen=True)
class Gathered:
    """An account's heads, the last attempt of each region, who answered, and this region's own rows."""

    links: Sequence[Link]
    attempts: Sequence[Attempt]
    reachable: frozenset[str]
    own: StoredAccount


class Regions:
    """All regions' accounts, as one of them reaches them; a silent one is left alone for a minute."""

    def __init__(self, region: str, stores: Mapping[str, AccountStore], clock: Clock) -> None:
        self.region = region
        self.stores = stores
        self._clock = clock
        self._silent_until = {name: clock.now() for name in stores}

    @property
    def own(self) -> AccountStore:
        """This region's accounts."""
        return self.stores[self.region]

    @property
    def nearest_first(self) -> Sequence[AccountStore]:
        """Every region's accounts, this one's first."""
        return [self.own, *(store for store in self.stores.values() if store is not self.own)]

    async def ids(self) -> list[str]:
        """Every account that any region in reach knows."""
        answers = await self._ask({name: store.ids for name, store in self.stores.items()})
        return sorted({account_id for ids in answers.values() for account_id in ids})

    async def links(self, account_id: str) -> Mapping[str, Sequence[Link]]:
        """An account's links in each region in reach, as they are."""
        return await self._ask(
            {name: partial(store.links, account_id) for name, store in self.stores.items()}
        )

    async def gather(self, account_id: str) -> Gathered:
        """Read an account everywhere, and bring every region in reach up to date.

        Raises:
            TableUnavailableError: this region's own table did not answer.
        """
        found = await self._ask(
            {name: partial(store.read, account_id) for name, store in self.stores.items()}
        )
        own = found.get(self.region)
        if own is None:
            raise TableUnavailableError(f"the tokens of {self.region} cannot be read")
        links = heads([link for stored in found.values() for link in stored.links])
        behind = [name for name, stored in found.items() if list(stored.links) != links and links]
        merges = {name: partial(self.stores[name].merge, account_id, links) for name in behind}
        merged = await self._ask(merges)
        if self.region in merges and self.region not in merged:
            raise TableUnavailableError(f"the tokens of {self.region} cannot be written")
        return Gathered(links, _last_attempts(found.values()), frozenset(found), own)

    async def note(self, account_id: str, attempt: Attempt) -> list[str]:
        """Have the peers know of an attempt of this region; those that do."""
        peers = {name: store for name, store in self.stores.items() if name != self.region}
        return list(
            await self._ask({name: partial(store.note, account_id, attempt) for name, store in peers.items()})
        )

    async def _ask[T](self, questions: Mapping[str, Callable[[], Awaitable[T]]]) -> Mapping[str, T]:
        """The answers of the regions that give one."""
        answers: dict[str, T] = {}

        async def ask(name: str, question: Callable[[], Awaitable[T]]) -> None:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    answers[name] = await question()
            except (OperationalError, RequestRefusedError, TimeoutError) as error:
                why = str(error) or f"nothing within {_ANSWER_SECONDS:g} s"
                _log.warning("%s does not answer: %s", name, why)
                self._silent_until[name] = self._clock.now() + _LEFT_ALONE

        now = self._clock.now()
        async with asyncio.TaskGroup() as asked:
            for name, question in questions.items():
                if name == self.region or now >= self._silent_until[name]:
                    asked.create_task(ask(name, question))
        return answers


def _last_attempts(found: Iterable[StoredAccount]) -> Sequence[Attempt]:
    """The last that each region made, whoever knows of it."""
    attempts = [attempt for stored in found for attempt in stored.attempts.values()]
    by_region = {each.writer.region: latest(_of(attempts, each.writer.region)) for each in attempts}
    return [attempt for attempt in by_region.values() if attempt is not None]


def _of(attempts: Iterable[Attempt], region: str) -> Iterable[Attempt]:
    return (each for each in attempts if each.writer.region == region)
