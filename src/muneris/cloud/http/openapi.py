"""Bodies that a route reads by itself, in its OpenAPI document all the same."""

from typing import Any

from pydantic import BaseModel


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
