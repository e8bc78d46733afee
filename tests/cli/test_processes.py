"""Starting, knowing again and stopping processes, with tiny real ones."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from hive_cli.failure import Failure
from hive_cli.services import ports, process, supervisor
from hive_cli.services.roster import Service
from hive_core.landing.home import HiveHome

pytestmark = pytest.mark.slow

SERVE = """
import socketserver, sys
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("127.0.0.1", int(sys.argv[1])), socketserver.BaseRequestHandler).serve_forever()
"""
DEAF = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
FAILS = "import sys; print('reading settings'); sys.exit('no such broker: FOO')"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HiveHome]:
    found = HiveHome(tmp_path / ".hive")
    yield found
    for path in found.run.glob("*.json"):
        if "pid" in path.read_text() and (record := process.read_record(found, path.stem)):
            process.stop([record], terminate_within_s=0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(home: HiveHome, code: str, *arguments: str, name: str = "tiny") -> process.ProcessRecord:
    command = (sys.executable, "-c", code, *arguments)
    return process.start(home, name, command, environment=dict(os.environ), folder=home.root.parent)


def printed(home: HiveHome, name: str = "tiny") -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if text := process.log_path(home, name).read_text():
            return text
        time.sleep(0.02)
    raise AssertionError("the process printed nothing")


def service(
    code: str, *arguments: str, name: str = "tiny", port: int | None = None, stage: int = 0
) -> Service:
    command = (sys.executable, "-c", code, *arguments)
    return Service(name, command, port, "ports.tiny", stage=stage, start_within_s=10)


def server(port: int, name: str = "tiny", stage: int = 0) -> Service:
    return service(SERVE, str(port), name=name, port=port, stage=stage)


def bring_up(home: HiveHome, *services: Service) -> list[str]:
    return supervisor.bring_up(
        home,
        services,
        host="127.0.0.1",
        environment=dict(os.environ),
        is_ready=lambda each: each.port is not None and ports.answers("127.0.0.1", each.port),
        notify=lambda name, state, seconds: None,
    )


def test_a_started_process_is_known_again_from_its_file(home: HiveHome) -> None:
    start(home, PARENT)
    record = process.read_record(home, "tiny")
    assert record is not None
    assert process.living(record) is not None
    assert supervisor.state_of(home, "tiny").state == "running"


def test_a_process_that_ended_is_told_as_died(home: HiveHome) -> None:
    record = start(home, "pass")
    deadline = time.monotonic() + 10
    while process.living(record) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert supervisor.state_of(home, "tiny").state == "died"


def test_another_process_with_the_same_id_is_not_ours_and_is_not_stopped(home: HiveHome) -> None:
    stranger = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        home.run.mkdir(parents=True)
        # The record of a process that died: since then its id was given to the stranger.
        record = {
            "name": "tiny",
            "pid": stranger.pid,
            "started_s": time.time() - 3600,
            "command": [],
            "port": None,
        }
        (home.run / "tiny.json").write_text(json.dumps({**record, "command": [], "port": None}))
        assert supervisor.state_of(home, "tiny").state == "died"
        stopped, killed = supervisor.bring_down(home, ["tiny"])
        assert (stopped, killed) == ([], [])
        assert stranger.poll() is None
    finally:
        assert stranger.stdout is not None
        child = int(stranger.stdout.readline())
        stranger.kill()
        os.kill(child, signal.SIGKILL)
        stranger.wait()
        stranger.stdout.close()


def test_stopping_takes_the_children_too(home: HiveHome) -> None:
    record = start(home, PARENT)
    child = int(printed(home))
    assert process.stop([record]) == []
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert process.session_of(record) == []


def test_children_are_stopped_even_when_their_parent_was_killed(home: HiveHome) -> None:
    record = start(home, PARENT)
    child = int(printed(home))
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    assert process.living(record) is None
    assert [member.pid for member in process.session_of(record)] == [child]
    process.stop([record])
    assert process.session_of(record) == []


def test_a_process_that_ignores_sigterm_is_killed_after_the_bound(home: HiveHome) -> None:
    record = start(home, DEAF)
    printed(home)
    began = time.monotonic()
    assert process.stop([record], terminate_within_s=0.5) == ["tiny"]
    assert 0.5 <= time.monotonic() - began < 5
    assert process.session_of(record) == []


def test_up_starts_what_is_missing_and_nothing_twice(home: HiveHome) -> None:
    first, second = server(free_port(), "first"), server(free_port(), "second", stage=1)
    assert bring_up(home, first, second) == ["first", "second"]
    assert bring_up(home, first, second) == []
    record = process.read_record(home, "first")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    assert bring_up(home, first, second) == ["first"]


def test_what_needs_a_restarted_service_is_restarted_with_it(home: HiveHome) -> None:
    first = server(free_port(), "first")
    second = replace(server(free_port(), "second", stage=1), needs=("first",))
    bring_up(home, first, second)
    record = process.read_record(home, "first")
    assert record is not None
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    assert bring_up(home, first, second) == ["first", "second"]


def test_down_leaves_no_process_and_no_record(home: HiveHome) -> None:
    bring_up(home, server(free_port(), "first"), server(free_port(), "second"))
    pids = [supervisor.state_of(home, name).pid for name in ("first", "second")]
    stopped, _ = supervisor.bring_down(home, ["first", "second"])
    assert stopped == ["first", "second"]
    for pid in pids:
        assert pid is not None
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert not list(home.run.glob("*.json"))
    assert supervisor.bring_down(home, ["first", "second"]) == ([], [])


def test_a_port_of_somebody_else_is_refused_before_anything_starts(home: HiveHome) -> None:
    free = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = int(other.getsockname()[1])
        with pytest.raises(Failure) as refused:
            bring_up(home, server(free, "first"), server(taken, "second"))
    text = "\n".join(refused.value.lines())
    assert f"{taken} (second) is held by" in text
    assert f"(pid {os.getpid()})" in text
    assert "ports.tiny in hive.toml" in text
    assert str(free) not in text
    assert supervisor.state_of(home, "first").state == "stopped"


def test_a_service_that_fails_to_start_shows_its_last_words(home: HiveHome) -> None:
    with pytest.raises(Failure) as failed:
        bring_up(home, service(FAILS, port=free_port()))
    lines = failed.value.lines()
    assert lines[0] == "ERROR tiny ended while it started"
    assert any("no such broker: FOO" in line for line in lines)
    assert len(lines) <= 6


def test_a_service_that_never_answers_is_told_after_its_bound(home: HiveHome) -> None:
    slow = Service("slow", (sys.executable, "-c", PARENT), free_port(), "", stage=0, start_within_s=0.5)
    with pytest.raises(Failure, match=r"did not answer within 0 s|did not answer within 1 s"):
        bring_up(home, slow)


def test_two_starts_at_once_are_refused(home: HiveHome) -> None:
    with supervisor.exclusive(home), pytest.raises(Failure, match="another hive command"):
        bring_up(home, server(free_port()))


def test_the_log_of_the_run_before_is_kept(home: HiveHome) -> None:
    first = start(home, "print('first run')")
    printed(home)
    process.stop([first])
    start(home, "print('second run')")
    assert printed(home).strip() == "second run"
    assert (home.logs / "tiny.previous.log").read_text().strip() == "first run"


def test_a_broken_record_is_named(home: HiveHome) -> None:
    home.run.mkdir(parents=True)
    (home.run / "tiny.json").write_text('{"name": "tiny"}')
    with pytest.raises(ValueError, match=r"tiny\.json: not a process record"):
        process.read_record(home, "tiny")
