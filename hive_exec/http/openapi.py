"""The OpenAPI 3.1 document, made from the table of routes: what is served is what is told."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from hive_core import __version__
from hive_exec.http.answers import ErrorBody
from hive_exec.http.requests import IDEMPOTENCY_KEY
from hive_exec.http.routing import Everybody, Route

_PHRASES = {
    200: "Done, or known already.",
    202: "Accepted, and durable.",
    400: "A header is missing or malformed.",
    401: "No bearer token of a known principal.",
    403: "The principal's role may not do this.",
    404: "There is no such thing.",
    405: "The path has other methods.",
    408: "The body did not come in time.",
    409: "It contradicts what is known.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is not plain JSON.",
    422: "The body, the query or what they ask for is not valid; `code` says of which kind.",
    429: "Too much at once; come back after `Retry-After` seconds.",
    431: "Too many headers.",
    500: "A fault of the daemon; its log says more.",
    503: "The daemon has stopped trading.",
}


def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The document of these routes."""
    schemas, components = _schemas(routes)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hive's execution daemon",
            "version": __version__,
            "description": "Loopback only. Every refusal has one shape, with a stable code.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def refusals_of(route: Route) -> list[int]:
    """Every status of refusal that a route can answer with, its own and those of the gates before it."""
    statuses = {400, 422, 429, 431, 414, 500, *route.refusals}
    if not isinstance(route.permission, Everybody):
        statuses |= {401, 403, 503}
    if route.body is not None:
        statuses |= {408, 413, 415}
    if route.places:
        statuses.add(404)
    return sorted(statuses - set(route.answers))


def _schemas(routes: tuple[Route, ...]) -> tuple[dict[Any, Any], dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], str], None] = {(ErrorBody, "serialization"): None}
    for route in routes:
        if route.body is not None:
            wanted[(route.body, "validation")] = None
        for shape in route.answers.values():
            if shape is not None:
                wanted[(shape, "serialization")] = None
    references, definitions = models_json_schema(
        list(wanted),  # type: ignore[arg-type]  # the mode is one of two literals
        ref_template="#/components/schemas/{model}",
    )
    return dict(references), definitions.get("$defs", {})


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.method.lower() + re.sub(r"[^a-z]+", "_", route.path).rstrip("_"),
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if isinstance(route.permission, Everybody):
        operation["security"] = []
    else:
        operation["description"] = f"Needs the permission `{route.permission.value}`."
        operation["x-permission"] = route.permission.value
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[(route.body, "validation")]}},
        }
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{place.pattern}$"},
        }
        for name, place in route.places.items()
    ]
    found += [
        {"name": item.name, "in": "query", "description": item.meaning, "schema": item.schema()}
        for item in route.query
    ]
    if route.is_idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "Names the command: sent again it gets the same answer, and is done once.",
                "schema": {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
            }
        )
    return found


def _responses(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, shape in route.answers.items():
        content = (
            {"text/plain": {"schema": {"type": "string"}}}
            if shape is None
            else {"application/json": {"schema": schemas[(shape, "serialization")]}}
        )
        responses[str(status)] = {"description": _PHRASES[status], "content": content}
    error = {"application/json": {"schema": schemas[(ErrorBody, "serialization")]}}
    for status in refusals_of(route):
        responses[str(status)] = {"description": _PHRASES[status], "content": error}
    return dict(sorted(responses.items()))
