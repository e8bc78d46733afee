"""Resident memory of the installed daemon over many signals: after the first of them, and at the end."""

from __future__ import annotations

import itertools
from pathlib import Path

import psutil

from bench.daemon_callers import call
from bench.daemon_requests import message_requests
from bench.reporting import Row, row
from proofs.paper_daemon import PaperDaemon

PARTS = 10
WARM_PARTS = 3
"""Caches of the database and the remembered signals fill up meanwhile."""


def memory_rows(folder: Path, *, signals: int) -> list[Row]:
    """Megabytes after the first parts of so many signals, and over the last part."""
    daemon = PaperDaemon(folder)
    daemon.start()
    process = psutil.Process(daemon.running().pid)
    sizes, rates = [], []
    try:
        requests = message_requests(daemon.home, "memory", signals)
        for _ in range(PARTS):
            answers = call(daemon.port, itertools.islice(requests, signals // PARTS), clients=16)
            rates.append(answers.a_second)
            sizes.append(process.memory_info().rss / 1e6)
    finally:
        daemon.stop()
    warm_name = f"after {WARM_PARTS * signals // PARTS:,} signals"
    warm = row("memory", warm_name, "resident", "MB", [sizes[WARM_PARTS - 1]])
    return [
        warm,
        row(
            "memory",
            f"after {signals:,} signals",
            "resident",
            "MB",
            [sizes[-1]],
            floor=(warm_name, warm.value),
            ratio_under=1.05,
        ),
        row("memory", f"{signals:,} signals, a tenth at a time", "resident", "MB", sizes),
        row("memory", f"{signals:,} signals, a tenth at a time", "rate", "/s", rates),
    ]
