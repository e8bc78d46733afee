"""Which branches of the core and the journal the tests take, and of what stands beside them.

One run of the tests that are about them, the slow ones too, on SQLite and on a PostgreSQL of the run's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proofs.mutation_run import ROOT
from proofs.reporting import Claim, report
from tests.support.postgres_server import shared_server

WHOLE = ("hive_exec/core", "hive_exec/journal")
"""Every branch of these is taken."""
TOLD = ("hive_exec/engine.py", "hive_exec/brokers/desk.py")
"""Of these it is told how many are."""
ASIDE = ("faults", "http", "lanes", "brokers/oanda", "brokers/fix", "brokers/metatrader")
"""Folders of tests that kill daemons, or ask other parts."""
SETTINGS = """
[run]
branch = true
parallel = true
relative_files = true
patch = subprocess
data_file = {data}
include = {include}
"""
"""Daemons that tests start as processes are measured too; each process has a file of its own."""


class TestsFailed(RuntimeError):
    """What failing tests reach says nothing."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Of a file or folder: its statements and branches, how many were reached, and where not."""

    all: int
    reached: int
    missing: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of all of them; 1 where there is none."""
        return self.reached / self.all if self.all else 1.0


def taken(measured: dict[str, Any], area: str) -> Taken:
    """What coverage's report says of an area, a file or a folder.

    Raises:
        KeyError: it says nothing of it: nothing was measured.
    """
    files = {
        name: each for name, each in measured["files"].items() if name == area or name.startswith(f"{area}/")
    }
    if not files:
        raise KeyError(f"nothing was measured of {area}")
    total = reached = 0
    missing: list[str] = []
    for name, each in files.items():
        summary = each["summary"]
        total += summary["num_statements"] + summary["num_branches"]
        reached += summary["covered_lines"] + summary["covered_branches"]
        missing += [f"{name}:{line}" for line in each["missing_lines"]]
        missing += [f"{name}:{start}->{end}" for start, end in each["missing_branches"]]
    return Taken(total, reached, tuple(missing))


def branch_claims(measured: dict[str, Any]) -> list[Claim]:
    """Every branch of core and journal is taken; of the rest it is told."""
    claims = []
    for area in (*WHOLE, *TOLD):
        found, is_whole = taken(measured, area), area in WHOLE
        where = f"; not reached: {', '.join(found.missing)}"[:600] if found.missing else ""
        claims.append(
            Claim(
                f"statements and branches of {area} that the tests take",
                "all" if is_whole else "told",
                f"{found.reached:,} of {found.all:,} ({found.share:.1%}){where}",
                not found.missing or not is_whole,
                found.all,
            )
        )
    return claims


def measure(folder: Path) -> dict[str, Any]:
    """Run the tests under coverage and give its report.

    Raises:
        TestsFailed: one of them fails.
    """
    out, settings = folder / "coverage.json", folder / "settings"
    include = ",".join([*(f"*/{area}/*" for area in WHOLE), *(f"*/{file}" for file in TOLD)])
    settings.write_text(SETTINGS.format(data=folder / "data", include=include), "utf-8")
    aside = [f"--ignore=tests/exec/{name}" for name in ASIDE]
    tests = ["-m", "pytest", "-q", "-m", "not interop and not browser", *aside, "tests/exec"]
    if _coverage(settings, "run", *tests):
        raise TestsFailed("the tests fail: see above")
    if _coverage(settings, "combine", "-q") or _coverage(settings, "json", "-q", "-o", str(out)):
        raise TestsFailed("nothing was measured")
    return dict(json.loads(out.read_text("utf-8")))


def _coverage(settings: Path, what: str, *arguments: str) -> int:
    command = [sys.executable, "-m", "coverage", what, f"--rcfile={settings}", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """Measure; 1 when a branch of core or journal is not taken."""
    with tempfile.TemporaryDirectory(prefix="hive-coverage-") as name, shared_server() as url:
        os.environ["HIVE_TEST_POSTGRES"] = url
        measured = measure(Path(name))
    return report("coverage", [], branch_claims(measured))


if __name__ == "__main__":
    sys.exit(main())
