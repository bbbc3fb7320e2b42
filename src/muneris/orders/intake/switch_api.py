"""HTTP routes of the restaurant's own switch."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path

from muneris.cloud.http import Authenticate, problem_responses
from muneris.core.identity import Caller
from muneris.core.problems import FORBIDDEN, PROPERTY_IN_ANOTHER_REGION, PROPERTY_NOT_FOUND
from muneris.orders.intake.switch import IntakeSwitch
from muneris.orders.intake.timing import IntakeState
from muneris.orders.read_models import Homes

_REFUSALS = problem_responses(FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
_BUSY = {"state": "busy", "extra_minutes": 20, "until": "2030-05-04T20:00:00Z"}

Code = Annotated[str, Path(examples=["NOR-CPH01"])]


def router(switch: IntakeSwitch, homes: Homes, authenticate: Authenticate) -> APIRouter:
    """The routes of the switch."""
    routes = APIRouter(prefix="/v1/orders/{property_code}/intake", tags=["intake"])
    Authenticated = Annotated[Caller, Depends(authenticate)]  # noqa: N806 - a type

    @routes.get("", summary="How a property takes orders now", responses=_REFUSALS)
    async def get_intake(caller: Authenticated, property_code: Code) -> IntakeState:
        """As its restaurant said, until it says otherwise or `until`."""
        if not caller.may_order_at(property_code):
            raise FORBIDDEN("This token is for another property.")
        await homes.require_here(property_code)
        return await switch.get(property_code)

    @routes.put("", summary="Open, busy or paused", responses=_REFUSALS)
    async def put_intake(
        caller: Authenticated, property_code: Code, body: Annotated[IntakeState, Body(examples=[_BUSY])]
    ) -> IntakeState:
        """Followed within 5 s. Being busy adds minutes to what an order takes; a paused one takes none."""
        if not caller.is_staff:
            raise FORBIDDEN("Only the restaurant may do this.")
        await homes.require_here(property_code)
        await switch.put(property_code, body)
        return await switch.get(property_code)

    return routes
