"""The command itself: what it imports, how it fails, what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hive_cli.console import counted, totals_line
from hive_cli.failure import Failure

HEAVY = (
    "polars",
    "numpy",
    "pydantic",
    "httpx",
    "psutil",
    "dagster",
    "starlette",
    "uvicorn",
    "fsspec",
    "hive_core",
)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from hive_cli.main import run; run(['--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "explain" in done.stdout


def test_every_command_has_help(hive) -> None:
    for command in ("up", "flow", "status", "down", "orders", "explain", "verify", "doctor", "demo", "exec"):
        said = hive(command, "--help")
        assert said.code == 0
        assert len(said.out.splitlines()) > 5


def test_every_fault_of_the_configuration_is_told_at_once_with_line_and_caret(hive, tmp_path: Path) -> None:
    (tmp_path / "hive.toml").write_text(
        '[ports]\nhive_exce = 8787\n\n[[accounts]]\nname = "x"\nmode = "relpay"\nsources = ["*"]\n'
    )
    said = hive("status")
    assert said.code == 2
    assert "ERROR the configuration has 2 faults" in said.err
    assert "hive.toml:2:1: ports.hive_exce: unknown key, did you mean hive_exec?" in said.err
    assert "hive.toml:6:1" in said.err
    lines = said.err.splitlines()
    assert lines[lines.index("      hive_exce = 8787") + 1] == "      ^"
    assert said.out == ""


def test_an_error_has_at_most_six_lines_with_what_where_and_next() -> None:
    failure = Failure("it broke", where="here", details=[f"line {n}" for n in range(9)], next_step="mend it")
    lines = failure.lines()
    assert lines[0] == "ERROR it broke"
    assert lines[1] == "  where: here"
    assert lines[-1] == "  next: mend it"
    assert lines[2:-1] == ["  line 6", "  line 7", "  line 8"]


def test_an_unforeseen_error_is_three_lines_and_debug_shows_the_traceback(
    hive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> object:
        raise RuntimeError("the disk said\nno")

    monkeypatch.setattr("hive_cli.facts.overview.overview", broken)
    said = hive("status")
    assert said.code == 1
    assert said.err.splitlines()[0] == "ERROR RuntimeError: the disk said no"
    assert len(said.err.splitlines()) == 3
    assert "Traceback" not in said.err
    for place in (("--debug", "status"), ("status", "--debug")):
        assert "Traceback" in hive(*place).err


def test_an_unknown_option_is_refused_with_code_2_in_few_lines(hive) -> None:
    said = hive("status", "--jsn")
    assert said.code == 2
    assert "--jsn" in said.err
    assert len(said.err.splitlines()) <= 6


def test_nothing_is_coloured_when_piped(hive) -> None:
    assert "\x1b" not in hive("doctor").out + hive("status").out


def test_json_is_the_only_thing_on_stdout(hive) -> None:
    for command in ("status", "doctor", "down"):
        assert json.loads(hive(command, "--json").out)


def test_the_last_line_has_totals() -> None:
    assert totals_line({"files": 3, "rows": 6200}, skipped={"rows": 2}) == (
        "PASS 3 files, 6,200 rows  SKIP 2 rows  ERROR 0"
    )
    assert totals_line({"files": 1}, skipped={"rows": 0}, errors=2) == "PASS 1 file  SKIP 0  ERROR 2"
    assert counted(1, "rows") == "1 row"


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    command = f"{sys.executable} -m hive_cli --help | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def raising(monkeypatch: pytest.MonkeyPatch, fault: Callable[[], object]) -> None:
    """Every command that reads settings does this instead."""
    monkeypatch.setattr("hive_core.landing.home.HiveHome.from_environment", fault)


def test_an_unforeseen_error_of_a_file_names_the_file(
    hive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raising(monkeypatch, lambda: (tmp_path / "gone" / "file").read_bytes())
    said = hive("status")
    assert said.code == 1
    assert said.err.splitlines()[:2] == [
        "ERROR No such file or directory",
        f"  where: {tmp_path}/gone/file",
    ]


def test_an_unforeseen_error_inside_a_library_names_the_line_of_hive(
    hive, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(monkeypatch, lambda: json.loads("{"))
    said = hive("status")
    assert said.code == 1
    assert said.err.startswith("ERROR JSONDecodeError: ")
    assert "hive_cli/settings.py:" in said.err.splitlines()[1]


def test_facts_that_a_full_disk_does_not_take_are_an_error() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hive_cli", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "ERROR No space left on device"
    assert len(done.stderr.splitlines()) <= 6
