"""A measured row, and the file and table it ends in. What is measured stands in a suite."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hive_core.landing.home import HiveHome, publish
from proofs.reporting import commit


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: the median of `n` runs with its lowest and highest, beside what it is compared to."""

    work: str
    subject: str
    metric: str
    value: float
    unit: str
    lowest: float
    highest: float
    n: int
    ratio_to: str = ""
    ratio: float | None = None
    goal: str = ""
    is_met: bool | None = None


def row(
    work: str,
    subject: str,
    metric: str,
    unit: str,
    values: list[float],
    *,
    floor: tuple[str, float] | None = None,
    goal: float | None = None,
    at_least: float | None = None,
    ratio_at_least: float | None = None,
    ratio_under: float | None = None,
) -> Row:
    """The row of several measurements of one thing; `floor` names what it is compared to. The median shall
    stay under `goal` or reach `at_least`, its ratio `ratio_at_least` or stay under `ratio_under`. A goal is
    told, not asserted: machines are noisy."""
    median = statistics.median(values)
    ratio_to, ratio = ("", None) if floor is None else (floor[0], round(median / floor[1], 2))
    told, is_met = "", None
    if goal is not None:
        told, is_met = f"under {goal:g} {unit}", median < goal
    elif at_least is not None:
        told, is_met = f"at least {at_least:,g} {unit}", median >= at_least
    elif ratio is not None and ratio_at_least is not None:
        told, is_met = f"at least {ratio_at_least:g} x", ratio >= ratio_at_least
    elif ratio is not None and ratio_under is not None:
        told, is_met = f"under {ratio_under:g} x", ratio < ratio_under
    return Row(
        work,
        subject,
        metric,
        round(median, 4),
        unit,
        round(min(values), 4),
        round(max(values), 4),
        len(values),
        ratio_to,
        ratio,
        told,
        is_met,
    )


def report(suite: str, rows: list[Row]) -> None:
    """Print the rows and write `.hive/bench/<suite>.json`."""
    body = {
        "suite": suite,
        "commit": commit(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "rows": [asdict(entry) for entry in rows],
    }
    path = HiveHome.from_environment().root / "bench" / f"{suite}.json"
    publish(path, json.dumps(body, indent=2).encode("utf-8") + b"\n")
    table = Table(title=f"Bench: {suite}")
    for name in ("work", "subject", "metric", "median", "lowest", "highest", "n", "ratio", "goal"):
        table.add_column(name, overflow="fold")
    for entry in rows:
        figures = [f"{value:,.3g} {entry.unit}" for value in (entry.value, entry.lowest, entry.highest)]
        ratio = "" if entry.ratio is None else f"{entry.ratio:g} x {entry.ratio_to}"
        goal = "" if entry.is_met is None else f"{entry.goal}: {'met' if entry.is_met else 'MISSED'}"
        table.add_row(entry.work, escape(entry.subject), entry.metric, *figures, str(entry.n), ratio, goal)
    console = Console(width=None if Console().is_terminal else 150)
    console.print(table)
    console.print(f"medians; {path}")
