"""Named places at which a test may end, break or halt the daemon. Off unless the environment says twice.

A failpoint marks a boundary: between two writes, before an answer, after a send. Proofs kill the real
process exactly there. What is proven by them belongs to `proofs/` and `tests/exec/faults`.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, cast, get_args

FailpointName = Literal[
    "inbox.before_record",
    "inbox.after_record",
    "journal.before_commit",
    "journal.after_commit",
    "effect.before",
    "effect.after",
    "heads.before_write",
    "heads.after_write",
    "snapshot.before_commit",
    "snapshot.after_commit",
    "venue.before_commit",
    "venue.after_commit",
    "answer.before_send",
    "answer.after_send",
    "reconcile.before",
    "reconcile.after",
]
"""Every failpoint there is. A test holds that each stands in the code, and that no other does."""

FAILPOINTS: tuple[FailpointName, ...] = get_args(FailpointName)

Action = Literal["kill", "raise", "stop"]

SETTING = "HIVE_FAILPOINT"
PERMISSION = "HIVE_ALLOW_FAILPOINTS"

_SETTING_FORM = re.compile(r"([a-z._]+):([1-9][0-9]{0,8}):(kill|raise|stop)", re.ASCII)


class FailpointsRefused(ValueError):
    """The environment asks for a failpoint that does not exist, or without the permission for it."""


class FailpointReached(Exception):
    """What a failpoint with the action `raise` throws."""


_reached: Callable[[FailpointName], None] | None = None


def failpoint(name: FailpointName) -> None:
    """A place where a test may interfere; one comparison where none does."""
    if _reached is not None:
        _reached(name)


@contextmanager
def watched(reached: Callable[[FailpointName], None]) -> Iterator[None]:
    """Call `reached` at every failpoint of this process meanwhile: for explorers and tests in one process."""
    global _reached
    before, _reached = _reached, reached
    try:
        yield
    finally:
        _reached = before


def arm(environment: Mapping[str, str]) -> str | None:
    """Arm what `HIVE_FAILPOINT=name:count:action` names: at the count-th time that the place is reached, the
    process is killed (SIGKILL), an exception is raised, or the process is stopped (SIGSTOP).

    Returns:
        what was armed, or None.

    Raises:
        FailpointsRefused: an unknown name, another form, or `HIVE_ALLOW_FAILPOINTS=1` is not set beside it: a
            daemon that trades must not be armed by accident.
    """
    global _reached
    setting = environment.get(SETTING)
    if setting is None:
        return None
    if environment.get(PERMISSION) != "1":
        raise FailpointsRefused(
            f"{SETTING}={setting} would end this daemon on purpose, and {PERMISSION}=1 does not stand beside "
            f"it: unset {SETTING}, or set both in a test"
        )
    match = _SETTING_FORM.fullmatch(setting)
    if match is None:
        raise FailpointsRefused(f"{SETTING}={setting}: name:count:kill, :raise or :stop is expected")
    if match[1] not in FAILPOINTS:
        raise FailpointsRefused(f"{SETTING}: no failpoint {match[1]}; there are: {', '.join(FAILPOINTS)}")
    _reached = _Armed(cast(FailpointName, match[1]), int(match[2]), cast(Action, match[3])).reached
    return setting


class _Armed:
    def __init__(self, name: FailpointName, count: int, action: Action) -> None:
        self._name, self._left, self._action = name, count, action

    def reached(self, name: FailpointName) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left != 0:
            return
        if self._action == "raise":
            raise FailpointReached(name)
        os.kill(os.getpid(), signal.SIGKILL if self._action == "kill" else signal.SIGSTOP)
