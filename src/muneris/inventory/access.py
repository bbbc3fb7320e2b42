"""Who may call the routes of a property: dependencies that refuse, or give its code."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from muneris.cloud.http import Authenticate
from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN
from muneris.directory import Directory

type Access = Callable[[str, Caller], Awaitable[str]]


def for_staff(directory: Directory, authenticate: Authenticate) -> Access:
    """Of a route that is for staff alone."""

    async def staff(property_code: str, caller: Annotated[Caller, Depends(authenticate)]) -> str:
        if not caller.is_staff:
            raise FORBIDDEN("Stock is not for guests.")
        await directory.require_here(property_code)
        return property_code

    return staff


def for_members(directory: Directory, authenticate: Authenticate) -> Access:
    """Of a route that is for the property's guests as well."""

    async def member(property_code: str, caller: Annotated[Caller, Depends(authenticate)]) -> str:
        if not caller.may_order_at(property_code):
            raise FORBIDDEN("This token is for another property.")
        await directory.require_here(property_code)
        return property_code

    return member
