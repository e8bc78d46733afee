"""Failpoints: a closed list, each standing in the code, and none armed by accident."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hive_exec
from hive_exec import failpoints
from hive_exec.failpoints import (
    FAILPOINTS,
    FailpointReached,
    FailpointsRefused,
    arm,
    failpoint,
    watched,
)

ALLOWED = {"HIVE_ALLOW_FAILPOINTS": "1"}


@pytest.fixture(autouse=True)
def _disarmed(monkeypatch):
    monkeypatch.setattr(failpoints, "_reached", None)


def names_in_the_code() -> list[str]:
    found = []
    for path in sorted(Path(hive_exec.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
                (argument,) = node.args
                assert isinstance(argument, ast.Constant), f"{path}:{node.lineno}: a name is written out"
                found.append(argument.value)
    return found


def test_every_failpoint_stands_in_the_code_and_no_other():
    assert set(names_in_the_code()) == set(FAILPOINTS)
    assert len(FAILPOINTS) == len(set(FAILPOINTS))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "HIVE_ALLOW_FAILPOINTS=1"),
        ({"HIVE_ALLOW_FAILPOINTS": "0"}, "HIVE_ALLOW_FAILPOINTS=1"),
        ({"HIVE_ALLOW_FAILPOINTS": "true"}, "HIVE_ALLOW_FAILPOINTS=1"),
    ],
)
def test_nothing_is_armed_without_the_permission(environment, said):
    with pytest.raises(FailpointsRefused, match=said):
        arm({"HIVE_FAILPOINT": "journal.before_commit:1:raise", **environment})
    failpoint("journal.before_commit")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("journal.before_comit:1:kill", "no failpoint journal.before_comit; there are: inbox.before_record"),
        ("journal.before_commit", "name:count:kill"),
        ("journal.before_commit:0:kill", "name:count:kill"),
        ("journal.before_commit:1:sleep", "name:count:kill"),
        ("journal.before_commit:-1:kill", "name:count:kill"),
        ("", "name:count:kill"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(setting, said):
    with pytest.raises(FailpointsRefused, match=said):
        arm({"HIVE_FAILPOINT": setting, **ALLOWED})


def test_the_permission_alone_arms_nothing():
    assert arm(ALLOWED) is None
    for name in FAILPOINTS:
        failpoint(name)


def test_it_acts_at_the_counted_time_once_and_only_at_its_own_place():
    assert arm({"HIVE_FAILPOINT": "journal.before_commit:2:raise", **ALLOWED})
    failpoint("journal.before_commit")
    failpoint("journal.after_commit")
    with pytest.raises(FailpointReached, match=r"journal\.before_commit"):
        failpoint("journal.before_commit")
    failpoint("journal.before_commit")


def test_a_watcher_hears_every_place_and_leaves_none_behind():
    heard = []
    with watched(heard.append):
        failpoint("effect.before")
        failpoint("effect.after")
    failpoint("effect.before")
    assert heard == ["effect.before", "effect.after"]


PROGRAM = (
    "import os; from hive_exec.failpoints import arm, failpoint; arm(os.environ); "
    "print('before', flush=True); failpoint('effect.before'); print('after', flush=True)"
)


def process(action: str) -> subprocess.Popen[str]:
    environment = {**os.environ, **ALLOWED, "HIVE_FAILPOINT": f"effect.before:1:{action}"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_kill_is_a_sigkill_of_the_process_itself():
    with process("kill") as killed:
        assert killed.communicate(timeout=30)[0] == "before\n"
        assert killed.returncode == -signal.SIGKILL


def test_stop_halts_the_process_until_it_is_continued():
    with process("stop") as stopped:
        assert stopped.stdout is not None
        assert stopped.stdout.readline() == "before\n"
        deadline = time.monotonic() + 20
        while Path(f"/proc/{stopped.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, "it goes on"
            time.sleep(0.01)
        stopped.send_signal(signal.SIGCONT)
        assert stopped.communicate(timeout=30)[0] == "after\n"
        assert stopped.returncode == 0


def test_off_it_costs_next_to_nothing():
    rounds = 200_000
    began = time.process_time_ns()
    for _ in range(rounds):
        failpoint("journal.before_commit")
    each_ns = (time.process_time_ns() - began) / rounds
    assert each_ns < 2_000  # some 40 on an idle machine; a busy one is generous
