"""The routes of properties, their Simphony and their menus."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.conditional import UNCHANGED, conditional_response, to_etag
from muneris.cloud.http.continuation import read_continuation, to_continuation
from muneris.cloud.http.staff import require_staff
from muneris.companies.problems import COMPANY_IN_ANOTHER_REGION, COMPANY_NOT_ACTIVE, COMPANY_NOT_FOUND
from muneris.config.menu import Menu
from muneris.config.menu_changes import MenuChanges
from muneris.config.menu_status import MenuStatus
from muneris.config.menus import Menus
from muneris.config.model import PropertySettings, SimphonySettings, etag_version
from muneris.config.problems import (
    MENU_EMPTY,
    MENU_NOT_FOUND,
    PRECONDITION_REQUIRED,
    SIMPHONY_CHECK_FAILED,
    SIMPHONY_NOT_CONNECTED,
    SIMPHONY_UNAVAILABLE,
    TOKEN_REJECTED,
    WEBHOOK_NOT_SIGNED,
)
from muneris.config.property import Property
from muneris.config.service import Properties
from muneris.config.simphony_connection import AccountStatus, Findings, SimphonyConnections
from muneris.config.webhooks import Webhooks
from muneris.core.identity import Caller
from muneris.core.ids import PROPERTY_CODE
from muneris.core.problems import (
    CHANGED_MEANWHILE,
    FORBIDDEN,
    MALFORMED_JSON,
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
)

_NOT_HERE = (PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION)
_NO_COMPANY = (COMPANY_NOT_FOUND, COMPANY_IN_ANOTHER_REGION)
_MOST_LISTED = 100

NewCode = Annotated[str, Path(pattern=PROPERTY_CODE.pattern, examples=["NOR-CPH01"])]
Code = Annotated[str, Path(examples=["NOR-CPH01"])]
ConditionHeader = Annotated[str | None, Header()]

_PROPERTY = {
    "name": "Nordic Kitchens Nyhavn",
    "country": "DK",
    "currency": "DKK",
    "time_zone": "Europe/Copenhagen",
    "contact_email": "nyhavn@nordickitchens.example",
    "address": "Nyhavn 1, 1051 København",
    "ordering": {
        "opening_hours": {"fri": [{"from": "11:30", "to": "15:00"}, {"from": "18:00", "to": "02:00"}]},
        "price_levels": {"2": {"fri": [{"from": "16:00", "to": "18:00"}]}},
        "lead_minutes": 20,
        "capacity": {"pickup": {"in_progress": 20, "per_window": 8, "window_minutes": 15}},
    },
}
_SIMPHONY = {
    "auth_url": "https://idp.oracleindustry.com",
    "api_url": "https://sts.oraclecloud.com",
    "client_id": "bXVuZXJpcw.0b4f",
    "username": "muneris_api",
    "password": "…",
    "org_short_name": "nordic",
    "loc_ref": "cph01",
    "rvc_ref": 1,
    "employee_ref": 9001,
    "order_type_refs": {"dine_in": 1, "pickup": 2, "delivery": 3},
    "tender_refs": {"online": 10},
}


class PropertyList(BaseModel):
    """A company's properties."""

    items: list[Property]
    continuation: str | None = Field(default=None, examples=["Tk9SLUNQSDAy"])


class MenuRefreshed(BaseModel):
    """The version of the menu that is published now."""

    version: str = Field(examples=["5f0c8f1e0c1d4d3f9a8b7c6d5e4f3a2b"])


def router(
    properties: Properties,
    connections: SimphonyConnections,
    menus: Menus,
    webhooks: Webhooks,
    authenticate: Authenticate,
) -> APIRouter:
    """The routes below `/v1/config`."""
    routes = APIRouter(prefix="/v1/config")
    routes.include_router(_property_routes(properties, authenticate))
    routes.include_router(_simphony_routes(connections, authenticate))
    routes.include_router(_menu_routes(menus, authenticate))
    routes.include_router(_webhook_routes(webhooks))
    return routes


