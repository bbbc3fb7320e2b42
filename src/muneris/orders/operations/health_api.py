"""HTTP route of the region's health: what Traffic Manager asks."""

from fastapi import APIRouter, Response

from muneris.orders.operations.health import Health, HealthReport


def router(health: Health) -> APIRouter:
    """The route; it needs no token."""
    routes = APIRouter(tags=["orders"])

    @routes.get("/health", summary="The region's health", responses={503: {"model": HealthReport}})
    async def get_health() -> Response:
        """200 exactly when tables, queues and this app work and the region is not draining."""
        report = await health.report()
        return Response(report.model_dump_json(), report.http_status, media_type="application/json")

    return routes
