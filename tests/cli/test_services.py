"""`hive up`, `status` and `down` with the real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.slow

Hive = Callable[..., subprocess.CompletedProcess[str]]
NAMES = ("hive-exec", "dagster-code-server", "dagster-webserver", "dagster-daemon")


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    found = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return found


@pytest.fixture
def hive(tmp_path: Path) -> Iterator[Hive]:
    names = ("hive_exec", "dagster_code_server", "dagster_webserver")
    lines = [f"{name} = {port}" for name, port in zip(names, free_ports(3), strict=True)]
    (tmp_path / "hive.toml").write_text("\n".join(["[ports]", *lines]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HIVE_", "DAGSTER_"))}
    environment = {**kept, "HIVE_HOME": str(tmp_path / ".hive")}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hive_cli", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240
        )

    yield call
    call("down")


def services(hive: Hive) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(hive("status", "--json").stdout)["services"]}


def session(leader: int) -> list[psutil.Process]:
    """Every process of a session."""
    return [process for process in psutil.process_iter() if os.getsid(process.pid) == leader]


def ours(tmp_path: Path) -> list[str]:
    """Command lines of living processes that work for this home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("HIVE_HOME") == str(
                tmp_path / ".hive"
            ):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def test_everything_starts_answers_survives_a_kill_and_stops_without_a_trace(
    hive: Hive, tmp_path: Path
) -> None:
    started = hive("up", "--json")
    assert started.returncode == 0, started.stderr
    assert json.loads(started.stdout)["started"] == list(NAMES)

    again = hive("up", "--json")
    assert json.loads(again.stdout)["started"] == []

    status = json.loads(hive("status", "--json").stdout)
    assert status["attention"] == []
    assert status["dagster"]["daemons_healthy"] is True
    assert [place["error"] for place in status["dagster"]["locations"]] == [None]
    assert status["exec"]["health"]["journal_head_seq"] == 1  # that it started
    assert json.loads(hive("verify", "--json").stdout)["fault"] is None

    before = services(hive)
    asleep = session(before["dagster-code-server"]["pid"])
    assert len(asleep) >= 2  # it, and the one that loads the pipelines
    for sent, then_s in ((signal.SIGSTOP, 33), (signal.SIGCONT, 3)):  # as a machine that sleeps does
        for process in asleep:
            process.send_signal(sent)
        time.sleep(then_s)
    assert [process for process in asleep if not process.is_running()] == []
    assert json.loads(hive("status", "--json").stdout)["dagster"]["locations"][0]["error"] is None

    os.kill(before["dagster-code-server"]["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 10
    while services(hive)["dagster-code-server"]["state"] != "died" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "dagster-code-server died" in hive("status").stdout
    assert hive("doctor").returncode == 1
    mended = hive("up", "--json")
    assert mended.returncode == 0, mended.stderr
    # The execution daemon is not touched; what talks to the code server is started with it.
    assert json.loads(mended.stdout)["started"] == list(NAMES[1:])
    assert services(hive)["hive-exec"]["pid"] == before["hive-exec"]["pid"]
    assert json.loads(hive("status", "--json").stdout)["dagster"]["locations"][0]["error"] is None

    assert hive("down").returncode == 0
    assert ours(tmp_path) == []
    assert {each["state"] for each in services(hive).values()} == {"stopped"}
