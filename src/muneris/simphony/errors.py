"""What a call to Simphony can come to, told apart by whether it may have been executed."""

from enum import StrEnum

from pydantic import AliasChoices, Field

from muneris.core.operational import OperationalError
from muneris.simphony.node import LenientNumber, LenientText, Node, Nodes


class PosDetail(Node):
    """What the POS itself objects to; `code` is from an open set."""

    code: LenientText = ""
    message: LenientText = ""


class Problem(Node):
    """Oracle's problem document (STS Gen2 guide, Problem Details); older schemas spell `details`."""

    title: LenientText = ""
    status: LenientNumber = None
    detail: LenientText = Field(default="", validation_alias=AliasChoices("detail", "details"))
    instance: LenientText = ""
    pos_details: Nodes[PosDetail] = ()

    @property
    def says_why(self) -> bool:
        """Whether it is one at all, and none of a gateway's."""
        return bool(self.title or self.pos_details)


class SimphonyError(Exception):
    """A call to Simphony did not succeed."""


class CheckRefusedError(SimphonyError):
    """Final: Simphony looked at the check and will not take it."""

    def __init__(self, title: str, pos_details: tuple[PosDetail, ...] = (), detail: str = "") -> None:
        said = "; ".join(f"{each.code}: {each.message}" for each in pos_details) or detail
        super().__init__(f"{title} {said}".strip())
        self.title = title
        self.pos_details = pos_details


class NotSentError(SimphonyError):
    """Certainly not executed: the request did not reach Simphony, or was turned away at its door."""


class NotConfiguredError(NotSentError):
    """Not sent, because a setting of the connection is missing or not allowed; the message names it."""


class TokenRejectedError(NotSentError):
    """401: not executed. The stored token may be newer than the one that was used."""


class UnreachableError(NotSentError):
    """No connection was made."""


class PausedError(NotSentError):
    """Not sent: its property has not answered lately, and is left alone for a moment."""


class ThrottledError(NotSentError):
    """429: not executed. `retry_after` is when to come again, in seconds; None if that was not said."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknownError(SimphonyError):
    """The request may have been executed: repeat it with the same id in time, or look it up."""


class ReadFailedError(SimphonyError):
    """A read gave no answer to rely on; it never means that something is absent.

    `status` is the HTTP status, None without a response.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ReadUnansweredError(ReadFailedError, OperationalError):
    """A read that may succeed when it is sent again: no answer, or one that Simphony cannot give now."""


class LookUpFailedError(ReadFailedError):
    """Looking a check up failed: whether it exists is still unknown."""


class CheckGoneError(LookUpFailedError):
    """Simphony answered, and has no such check any more: what became of what was on it is unknown."""


class SeveralChecksError(LookUpFailedError):
    """More than one check stands for what one was to hold: a person must say which is meant."""

    def __init__(self, check_refs: tuple[str, ...]) -> None:
        super().__init__(f"several checks: {', '.join(check_refs)}")
        self.check_refs = check_refs


class SignInFailure(StrEnum):
    """Why nobody could sign in, or get newer tokens.

    A code is refused when it was used before, a refresh token when it was rotated, revoked or is too old.
    """

    UNKNOWN_CLIENT = "unknown_client"
    WRONG_CREDENTIALS = "wrong_credentials"
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105 - a reason, no secret
    CODE_REFUSED = "code_refused"
    REFRESH_REFUSED = "refresh_refused"
    UNREACHABLE = "unreachable"
    ANSWER_LOST = "answer_lost"
    UNEXPECTED_ANSWER = "unexpected_answer"

    @property
    def may_have_rotated(self) -> bool:
        """Whether a refresh that failed so may have used its token up: its answer is not known."""
        return self in {SignInFailure.ANSWER_LOST, SignInFailure.UNEXPECTED_ANSWER}


class SignInFailedError(SimphonyError):
    """Signing in failed; no body of the identity provider is kept, it may hold secrets."""

    def __init__(self, reason: SignInFailure, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
