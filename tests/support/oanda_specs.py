"""The venue's own OpenAPI document, from the folder in HIVE_SPECS, as functions that refuse a message."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

_REQUESTS = {"MARKET": "MarketOrderRequest", "LIMIT": "LimitOrderRequest", "STOP": "StopOrderRequest"}


class OandaDocument:
    """The published interface (Swagger 2): what requests and answers look like."""

    def __init__(self, folder: Path) -> None:
        self._document: dict[str, Any] = json.loads((folder / "oanda" / "v20.json").read_text("utf-8"))

    @property
    def words(self) -> Callable[[str], set[str]]:
        """The words of a published enum, by the name of its definition."""
        return lambda name: set(self._document["definitions"][name]["enum"])

    def check_request(self, method: str, path: str, body: dict[str, Any] | None) -> None:
        """Raises jsonschema's ValidationError, or LookupError for what is no operation."""
        operation = self._operation(method, path)
        bodies = [one["schema"] for one in operation.get("parameters", []) if one.get("in") == "body"]
        if not bodies:
            assert body is None, f"{method} {path} takes no body"
            return
        self._check(body, bodies[0])
        if body is not None and "order" in body:
            # The document leaves the kind of an order open; each kind is its own definition.
            self._check(body["order"], {"$ref": f"#/definitions/{_REQUESTS[body['order']['type']]}"})

    def check_answer(self, method: str, path: str, status: int, body: dict[str, Any]) -> None:
        """Raises jsonschema's ValidationError; LookupError for what is no operation or no answer of it."""
        self._check(body, self._operation(method, path)["responses"][str(status)]["schema"])

    def check_definition(self, name: str, value: dict[str, Any]) -> None:
        """Raises jsonschema's ValidationError."""
        self._check(value, {"$ref": f"#/definitions/{name}"})

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for pattern, operations in self._document["paths"].items():
            if (
                re.fullmatch(re.sub(r"\{[A-Za-z]+\}", "[^/]+", pattern), path)
                and method.lower() in operations
            ):
                # A fixed segment goes before a variable one ("sinceid" is no transaction id).
                if path.endswith(("/sinceid", "/idrange", "/stream")) and pattern.endswith("}"):
                    continue
                return dict(operations[method.lower()])
        raise LookupError(f"{method} {path} is no operation of the published interface")

    def _check(self, value: Any, schema: dict[str, Any]) -> None:
        from jsonschema import Draft4Validator

        whole = {"allOf": [_closed(schema)], "definitions": _closed(self._document["definitions"])}
        Draft4Validator(whole).validate(value)


def _closed(schema: Any) -> Any:
    """The same schema, in which an object has no fields but those it names: a misspelt one is found."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items() if key != "format"}
    # Bases of several kinds (Order, OrderRequest, Transaction) are named where any of these may stand.
    is_base = set(schema.get("properties", {})) in _BASES or schema.get("properties") == {}
    if schema.get("type") == "object" and schema.get("properties") and not is_base:
        found["additionalProperties"] = False
    return found


_BASES = (
    {"id", "createTime", "state", "clientExtensions"},
    {"id", "time", "userID", "accountID", "batchID", "requestID"},
)
