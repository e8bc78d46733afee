"""Speed of reading and resolving signals, beside the plain loop and pandas in one run.

`HIVE_BENCH_SIGNALS` sets the number of signals that are resolved (1,000,000).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rich.progress import Progress

from bench.one_more_message import one_more_message_rows
from bench.parsing import one_more_line_rows, parsing_rows
from bench.reporting import Row, report
from bench.resolution import consensus_rows, history_rows, one_more_rows


def main() -> None:
    """Measure everything, and write `.hive/bench/signals.json`."""
    count = int(os.environ.get("HIVE_BENCH_SIGNALS", "1000000"))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="hive-bench-") as name, Progress(transient=True) as progress:
        folder = Path(name)
        steps = (
            ("parsing", parsing_rows),
            ("one more message, parsed", lambda: one_more_line_rows((1_000, count))),
            ("one more message, through the assets", lambda: one_more_message_rows(folder)),
            ("consensus", lambda: consensus_rows(folder, count=count)),
            ("one more signal", lambda: one_more_rows(folder)),
            ("history", lambda: history_rows(folder, count=count, runs=1)),
        )
        bar = progress.add_task("bench", total=len(steps))
        for what, step in steps:
            progress.update(bar, description=what)
            rows += step()
            progress.update(bar, advance=1)
    report("signals", rows)


if __name__ == "__main__":
    main()
