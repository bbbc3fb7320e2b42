"""One account's refresh, so that no token is used up and its successor lost."""

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from muneris.cloud.sealing import Opener, Sealer, SealError
from muneris.cloud.tables import Transaction
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.replication.accounts import (
    Attempt,
    Standing,
    is_owed,
    password_link,
    standing_of,
    usable,
)
from muneris.replication.gathering import Gathered, Regions
from muneris.replication.links import Link, Writer, heads, next_version, seen_after
from muneris.replication.mastership import Mastership
from muneris.replication.outbox import Outbox
from muneris.replication.role import Role, has_majority
from muneris.replication.tokens import Secrets, open_link, seal_secrets
from muneris.simphony.errors import NotConfiguredError, SignInFailedError, SignInFailure
from muneris.simphony.model import Account, Tokens

_log = logging.getLogger(__name__)

_SEND_WITHIN = timedelta(seconds=10)
"""Of the check that this region is master: what is sent later may meet another master's."""
_LASTS = timedelta(minutes=12)
"""How long an attempt may last, the storing of its answer included. Shorter than from one run to the next."""
_TRIES = 2
"""A token whose answer was lost is tried once more at once."""
_LONGEST_PAUSE = 10.0
_UNANSWERED = {SignInFailure.UNREACHABLE, SignInFailure.ANSWER_LOST}
"""Oracle would not answer for another link either."""
_MAY_BE_UNDER_WAY = {failure for failure in SignInFailure if failure.may_have_rotated}
_PASSWORD_REFUSED = {SignInFailure.WRONG_CREDENTIALS, SignInFailure.PASSWORD_EXPIRED}


class IdentityProvider(Protocol):
    """Oracle's; every call raises `SignInFailedError` or `NotConfiguredError` when it fails."""

    async def sign_in(self, account: Account, password: str) -> Tokens:
        """Tokens for an account's password."""
        ...

    async def refresh(self, account: Account, tokens: Tokens) -> Tokens:
        """Newer tokens for a refresh token, which may be used up by that."""
        ...


class NotMasterError(OperationalError):
    """This region is not the master, or may not act as one now."""


@dataclass(frozen=True)
class Tended:
    """How an account stands after its turn, and what went wrong with it, if anything."""

    account: Account
    before: Standing
    standing: Standing
    failure: str | None = None


@dataclass(frozen=True)
class Means:
    """What a master works with."""

    regions: Regions
    mastership: Mastership
    outbox: Outbox
    identity: IdentityProvider
    opener: Opener
    sealer: Sealer
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random


