"""docs/claims.md: every measured figure, as it was measured, and nothing of the machine's folders."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from proofs.claims_page import INTRODUCTION, PAGE, claims_page

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROOFS = {
    "suite": "main",
    "commit": "0123456789abcdef+",
    "seeds": [7],
    "claims": [
        {
            "claim": "it lives",
            "target": "yes",
            "measured": "ERROR /a/b/in.csv: a | b",
            "holds": True,
            "n": 1_200,
        },
        {"claim": "it flies", "target": "yes", "measured": "no", "holds": False, "n": 1},
    ],
}
ROW = {
    "work": "start",
    "subject": "hive",
    "metric": "wall",
    "unit": "s",
    "value": 1.25,
    "lowest": 1,
    "highest": 2,
}
BENCH = {
    "suite": "main",
    "commit": "f" * 40,
    "machine": "2 cores",
    "rows": [
        {**ROW, "n": 3, "ratio_to": "python", "ratio": 5.5, "goal": "under 3 s", "is_met": True},
        {**ROW, "n": 1, "ratio_to": "", "ratio": None, "goal": "", "is_met": None},
        {**ROW, "n": 1, "ratio_to": "", "ratio": None, "goal": "under 1 s", "is_met": False},
    ],
}


def test_every_claim_stands_there_also_one_that_fails():
    page = claims_page([(PROOFS, WHEN)], [])
    assert "Commit `0123456789ab+`, 2026-03-01, seed 7." in page
    assert "| holds | it lives | yes | ERROR in.csv: a \\| b | 1,200 |" in page
    assert "| **FAILS** | it flies | yes | no | 1 |" in page


def test_a_figure_has_its_spread_and_what_it_is_compared_to():
    page = claims_page([], [(BENCH, WHEN)])
    assert "Commit `ffffffffffff`, 2026-03-01, 2 cores." in page
    assert "| start | hive | wall | 1.25 s | 1 to 2 s | 3 | 5.5 x python | under 3 s: met |" in page
    assert "| start | hive | wall | 1.25 s |  | 1 |  |  |" in page
    assert "| 1 |  | under 1 s: **missed** |" in page


def test_a_suite_that_is_not_measured_again_keeps_its_section():
    both = claims_page([(PROOFS, WHEN)], [(BENCH, WHEN)])
    assert claims_page([], [], both) == both
    later = {**BENCH, "commit": "e" * 40}
    again = claims_page([], [(later, WHEN)], both)
    assert "Commit `eeeeeeeeeeee`" in again
    assert "Commit `ffffffffffff`" not in again
    assert "it flies" in again
    other = claims_page([({**PROOFS, "suite": "aardvark"}, WHEN)], [], both)
    headings = [line for line in other.splitlines() if line.startswith("## ")]
    assert headings == ["## Proofs: aardvark", f"## Proofs: {PROOFS['suite']}", f"## Bench: {BENCH['suite']}"]


def test_without_results_no_page_is_written(tmp_path: Path):
    before = PAGE.read_bytes()
    ran = subprocess.run(
        [sys.executable, "-m", "proofs.claims_page"],
        env={**os.environ, "HIVE_HOME": str(tmp_path / ".hive")},
        cwd=PAGE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "has no results: make prove, make bench" in ran.stdout
    assert PAGE.read_bytes() == before


def test_the_page_in_the_repository_was_made_so():
    page = PAGE.read_text("utf-8")
    assert page.startswith(INTRODUCTION)
    assert "FAILS" not in page
