"""The simulated venue outside the process: its books in a JSON file, for tests that kill the bridge.

A trade server goes on when a terminal or a bridge dies; in a file the simulated one does too. Not durable
against power loss, which no test needs.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from hive_exec.simulators.metatrader.book import Books, Deal, Instrument, Order, Position
from hive_exec.simulators.metatrader.faults import Fault, FaultKind, FaultScript
from hive_exec.simulators.metatrader.package import SimulatedPackage
from hive_exec.simulators.metatrader.server import TradeServer

STATE_VARIABLE = "HIVE_METATRADER_SIMULATOR"


def save(path: Path, books: Books, script: FaultScript, sent: int) -> None:
    """Write the venue, its coming faults, and how many requests it has been sent."""
    faults = [None if fault is None else [fault.kind.value, fault.value] for fault in script.left()]
    held = {"books": asdict(books), "faults": faults, "sent": sent}
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(held, default=_spelled), "utf-8")
    beside.replace(path)


def load(path: Path) -> tuple[Books, FaultScript, int]:
    """Read what `save` wrote."""
    held = json.loads(path.read_text("utf-8"), object_hook=_read)
    raw = held["books"]
    books = Books(
        **{
            **raw,
            "instruments": {name: Instrument(**row) for name, row in raw["instruments"].items()},
            "orders": {int(key): Order(**row) for key, row in raw["orders"].items()},
            "positions": {int(key): Position(**row) for key, row in raw["positions"].items()},
            "deals": [Deal(**row) for row in raw["deals"]],
        }
    )
    faults = [None if fault is None else Fault(FaultKind(fault[0]), fault[1]) for fault in held["faults"]]
    return books, FaultScript(faults), held["sent"]


def from_environment() -> SimulatedPackage:
    """The package over the file that the environment names, by the wall clock (the server's is UTC), its
    quotes always fresh."""
    path = Path(os.environ[STATE_VARIABLE])
    books, script, sent_before = load(path)

    def now_ms() -> int:
        now = time.time_ns() // 1_000_000
        for instrument in books.instruments.values():
            instrument.quoted_ms = now
        return now

    package = SimulatedPackage(TradeServer(books), script, now_ms=now_ms)
    package.persist_with(lambda: save(path, books, script, sent_before + len(package.sent)))
    return package


def _spelled(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    raise TypeError(f"{type(value).__name__} is not saved")


def _read(held: dict[str, Any]) -> Any:
    return Decimal(held["decimal"]) if held.keys() == {"decimal"} else held
