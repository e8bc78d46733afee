"""Durable accepts: `POST /signals` of the installed daemon beside bare commits of the same rows and beside a
trivial FastAPI handler, asked by the same callers, turn and turn about.

The handler lives in an environment of its own, made on first use; it keeps nothing and answers a constant.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from bench.daemon_callers import Answers, Request, call
from bench.daemon_requests import message_requests
from bench.reporting import Row, row
from hive_core.landing.home import HiveHome
from hive_exec.sqlite_file import open_exclusive
from proofs.paper_daemon import PaperDaemon, free_port

CLIENTS = (16, 1)
BODY_BYTES, ANSWER_BYTES = 640, 80
"""About the size of the record of a message and of the answer to it."""

_APP = """
from fastapi import FastAPI

app = FastAPI()


@app.post("/signals", status_code=202)
async def accept():
    return {"outcome": "accepted"}


@app.post("/parsed", status_code=202)
async def accept_parsed(signal: dict):
    return {"outcome": "accepted"}
"""


def _peer_python(folder: Path) -> Path:
    """The interpreter of the handler's environment."""
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        subprocess.run([*pip, "fastapi", "uvicorn[standard]"], check=True)
        (folder / "installed").touch()
    return python


@dataclass(slots=True)
class _Served:
    """A server, and what it did."""

    name: str
    port: int
    process: psutil.Process
    requests: Callable[[str, float], Iterator[Request]]
    rates: dict[int, list[float]] = field(default_factory=dict)
    p50_ms: dict[int, list[float]] = field(default_factory=dict)
    p99_ms: dict[int, list[float]] = field(default_factory=dict)
    cpu_us: dict[int, list[float]] = field(default_factory=dict)

    def run(self, name: str, clients: int, seconds: float) -> Answers:
        """One turn of the callers."""
        before = sum(self.process.cpu_times()[:2])
        answers = call(self.port, self.requests(name, seconds), clients=clients)
        used_s = sum(self.process.cpu_times()[:2]) - before
        self.rates.setdefault(clients, []).append(answers.a_second)
        self.p50_ms.setdefault(clients, []).append(answers.percentile_ms(0.5))
        self.p99_ms.setdefault(clients, []).append(answers.percentile_ms(0.99))
        self.cpu_us.setdefault(clients, []).append(used_s / len(answers.seconds) * 1e6)
        return answers


def until(requests: Iterator[Request], seconds: float) -> Iterator[Request]:
    """Of endless requests those of the next seconds."""
    end_s = time.perf_counter() + seconds
    for request in requests:
        if time.perf_counter() > end_s:
            return
        yield request


def _messages(home: HiveHome, path: bytes = b"/signals") -> Callable[[str, float], Iterator[Request]]:
    def made(name: str, seconds: float) -> Iterator[Request]:
        asked = message_requests(home, name, 10**9)
        return until((each.replace(b"/signals", path, 1) for each in asked), seconds)

    return made


