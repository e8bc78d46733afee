"""One detached process: start it, know it again, stop it and all that it started.

A process is known by its id and its start time, never by the id alone: ids are given out again. Each
runs in a session of its own, and stopping means the whole session. What the processes are for belongs
to `roster`.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hive_core.landing.home import HiveHome, publish

if TYPE_CHECKING:
    import psutil

START_TIME_TOLERANCE_S = 1.5
"""The kernel counts start times in ticks since boot; the boot time itself may be corrected by a second."""

TERMINATE_WITHIN_S = 15.0
"""After SIGTERM a session has this long; then it is killed. Dagster's code server needs a few seconds."""

_STARTED: list[subprocess.Popen[bytes]] = []
"""Handles of what this process started: they outlive it, and Python complains of a handle let go early."""


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """The process that was started under a name. `started_s` is its start time in Unix seconds."""

    name: str
    pid: int
    started_s: float
    command: tuple[str, ...]
    port: int | None


def _record_path(home: HiveHome, name: str) -> Path:
    return home.run / f"{name}.json"


def log_path(home: HiveHome, name: str) -> Path:
    """What the process prints."""
    return home.logs / f"{name}.log"


def read_record(home: HiveHome, name: str) -> ProcessRecord | None:
    """The record of a name, or None when nothing was started under it.

    Raises:
        ValueError: the file is not a record.
    """
    path = _record_path(home, name)
    try:
        raw = json.loads(path.read_bytes())
        return ProcessRecord(
            str(raw["name"]), int(raw["pid"]), float(raw["started_s"]), tuple(raw["command"]), raw["port"]
        )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not a process record ({error})") from None


def forget(home: HiveHome, name: str) -> None:
    """Remove the record of a name."""
    _record_path(home, name).unlink(missing_ok=True)


def start(
    home: HiveHome,
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    port: int | None = None,
) -> ProcessRecord:
    """Start a process in a session of its own, its output in its log; the log before is kept once."""
    log = log_path(home, name)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (the command is ours, word by word)
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
    _STARTED.append(process)
    record = ProcessRecord(name, process.pid, _start_time(process.pid), tuple(command), port)
    publish(_record_path(home, name), json.dumps(asdict(record)).encode())
    return record


def _start_time(pid: int) -> float:
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return time.time()  # gone already: the record will never match a living process


def living(record: ProcessRecord) -> psutil.Process | None:
    """The process of a record if it still runs: same id and same start time."""
    import psutil

    try:
        process = psutil.Process(record.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        same = abs(process.create_time() - record.started_s) <= START_TIME_TOLERANCE_S
    except psutil.NoSuchProcess:
        return None
    return process if same else None


def session_of(record: ProcessRecord) -> list[psutil.Process]:
    """Every running process of the record's session, its leader included.

    While a session has members its id is not given out again, so they are ours even when the leader
    is gone; but a leader with another start time is a stranger, and so is its session.
    """
    import psutil

    if psutil.pid_exists(record.pid) and living(record) is None and not _is_zombie(record.pid):
        return []
    members = []
    for process in psutil.process_iter():
        try:
            ours = os.getsid(process.pid) == record.pid and process.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, PermissionError, psutil.Error):
            continue
        if ours:
            members.append(process)
    return members


def _is_zombie(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def stop(records: Iterable[ProcessRecord], *, terminate_within_s: float = TERMINATE_WITHIN_S) -> list[str]:
    """Stop the sessions of all records together: SIGTERM, a bounded wait, then SIGKILL.

    Returns:
        The names that had to be killed.
    """
    try:
        return _stop(list(records), terminate_within_s)
    finally:
        # Whoever started it in this very process also takes note of its end.
        _STARTED[:] = [handle for handle in _STARTED if handle.poll() is None]


def _stop(wanted: list[ProcessRecord], terminate_within_s: float) -> list[str]:
    import psutil

    deadline = time.monotonic() + terminate_within_s
    asked: set[int] = set()
    while time.monotonic() < deadline:
        members = [process for record in wanted for process in session_of(record)]
        if not members:
            return []
        for process in members:
            if process.pid not in asked:  # once each: at a second one some servers quit uncleanly
                asked.add(process.pid)
                _signal(process, kill=False)
        psutil.wait_procs(members, timeout=0.2)
    killed = []
    for record in wanted:
        for _ in range(50):
            members = session_of(record)
            if not members:
                break
            killed.append(record.name)
            for process in members:
                _signal(process, kill=True)
            psutil.wait_procs(members, timeout=0.2)
    return sorted(set(killed))


def _signal(process: psutil.Process, *, kill: bool) -> None:
    import psutil

    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return


def last_lines(path: Path, count: int = 3) -> list[str]:
    """The last lines of a log that say something, without terminal colours."""
    import re

    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - 16_384, 0))
        text = file.read().decode("utf-8", errors="replace")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.rstrip() for line in plain.splitlines() if line.strip(" ^~-=")]
    return [line[:200] for line in lines[-count:]]
