"""Runs every test of a folder of policies by the real OPA, in its environment; tells the results as JSON."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from opa_bindings import OpaEngine, OpaError


def run(folder: Path) -> dict[str, object]:
    """The result of every `test_` rule, and the lines of each policy that no test took."""
    engine = OpaEngine()
    tests: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".json":
            engine.add_data(json.loads(path.read_bytes()))
            continue
        source = path.read_text("utf-8")
        engine.add_policy(path.name, source)
        if path.name.endswith("_test.rego"):
            package = re.search(r"^package (\S+)$", source, re.MULTILINE)
            assert package is not None
            tests += [f"{package[1]}.{name}" for name in re.findall(r"^(test_\w+)", source, re.MULTILINE)]
    results: dict[str, object] = {}
    taken: dict[str, set[int]] = {}
    left: dict[str, set[int]] = {}
    for test in tests:
        try:
            results[test] = engine.eval_document(test, {}, coverage=True)
        except OpaError as error:
            results[test] = str(error)
        for name, lines in (engine.last_coverage or {"files": {}})["files"].items():
            taken.setdefault(name, set()).update(_lines(lines.get("covered")))
            left.setdefault(name, set()).update(_lines(lines.get("not_covered")))
    missed = {name: sorted(left[name] - taken[name]) for name in left if not name.endswith("_test.rego")}
    return {"results": results, "missed": missed}


def _lines(ranges: list[dict[str, dict[str, int]]] | None) -> set[int]:
    return {line for held in ranges or [] for line in range(held["start"]["row"], held["end"]["row"] + 1)}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))  # noqa: T201 - this is what it is for
