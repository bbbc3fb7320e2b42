"""What the token master's timers do: every account looked at, each by itself, and trouble told."""

import asyncio
import logging
from collections.abc import Iterable, Sequence

from muneris.cloud.events import Event, Publisher
from muneris.core.operational import OperationalError
from muneris.core.problems import Json
from muneris.replication.accounts import State, is_owed
from muneris.replication.refreshing import Means, NotMasterError, Tended, Turn

_log = logging.getLogger(__name__)

_AT_ONCE = 8


class TokenMaster:
    """One region's part in keeping accounts signed in: all of it as the master, else only the queue."""

    def __init__(self, means: Means, publisher: Publisher) -> None:
        self._means = means
        self._publisher = publisher

    async def run(self) -> Sequence[Tended]:
        """Look at every account, if this region is the master; tell what somebody has to know."""
        if await self._means.mastership.confirm() is None:
            await self._tell_if_nobody_is_master()
            return []
        tended = await self._tend(await self._means.regions.ids())
        await self._tell([each for each in tended if each.standing.wants_attention])
        return tended

    async def catch_up(self) -> Sequence[Tended]:
        """Carry over what is owed to other regions; as the master, repeat what is due and was not done."""
        await self._means.outbox.sweep()
        if await self._means.mastership.confirm() is None:
            return []
        own, now = self._means.regions.own, self._means.clock.now()
        due = [each for each in await own.ids() if is_owed(await own.links(each), now)]
        tended = await self._tend(due)
        await self._tell([each for each in tended if _came_to_need_sign_in(each)])
        return tended

    async def _tend(self, account_ids: Iterable[str]) -> Sequence[Tended]:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def tend(account_id: str) -> Tended | None:
            async with turns:
                return await self._tend_one(account_id)

        tended = await asyncio.gather(*(tend(each) for each in account_ids))
        return [each for each in tended if each is not None]

    async def _tend_one(self, account_id: str) -> Tended | None:
        try:
            tended = await Turn(self._means, account_id).tend()
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

    async def _tell_if_nobody_is_master(self) -> None:
        seen = await self._means.mastership.overview()
        if seen.holder is not None:
            return
        epochs = {region: None if role is None else role.epoch for region, role in seen.votes.items()}
        _log.error(
            "nobody is master of the Simphony tokens, and none is refreshed: promote a region (%s answer)",
            ", ".join(sorted(seen.votes)),
        )
        region = self._means.regions.region
        now = self._means.clock.now()
        await self._publish(
            [Event("muneris.master.missing", region, f"{region}-{now:%Y%m%d%H}", {"epochs": epochs})]
        )

    async def _tell(self, tended: Sequence[Tended]) -> None:
        for each in tended:
            _log.error(
                "account %s of %s: %s, %d days left%s",
                each.account.id,
                each.account.org_short_name,
                each.standing.state,
                each.standing.days_left,
                "; its password expires soon" if each.standing.password_expires_soon else "",
            )
        await self._publish([_event(each) for each in tended])

    async def _publish(self, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            await self._publisher.publish(events)
        except OperationalError as error:
            _log.warning("what was logged is not published: %s", error)  # it is told again in 12 hours


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
        "failure": tended.failure,
    }
    event_id = f"{tended.account.id}-{standing.version}-{standing.state}-{standing.days_left}"
    return Event("muneris.token.attention", tended.account.id, event_id, data)
