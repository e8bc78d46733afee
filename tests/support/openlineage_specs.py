"""The published OpenLineage schemas, from the folder in HIVE_SPECS, as a function that refuses an event."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def event_validator(folder: Path) -> Callable[[dict[str, Any]], None]:
    """A check of an event and each of its facets; raises jsonschema's ValidationError.

    Args:
        folder: holds `openlineage/OpenLineage.json` and `openlineage/facets/*.json`.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    paths = [folder / "openlineage" / "OpenLineage.json", *(folder / "openlineage" / "facets").glob("*.json")]
    specs = [json.loads(path.read_text("utf-8")) for path in paths]
    registry = Registry().with_resources((spec["$id"], Resource.from_contents(spec)) for spec in specs)

    def validate(value: Any, reference: str) -> None:
        Draft202012Validator(
            {"$ref": reference}, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(value)

    def check(event: dict[str, Any]) -> None:
        validate(event, "https://openlineage.io/spec/2-0-2/OpenLineage.json")
        validate(event, event["schemaURL"])
        datasets = event["inputs"] + event["outputs"]
        holders = [event["run"]["facets"], event["job"]["facets"]]
        holders += [
            dataset[name] for dataset in datasets for name in dataset if name.lower().endswith("facets")
        ]
        for facets in holders:
            for name, facet in facets.items():
                validate(facet, facet["_schemaURL"])
                validate({name: facet}, facet["_schemaURL"].partition("#")[0])

    return check
