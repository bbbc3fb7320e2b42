"""Expected refusals: problem documents with a stable code (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True)
class ProblemType:
    """One kind of refusal: its stable code, its HTTP status and what it is called."""

    code: str
    status: int
    title: str

    def __call__(
        self, detail: str, *, headers: Mapping[str, str] | None = None, **members: Json
    ) -> "ProblemError":
        """A problem of this kind; `members` become members of its document."""
        return ProblemError(self, detail, members=members, headers=headers or {})


@dataclass(eq=False)
class ProblemError(Exception):
    """A request is refused, and why; answered as a problem document."""

    type: ProblemType
    detail: str
    members: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.type.code}: {self.detail}"


REQUEST_TOO_LARGE = ProblemType("request_too_large", 413, "Request too large")
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "Not signed in")
SESSION_OF_ANOTHER_REGION = ProblemType("session_of_another_region", 401, "Session of another region")
IDEMPOTENCY_KEY_REQUIRED = ProblemType("idempotency_key_required", 400, "Idempotency-Key required")
IDEMPOTENCY_KEY_EXPIRED = ProblemType("idempotency_key_expired", 422, "Idempotency-Key expired")
IDEMPOTENCY_KEY_REUSED = ProblemType("idempotency_key_reused", 422, "Idempotency-Key reused")
MALFORMED_JSON = ProblemType("malformed_json", 400, "Malformed JSON")
INVALID_REQUEST = ProblemType("invalid_request", 422, "Invalid request")
FORBIDDEN = ProblemType("forbidden", 403, "Not allowed")
NOT_FOUND = ProblemType("not_found", 404, "Not found")
METHOD_NOT_ALLOWED = ProblemType("method_not_allowed", 405, "Method not allowed")
PROPERTY_NOT_FOUND = ProblemType("property_not_found", 404, "Property not found")
PROPERTY_IN_ANOTHER_REGION = ProblemType("property_in_another_region", 421, "Property in another region")
CHANGED_MEANWHILE = ProblemType("changed_meanwhile", 412, "Changed meanwhile")
SERVICE_UNAVAILABLE = ProblemType("service_unavailable", 503, "Service unavailable")
INTERNAL_ERROR = ProblemType("internal_error", 500, "Internal error")
