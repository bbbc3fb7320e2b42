"""What the token master's timers do: every account looked at, each by itself, and trouble told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta

from muneris.cloud.events import Event, Publisher
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.operational import OperationalError
from muneris.core.problems import Json
from muneris.replication.accounts import Standing, State, standing_of
from muneris.replication.links import heads
from muneris.replication.mastership import Overview
from muneris.replication.refreshing import Means, NotMasterError, Tended, Turn

_log = logging.getLogger(__name__)

type _Do = Callable[[str], Awaitable[Tended | None]]

_AT_ONCE = 8
_BEGINS_WITHIN = timedelta(minutes=10)
"""Of a run's start: with the 12 minutes that one account may take, it ends before the host's 30 do."""


class TokenMaster:
    """One region's part in keeping accounts signed in: all of it as the master, else only the queue."""

    def __init__(self, means: Means, publisher: Publisher) -> None:
        self._means = means
        self._publisher = publisher

    async def run(self) -> Sequence[Tended]:
        """As the master, look at every account; tell what somebody has to know, of the master too."""
        if await self._means.mastership.confirm() is None:
            await self._tell_if_no_master_acts()
            seen = await self._for_each(await self._means.regions.own.ids(), self._look_at)
            await self._tell([each for each in seen if each.standing.is_late])
            return []
        tended = await self._for_each(await self._means.regions.ids(), self._tend)
        await self._tell([each for each in tended if each.standing.wants_attention])
        return tended

    async def catch_up(self) -> Sequence[Tended]:
        """Carry over what is owed to other regions; as the master, repeat the refreshes that were not done.

        A kept password is left to the runs, after the turn that found the need for it: Oracle counts tries.
        """
        await self._means.outbox.sweep()
        if await self._means.mastership.confirm() is None:
            return []
        tended = await self._for_each(await self._means.regions.own.ids(), self._tend_if_due)
        await self._tell([each for each in tended if _came_to_need_sign_in(each)])
        return tended

    async def _tend(self, account_id: str) -> Tended | None:
        return await Turn(self._means, account_id).tend()

    async def _tend_if_due(self, account_id: str) -> Tended | None:
        seen = await self._look_at(account_id)
        is_due = seen is not None and seen.standing.state is State.REFRESH_DUE
        return await self._tend(account_id) if is_due else None

    async def _look_at(self, account_id: str) -> Tended | None:
        """How an account stands in this region, with nothing done to it."""
        links = heads(await self._means.regions.own.links(account_id))
        standing = standing_of(links, self._means.clock.now())
        return None if standing is None else Tended(links[0].account, standing, standing)

    async def _for_each(self, account_ids: Iterable[str], do: _Do) -> Sequence[Tended]:
        """Some accounts at once, in another order each time: none is always behind those that take long."""
        now, turns = self._means.clock.now, asyncio.Semaphore(_AT_ONCE)
        until, left = now() + _BEGINS_WITHIN, list[str]()

        async def in_turn(account_id: str) -> Tended | None:
            async with turns:
                if now() < until:
                    return await self._by_itself(account_id, do)
                left.append(account_id)
                return None

        in_any_order = sorted(account_ids, key=lambda _: self._means.chance())
        done = await asyncio.gather(*map(in_turn, in_any_order))
        if left:
            _log.warning("it took too long: %d accounts are left to the next run", len(left))
        return [each for each in done if each is not None]

    async def _by_itself(self, account_id: str, do: _Do) -> Tended | None:
        try:
            tended = await do(account_id)
        except NotMasterError as error:
            _log.warning("account %s waits: %s", account_id, error)
        except OperationalError as error:
            _log.error("account %s is left to the next run: %s", account_id, error)
        except Exception:  # noqa: BLE001 - an entry point: every account by itself
            _log.exception("account %s failed: the others go on", account_id)
        else:
            if tended is not None and tended.failure is not None:
                _log.error("account %s was not refreshed: %s", account_id, tended.failure)
            return tended
        return None

    async def _tell_if_no_master_acts(self) -> None:
        seen = await self._means.mastership.overview()
        why = _why_nobody_acts(seen)
        if why is None:
            return
        epochs = {region: None if role is None else role.epoch for region, role in seen.votes.items()}
        _log.error(
            "%s, and no Simphony token is refreshed: promote a region (%s answer)",
            why,
            ", ".join(sorted(seen.votes)),
        )
        region = self._means.regions.region
        now = self._means.clock.now()
        await self._publish(
            [Event("muneris.master.missing", region, f"{region}-{now:%Y%m%d%H}", {"epochs": epochs})]
        )

    async def _tell(self, tended: Sequence[Tended]) -> None:
        for each in tended:
            _log.log(
                logging.ERROR if each.standing.is_in_trouble else logging.WARNING,
                "account %s of %s: %s, %d days left%s",
                each.account.id,
                each.account.org_short_name,
                each.standing.state,
                each.standing.days_left,
                _said_of_password(each.standing),
            )
        await self._publish([_event(each) for each in tended])

    async def _publish(self, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            await self._publisher.publish(events)
        except (OperationalError, RequestRefusedError) as error:
            _log.warning("what was logged is not published: %s", error)  # it is told again in 12 hours


def _why_nobody_acts(seen: Overview) -> str | None:
    if seen.holder is None:
        return "nobody is the master"
    if seen.holder.region in seen.unreachable:
        return f"the master {seen.holder.region} is out of reach"
    return None


def _came_to_need_sign_in(tended: Tended) -> bool:
    needed = State.SIGN_IN_NEEDED
    return tended.before.state is not needed and tended.standing.state is needed


def _event(tended: Tended) -> Event:
    standing = tended.standing
    data: dict[str, Json] = {
        "organization": tended.account.org_short_name,
        "state": standing.state,
        "version": standing.version,
        "days_left": standing.days_left,
        "password_expires_soon": standing.password_expires_soon,
        "password_expired": standing.password_expired,
        "failure": tended.failure,
    }
    return Event("muneris.token.attention", tended.account.id, f"{tended.account.id}-{_told(standing)}", data)


def _told(standing: Standing) -> str:
    """What is told, so that it has an id of its own: trouble anew every day, a password once."""
    if standing.is_in_trouble:
        return f"{standing.version}-{standing.state}-{standing.days_left}"
    what = "expired" if standing.password_expired else "expires_soon"
    return f"password-{what}-{standing.password_expires_at:%Y%m%d}"


def _said_of_password(standing: Standing) -> str:
    if standing.password_expired:
        return "; its password has expired"
    return "; its password expires soon" if standing.password_expires_soon else ""
