"""`hive parse` as a person types it: a file in, a file out, and errors with a next step."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

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


def test_what_lines_lack_is_told_once_and_is_no_error():
    lines = [json.loads(LINE) | {"id": str(number)} for number in range(3)]
    lines += [{key: value for key, value in line.items() if key != "ts"} for line in lines]
    ran = hive("-", given="".join(json.dumps(line | {"edit_off": 1}) + "\n" for line in lines))
    assert ran.returncode == 0
    assert "WARN 3 lines without ts" in ran.stderr
    assert "WARN keys that are not read: edit_off (did you mean edit_of?)" in ran.stderr
    assert [json.loads(line)["kind"] for line in ran.stdout.splitlines()] == ["signal"] * 6


def linked(source: Path, how: str) -> Path:
    other = source.with_name("other.jsonl")
    {"hard": other.hardlink_to, "symbolic": other.symlink_to}[how](source)
    return other


@pytest.mark.parametrize("how", ["hard", "symbolic"])
def test_the_input_by_another_name_is_not_overwritten(tmp_path: Path, how: str):
    source = tmp_path / "room.jsonl"
    source.write_text(LINE)
    ran = hive(str(source), "--out", str(linked(source, how)))
    assert ran.returncode == 2
    assert "overwrite the input" in ran.stderr
    assert source.read_text() == LINE


def test_the_input_as_stdin_or_stdout_is_not_overwritten(tmp_path: Path):
    source = tmp_path / "room.jsonl"
    source.write_text(LINE + "\n")
    command = [sys.executable, "-m", "hive_cli", "parse"]
    with source.open() as given:
        ran = subprocess.run([*command, "-", "--out", str(source)], stdin=given, check=False, timeout=60)
    assert ran.returncode == 2
    with source.open("a") as appended:
        ran = subprocess.run([*command, str(source)], stdout=appended, check=False, timeout=60)
    assert ran.returncode == 2
    assert source.read_text() == LINE + "\n"


def test_an_interrupted_run_leaves_what_stood_there(tmp_path: Path):
    pipe, target = tmp_path / "pipe", tmp_path / "told.jsonl"
    os.mkfifo(pipe)
    target.write_text("before")
    command = [sys.executable, "-m", "hive_cli", "parse", str(pipe), "--out", str(target)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as ran, pipe.open("w") as given:
        given.write((LINE + "\n") * 10_000)
        given.flush()
        deadline = time.monotonic() + 30
        while len(list(tmp_path.iterdir())) == 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        ran.send_signal(signal.SIGINT)
        assert ran.wait(60) == 130
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "told.jsonl"]


def test_a_pipe_and_a_device_get_their_lines_at_once(tmp_path: Path):
    source, pipe = tmp_path / "room.jsonl", tmp_path / "pipe"
    source.write_text(LINE + "\n")
    os.mkfifo(pipe)
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.append(pipe.read_text()))
    reader.start()
    assert hive(str(source), "--out", str(pipe)).returncode == 0
    reader.join(60)
    assert pipe.is_fifo()
    assert json.loads(told[0])["kind"] == "signal"
    assert json.loads(hive(str(source), "--out", "/dev/stdout").stdout)["kind"] == "signal"
    assert hive(str(source), "--out", os.devnull).returncode == 0


def test_stdout_that_is_a_file_keeps_what_stood_before(tmp_path: Path):
    source, target = tmp_path / "room.jsonl", tmp_path / "told.jsonl"
    source.write_text(LINE + "\n")
    target.write_text("before\n")
    command = [sys.executable, "-m", "hive_cli", "parse", str(source), "--out", "/dev/stdout"]
    with target.open("a") as appended:
        assert subprocess.run(command, stdout=appended, check=False, timeout=60).returncode == 0
    before, line = target.read_text().splitlines()
    assert (before, json.loads(line)["kind"]) == ("before", "signal")


def test_an_output_file_has_the_rights_of_any_new_file(tmp_path: Path):
    source, target, other = tmp_path / "room.jsonl", tmp_path / "told.jsonl", tmp_path / "other"
    source.write_text(LINE)
    other.touch()
    assert hive(str(source), "--out", str(target)).returncode == 0
    assert target.stat().st_mode == other.stat().st_mode


@pytest.mark.parametrize("arguments", [("--out", "/dev/full"), ()])
def test_a_full_disk_is_told_without_a_frame(tmp_path: Path, arguments: tuple[str, ...]):
    source = tmp_path / "room.jsonl"
    source.write_text((LINE + "\n") * 300)
    command = [sys.executable, "-m", "hive_cli", "parse", str(source), *arguments]
    with open("/dev/full", "w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "ERROR cannot write (No space left on device)",
        f"  where: {'/dev/full' if arguments else 'stdout'}",
        "  next: free some space there",
    ]


def test_a_packed_file_is_unpacked_and_a_broken_one_is_refused(tmp_path: Path):
    packed, target = tmp_path / "room.jsonl.gz", tmp_path / "told.jsonl"
    packed.write_bytes(gzip.compress((LINE + "\n").encode() * 2_000))
    ran = hive(str(packed), "--out", str(target))
    assert ran.returncode == 0, ran.stderr
    assert len(target.read_text().splitlines()) == 2_000
    target.unlink()
    for broken in (packed.read_bytes()[:-20], packed.read_bytes()[:30], packed.read_bytes() + b"more"):
        packed.write_bytes(broken)
        ran = hive(str(packed), "--out", str(target))
        assert ran.returncode == 1
        assert ran.stderr.startswith("ERROR not a whole gzip file")
        assert not target.exists()
