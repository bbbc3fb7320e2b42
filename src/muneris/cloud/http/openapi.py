"""What the OpenAPI document says beyond what FastAPI finds in the routes."""

from typing import Any

from pydantic import BaseModel

from muneris.cloud.http.problem_documents import ProblemDocument, problem_responses
from muneris.core.problems import (
    INVALID_REQUEST,
    MALFORMED_JSON,
    REQUEST_TOO_LARGE,
    SERVICE_UNAVAILABLE,
    SESSION_OF_ANOTHER_REGION,
    UNAUTHENTICATED,
    ProblemType,
)

_REFERENCE = "#/components/schemas/{model}"
_AUTOMATIC = ("HTTPValidationError", "ValidationError")
"""FastAPI's own answer to a wrong request, in place of which ours is sent."""


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the refusals that routes share, as the problem documents they are. Repeatable."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for operations in document["paths"].values():
        for operation in operations.values():
            _add_refusals(operation)
    for name in _AUTOMATIC:
        schemas.pop(name, None)
    schema = ProblemDocument.model_json_schema(ref_template=_REFERENCE)
    schemas |= schema.pop("$defs") | {ProblemDocument.__name__: schema}
    return document


def _add_refusals(operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    if _AUTOMATIC[0] in str(responses.get("422")):
        del responses["422"]
    for each in _refusals(operation):
        _add(responses, each)
    operation["responses"] = dict(sorted(responses.items()))


def _refusals(operation: dict[str, Any]) -> list[ProblemType]:
    """What a route answers without naming it itself."""
    refusals = [REQUEST_TOO_LARGE, SERVICE_UNAVAILABLE]
    if "security" in operation:
        refusals += [UNAUTHENTICATED, SESSION_OF_ANOTHER_REGION]
    if "requestBody" in operation:
        refusals.append(MALFORMED_JSON)
    if "requestBody" in operation or "parameters" in operation:
        refusals.append(INVALID_REQUEST)
    return refusals


def _add(responses: dict[str, Any], refusal: ProblemType) -> None:
    added = problem_responses(refusal)[refusal.status]
    known = responses.setdefault(str(refusal.status), added)
    known.setdefault("content", {}).update(added["content"])
    if added["description"] not in known["description"]:
        known["description"] += f", {added['description']}"


def json_body(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """What `openapi_extra` of a route takes to describe its JSON body."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    content = {"application/json": {"schema": _inlined(schema, parts), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(node: Any, parts: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON Schema
    """A schema without references: those of pydantic point into itself, OpenAPI's into the document."""
    if isinstance(node, list):
        return [_inlined(each, parts) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(parts[node["$ref"].rpartition("/")[2]], parts)
    return {name: _inlined(each, parts) for name, each in node.items()}
