"""The kill switch with every dependency down: the venue, Kafka and the database hang, and the cell with them.

The daemon's own parts run in this process: HTTP server, cell, the OANDA desk, the Kafka lane. The venue's
address and Kafka's take connections and never answer. The cell is stuck in a command, as in a commit that
does not come back, with a thousand commands behind it. An order may leave only where the desk's last look
(`Cell.forbids`) says nothing against it; what is measured ends when that look forbids.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.daemon_callers import post
from bench.reporting import Row, row
from hive_core.configuration.load import load_configuration
from hive_core.contracts.order import BracketOrder
from hive_core.landing.daemon_token import OWNER, bearer_headers
from hive_core.landing.home import HiveHome
from hive_exec.cell import Cell
from hive_exec.desks import desk_of_settings
from hive_exec.http import create_app
from hive_exec.lanes.answering import Lanes
from tests.support.served import served

ACCOUNT = "desk"
QUEUED = 1_000
_SETTINGS = """
[execution]
people_for_global = 1

[kafka]
brokers = ["127.0.0.1:{silent}"]

[[brokers]]
kind = "oanda"
name = "venue"
account_id = "101-001-1234567-001"
rest_url = "http://127.0.0.1:{silent}"
stream_url = "http://127.0.0.1:{silent}"
token_variable = "HIVE_BENCH_TOKEN"

[[accounts]]
name = "desk"
mode = "broker"
accepted_unknowns = ["request_limits", "policy", "policy.third_party_automation"]
broker = "venue"
symbols = ["EURUSD"]
sources = ["*"]
"""


class _Silent:
    """Takes connections, reads what comes, never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self.asked_for_orders = 0
        threading.Thread(target=self._accept, name="silent", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(65_536):
                if data.startswith(b"POST") and b"/orders" in data.split(b"\r\n", 1)[0]:
                    self.asked_for_orders += 1
        except OSError:
            return

    def close(self) -> None:
        """Hang up."""
        self._listener.close()
        for connection in self._open:
            connection.close()


THROWN = "the kill switch is thrown"
"""What the last look says first; that the silent venue is down it says otherwise."""


def _order() -> BracketOrder:
    now_ns = time.time_ns()
    return BracketOrder(
        client_order_id="ord_1",
        account=ACCOUNT,
        decision_id="dec_1",
        leg=1,
        attempt=1,
        symbol="EURUSD",
        side="buy",
        order_type="market",
        lots=Decimal("0.10"),
        entry=None,
        stop_loss=Decimal("1.09800"),
        take_profit=Decimal("1.10200"),
        price_bound=Decimal("1.10100"),
        submitted_ns=now_ns,
        good_till_ns=now_ns + 3_600 * 10**9,
    )


@contextmanager
def _stuck_daemon(folder: Path) -> Iterator[tuple[Cell, int, _Silent]]:
    """A cell that hangs, behind its server, with everything that it depends on silent."""
    silent = _Silent()
    folder.mkdir(parents=True)
    configuration = folder / "hive.toml"
    configuration.write_text(_SETTINGS.format(silent=silent.port), "utf-8")
    let_go = threading.Event()
    with patch.dict(os.environ, {"HIVE_BENCH_TOKEN": "0123456789abcdef0123456789abcdef-bench"}):
        cell = Cell(HiveHome(folder / ".hive"), load_configuration(configuration), make_desk=desk_of_settings)
    lanes = Lanes(cell)
    app = create_app(cell)
    cell.start()
    lanes.start()
    try:
        with served(app) as port:
            cell.call(let_go.wait, is_urgent=True)
            for _ in range(QUEUED):
                cell.call(lambda: None, is_urgent=True)
            yield cell, port, silent
            let_go.set()
    finally:
        let_go.set()
        lanes.stop()
        cell.stop()
        silent.close()


def _seconds_until(forbids: Callable[[Any], str], order: BracketOrder, *, most_s: float = 10) -> float:
    began = time.perf_counter()
    while forbids(order) != THROWN:
        if time.perf_counter() - began > most_s:
            raise TimeoutError(f"an order may still leave after {most_s} s")
        time.sleep(0.0005)
    return time.perf_counter() - began


def _lift(cell: Cell, forbids: Callable[[Any], str], order: BracketOrder) -> None:
    """Back to before, for the next time: the cell, which would journal and lift it, hangs."""
    deadline_s = time.perf_counter() + 5
    cell._kills_under_way = 0
    while forbids(order) == THROWN:
        if time.perf_counter() > deadline_s:
            raise TimeoutError("the kill switch stays thrown")
        time.sleep(0.005)


def kill_rows(folder: Path, *, times: int) -> list[Row]:
    """By HTTP and by the file, so many times each."""
    by_http, by_file = [], []
    with _stuck_daemon(folder) as (cell, port, silent):
        forbids = cell.why_not
        order = _order()
        told = post("/kill", b'{"reason":"bench"}', bearer_headers(cell.home, OWNER))
        callers = []
        for _ in range(times):
            _lift(cell, forbids, order)
            caller = socket.create_connection(("127.0.0.1", port))
            callers.append(caller)  # its answer comes when the cell goes on
            caller.sendall(told)
            by_http.append(_seconds_until(forbids, order))
            _lift(cell, forbids, order)
            cell.kill_file.path.write_text("bench", "utf-8")
            by_file.append(_seconds_until(forbids, order))
            cell.kill_file.path.unlink()
        for caller in callers:
            caller.close()
        if silent.asked_for_orders:
            raise AssertionError("the venue was asked for an order")
    rows = []
    for subject, seconds in (("POST /kill", by_http), ("the kill file", by_file)):
        ordered = sorted(seconds)
        p99 = ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)]
        rows.append(row("kill switch", f"{subject}, everything down", "to nothing leaves", "s", seconds))
        rows.append(
            row("kill switch", f"{subject}, everything down, {times} times", "p99", "s", [p99], goal=1)
        )
    return rows
