"""How this installation differs from others: every point on which Oracle's pages and live sites disagree."""

from typing import Literal

from aiohttp import web
from pydantic import Field

from localcloud.simulators.simphony.controls import Control, read_control
from localcloud.simulators.simphony.wire import answer

PATH = "/sim/oddities"


class Oddities(Control):
    """One installation's ways. The defaults are those most often documented."""

    bearer: Literal["id_token", "access_token", "either"] = "id_token"
    """Which token the API takes."""
    token_seconds: int = Field(default=1_209_600, gt=0)
    """How long an id_token lives: 14 days in the guide, 10 days and 1 day seen."""
    refresh_token_seconds: int = Field(default=2_419_200, gt=0)
    """28 days (STS Gen2 guide, Location Based API Requirements)."""
    expires_in: Literal["number", "text"] = "number"
    sign_in_success: Literal["boolean", "text"] = "boolean"
    redirect_url: Literal["whole", "query"] = "whole"
    """Whether `redirectUrl` is a whole address or its query alone."""
    authorize_status: Literal[200, 302, 303] = 200
    refresh_tokens: Literal["rotate", "reuse", "omit"] = "rotate"
    """Whether a refresh gives a new refresh token, the same again, or none (the old one stays good)."""
    refresh_grace_seconds: float = Field(default=0, ge=0)
    """For how long a refresh token still works after its first use."""
    any_account: bool = True
    """Whether an account that nobody registered can sign in, with any password."""
    list_wrapper: Literal["named", "items", "array"] = "named"
    """How organizations, locations and revenue centers are listed."""
    problem_text: Literal["detail", "details"] = "detail"
    printed_lines: Literal["lines", "items"] = "lines"
    tax_rate_id: Literal["number", "text"] = "number"
    """How `taxRateId` stands in a check."""
    notified_rvc: Literal["text", "number"] = "text"
    """How `rvcRef` stands in a notification."""
    idempotency_id: Literal["hex", "dashed"] = "hex"
    """How a check repeats its id."""
    write_status: Literal[200, 201] = 200
    """The status of a check or round that was taken."""
    open_time: Literal["milliseconds", "ticks", "local"] = "milliseconds"
    """3 fractional digits and Z, 7 and Z, or 3 without a zone; all in UTC."""
    discount_sign: Literal["negative", "positive"] = "negative"
    condiment_total: Literal["of_all_units", "of_one_unit"] = "of_all_units"
    """Whether a condiment's total counts the quantity of its item."""
    voided_status: Literal["voided", "closed"] = "voided"
    """The status of a voided check; where it is `closed`, its items are gone."""
    detects_duplicates: bool = True
    """Older sites ignore the feature header in silence."""
    is_on_premises: bool = False
    """An on-premises service lacks what only the cloud has."""


class Installation:
    """The oddities in force."""

    def __init__(self, oddities: Oddities) -> None:
        self._usual = oddities
        self.has = oddities

    def clear(self) -> None:
        """Return to the ways the installation began with."""
        self.has = self._usual

    def routes(self) -> list[web.RouteDef]:
        """The controls: PATCH changes what its body names."""
        return [web.get(PATH, self._get), web.patch(PATH, self._patch)]

    async def _get(self, _request: web.Request) -> web.Response:
        return answer(self.has.model_dump(by_alias=True))

    async def _patch(self, request: web.Request) -> web.Response:
        self.has = await read_control(Oddities, request, self.has)
        return await self._get(request)
