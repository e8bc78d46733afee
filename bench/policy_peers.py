"""Engines of Rego side by side, in an environment of their own: what each answers, and how long it takes.

Runs without Hive. Arguments: the folder that a server would load, a file of inputs (one JSON a line), rounds.
Prints JSON: for each engine its answers, and of each round the time of every answer in microseconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Ask = Callable[[str], Any]
UNDEFINED = "undefined"


def opa(modules: dict[str, str], data: str) -> Ask:
    """OPA's own engine, in Go."""
    from opa_bindings import OpaEngine, OpaUndefinedError

    engine = OpaEngine()
    for name, source in modules.items():
        engine.add_policy(name, source)
    engine.add_data(json.loads(data))

    def ask(document: str) -> Any:
        try:
            return engine.eval_document("hive.served.decision", json.loads(document))
        except OpaUndefinedError:
            return UNDEFINED

    return ask


def rego_cpp(modules: dict[str, str], data: str) -> Ask:
    """rego-cpp, compiled once."""
    from regopy import Interpreter

    engine = Interpreter()
    engine.strict_built_in_errors = True
    engine.add_data_json(data)
    for name, source in modules.items():
        engine.add_module(name, source)
    compiled = engine.build(None, ["hive/served/decision"])

    def ask(document: str) -> Any:
        engine.set_input_term(document)
        said = str(engine.query_bundle_entrypoint(compiled, "hive/served/decision"))
        return UNDEFINED if said == "undefined" else json.loads(said)["expressions"][0]

    return ask


def regorus(modules: dict[str, str], data: str) -> Ask:
    """regorus, in Rust. It holds Python's lock while it works."""
    from hobofan_regorus import Engine

    engine = Engine()
    for name, source in modules.items():
        engine.add_policy(name, source)
    engine.add_data_json(data)

    def ask(document: str) -> Any:
        engine.set_input_json(document)
        said = json.loads(engine.eval_rule_as_json("data.hive.served.decision"))
        return UNDEFINED if said == "<undefined>" else said

    return ask


ENGINES = {"OPA 1.20.2 (Go)": opa, "rego-cpp (regopy 1.5.2)": rego_cpp, "regorus (hobofan 0.2.5)": regorus}


def main() -> None:
    """Ask every engine every input, in every round."""
    folder, inputs, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    modules = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.rego"))}
    data = (folder / "data.json").read_text("utf-8")
    documents = inputs.read_text("utf-8").split("\n")
    engines = {name: make(modules, data) for name, make in ENGINES.items()}
    told: dict[str, dict[str, Any]] = {
        name: {"answers": [ask(document) for document in documents], "us": []}
        for name, ask in engines.items()
    }
    for _ in range(rounds):
        for name, ask in engines.items():
            took = []
            for document in documents:
                began = time.perf_counter_ns()
                ask(document)
                took.append((time.perf_counter_ns() - began) / 1000)
            told[name]["us"].append(took)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
