"""A whole replay: set up, place, wait until all is quiet, check."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import aiohttp
from pydantic import JsonValue

from localcloud.errors import LocalCloudError
from localcloud.replay.api import Api, once_known
from localcloud.replay.caller import Caller
from localcloud.replay.guest import Guest
from localcloud.replay.menu import SampleMenu
from localcloud.replay.owner import Owner, StockItem
from localcloud.replay.quiet import wait_until_quiet
from localcloud.replay.report import Report, Result, find_faults, find_stock_faults, summarize
from localcloud.replay.sample import SampleOrder
from localcloud.replay.setup import set_up
from localcloud.replay.simulator import HeldCheck, get_checks
from localcloud.supervisor.status import Status

_PATIENCE_SECONDS = 120.0
_MOST_NAMED = 5
_NO_LIMIT = 0  # the callers are the limit


@dataclass(frozen=True)
class Options:
    """How to replay: `rate` in orders a second (None: as fast as the callers can), `twice` each order."""

    property_code: str
    callers: int = 16
    rate: float | None = None
    twice: bool = False


@dataclass(frozen=True)
class Finished:
    """A replay that was carried out; without faults everything adds up."""

    report: Report
    faults: list[str]


class Replay:
    """Replays a sample against a running local cloud."""

    def __init__(
        self,
        status: Status,
        staff_token: Callable[[], str],
        options: Options,
        say: Callable[[str], None],
        ended: Callable[[Result], None],
    ) -> None:
        """Prepare.

        Args:
            status: where everything is.
            staff_token: a token that is valid now.
            options: how to replay.
            say: takes a line of progress.
            ended: is told of each order that came to its end.
        """
        self._status = status
        self._staff_token = staff_token
        self._options = options
        self._say = say
        self._ended = ended

    async def run(self, orders: Sequence[SampleOrder]) -> Finished:
        """Place all orders and check what came of them.

        Raises:
            LocalCloudError: the property cannot be set up, or looked at afterwards.
        """
        menu = SampleMenu(orders)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_NO_LIMIT)) as session:
            owner = Owner(self._api(session), self._options.property_code, self._staff_token)
            before = await self._set_up(session, owner, menu, orders)
            self._say(f"Placing {len(orders)} orders with {self._options.callers} callers.")
            begun = time.monotonic()
            results = await self._place(session, [(order, menu.order_request(order)) for order in orders])
            self._say("Waiting until all is quiet.")
            left = await wait_until_quiet(self._storage(owner.region), self._options.property_code)
            seconds = time.monotonic() - begun
            checks, after = await self._look(session, owner, results)
        confirmed = [result.order for result in results if result.outcome.end == "confirmed"]
        stock_faults = find_stock_faults(before, after, menu.sold(confirmed))
        report = summarize(self._options.property_code, results, checks, seconds)
        return Finished(report, [*_left(left), *find_faults(results, checks), *stock_faults])

    async def _set_up(
        self,
        session: aiohttp.ClientSession,
        owner: Owner,
        menu: SampleMenu,
        orders: Sequence[SampleOrder],
    ) -> dict[str, StockItem]:
        code = self._options.property_code
        self._say(f"Setting up {code}: {len(menu.items)} items.")
        async with _in_time(f"{code} is not set up"):
            stock = await set_up(session, owner, code, menu, menu.sold(orders), self._simulator)
            await once_known(partial(Guest.arrive, self._api(session), code))
        return stock

    async def _look(
        self, session: aiohttp.ClientSession, owner: Owner, results: Sequence[Result]
    ) -> tuple[list[HeldCheck], dict[str, StockItem]]:
        """Simphony's checks of these orders, and the stock that is left."""
        order_ids = {str(result.outcome.order_id) for result in results}
        async with _in_time("The checks and the stock cannot be read"):
            return await get_checks(session, self._simulator, order_ids), await owner.get_stock()

    async def _place(
        self, session: aiohttp.ClientSession, requests: Sequence[tuple[SampleOrder, JsonValue]]
    ) -> list[Result]:
        """Every order's result, in the order in which they ended."""
        results: list[Result] = []
        due = _paced(requests, self._options.rate)
        turn = asyncio.Lock()

        async def serve_guests(caller: Caller) -> None:
            while True:
                async with turn:
                    following = await anext(due, None)
                if following is None:
                    return
                order, body = following
                result = Result(order, await caller.place(body))
                results.append(result)
                self._ended(result)

        async with asyncio.TaskGroup() as callers:
            for _ in range(self._options.callers):
                caller = Caller(self._api(session), self._options.property_code, twice=self._options.twice)
                callers.create_task(serve_guests(caller))
        return results

    def _api(self, session: aiohttp.ClientSession) -> Api:
        return Api(session, self._status.traffic_manager)

    @property
    def _simulator(self) -> str:
        return self._status.simulators["simphony"]

    def _storage(self, region: str) -> list[str]:
        """The connection strings of a region's storage accounts, the main one first."""
        of = {each.name: each.storage for each in self._status.regions}
        if region not in of:
            raise LocalCloudError(f"No answer named the home region: found {region!r}, not {[*of]}.")
        return [of[region].connection_string, *of[region].further_accounts.values()]


@asynccontextmanager
async def _in_time(failure: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            yield
    except TimeoutError:
        raise LocalCloudError(
            f"{failure} after {_PATIENCE_SECONDS:.0f} s: see 'muneris status', and the logs beside its data."
        ) from None
    except aiohttp.ClientError as error:
        raise LocalCloudError(f"{failure}: the simulator does not answer: {error}") from error


async def _paced[T](items: Sequence[T], rate: float | None) -> AsyncIterator[T]:
    """The items, each not before it is due at a rate a second."""
    begun = time.monotonic()
    for number, item in enumerate(items):
        if rate is not None:
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
        yield item


def _left(left: Sequence[str]) -> list[str]:
    if not left:
        return []
    more = len(left) - _MOST_NAMED
    return [f"not quiet in time: {', '.join(left[:_MOST_NAMED])}" + (f" and {more} more" if more > 0 else "")]
