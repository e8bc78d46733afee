"""`hive parse` as a person types it: a file in, a file out, and errors with a next step."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LINE = json.dumps(
    {
        "id": "1",
        "ts": "2025-03-12T09:00:00Z",
        "source": "room",
        "text": "EURUSD buy 1.0850 sl 1.0810 tp 1.0910",
    }
)


def hive(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hive_cli", "parse", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_file_is_read_into_a_file_and_the_totals_are_told(tmp_path: Path):
    source, target = tmp_path / "room.jsonl", tmp_path / "told.jsonl"
    source.write_text(LINE + "\n" + LINE.replace("buy", "hello") + "\n")
    ran = hive(str(source), "--out", str(target))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == ""
    assert "1 signal" in ran.stderr
    assert "PASS 2 messages  SKIP 0  ERROR 0" in ran.stderr
    first, second = (json.loads(line) for line in target.read_text().splitlines())
    assert first["signals"][0]["stop_loss"] == 1.081
    assert second["kind"] != "update"


def test_lines_pass_through_a_pipe(tmp_path: Path):
    ran = hive("-", given=LINE + "\n")
    assert json.loads(ran.stdout)["kind"] == "signal"


def test_a_broken_line_ends_with_one_and_loses_nothing_else():
    ran = hive("-", given=f"nonsense\n{LINE}\n")
    assert ran.returncode == 1
    broken, whole = (json.loads(line) for line in ran.stdout.splitlines())
    assert broken["reason"] == "unreadable_record"
    assert whole["kind"] == "signal"
    assert "ERROR 1" in ran.stderr


def test_what_cannot_be_opened_is_said_with_its_name(tmp_path: Path):
    assert "No such file" in hive(str(tmp_path / "nothing.jsonl")).stderr
    source = tmp_path / "room.jsonl"
    source.write_text(LINE)
    nowhere = hive(str(source), "--out", str(tmp_path / "no" / "told.jsonl"))
    assert nowhere.returncode == 2
    assert "next:" in nowhere.stderr
    same = hive(str(source), "--out", str(source))
    assert same.returncode == 2
    assert source.read_text() == LINE
