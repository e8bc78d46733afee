"""From the start of the process to `/ready`, with a long journal, after a graceful end and after SIGKILL.

The journal is written by the real cell with its snapshots, and ends far behind the last one, which is what
a start has to read.
"""

from __future__ import annotations

import itertools
import sqlite3
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from bench.daemon_requests import TEXT
from bench.reporting import Row, row
from hive_core.configuration.load import load_configuration
from hive_core.contracts.decision import Delivery, Origin
from hive_core.contracts.lane import LaneOutcome
from hive_core.contracts.message import Message
from hive_core.contracts.submission import SignalSubmission
from hive_core.evidence.canonical import canonical_bytes, content_hash
from hive_core.landing.daemon_token import OWNER, bearer_headers
from hive_exec import service
from hive_exec.cell import Cell
from hive_exec.core.records import CELL, RANK_DECISION, Kind, Record
from hive_exec.core_version import core_version
from hive_exec.kept_journal import SNAPSHOT_EVERY_RECORDS
from hive_exec.lanes.live import unjudged
from proofs.daemon_load import AWAY
from proofs.paper_daemon import ACCOUNT, HALF_SPREAD, MIDDLE, SYMBOL, PaperDaemon, decision_of

A_ROUND = 500
"""Messages of one round of the cell, two records each."""
ORDERS_EVERY = 100
"""Rounds between which a few decisions are traded and closed again."""
LEAST_TAIL = SNAPSHOT_EVERY_RECORDS * 9 // 10


class _Filler:
    """Writes records as the inbox and the lane do, without parsing each anew."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        now_ns = time.time_ns()
        message = Message(source="bench_room", message_id="0", ts_event_ns=now_ns, text=TEXT)
        self._plain = SignalSubmission(message=message).model_dump(mode="json")
        told = unjudged("key", message, LaneOutcome.NO_DECK, "there is no deck", received_ns=now_ns)
        self._judged: dict[str, Any] = told.judged.model_dump(mode="json")

    def messages(self, first: int) -> None:
        """A round of messages; in the cell's thread."""
        cell = self._cell
        for number in range(first, first + A_ROUND):
            key = f"message:bench_room:{number}:1"
            plain = {**self._plain, "message": {**self._plain["message"], "message_id": str(number)}}
            sha256 = content_hash(plain)
            at = (cell.wall_clock_ns(), RANK_DECISION, key)
            body = {"key": key, "content_sha256": sha256, "caller": "owner", "submission": plain}
            seq = cell.write(Record(CELL, Kind.SIGNAL_RECEIVED, at, body))
            cell.journal.answer(key, sha256, b'{"key":"%s","seq":%d}' % (key.encode("ascii"), seq))
            judged = {**self._judged, "key": key, "message_id": str(number)}
            cell.write(Record(CELL, Kind.SIGNAL_JUDGED, at, judged))

    def orders(self, name: str, count: int = 10) -> None:
        """Decisions, judged at the end of the round; in the cell's thread."""
        self._quote(MIDDLE)
        origin = Origin(run_id="bench", partition="2026-01-05", data_sha256="d" * 64)
        for number in range(count):
            decision = decision_of(f"{name}_{number}", side="buy" if number % 2 else "sell")
            delivery = Delivery(decision=decision, origin=origin)
            service.deliver(self._cell, decision.decision_id, canonical_bytes(delivery), delivery, OWNER)

    def closing(self) -> None:
        """Prices that fill what was ordered, and close it; in the cell's thread."""
        for price in (MIDDLE, MIDDLE + AWAY, MIDDLE - AWAY):
            self._quote(price)

    def _quote(self, middle: Decimal) -> None:
        service.quote(self._cell, ACCOUNT, SYMBOL, middle - HALF_SPREAD, middle + HALF_SPREAD, time.time_ns())


def fill(daemon: PaperDaemon, records: int) -> int:
    """A journal of at least so many records, and of nearly as many behind its last snapshot as there can be;
    how many there are. The cell is ended as SIGKILL would: nothing is written at its end."""
    cell = Cell(daemon.home, load_configuration(daemon.config))
    cell.start()
    filler = _Filler(cell)
    for turn in itertools.count():
        if turn % ORDERS_EVERY == 0:
            cell.call(lambda turn=turn: filler.orders(f"t{turn}")).result()  # type: ignore[misc]
            cell.call(filler.closing).result()
        cell.call(lambda turn=turn: filler.messages(turn * A_ROUND)).result()  # type: ignore[misc]
        held = cell.journal.durable_seq
        if held >= records:
            snapshot = cell.call(lambda: cell.journal.load_snapshot(core_version())).result()
            if records < LEAST_TAIL or held - (0 if snapshot is None else snapshot.seq) >= LEAST_TAIL:
                break
    cell.stop()
    return held


def _seconds_to_ready(daemon: PaperDaemon, *, most_s: float = 180) -> float:
    began = time.perf_counter()
    daemon.launch()
    process = daemon.running()
    with httpx.Client(base_url=f"http://127.0.0.1:{daemon.port}", timeout=5) as client:
        while time.perf_counter() - began < most_s:
            try:
                headers = bearer_headers(daemon.home, OWNER)
                if client.get("/ready", headers=headers).status_code == 200:
                    return time.perf_counter() - began
            except httpx.TransportError:
                pass
            if process.poll() is not None:
                raise RuntimeError(f"the daemon does not start: {daemon.log_tail()}")
            time.sleep(0.005)
    raise TimeoutError(f"not ready after {most_s} s: {daemon.log_tail()}")


def _forget_code(daemon: PaperDaemon) -> None:
    """The snapshots are of another version of the code, as after an upgrade of what folds."""
    with closing(sqlite3.connect(daemon.home.journal)) as connection, connection:
        connection.execute("UPDATE snapshot SET code_version = 'another'")


def restart_rows(folder: Path, *, records: int, runs: int) -> list[Row]:
    """A new home beside one with a long journal, by how the process ended before."""
    empty, long = PaperDaemon(folder / "empty"), PaperDaemon(folder / "long")
    began = time.perf_counter()
    held = fill(long, records)
    made_s = time.perf_counter() - began
    times: dict[str, list[float]] = {"a few": [], "killed": [], "ended": []}
    _seconds_to_ready(empty)
    empty.stop()
    _seconds_to_ready(long)
    long.kill()
    for _ in range(runs):
        times["a few"].append(_seconds_to_ready(empty))
        empty.stop()
        times["killed"].append(_seconds_to_ready(long))
        long.stop()
        times["ended"].append(_seconds_to_ready(long))
        long.kill()
    long.stop()
    _forget_code(long)
    upgraded_s = _seconds_to_ready(long)
    long.stop()
    subject = f"{held:,} records"
    return [
        row("restart", f"writing {subject}", "rate", "/s", [held / made_s]),
        row("restart", "a few records", "to /ready", "s", times["a few"]),
        row("restart", f"{subject}, killed before", "to /ready", "s", times["killed"], goal=5),
        row("restart", f"{subject}, ended gracefully before", "to /ready", "s", times["ended"], goal=5),
        # Once an upgrade: no state is trusted that other code folded.
        row("restart", f"{subject}, with new code: all are folded", "to /ready", "s", [upgraded_s]),
    ]
