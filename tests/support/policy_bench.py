"""Inputs for policies, and what they must be answered: the vectors that every engine is asked."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[1] / "exec" / "policy" / "vectors.json"
_HELD = json.loads(_FILE.read_text("utf-8"))
VECTORS: list[dict[str, Any]] = _HELD["vectors"]


def allowed_document() -> dict[str, Any]:
    """An input that the policies that Hive ships allow."""
    return copy.deepcopy(_HELD["base"])


def document_of(vector: dict[str, Any]) -> Any:
    """The input of a vector: its own, or the allowed one with changes."""
    if "input" in vector:
        return copy.deepcopy(vector["input"])
    document = allowed_document()
    for path, value in vector.get("change", {}).items():
        *_, last = path.split(".")
        _holder(document, path)[last] = copy.deepcopy(value)
    for path in vector.get("without", []):
        *_, last = path.split(".")
        del _holder(document, path)[last]
    return document


def leaves(document: dict[str, Any], before: str = "") -> list[str]:
    """The dotted paths of everything in a document that is no object."""
    found: list[str] = []
    for key, value in document.items():
        found += leaves(value, f"{before}{key}.") if isinstance(value, dict) else [before + key]
    return found


def _holder(document: dict[str, Any], path: str) -> dict[str, Any]:
    *folders, _ = path.split(".")
    for name in folders:
        document = document[name]
    return document
