"""The routes of companies."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.staff import require_staff
from muneris.companies.model import Company, Registration
from muneris.companies.problems import COMPANY_EXISTS, COMPANY_IN_ANOTHER_REGION, COMPANY_NOT_FOUND
from muneris.companies.service import Companies
from muneris.core.problems import (
    FORBIDDEN,
    INVALID_REQUEST,
    MALFORMED_JSON,
    SESSION_OF_ANOTHER_REGION,
    UNAUTHENTICATED,
)

_EXAMPLE = {
    "code": "NOR",
    "name": "Nordic Kitchens",
    "contact_email": "it@nordickitchens.example",
    "vat_number": "DK12345678",
    "home_region": "api1",
}


def router(companies: Companies, authenticate: Authenticate) -> APIRouter:
    """The routes below `/v1/auth/companies`."""
    routes = APIRouter(prefix="/v1/auth/companies", tags=["companies"])

    @routes.post(
        "",
        status_code=202,
        summary="Register a company; staff activate it",
        responses=problem_responses(
            MALFORMED_JSON, INVALID_REQUEST, COMPANY_EXISTS, COMPANY_IN_ANOTHER_REGION
        ),
    )
    async def register_company(
        registration: Annotated[Registration, Body(examples=[_EXAMPLE])],
    ) -> Company:
        return await companies.register(registration)

    @routes.post(
        "/{code}/activate",
        status_code=204,
        summary="Activate a company (staff)",
        dependencies=[Depends(require_staff(authenticate))],
        responses=problem_responses(
            UNAUTHENTICATED,
            SESSION_OF_ANOTHER_REGION,
            FORBIDDEN,
            COMPANY_NOT_FOUND,
            COMPANY_IN_ANOTHER_REGION,
        ),
    )
    async def activate_company(code: str) -> None:
        await companies.activate(code)

    return routes
