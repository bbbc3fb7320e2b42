"""HTTP routes of inventory."""

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, Field

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.continuation import read_continuation, to_continuation
from muneris.core.identity import Caller
from muneris.core.problems import (
    FORBIDDEN,
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
    ProblemType,
)
from muneris.directory import Directory
from muneris.inventory.availability import ItemAvailability
from muneris.inventory.model import MOST_ITEMS, SKU, StockItem
from muneris.inventory.recipes import Ingredient
from muneris.inventory.service import LESS_THAN_HELD, Inventory

ITEM_NOT_FOUND = ProblemType("item_not_found", 404, "Stock item not found")
_REFUSALS = problem_responses(FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
_MOST_LISTED = 100
Sku = Annotated[str, Path(pattern=f"^{SKU.pattern}$", examples=["tomato"])]


class PutItem(BaseModel):
    """A stock item as it is put: `on_hand` is what is on the shelf, held for orders or not."""

    name: str = Field(max_length=200, examples=["Tomato"])
    unit: str = Field(default="piece", max_length=20, examples=["kg"])
    on_hand: Quantity = Field(examples=["12.5"])
    reorder_point: Quantity | None = Field(default=None, examples=["3"])
    supplier: str | None = Field(default=None, max_length=200, examples=["Grønttorvet"])


class ItemAnswer(BaseModel):
    """A stock item."""

    sku: str = Field(examples=["tomato"])
    name: str = Field(examples=["Tomato"])
    on_hand: Decimal = Field(examples=["12.5"])
    held: Decimal = Field(examples=["0.5"])
    available: Decimal = Field(examples=["12"])
    unit: str = Field(examples=["kg"])
    reorder_point: Decimal | None = Field(examples=["3"])
    supplier: str | None = Field(examples=["Grønttorvet"])


class Items(BaseModel):
    """Stock items."""

    items: list[ItemAnswer]
    continuation: str | None = Field(default=None, examples=[None])


class PutIngredient(BaseModel):
    """A stock item and how much of it one sold item uses."""

    sku: str = Field(pattern=f"^{SKU.pattern}$", examples=["tomato"])
    quantity: Quantity = Field(examples=["0.25"])


class PutRecipe(BaseModel):
    """What one sold item uses."""

    ingredients: list[PutIngredient] = Field(max_length=MOST_ITEMS)


class PutAvailability(BaseModel):
    """Whether a menu item can be made."""

    state: Literal["available", "unavailable"]
    until: AwareDatetime | None = Field(default=None, examples=["2030-05-04T10:30:00Z"])


class AvailabilityAnswer(BaseModel):
    """A menu item that cannot be made; `until` a time, or until it is brought back."""

    menu_item_id: int = Field(examples=[11001])
    state: str = Field(examples=["unavailable"])
    until: AwareDatetime | None = Field(examples=["2030-05-04T10:30:00Z"])


class Unavailable(BaseModel):
    """Menu items that cannot be made now."""

    items: list[AvailabilityAnswer]
    continuation: str | None = Field(default=None, examples=[None])


def router(inventory: Inventory, directory: Directory, authenticate: Authenticate) -> APIRouter:
    """The routes of the inventory app."""
    routes = APIRouter(prefix="/v1/inventory", tags=["inventory"])

    async def require_staff(property_code: str, caller: Annotated[Caller, Depends(authenticate)]) -> str:
        if not caller.is_staff:
            raise FORBIDDEN("Stock is not for guests.")
        await directory.require_here(property_code)
        return property_code

    async def require_member(property_code: str, caller: Annotated[Caller, Depends(authenticate)]) -> str:
        if not caller.may_order_at(property_code):
            raise FORBIDDEN("This token is for another property.")
        await directory.require_here(property_code)
        return property_code

    Staffed = Annotated[str, Depends(require_staff)]  # noqa: N806 - a type
    Visited = Annotated[str, Depends(require_member)]  # noqa: N806 - a type

    @routes.get("/{property_code}/items", summary="Every stock item", responses=_REFUSALS)
    async def list_items(
        property_code: Staffed,
        limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = _MOST_LISTED,
        continuation: Annotated[str | None, Query(description="Of the page before")] = None,
    ) -> Items:
        """By SKU."""
        page = await inventory.items(property_code, limit, read_continuation(continuation, SKU))
        following = None if page.following is None else to_continuation(page.following)
        return Items(items=[_answer(item) for item in page.items], continuation=following)

    @routes.get(
        "/{property_code}/items/{sku}",
        summary="A stock item",
        responses={**_REFUSALS, **problem_responses(PROPERTY_NOT_FOUND, ITEM_NOT_FOUND)},
    )
    async def get_item(property_code: Staffed, sku: Sku) -> ItemAnswer:
        """What there is of it, and what is held for orders."""
        item = await inventory.find_item(property_code, sku)
        if item is None:
            raise ITEM_NOT_FOUND(f"There is no stock item {sku!r}.")
        return _answer(item)

    @routes.put(
        "/{property_code}/items/{sku}",
        summary="Create or change an item",
        responses={**_REFUSALS, **problem_responses(LESS_THAN_HELD)},
    )
    async def put_item(property_code: Staffed, sku: Sku, body: PutItem) -> ItemAnswer:
        """What orders hold of it stays held."""
        return _answer(await inventory.put_item(property_code, StockItem(sku=sku, **body.model_dump())))

    @routes.put(
        "/{property_code}/recipes/{menu_item_id}",
        summary="Say what one sold item uses",
        status_code=204,
        responses=_REFUSALS,
    )
    async def put_recipe(property_code: Staffed, menu_item_id: int, body: PutRecipe) -> None:
        """An item with no recipe is never out of stock."""
        ingredients = tuple(Ingredient(sku=i.sku, quantity=i.quantity) for i in body.ingredients)
        await inventory.put_recipe(property_code, menu_item_id, ingredients)

    @routes.get("/{property_code}/availability", summary="Items that cannot be made now", responses=_REFUSALS)
    async def get_availability(property_code: Visited) -> Unavailable:
        """Each until it is brought back, or returns by itself; every other item can be made."""
        items = (await inventory.unavailable(property_code)).items
        return Unavailable(
            items=[
                AvailabilityAnswer(menu_item_id=each, state=items[each].state, until=items[each].until)
                for each in sorted(items)
            ]
        )

    @routes.put(
        "/{property_code}/availability/{menu_item_id}",
        summary="Take an item off the menu, or bring it back",
        status_code=204,
        responses=_REFUSALS,
    )
    async def put_availability(property_code: Staffed, menu_item_id: int, body: PutAvailability) -> None:
        """With `until` it returns by itself. Intake follows within 5 s."""
        await inventory.put_availability(
            property_code, menu_item_id, ItemAvailability(state=body.state, until=body.until)
        )

    return routes


def _answer(item: StockItem) -> ItemAnswer:
    return ItemAnswer(**item.model_dump(), available=item.available)
