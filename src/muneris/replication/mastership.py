"""The master role in table `Master` of every region: asked for, moved, and given up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from muneris.cloud.tables import Row, Table, Values
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.clock import Clock, from_rfc3339, to_rfc3339
from muneris.core.operational import OperationalError
from muneris.replication.conditional import try_write, write_if
from muneris.replication.role import (
    SETTLING,
    Role,
    Votes,
    find_master,
    has_majority,
    highest,
    is_settled,
    majority_of,
)

_log = logging.getLogger(__name__)

_PARTITION, _KEY = "role", "master"
_ANSWER_SECONDS = 3.0
"""How long a region is waited for: a dead one must not hold up what the others decide."""


@dataclass(frozen=True)
class Overview:
    """What the regions say of the role. `holder`: whom a majority confirms, or who forced itself here."""

    votes: Votes
    unreachable: frozenset[str]
    holder: Role | None


class NoMajorityError(OperationalError):
    """Too few regions answer to move the role; nothing was changed."""


class PromotionLostError(OperationalError):
    """No majority took the promotion, because another one was under way or regions fell silent meanwhile.

    `holder` is who is master now; None: there is none until a promotion succeeds.
    """

    def __init__(self, message: str, holder: Role | None) -> None:
        super().__init__(message)
        self.holder = holder


class Mastership:
    """The role as one region sees it; `tables` are the configured regions' tables `Master`, its own too."""

    def __init__(self, region: str, tables: Mapping[str, Table], clock: Clock) -> None:
        self._region = region
        self._tables = tables
        self._clock = clock

    async def overview(self) -> Overview:
        """What every region says now."""
        return self._overview(await self._read())

    async def confirm(self) -> Role | None:
        """This region's role if it is master and may act as such, by what the regions say now; else None.

        A role that this region missed is written into its own row: so an old master learns that it is none.
        """
        rows = await self._read()
        seen = self._overview(rows)
        if seen.holder is not None:
            await self._catch_up(seen.holder, rows)
        if seen.holder is None or seen.holder.region != self._region:
            return None
        return seen.holder if is_settled(seen.holder, self._clock.now()) else None

    async def promote(self, *, force: bool = False) -> Role:
        """Make this region the master; `force` does so without the regions that do not answer.

        Raises:
            NoMajorityError: too few regions answer; nothing was changed.
            PromotionLostError: no majority took it.
        """
        rows = await self._read()
        if not has_majority(rows, self._tables) and not force:
            raise NoMajorityError(
                f"{len(rows)} of {len(self._tables)} regions answer ({', '.join(sorted(rows)) or 'none'}), "
                f"and {majority_of(self._tables)} are needed: bring one back, or force it"
            )
        known = highest(_votes(rows))
        epoch = 1 if known is None else known.epoch + 1
        role = Role(epoch, self._region, self._clock.now(), forced=force)
        took = await self._write(role, rows)
        holder = (await self.overview()).holder
        if not role.is_same(holder) and not has_majority(took, self._tables):
            raise PromotionLostError(_lost(role, took, holder), holder)
        return role

    async def _read(self) -> Mapping[str, Row | None]:
        """The row of each region that answers."""
        answers = await _each(self._tables, lambda region: self._tables[region].find(_PARTITION, _KEY))
        return {region: row for region, row in answers.items() if not isinstance(row, OperationalError)}

    def _overview(self, rows: Mapping[str, Row | None]) -> Overview:
        votes = _votes(rows)
        holder = find_master(votes, self._tables, self._region)
        return Overview(votes, frozenset(self._tables.keys() - rows.keys()), holder)

    async def _catch_up(self, holder: Role, rows: Mapping[str, Row | None]) -> None:
        """Write the role in force into this region's row; its holder into every row that is behind."""
        is_ours = holder.region == self._region
        behind = {
            region: row
            for region, row in rows.items()
            if (is_ours or region == self._region) and _is_behind(row, holder)
        }
        if behind:
            took = await self._write(holder, behind)
            _log.warning("%s is master since epoch %d: now known in %s", holder.region, holder.epoch, took)

    async def _write(self, role: Role, rows: Mapping[str, Row | None]) -> list[str]:
        """Write a role over the rows that were read; the regions that took it."""

        async def write(region: str) -> bool:
            return await try_write(self._tables[region], _PARTITION, _KEY, _values(role), rows[region])

        answers = await _each(rows, write)
        return [region for region, took in answers.items() if took is True]


async def appoint_first(table: Table, region: str, clock: Clock) -> None:
    """Name the first master in one region's table, unless that knows one: there is none to wait for."""
    role = Role(1, region, clock.now() - SETTLING)
    await write_if(table, _PARTITION, _KEY, lambda row: _values(role) if row is None else None)


async def _each[T](
    regions: Mapping[str, object], ask: Callable[[str], Awaitable[T]]
) -> Mapping[str, T | OperationalError]:
    """What came of asking each region at once."""

    async def answer(region: str) -> T | OperationalError:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await ask(region)
        except TimeoutError:
            return OperationalError(f"{region} does not answer")
        except OperationalError as error:
            return error
        except RequestRefusedError as error:
            return OperationalError(f"{region} refuses: {error}")

    return dict(zip(regions, await asyncio.gather(*map(answer, regions)), strict=True))


def _lost(role: Role, took: list[str], holder: Role | None) -> str:
    now = (
        "nobody is master: repeat it"
        if holder is None
        else f"{holder.region} is master (epoch {holder.epoch})"
    )
    return f"Only {', '.join(took) or 'no region'} took epoch {role.epoch} of {role.region}; {now}"


def _votes(rows: Mapping[str, Row | None]) -> Votes:
    return {region: None if row is None else _role(row) for region, row in rows.items()}


def _is_behind(row: Row | None, holder: Role) -> bool:
    """Whether a row is to say who is master: it is older, or what lost the same epoch. A later one stays."""
    return row is None or (_role(row).epoch <= holder.epoch and not _role(row).is_same(holder))


def _role(row: Row) -> Role:
    return Role(
        row.number("Epoch"),
        row.text("Region"),
        from_rfc3339(row.text("Since")),
        forced=bool(row.values.get("Forced")),
    )


def _values(role: Role) -> Values:
    return {
        "Epoch": role.epoch,
        "Region": role.region,
        "Since": to_rfc3339(role.since),
        "Forced": role.forced,
    }
