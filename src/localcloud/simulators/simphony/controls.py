"""What tests and people tell the simulator below `/sim`; no real Simphony has it."""

from aiohttp import web
from pydantic import ValidationError

from localcloud.simulators.simphony.problems import invalid, of_validation
from localcloud.simulators.simphony.wire import Json, Wire, parse


class Control(Wire, extra="forbid"):
    """The body of a control: a misspelled name is refused."""


async def read_json(request: web.Request) -> Json:
    """The JSON of a body.

    Raises:
        ProblemError: it is none.
    """
    try:
        return parse(await request.read())
    except ValueError as error:
        raise invalid(f"The body is no JSON: {error}") from error


async def read_control[T: Control](kind: type[T], request: web.Request, base: T | None = None) -> T:
    """The control in a body; what it leaves out is as in the base.

    Raises:
        ProblemError: the body is no such control.
    """
    try:
        wanted = kind.model_validate(await read_json(request))
    except ValidationError as error:
        raise of_validation(error) from error
    return wanted if base is None else _over(base, wanted)


def _over[T: Control](base: T, wanted: T) -> T:
    """The base with what was set: a control inside another is gone into, everything else replaced."""
    values = {name: getattr(base, name) for name in type(base).model_fields}
    for name in wanted.model_fields_set:
        old, new = values[name], getattr(wanted, name)
        both = isinstance(old, Control) and isinstance(new, Control)
        values[name] = _over(old, new) if both else new
    return type(base).model_validate(values)
