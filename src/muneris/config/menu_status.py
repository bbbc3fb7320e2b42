"""How the last refresh of a property's menu went, kept in table `Config`."""

from datetime import datetime

from pydantic import BaseModel, Field

from muneris.cloud.tables import Table, Transaction

_KEY = "menu"


class MenuProblem(BaseModel, frozen=True):
    """Why a menu stays what it was, since when."""

    since: datetime = Field(examples=["2030-05-04T10:30:00Z"])
    code: str = Field(examples=["menu_empty"])
    detail: str = Field(examples=["Simphony's menu has nothing that can be ordered: add items there."])


class MenuStatus(BaseModel, frozen=True):
    """The version that was read last, since when, and why there may be a newer one (None: there is none)."""

    version: str | None = Field(default=None, examples=["5f0c8f1e0c1d4d3f9a8b7c6d5e4f3a2b"])
    new_since: datetime | None = Field(default=None, examples=["2030-05-04T10:30:00Z"])
    problem: MenuProblem | None = None


class MenuStatuses:
    """Keeps the status of each property's menu; writes only what makes a difference."""

    def __init__(self, config: Table) -> None:
        self._config = config

    async def get(self, code: str) -> MenuStatus:
        """The status of a menu."""
        row = await self._config.find(code, _KEY)
        return MenuStatus() if row is None else MenuStatus.model_validate_json(row.text("Document"))

    async def refreshed(self, code: str, version: str, now: datetime) -> None:
        """A menu was read."""
        status = await self.get(code)
        new_since = status.new_since if status.version == version else now
        await self._put(code, status, MenuStatus(version=version, new_since=new_since))

    async def failed(self, code: str, problem: str, detail: str, now: datetime) -> None:
        """It could not be, or was refused."""
        status = await self.get(code)
        is_known = status.problem is not None and status.problem.code == problem
        since = status.problem.since if status.problem is not None and is_known else now
        failed = MenuProblem(since=since, code=problem, detail=detail)
        await self._put(code, status, status.model_copy(update={"problem": failed}))

    async def _put(self, code: str, before: MenuStatus, after: MenuStatus) -> None:
        if after != before:
            values = {"Document": after.model_dump_json()}
            await self._config.transact(Transaction(code).upsert(_KEY, values))