def _property_routes(properties: Properties, authenticate: Authenticate) -> APIRouter:
    routes = APIRouter(tags=["properties"], dependencies=[Depends(require_staff(authenticate))])

    @routes.put(
        "/properties/{property_code}",
        summary="Create a property, or change it under If-Match",
        responses={
            201: {"model": Property, "description": "Created"},
            **problem_responses(
                FORBIDDEN,
                PROPERTY_IN_ANOTHER_REGION,
                *_NO_COMPANY,
                COMPANY_NOT_ACTIVE,
                CHANGED_MEANWHILE,
                PRECONDITION_REQUIRED,
            ),
        },
    )
    async def put_property(
        property_code: NewCode,
        settings: Annotated[PropertySettings, Body(examples=[_PROPERTY])],
        response: Response,
        if_match: ConditionHeader = None,
    ) -> Property:
        put = await properties.put(property_code, settings, if_match)
        response.status_code = 201 if put.created else 200
        response.headers["ETag"] = to_etag(etag_version(put.property))
        return put.property

    @routes.get(
        "/properties/{property_code}",
        summary="A property",
        response_model=Property,
        responses={**UNCHANGED, **problem_responses(FORBIDDEN, *_NOT_HERE)},
    )
    async def get_property(property_code: Code, if_none_match: ConditionHeader = None) -> Response:
        found = await properties.get(property_code)
        return conditional_response(found.model_dump_json(), etag_version(found), if_none_match)

    @routes.get(
        "/companies/{company_code}/properties",
        summary="A company's properties, by code",
        responses=problem_responses(FORBIDDEN, *_NO_COMPANY),
    )
    async def list_properties(
        company_code: Annotated[str, Path(examples=["NOR"])],
        limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = _MOST_LISTED,
        continuation: Annotated[str | None, Query(description="Of the page before")] = None,
    ) -> PropertyList:
        start = read_continuation(continuation, PROPERTY_CODE)
        found = await properties.of_company(company_code, limit, start)
        following = None if found.following is None else to_continuation(found.following)
        return PropertyList(items=list(found.properties), continuation=following)

    return routes


def _simphony_routes(connections: SimphonyConnections, authenticate: Authenticate) -> APIRouter:
    routes = APIRouter(tags=["simphony"], dependencies=[Depends(require_staff(authenticate))])

    @routes.put(
        "/properties/{property_code}/simphony",
        summary="Connect a property to its Simphony, checked at once; the password is not kept",
        responses=problem_responses(FORBIDDEN, SIMPHONY_CHECK_FAILED, *_NOT_HERE),
    )
    async def connect_simphony(
        property_code: Code, settings: Annotated[SimphonySettings, Body(examples=[_SIMPHONY])]
    ) -> Findings:
        return await connections.connect(property_code, settings)

    @routes.get(
        "/properties/{property_code}/simphony",
        summary="How the tokens of a property's Oracle account stand",
        responses=problem_responses(FORBIDDEN, *_NOT_HERE, SIMPHONY_NOT_CONNECTED),
    )
    async def get_simphony(property_code: Code) -> AccountStatus:
        return await connections.get_status(property_code)

    return routes


def _menu_routes(menus: Menus, authenticate: Authenticate) -> APIRouter:
    routes = APIRouter(prefix="/properties/{property_code}/menu", tags=["menus"])

    @routes.post(
        "/refresh",
        status_code=202,
        summary="Read the menu from Simphony and publish it",
        dependencies=[Depends(require_staff(authenticate))],
        responses=problem_responses(
            FORBIDDEN, *_NOT_HERE, SIMPHONY_NOT_CONNECTED, MENU_EMPTY, SIMPHONY_UNAVAILABLE, TOKEN_REJECTED
        ),
    )
    async def refresh_menu(property_code: Code) -> MenuRefreshed:
        return MenuRefreshed(version=(await menus.refresh(property_code)).version)

    @routes.get(
        "/status",
        summary="How the last refresh of the menu went",
        dependencies=[Depends(require_staff(authenticate))],
        responses=problem_responses(FORBIDDEN, *_NOT_HERE),
    )
    async def get_menu_status(property_code: Code) -> MenuStatus:
        return await menus.status(property_code)

    @routes.get(
        "",
        summary="The menu that an app orders from, or what has changed of it",
        response_model=Menu | MenuChanges,
        responses={**UNCHANGED, **problem_responses(FORBIDDEN, *_NOT_HERE, MENU_NOT_FOUND)},
    )
    async def get_menu(
        property_code: Code,
        caller: Annotated[Caller, Depends(authenticate)],
        since: Annotated[
            str | None, Query(description="The version that is held: what has changed since is answered")
        ] = None,
        if_none_match: ConditionHeader = None,
    ) -> Response:
        """A version that is too old to compare with: the whole menu."""
        if not caller.may_order_at(property_code):
            raise FORBIDDEN("This session is another property's.")
        menu: Menu | MenuChanges
        menu = await (menus.get_since(property_code, since) if since else menus.get(property_code))
        return conditional_response(menu.model_dump_json(exclude_none=True), menu.version, if_none_match)

    return routes


def _webhook_routes(webhooks: Webhooks) -> APIRouter:
    """What Simphony calls; its contract is Oracle's (Notifications API, Webhook), not ours."""
    routes = APIRouter(tags=["simphony"])

    @routes.post(
        "/webhooks/simphony/{property_code}",
        status_code=204,
        summary="Simphony tells of changes; the body is signed with the key that we registered",
        responses=problem_responses(WEBHOOK_NOT_SIGNED, MALFORMED_JSON, *_NOT_HERE),
    )
    async def receive_notification(
        request: Request,
        property_code: Code,
        key_id: Annotated[str, Header()] = "",
        digest: Annotated[str, Header()] = "",
    ) -> None:
        await webhooks.receive(property_code, await request.body(), key_id, digest)

    return routes
