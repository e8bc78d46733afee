"""Whether the flow has settled: nothing waits, nothing runs, and every sensor has looked since.

Sensors are what makes work; so when nothing has changed and each running sensor has ticked after the
last change without asking for anything, nothing more will come of the data that is there.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from hive_cli.console import counted
from hive_cli.facts.daemon import daemon_of
from hive_cli.facts.dagster import UNFINISHED, DagsterFacts, Sensor
from hive_cli.facts.lake import LakeFacts

if TYPE_CHECKING:
    from hive_cli.settings import Settings


DELIVERED = "delivered_decisions"
"""The asset whose check fails when the daemon refused a decision: such a one is not waited for."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at everything found. `waits` is empty when no work is in sight."""

    waits: tuple[str, ...]
    fingerprint: tuple[Any, ...]
    rows: dict[str, int]
    runs_done: int
    runs_unfinished: int
    sensors: tuple[Sensor, ...]


@dataclass(slots=True)
class Settling:
    """Watches until everything has settled. `expected` are payload hashes that must land."""

    settings: Settings
    expected: frozenset[str]
    _last: tuple[Any, ...] = ()
    _changed_s: float = field(default_factory=time.time)

    def look(self) -> tuple[Look, str]:
        """Look once.

        Returns:
            (what was found, what is waited for; empty when settled).
        """
        began_s = time.time()
        look = self._look()
        if look.fingerprint != self._last:
            self._last, self._changed_s = look.fingerprint, began_s
        if look.waits:
            return look, look.waits[0]
        for sensor in look.sensors:
            if sensor.running and (sensor.last_tick_s or 0.0) <= self._changed_s:
                return look, f"sensor {sensor.name} to look again"
        return look, ""

    def _look(self) -> Look:
        from hive_core.landing.receipts import receipts

        landed = list(receipts(self.settings.home))
        missing = self.expected - {receipt.payload_sha256 for receipt in landed}
        rows, newest_ns = LakeFacts.of(self.settings.home).summary()
        with DagsterFacts(self.settings.dagster_url) as dagster, daemon_of(self.settings) as daemon:
            sensors = tuple(s for location in dagster.locations() for s in location.sensors)
            unfinished = dagster.run_count(*UNFINISHED)
            done = dagster.run_count("SUCCESS", "FAILURE", "CANCELED")
            head_seq = int(daemon.health()["journal_head_seq"])
            accounts = daemon.accounts()
        waits = []
        if missing:
            waits.append(f"{counted(len(missing), 'sample rooms')} in the inbox to land")
        if unfinished:
            waits.append(counted(unfinished, "runs"))
        behind = [a["name"] for a in accounts if a["clock_ns"] < a.get("advance_until_ns", 0)]
        if behind:
            waits.append(f"the replay of {', '.join(behind)}")
        if rows.get("execution_reports", 0) != head_seq:
            waits.append(f"reports {rows.get('execution_reports', 0):,} of {head_seq:,} to reach the lake")
        if not waits and (undelivered := self._undelivered()):
            waits.append(f"{counted(undelivered, 'decisions')} to be acknowledged")
        clocks = tuple((a["name"], a["clock_ns"], a["pending_decisions"]) for a in accounts)
        # What a sensor said and noted counts too: one that waits says so before it asks for a run.
        notes = tuple((sensor.name, sensor.cursor, sensor.last_note) for sensor in sensors)
        counts = (len(landed), unfinished, done, head_seq)
        fingerprint = (*counts, clocks, notes, newest_ns, tuple(rows.items()))
        return Look(tuple(waits), fingerprint, rows, done, unfinished, sensors)

    def _undelivered(self) -> int:
        """Decisions in the lake that the daemon never received, unless their delivery was refused."""
        lake = LakeFacts.of(self.settings.home)
        decisions, reports = lake.read("decisions"), lake.read("execution_reports")
        if decisions is None or decisions.is_empty():
            return 0
        received: set[str] = set()
        if reports is not None:
            bodies = reports.filter(pl.col("kind") == "decision_received")["body"]
            received = {json.loads(body)["decision_id"] for body in bodies}
        missing = set(decisions["decision_id"]) - received
        if not missing:
            return 0
        with DagsterFacts(self.settings.dagster_url) as dagster:
            refused = any(check.asset == DELIVERED for check in dagster.failed_checks())
        return 0 if refused else len(missing)
