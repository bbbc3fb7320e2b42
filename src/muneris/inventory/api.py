"""HTTP routes of inventory."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, Field, field_validator

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.conditional import UNCHANGED, conditional_response, to_etag
from muneris.cloud.http.continuation import read_continuation, to_continuation
from muneris.core.clock import Clock
from muneris.core.identity import Caller
from muneris.core.problems import (
    CHANGED_MEANWHILE,
    FORBIDDEN,
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
)
from muneris.directory import Directory
from muneris.inventory.access import Access, for_members, for_staff
from muneris.inventory.availability_api import availability_routes
from muneris.inventory.fields import SKU_PATTERN, MenuItemId, NotALimit, OwnSku, Quantity, Sku
from muneris.inventory.model import MOST_ITEMS, SKU, StockItem, version_of
from muneris.inventory.movement import LESS_THAN_HELD
from muneris.inventory.movements import ITEM_NOT_FOUND, Movements
from muneris.inventory.movements_api import movement_routes
from muneris.inventory.recipes import Ingredient
from muneris.inventory.service import UNKNOWN_STOCK_ITEM, Inventory

_REFUSALS = problem_responses(FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
_MOST_LISTED = 100
_MOST_INGREDIENTS = MOST_ITEMS - 1
"""A limited menu item takes one of its limit besides."""
ConditionHeader = Annotated[str | None, Header()]


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

    sku: Annotated[str, Field(pattern=SKU_PATTERN, examples=["tomato"]), NotALimit]
    quantity: Quantity = Field(examples=["0.25"])


class PutRecipe(BaseModel):
    """What one sold item uses, each stock item once."""

    ingredients: list[PutIngredient] = Field(max_length=_MOST_INGREDIENTS)

    @field_validator("ingredients")
    @classmethod
    def _each_once(cls, ingredients: list[PutIngredient]) -> list[PutIngredient]:
        if len({each.sku for each in ingredients}) < len(ingredients):
            raise ValueError("a stock item is named twice: add its quantities up")
        return ingredients


def router(
    inventory: Inventory,
    movements: Movements,
    directory: Directory,
    authenticate: Authenticate,
    clock: Clock,
) -> APIRouter:
    """The routes of the inventory app."""
    staff, members = for_staff(directory, authenticate), for_members(directory, authenticate)
    routes = APIRouter()
    routes.include_router(_item_routes(inventory, staff, authenticate))
    routes.include_router(movement_routes(movements, staff, authenticate, clock))
    routes.include_router(availability_routes(inventory, staff, members, clock))
    return routes


def _item_routes(inventory: Inventory, staff: Access, authenticate: Authenticate) -> APIRouter:
    routes = APIRouter(prefix="/v1/inventory/{property_code}", tags=["inventory"])
    Staffed = Annotated[str, Depends(staff)]  # noqa: N806 - a type

    @routes.get("/items", summary="Every stock item", responses=_REFUSALS)
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
        "/items/{sku}",
        summary="A stock item",
        response_model=ItemAnswer,
        responses={
            **UNCHANGED,
            **problem_responses(FORBIDDEN, PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION, ITEM_NOT_FOUND),
        },
    )
    async def get_item(property_code: Staffed, sku: Sku, if_none_match: ConditionHeader = None) -> Response:
        """What there is of it, and what is held for orders."""
        item = await inventory.find_item(property_code, sku)
        if item is None:
            raise ITEM_NOT_FOUND(f"There is no stock item {sku!r}.")
        return conditional_response(_answer(item).model_dump_json(), version_of(item), if_none_match)

    @routes.put(
        "/items/{sku}",
        summary="Create an item, or change it, under If-Match if you send one",
        responses={**_REFUSALS, **problem_responses(LESS_THAN_HELD, CHANGED_MEANWHILE)},
    )
    async def put_item(
        property_code: Staffed,
        sku: OwnSku,
        body: PutItem,
        response: Response,
        caller: Annotated[Caller, Depends(authenticate)],
        if_match: ConditionHeader = None,
    ) -> ItemAnswer:
        """What orders hold of it stays held. Another `on_hand` is a stock-take, listed with its movements."""
        item = StockItem(sku=sku, **body.model_dump() | {"supplier": body.supplier or None})
        put = await inventory.put_item(property_code, item, by=caller.subject, if_match=if_match)
        response.headers["ETag"] = to_etag(version_of(put))
        return _answer(put)

    @routes.put(
        "/recipes/{menu_item_id}",
        summary="Say what one sold item uses",
        status_code=204,
        responses={**_REFUSALS, **problem_responses(UNKNOWN_STOCK_ITEM)},
    )
    async def put_recipe(property_code: Staffed, menu_item_id: MenuItemId, body: PutRecipe) -> None:
        """Of stock items that there are. An item with no recipe is never out of stock."""
        ingredients = tuple(Ingredient(sku=i.sku, quantity=i.quantity) for i in body.ingredients)
        await inventory.put_recipe(property_code, menu_item_id, ingredients)

    return routes


def _answer(item: StockItem) -> ItemAnswer:
    return ItemAnswer(**item.model_dump(), available=item.available)
