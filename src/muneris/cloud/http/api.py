"""The FastAPI application every app starts from."""

from fastapi import APIRouter, FastAPI

from muneris.cloud.http.problem_documents import answer_problems


def create_api(app: str, *routers: APIRouter) -> FastAPI:
    """An app's API: its routers, problem documents, and `/v1/<app>/openapi.json` and `/docs`."""
    api = FastAPI(
        title=f"Muneris {app}",
        version="1",
        openapi_url=f"/v1/{app}/openapi.json",
        docs_url=f"/v1/{app}/docs",
        redoc_url=None,
    )
    answer_problems(api)
    for router in routers:
        api.include_router(router)
    return api
