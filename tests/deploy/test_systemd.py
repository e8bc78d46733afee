"""The systemd unit: what systemd itself says of it, and what it promises."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hive_exec.brokers.desk import STOP_AFTER_S
from hive_exec.main import EXIT_CONFIGURATION

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "hive-exec.service"
NEEDS_SYSTEMD = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def settings(text: str) -> dict[str, list[str]]:
    """Every setting with its values, in order; systemd allows a key more than once."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def unit() -> dict[str, list[str]]:
    return settings(UNIT.read_text())


def analysed(tmp_path: Path, text: str, *command: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says of a unit whose program exists on this machine."""
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE))
    return subprocess.run(
        ["systemd-analyze", *command, str(copy)], capture_output=True, text=True, timeout=60
    )


@NEEDS_SYSTEMD
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    done = analysed(tmp_path, UNIT.read_text(), "verify", "--man=no")
    about_us = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, about_us) == (0, [])


@NEEDS_SYSTEMD
@pytest.mark.parametrize(
    ("right", "wrong"),
    [("NoNewPrivileges=", "NoNewPrivilege="), ("RestartSec=2", "RestartSec=soon"), ("Type=exec", "Type=x")],
)
def test_systemd_would_find_a_slip(tmp_path: Path, right: str, wrong: str) -> None:
    text = UNIT.read_text()
    assert right in text
    done = analysed(tmp_path, text.replace(right, wrong), "verify", "--man=no")
    assert any(UNIT.name in line for line in done.stderr.splitlines())


@NEEDS_SYSTEMD
def test_the_exposure_that_systemd_counts_is_low(tmp_path: Path) -> None:
    """`systemd-analyze security` counts 0.0 to 10.0; under 2.0 it says OK."""
    done = analysed(tmp_path, UNIT.read_text(), "security", "--offline=yes", "--threshold=20", "--no-pager")
    assert done.returncode == 0, done.stdout[-300:]
    open_unit = "[Service]\nExecStart=/bin/true\n"
    assert analysed(tmp_path, open_unit, "security", "--offline=yes", "--threshold=20").returncode != 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("User", "hive"),
        ("Restart", "on-failure"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
        ("UMask", "0077"),
        ("StateDirectoryMode", "0700"),
    ],
)
def test_what_the_unit_promises(unit: dict[str, list[str]], key: str, value: str) -> None:
    assert unit[key] == [value]


def test_a_start_that_is_forbidden_is_not_repeated(unit: dict[str, list[str]]) -> None:
    """2 is the command's code of a faulty configuration, 78 the daemon's."""
    assert unit["RestartPreventExitStatus"] == [f"2 {EXIT_CONFIGURATION}"]


def test_only_the_home_can_be_written(unit: dict[str, list[str]]) -> None:
    (home,) = [word for word in unit["Environment"][0].split() if word.startswith("HIVE_HOME=")]
    assert unit["ReadWritePaths"] == [home.partition("=")[2]]
    assert unit["ReadWritePaths"][0].endswith(unit["StateDirectory"][0])


def test_a_graceful_stop_has_time_for_a_desks_two_threads(unit: dict[str, list[str]]) -> None:
    server_s = 5
    assert float(unit["TimeoutStopSec"][0]) > server_s + 2 * STOP_AFTER_S
    assert unit["KillSignal"] == ["SIGTERM"]


def test_no_watchdog_is_asked_for_that_nobody_feeds(unit: dict[str, list[str]]) -> None:
    assert "WatchdogSec" not in unit
    assert unit["Type"] == ["exec"]
