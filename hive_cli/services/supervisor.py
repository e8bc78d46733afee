"""Bring the services up in order and down together; tell the state of each.

Which services there are belongs to `roster`, one process to `process`. Idempotent: what runs is left
running, what died is started again.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from hive_cli.failure import Failure
from hive_cli.services import ports
from hive_cli.services.process import (
    ProcessRecord,
    forget,
    last_lines,
    living,
    log_path,
    read_record,
    session_of,
    start,
    stop,
)
from hive_cli.services.roster import Service
from hive_core.landing.home import HiveHome

POLL_S = 0.25

State = Literal["running", "starting", "ready", "died", "stopped"]


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What is known of a service: `died` has a record but no process, `stopped` has neither."""

    name: str
    state: State
    pid: int | None
    port: int | None
    since_s: float | None


Notify = Callable[[str, State, float], None]
"""Called with a service's name, its new state, and the seconds since it was looked at."""


@contextmanager
def exclusive(home: HiveHome) -> Iterator[None]:
    """Only one `hive up` or `hive down` of a home at a time.

    Raises:
        Failure: another one is at work.
    """
    home.run.mkdir(parents=True, exist_ok=True)
    handle = os.open(home.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                "another hive command is starting or stopping the services",
                where=str(home.run / "lock"),
                next_step="wait until it is done",
            ) from None
        yield
    finally:
        os.close(handle)


def state_of(home: HiveHome, name: str) -> ServiceState:
    """The state of one service by its record and its process."""
    record = read_record(home, name)
    if record is None:
        return ServiceState(name, "stopped", None, None, None)
    alive = living(record) is not None
    return ServiceState(name, "running" if alive else "died", record.pid, record.port, record.started_s)


def _missing(home: HiveHome, services: Sequence[Service]) -> list[Service]:
    """What has to be started: what does not run, and what needs one of those to be seen starting."""
    missing: list[Service] = []
    for service in sorted(services, key=lambda each: each.stage):
        record = read_record(home, service.name)
        needs_new = any(other.name in service.needs for other in missing)
        if record is not None and living(record) is not None and not needs_new:
            continue
        if record is not None:
            stop([record])  # also what a dead leader left behind
            forget(home, service.name)
        missing.append(service)
    return missing


def _refuse_taken_ports(host: str, services: Sequence[Service]) -> None:
    taken = [
        (service, service.port)
        for service in services
        if service.port is not None and not ports.is_free(host, service.port)
    ]
    if not taken:
        return
    raise Failure(
        f"port {', '.join(str(port) for _, port in taken)} is taken by somebody else",
        details=[f"{port} ({service.name}) is held by {ports.holder(port)}" for service, port in taken],
        next_step="stop it, or set "
        + ", ".join(service.port_setting for service, _ in taken)
        + " in hive.toml",
    )


def bring_up(
    home: HiveHome,
    services: Sequence[Service],
    *,
    host: str,
    environment: dict[str, str],
    is_ready: Callable[[Service], bool],
    notify: Notify,
) -> list[str]:
    """Start what is not running, stage by stage, and wait until everything answers.

    Returns:
        The names that were started; empty when everything ran already.

    Raises:
        Failure: a port is taken, a process died, or it does not answer in time.
    """
    with exclusive(home):
        missing = _missing(home, services)
        _refuse_taken_ports(host, missing)
        for stage in sorted({service.stage for service in services}):
            members = [service for service in services if service.stage == stage]
            for service in members:
                if service in missing:
                    start(
                        home,
                        service.name,
                        service.command,
                        environment=environment,
                        folder=home.root.parent,
                        port=service.port,
                    )
                    notify(service.name, "starting", 0.0)
            _wait(home, members, is_ready=is_ready, notify=notify)
        return [service.name for service in missing]


def _wait(
    home: HiveHome, services: Sequence[Service], *, is_ready: Callable[[Service], bool], notify: Notify
) -> None:
    began = time.monotonic()
    waiting = list(services)
    while waiting:
        for service in list(waiting):
            waited_s = time.monotonic() - began
            record = read_record(home, service.name)
            if record is None or living(record) is None:
                notify(service.name, "died", waited_s)
                raise _failed(home, service, "ended while it started")
            if is_ready(service):
                notify(service.name, "ready", waited_s)
                waiting.remove(service)
            elif waited_s > service.start_within_s:
                raise _failed(home, service, f"did not answer within {service.start_within_s:.0f} s")
        if waiting:
            time.sleep(POLL_S)


def _failed(home: HiveHome, service: Service, what: str) -> Failure:
    log = log_path(home, service.name)
    return Failure(
        f"{service.name} {what}",
        where=str(log),
        details=last_lines(log),
        next_step="read the log, then: hive up (or hive down to stop the rest)",
    )


def bring_down(home: HiveHome, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Stop every session that has a record.

    Returns:
        (names that were running, names that had to be killed).

    Raises:
        Failure: a process is still there; it names them.
    """
    with exclusive(home):
        records: list[ProcessRecord] = []
        for name in names:
            record = read_record(home, name)
            if record is not None:
                records.append(record)
        running = [record.name for record in records if session_of(record)]
        killed = stop(records)
        left = [process for record in records for process in session_of(record)]
        if left:
            raise Failure(
                "some processes did not stop",
                details=[f"pid {process.pid} {process.name()}" for process in left],
                next_step="kill them by their pid",
            )
        for record in records:
            forget(home, record.name)
        return running, killed
