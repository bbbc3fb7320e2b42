"""The routes of companies."""

from fastapi import APIRouter, Depends

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.staff import require_staff
from muneris.companies.model import Company, Registration
from muneris.companies.problems import COMPANY_EXISTS, COMPANY_IN_ANOTHER_REGION, COMPANY_NOT_FOUND
from muneris.companies.service import Companies
from muneris.core.problems import FORBIDDEN


def router(companies: Companies, authenticate: Authenticate) -> APIRouter:
    """The routes below `/v1/auth/companies`."""
    routes = APIRouter(prefix="/v1/auth/companies", tags=["companies"])

    @routes.post(
        "",
        status_code=202,
        summary="Register a company; staff activate it",
        responses=problem_responses(COMPANY_EXISTS, COMPANY_IN_ANOTHER_REGION),
    )
    async def register_company(registration: Registration) -> Company:
        return await companies.register(registration)

    @routes.post(
        "/{code}/activate",
        status_code=204,
        summary="Activate a company (staff)",
        dependencies=[Depends(require_staff(authenticate))],
        responses=problem_responses(FORBIDDEN, COMPANY_NOT_FOUND, COMPANY_IN_ANOTHER_REGION),
    )
    async def activate_company(code: str) -> None:
        await companies.activate(code)

    return routes