@contextmanager
def _fastapi(folder: Path, peer: Path) -> Iterator[tuple[int, psutil.Process]]:
    python, port = _peer_python(peer), free_port()
    (folder / "trivial.py").write_text(_APP, "utf-8")
    command = [str(python), "-m", "uvicorn", "trivial:app", "--port", str(port), "--no-access-log"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "trivial.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--log-level", "warning"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        _wait_for(port, process)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    import socket

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the FastAPI handler does not start")


_TABLES = (
    "CREATE TABLE records (seq BIGINT PRIMARY KEY, body {blob}, previous_hash TEXT, record_hash TEXT)",
    "CREATE TABLE answers (idempotency_key TEXT PRIMARY KEY, content_sha256 TEXT, response {blob})",
)


def _rows(first: int, size: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    digits = "0" * 64
    numbers = range(first, first + size)
    records: list[tuple[object, ...]] = [(seq, os.urandom(BODY_BYTES), digits, digits) for seq in numbers]
    answers: list[tuple[object, ...]] = [
        (f"message:bench_room:{seq}:1", digits, bytes(ANSWER_BYTES)) for seq in numbers
    ]
    return records, answers


class BareSqlite:
    """Commits to a SQLite file opened as the journal opens its own."""

    def __init__(self, path: Path) -> None:
        self._connection: sqlite3.Connection = open_exclusive(path)
        for table in _TABLES:
            self._connection.execute(table.format(blob="BLOB"))
        self._next = 1

    def commit(self, size: int) -> None:
        """One transaction of so many accepts."""
        records, answers = _rows(self._next, size)
        self._next += size
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", records)
        self._connection.executemany("INSERT INTO answers VALUES (?, ?, ?)", answers)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class BarePostgres:
    """Commits to a PostgreSQL database."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address.replace("+psycopg", ""))
        for table in _TABLES:
            self._connection.execute(table.format(blob="BYTEA").encode("ascii"))
        self._connection.commit()
        self._next = 1

    def commit(self, size: int) -> None:
        """One transaction of so many accepts."""
        records, answers = _rows(self._next, size)
        self._next += size
        cursor = self._connection.cursor()
        cursor.executemany("INSERT INTO records VALUES (%s, %s, %s, %s)", records)
        cursor.executemany("INSERT INTO answers VALUES (%s, %s, %s)", answers)
        self._connection.commit()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def commits_a_second(bare: BareSqlite | BarePostgres, size: int, seconds: float) -> float:
    """Accepts a second when each transaction holds `size` of them."""
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        bare.commit(size)
        done += size
    return done / (time.perf_counter() - began)


def _bare_rows(
    database: str, rates: dict[int, list[float]]
) -> tuple[list[Row], dict[int, tuple[str, float]]]:
    rows, floors = [], {}
    for size in sorted(rates):
        name = f"bare commits to {database}, {size} a commit"
        told = row("accept", name, "rate", "/s", rates[size])
        rows.append(told)
        floors[size] = (name, told.value)
    return rows, floors


def accept_rows(folder: Path, peers: Path, *, rounds: int, seconds: float) -> list[Row]:
    """The daemon on SQLite, bare commits and FastAPI, in turn."""
    folder.mkdir()
    daemon = PaperDaemon(folder / "home")
    bare = BareSqlite(folder / "bare.sqlite")
    bare_rates: dict[int, list[float]] = {}
    daemon.start()
    try:
        with _fastapi(folder, peers / "fastapi") as (port, peer):
            ours = _Served("hive exec", daemon.port, _process(daemon), _messages(daemon.home))
            trivial = _Served("trivial FastAPI handler", port, peer, _messages(daemon.home))
            parsed = _Served("the same, reading the JSON", port, peer, _messages(daemon.home, b"/parsed"))
            servers = (ours, trivial, parsed)
            for server in servers:  # the first requests fill caches
                call(server.port, server.requests("warm", 0.5), clients=16)
            for turn in range(rounds):
                for size in (1, 16):
                    bare_rates.setdefault(size, []).append(commits_a_second(bare, size, seconds / 4))
                for clients in CLIENTS:
                    for server in servers:
                        server.run(f"r{turn}c{clients}", clients, seconds)
    finally:
        bare.close()
        daemon.stop()
    rows, floors = _bare_rows("SQLite", bare_rates)
    for clients in CLIENTS:
        for peer_server in (trivial, parsed):
            rows += _server_rows(peer_server, clients)
        rows += _ours(ours, trivial, parsed, floors, clients)
    return rows


def _process(daemon: PaperDaemon) -> psutil.Process:
    return psutil.Process(daemon.running().pid)


def _server_rows(server: _Served, clients: int) -> list[Row]:
    subject = f"{server.name}, {clients} clients" if clients > 1 else f"{server.name}, 1 client"
    return [
        row("accept", subject, "rate", "/s", server.rates[clients]),
        row("accept", subject, "processor time each", "µs", server.cpu_us[clients]),
        row("accept", subject, "p50", "ms", server.p50_ms[clients]),
        row("accept", subject, "p99", "ms", server.p99_ms[clients]),
    ]


def _ours(
    ours: _Served, trivial: _Served, parsed: _Served, floors: dict[int, tuple[str, float]], clients: int
) -> list[Row]:
    """The daemon's rows: its rate stands beside each floor."""
    rate, cpu, *latencies = _server_rows(ours, clients)
    peer = (trivial.name, _median(trivial.rates[clients]))
    peer_cpu = (trivial.name, _median(trivial.cpu_us[clients]))
    reader = (f"{trivial.name} that reads the JSON", _median(parsed.rates[clients]))
    goal = 1.0 if clients == max(CLIENTS) else None
    return [
        row("accept", rate.subject, "rate", "/s", ours.rates[clients], floor=peer, ratio_at_least=goal),
        row("accept", rate.subject, "rate, beside reading", "/s", ours.rates[clients], floor=reader),
        row("accept", rate.subject, "rate, beside commits", "/s", ours.rates[clients], floor=floors[clients]),
        row("accept", cpu.subject, cpu.metric, "µs", ours.cpu_us[clients], floor=peer_cpu),
        *latencies,
    ]


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def postgres_rows(
    folder: Path, address_of: Callable[[str], str], *, rounds: int, seconds: float
) -> list[Row]:
    """The daemon with its journal in PostgreSQL beside bare commits there, in turn."""
    daemon = PaperDaemon(folder, environment={"HIVE_JOURNAL_URL": address_of("hive")})
    bare = BarePostgres(address_of("bare"))
    rates: dict[int, list[float]] = {}
    daemon.start()
    try:
        ours = _Served("hive exec on PostgreSQL", daemon.port, _process(daemon), _messages(daemon.home))
        call(ours.port, ours.requests("warm", 0.5), clients=16)
        for turn in range(rounds):
            for size in (1, 16):
                rates.setdefault(size, []).append(commits_a_second(bare, size, seconds / 4))
            ours.run(f"r{turn}", 16, seconds)
    finally:
        bare.close()
        daemon.stop()
    rows, floors = _bare_rows("PostgreSQL", rates)
    subject = _server_rows(ours, 16)[0].subject
    rows.append(row("accept", subject, "rate", "/s", ours.rates[16], floor=floors[16]))
    return [*rows, *_server_rows(ours, 16)[1:]]
