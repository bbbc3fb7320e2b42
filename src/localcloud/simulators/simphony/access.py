"""Who calls, and whether they may (STS Gen2 guide, Header Parameters and Status Codes)."""

from aiohttp import web
from aiohttp.typedefs import Middleware

from localcloud.simulators.simphony.accounts import Accounts, Subject
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.problems import Handler, ProblemError, forbidden
from localcloud.simulators.simphony.site import place_of
from localcloud.simulators.simphony.tokens import Issuer, TokenRefusedError

_USES = {"id_token": ("id",), "access_token": ("access",), "either": ("id", "access")}


class Access:
    """What a bearer allows: one of the kind the installation takes, for the places of its account's scope."""

    def __init__(self, issuer: Issuer, accounts: Accounts, installation: Installation) -> None:
        self._issuer = issuer
        self._accounts = accounts
        self._installation = installation

    def subject_of(self, request: web.Request) -> Subject:
        """Whose bearer came with a request.

        Raises:
            ProblemError: none that is valid did (401).
        """
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        kind = self._installation.has.bearer
        for use in _USES[kind] if scheme.lower() == "bearer" else ():
            try:
                return Subject.of(self._issuer.read(bearer, use))
            except TokenRefusedError:
                continue
        raise ProblemError(401, "Unauthorized", "error:unauthorized", "A valid bearer token is required")

    def require(self, request: web.Request, org: str | None, loc: str | None) -> None:
        """Let pass a caller whose account may see a place.

        Raises:
            ProblemError: its bearer is not valid (401), or its account is for other places (403).
        """
        subject = self.subject_of(request)
        account = self._accounts.find(subject.org, subject.username)
        if account is not None and org is not None and not account.may_see(subject.org, org, loc):
            raise forbidden(f"The account is not for {org} {loc or ''}".rstrip())

    def middleware(self) -> Middleware:
        """Requires a bearer below `/api`, and its scope for the place that path, headers or query name."""

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith("/api/"):
                org, loc, _ = place_of(request)
                self.require(request, org, loc)
            return await handler(request)

        return check
