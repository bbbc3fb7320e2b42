"""Routes for staff alone."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from muneris.cloud.http.bearer import Authenticate
from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN


def require_staff(authenticate: Authenticate) -> Callable[[Caller], Awaitable[Caller]]:
    """The dependency of a route that only staff may call."""

    async def staff(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
        if not caller.is_staff:
            raise FORBIDDEN("Only staff may do this.")
        return caller

    return staff
