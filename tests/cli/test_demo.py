"""`hive demo`: a useful result without Dagster."""

from __future__ import annotations

import json
import subprocess
import sys

from hive_core.landing.home import HiveHome


def test_the_rooms_are_scored_with_intervals_and_what_was_refused(hive, home: HiveHome) -> None:
    said = hive("demo")
    assert said.code == 0, said.err
    for room in ("sample_edge", "sample_random", "sample_wrong"):
        assert room in said.out
    assert "95 %" in said.out
    assert "stop_wrong_side" in said.out
    assert "digit_typo" in said.out
    assert said.out.splitlines()[-1].startswith("PASS ")
    assert not home.root.exists()


def test_the_known_quality_of_the_rooms_is_measured_without_dagster_or_pandas() -> None:
    code = (
        "import sys; from hive_cli.main import run; run(['demo', '--json']);"
        "print([name for name in ('dagster', 'pandas', 'duckdb', 'pyarrow') if name in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    found = {room["source"]: room for room in json.loads(done.stdout)["sources"]}
    assert found["sample_edge"]["mean_r_low"] > 0
    assert found["sample_random"]["mean_r_low"] < 0
    assert found["sample_random"]["mean_r_high"] < found["sample_edge"]["mean_r_low"]
    assert found["sample_wrong"]["quarantined"] > 0
