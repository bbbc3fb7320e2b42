"""HTTP routes of what can be made now."""

from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from muneris.cloud.http import problem_responses
from muneris.core.clock import Clock, in_utc
from muneris.core.problems import FORBIDDEN, PROPERTY_IN_ANOTHER_REGION, PROPERTY_NOT_FOUND
from muneris.inventory.access import Access
from muneris.inventory.availability import ItemAvailability
from muneris.inventory.fields import MenuItemId
from muneris.inventory.service import Inventory

_REFUSALS = problem_responses(FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
_MOST_LEFT = 1_000_000


class PutAvailability(BaseModel):
    """Whether a menu item can be made; `quantity` says how many more, if it is limited."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"state": "limited", "quantity": 12, "until": "2030-05-04T22:00:00Z"}]
        }
    )
    state: Literal["available", "limited", "unavailable"]
    quantity: int | None = Field(default=None, strict=True, ge=0, le=_MOST_LEFT, validate_default=True)
    until: Annotated[AwareDatetime, AfterValidator(in_utc)] | None = None

    @field_validator("quantity")
    @classmethod
    def _of_a_limited_item(cls, quantity: int | None, known: ValidationInfo) -> int | None:
        if "state" in known.data and (quantity is None) == (known.data["state"] == "limited"):
            raise ValueError("an item that is limited has a quantity, any other has none")
        return quantity


class AvailabilityAnswer(BaseModel):
    """A menu item that cannot be made, or only so many; `until` a time, or until that changes."""

    menu_item_id: int = Field(examples=[11001])
    state: Literal["limited", "unavailable"] = Field(examples=["limited"])
    quantity: int | None = Field(examples=[12])
    until: AwareDatetime | None = Field(examples=["2030-05-04T10:30:00Z"])

    @classmethod
    def of(cls, menu_item_id: int, stands: ItemAvailability) -> Self:
        """How a menu item stands."""
        return cls.model_validate({"menu_item_id": menu_item_id, **stands.model_dump()})


class Restricted(BaseModel):
    """Menu items that cannot be made now, or only so many of them."""

    items: list[AvailabilityAnswer]
    continuation: str | None = Field(default=None, examples=[None])


def availability_routes(inventory: Inventory, staff: Access, members: Access, clock: Clock) -> APIRouter:
    """The routes below `/v1/inventory/{property_code}/availability`."""
    routes = APIRouter(prefix="/v1/inventory/{property_code}/availability", tags=["availability"])
    Staffed = Annotated[str, Depends(staff)]  # noqa: N806 - a type
    Visited = Annotated[str, Depends(members)]  # noqa: N806 - a type

    @routes.get("", summary="Items that cannot be made now, or only so many", responses=_REFUSALS)
    async def get_availability(property_code: Visited) -> Restricted:
        """By what staff said, and by the stock. Every other item can be made."""
        restricted = (await inventory.availability(property_code)).restricted(clock.now())
        return Restricted(items=[AvailabilityAnswer.of(*each) for each in restricted.items()])

    @routes.put(
        "/{menu_item_id}",
        summary="Take an item off the menu, limit it, or bring it back",
        status_code=204,
        responses=_REFUSALS,
    )
    async def put_availability(
        property_code: Staffed, menu_item_id: MenuItemId, body: PutAvailability
    ) -> None:
        """With `until` it returns by itself. Intake follows within 5 s."""
        said = ItemAvailability(state=body.state, quantity=body.quantity, until=body.until)
        await inventory.put_availability(property_code, menu_item_id, said)

    return routes
