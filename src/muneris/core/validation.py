"""Requests whose fields are wrong, refused with each field's path."""

from collections.abc import Iterable, Sequence
from typing import Any

from muneris.core.problems import INVALID_REQUEST, Json, ProblemError


def refuse_invalid(errors: Iterable[tuple[str, str]]) -> ProblemError:
    """The refusal of a request whose fields are wrong: pairs of a field's path and what is wrong."""
    listed: list[Json] = [{"field": field, "message": message} for field, message in errors]
    return INVALID_REQUEST("Correct the fields named in 'errors' and send again.", errors=listed)


def refuse_model(errors: Sequence[Any], *, skip: int = 0) -> ProblemError:
    """The refusal of what pydantic found wrong (`error.errors()`); `skip` leading path parts are ours."""
    return refuse_invalid(
        (".".join(str(part) for part in each["loc"][skip:]), str(each["msg"])) for each in errors
    )
