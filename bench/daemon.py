"""Speed of the execution daemon, as installed: accepts beside floors, orders, live lane, restart, memory,
kill switch.

`HIVE_BENCH_SIGNALS` sets how many signals memory is watched over (60,000; the full size is 1,000,000),
`HIVE_BENCH_RECORDS` how many records the journal of the restarts has (1,000,000). The journals lie in the
system's folder for temporary files (`TMPDIR`): on a disk, or nothing is measured of it.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

from rich.progress import Progress

from bench.daemon_accepts import accept_rows, postgres_rows
from bench.daemon_kill import kill_rows
from bench.daemon_lane import lane_rows
from bench.daemon_memory import memory_rows
from bench.daemon_orders import order_rows
from bench.daemon_restart import restart_rows
from bench.reporting import Row, report
from hive_core.landing.home import HiveHome
from tests.support.postgres_server import own_server

ROUNDS, SECONDS = 7, 1.5
"""Turns of each server and each number of callers, and how long one takes."""
TURNS = 3
"""More would lose, spread by spread, what an account may lose in a day, and the rest would be refused."""
KILLS = 60


def _has_postgres() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres")) or shutil.which("postgres") is not None


def _on_postgres(folder: Path) -> list[Row]:
    if not _has_postgres():
        print("PostgreSQL is not installed: the rows of the journal in it are left out", flush=True)
        return []
    with own_server() as server:
        return postgres_rows(folder, server.new_database, rounds=3, seconds=SECONDS)


def main() -> None:
    """Measure everything, and write `.hive/bench/daemon.json`."""
    signals = int(os.environ.get("HIVE_BENCH_SIGNALS", "60000"))
    records = int(os.environ.get("HIVE_BENCH_RECORDS", "1000000"))
    peers = HiveHome.from_environment().root / "bench" / "peers"
    logging.getLogger("hive_exec").addHandler(logging.NullHandler())  # alarms of the parts that run here
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="hive-bench-") as name, Progress(transient=True) as progress:
        folder = Path(name)
        steps = (
            ("accepts", lambda: accept_rows(folder / "accepts", peers, rounds=ROUNDS, seconds=SECONDS)),
            ("accepts on PostgreSQL", lambda: _on_postgres(folder / "postgres")),
            ("orders", lambda: order_rows(folder / "orders", turns=TURNS)),
            ("live lane", lambda: lane_rows(messages=300)),
            ("kill switch", lambda: kill_rows(folder / "kill", times=KILLS)),
            ("memory", lambda: memory_rows(folder / "memory", signals=signals)),
            ("restart", lambda: restart_rows(folder / "restart", records=records, runs=3)),
        )
        bar = progress.add_task("bench", total=len(steps))
        for what, step in steps:
            progress.update(bar, description=what)
            rows += step()
            progress.update(bar, advance=1)
    report("daemon", rows)


if __name__ == "__main__":
    main()
