"""The profile's state, for people and for programs."""

from html import escape

from pydantic import BaseModel

from localcloud.traffic_manager.config import Endpoint, TrafficManagerConfig
from localcloud.traffic_manager.profile import Health, Profile

_STYLE = """
body { font: 16px system-ui, sans-serif; margin: 2rem; }
table { border-collapse: collapse; }
th, td { padding: .4rem 1rem; text-align: left; border-bottom: 1px solid #ccc; }
.Online { color: #067a2c; } .Degraded { color: #b00020; } .chosen { font-weight: bold; }
"""


class EndpointState(BaseModel, frozen=True):
    """An endpoint with what its probes have found."""

    endpoint: Endpoint
    health: Health
    chosen: bool


class ProfileState(BaseModel, frozen=True):
    """The whole profile; `chosen` is the endpoint that callers are sent to, None if all are disabled."""

    method: str
    ttl: int
    chosen: str | None
    endpoints: tuple[EndpointState, ...]


def state(config: TrafficManagerConfig, profile: Profile) -> ProfileState:
    """How things are now."""
    chosen = profile.chosen()
    endpoints = tuple(
        EndpointState(endpoint=each, health=profile.health(each), chosen=each is chosen)
        for each in profile.endpoints
    )
    name = chosen.name if chosen else None
    return ProfileState(method=config.method, ttl=config.ttl, chosen=name, endpoints=endpoints)


def document(current: ProfileState) -> dict[str, object]:
    """The state as JSON, one flat object an endpoint."""
    endpoints = [
        {**each.endpoint.model_dump(), **each.health.model_dump(mode="json"), "chosen": each.chosen}
        for each in current.endpoints
    ]
    return {**current.model_dump(), "endpoints": endpoints}


def page(current: ProfileState, refresh_seconds: int) -> str:
    """The state as an HTML page that reloads itself."""
    rows = "".join(_row(each) for each in current.endpoints)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Traffic Manager</title>"
        f'<meta http-equiv=refresh content="{refresh_seconds}"><style>{_STYLE}</style>'
        f"<h1>Traffic Manager</h1><p>Routing method: {escape(current.method)}, TTL {current.ttl} s. "
        f"Callers go to <b>{escape(current.chosen or 'nobody')}</b>.</p>"
        "<table><tr><th>Endpoint<th>Location<th>Address<th>Status<th>Failures<th>Last probe<th>Result</tr>"
        f"{rows}</table></html>"
    )


def _row(each: EndpointState) -> str:
    endpoint, health = each.endpoint, each.health
    probed = health.last_probe_at.strftime("%H:%M:%S UTC") if health.last_probe_at else ""
    address = escape(endpoint.url)
    cells = (
        escape(endpoint.name),
        escape(endpoint.location),
        f'<a href="{address}">{address}</a>',
        f'<span class="{health.status}">{health.status}</span>',
        str(health.consecutive_failures),
        probed,
        escape(health.last_result or ""),
    )
    row_class = " class=chosen" if each.chosen else ""
    return f"<tr{row_class}>" + "".join(f"<td>{cell}" for cell in cells) + "</tr>"