class Turn:
    """One account's turn in a run."""

    def __init__(self, means: Means, account_id: str) -> None:
        self._means = means
        self._account_id = account_id
        self._attempt: Attempt | None = None
        """The last that was begun in this turn."""
        self._found: Gathered | None = None
        """What a successor goes back to."""

    async def tend(self) -> Tended | None:
        """Bring the regions together on the account, and refresh it if that is due; None: there is none.

        Raises:
            NotMasterError: it is due, and this region is not the master.
            OperationalError: it could not be looked at.
        """
        means = self._means
        found = await means.regions.gather(self._account_id)
        before = standing_of(found.links, means.clock.now())
        if before is None:
            return None
        account = found.links[0].account
        if not is_owed(found.links, means.clock.now()) or self._is_anothers(found):
            return Tended(account, before, before)
        await means.sleep(means.chance())  # not all accounts in the same moment
        failure = await self._renew_or_end()
        links = await means.regions.own.links(self._account_id)
        return Tended(account, before, standing_of(links, means.clock.now()) or before, failure)

    async def _renew_or_end(self) -> str | None:
        """`_renew`; what is known to have come to nothing holds up nobody's next try."""
        try:
            failure = await self._renew()
        except OperationalError:
            await self._end()
            raise
        if failure is not None and failure not in _MAY_BE_UNDER_WAY:
            await self._end()
        return failure

    async def _renew(self) -> str | None:
        """Use one link after the other until one works, then the password; why nothing did, or None."""
        failure: str | None = "its successor may lie in a region that is out of reach"
        tried: set[str] = set()
        while True:
            found = self._found = await self._means.regions.gather(self._account_id)
            if all(link.spent for link in found.links):
                link = password_link(found.links)
                return failure if link is None else await self._with_secrets(link, self._sign_in)
            link = next((each for each in self._usable(found) if each.id not in tried), None)
            if link is None:
                return failure
            tried.add(link.id)
            failure = await self._with_secrets(link, self._refresh)
            if failure is None or failure in _UNANSWERED:
                return failure

    def _usable(self, found: Gathered) -> Sequence[Link]:
        region, now = self._means.regions.region, self._means.clock.now()
        return usable(found.links, found.attempts, found.reachable, region, now)

    async def _with_secrets(
        self, link: Link, use: Callable[[Link, Secrets], Awaitable[str | None]]
    ) -> str | None:
        try:
            return await use(link, open_link(self._means.opener, link))
        except (SealError, NotConfiguredError) as error:
            return str(error)

    async def _refresh(self, link: Link, secrets: Secrets) -> str | None:
        """Use a link's refresh token; why it did not work, or None."""
        failure = None
        for _ in range(_TRIES):
            attempt = await self._begin(link)
            try:
                tokens = await self._means.identity.refresh(link.account, secrets.tokens)
            except SignInFailedError as error:
                failure = error.reason
                if failure is SignInFailure.REFRESH_REFUSED:
                    await self._write_off(replace(link, spent=True))
                if not failure.may_have_rotated:
                    break
            else:
                await self._keep(link, attempt, secrets.model_copy(update={"tokens": tokens}))
                return None
        return failure

    async def _sign_in(self, link: Link, secrets: Secrets) -> str | None:
        """Use a link's sealed password; why it did not work, or None."""
        attempt = await self._begin(link)
        try:
            tokens = await self._means.identity.sign_in(link.account, secrets.password or "")
        except SignInFailedError as error:
            if error.reason in _PASSWORD_REFUSED:
                await self._write_off(replace(link, password_spent=True))
            return error.reason
        await self._keep(link, attempt, secrets.model_copy(update={"tokens": tokens}))
        return None

    async def _begin(self, link: Link) -> Attempt:
        """Make sure that nobody else uses a link now, and that whoever comes after knows that we did.

        Raises:
            NotMasterError: this region is not the master, or was not sure of it soon enough.
            OperationalError: another process is at it, or too few regions know of the attempt.
        """
        means = self._means
        began = means.clock.now()
        role = await means.mastership.confirm()
        if role is None:
            raise NotMasterError(f"{means.regions.region} is not the master")
        self._require_majority(role, self._reachable, "were read")
        attempt = await self._claim(link, role)
        knowing = [means.regions.region, *await means.regions.note(self._account_id, attempt)]
        self._require_majority(role, knowing, "know of the attempt")
        if means.clock.now() - began > _SEND_WITHIN:
            raise NotMasterError("it took too long to make sure who is master")
        return attempt

    def _require_majority(self, role: Role, regions: Collection[str], what: str) -> None:
        """Any two majorities share a region: so who comes after a master reads of its last attempt."""
        if not role.forced and not has_majority(regions, self._means.regions.stores):
            raise OperationalError(f"only {', '.join(sorted(regions))} {what}")

    async def _claim(self, link: Link, role: Role) -> Attempt:
        means = self._means
        stored = await means.regions.own.read(self._account_id)
        last = stored.attempts.get(means.regions.region)
        if link.id not in {each.id for each in heads(stored.links)}:
            raise OperationalError("it was refreshed meanwhile")
        now = means.clock.now()
        if last is not None and last != self._attempt and now < last.until:
            raise OperationalError("another process is at it")
        version = max(next_version(stored.links), 0 if last is None else last.version + 1)
        attempt = Attempt(Writer(role.epoch, means.regions.region), version, link.id, now, until=now + _LASTS)
        # Before the answer: nothing may come between that and keeping it.
        await means.outbox.announce(self._account_id)
        if not await means.regions.own.begin(stored, attempt):
            raise OperationalError("another process is at it")
        self._attempt = attempt
        return attempt

    async def _end(self) -> None:
        if self._attempt is None:
            return
        with suppress(OperationalError):  # then it ends by itself
            await self._means.regions.own.end(self._account_id, self._attempt, self._means.clock.now())

    async def _keep(self, link: Link, attempt: Attempt, secrets: Secrets) -> None:
        """Keep a successor before anything else is done: in this region, or else wherever it can be."""
        means, account_id = self._means, self._account_id
        successor = replace(
            link,
            writer=attempt.writer,
            version=attempt.version,
            seen=seen_after(self._known, attempt.writer, attempt.version),
            obtained_at=means.clock.now(),
            expires_at=secrets.tokens.expires_at,
            sealed=seal_secrets(means.sealer, link.account, secrets),
            spent=not secrets.tokens.refresh_token,
        )
        for number in itertools.count(1):
            for store in means.regions.nearest_first:
                owed = self._owed() if store is means.regions.own else None
                try:
                    await store.merge(account_id, [successor], owed)
                except Exception as error:  # noqa: BLE001 - what Oracle gave is lost unless some region takes it
                    _log.warning("the new tokens of %s are not kept yet: %s", account_id, error)
                else:
                    await self._push()
                    return
            if means.clock.now() >= attempt.until:
                break
            await means.sleep(min(_LONGEST_PAUSE, number))
        raise OperationalError(f"the new tokens of {account_id} could not be kept anywhere and are lost")

    async def _write_off(self, link: Link) -> None:
        """Note for good that Oracle refused what a link has."""
        await self._means.regions.own.merge(self._account_id, [link], self._owed())
        await self._push()

    @property
    def _known(self) -> Sequence[Link]:
        return () if self._found is None else self._found.links

    @property
    def _reachable(self) -> Collection[str]:
        return () if self._found is None else self._found.reachable

    def _owed(self) -> Transaction:
        return self._means.outbox.owe_to_all(Transaction(self._account_id))

    async def _push(self) -> None:
        with suppress(OperationalError):  # it is owed, and carried over later
            await self._means.outbox.push(self._account_id)

    def _is_anothers(self, found: Gathered) -> bool:
        """Whether another process of this region is at it."""
        last = found.own.attempts.get(self._means.regions.region)
        return last is not None and self._means.clock.now() < last.until
