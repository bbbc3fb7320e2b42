"""Every call of the API carries a valid bearer (STS Gen2 guide, Header Parameters)."""

from aiohttp import web
from aiohttp.typedefs import Middleware

from localcloud.simulators.simphony.identity import IdentityProvider
from localcloud.simulators.simphony.problems import Handler, ProblemError


def require_bearer(identity: IdentityProvider) -> Middleware:
    """A middleware that answers 401 below `/api` without a valid bearer."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not identity.accepts(bearer):
                detail = "A valid id_token is required"
                raise ProblemError(401, "Unauthorized", "error:unauthorized", detail)
        return await handler(request)

    return check
