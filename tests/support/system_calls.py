"""What a traced process asked of the kernel, in order: the writes to files and sockets, and the syncs.

Reads the output of `strace -f -y`. A sync counts from when it returned, a write from when it was begun:
so "the sync came first" is never said on the strength of a sync that was still under way.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CALLS = "fdatasync,fsync,sync_file_range,pwrite64,pwritev,write,writev,sendto,sendmsg"

_LINE = re.compile(r"^(?P<pid>\d+)\s+(?P<rest>.*)$")
_BEGUN = re.compile(r"^(?P<call>\w+)\((?P<fd>\d+)<(?P<target>.*?)>(?P<more>.*)$", re.DOTALL)
_RESUMED = re.compile(r"^<\.\.\. (?P<call>\w+) resumed>(?P<more>.*)$")
_RESULT = re.compile(r"=\s+(?P<result>-?\d+)\b[^=]*$")


def strace_prefix(trace: Path) -> tuple[str, ...]:
    """The command that stands before the traced one.

    Raises:
        FileNotFoundError: there is no strace on this machine.
    """
    found = shutil.which("strace")
    if found is None:
        raise FileNotFoundError("no strace here: install it (Debian: apt-get install strace)")
    options = ("-f", "-y", "-qq", "-s", "65536", "-e", f"trace={CALLS}", "-e", "signal=none")
    return (found, *options, "-o", str(trace))


@dataclass(frozen=True, slots=True)
class SystemCall:
    """A write that was begun, or a sync that came back well. `target` is a path, or `socket:[...]`."""

    kind: Literal["write", "sync"]
    target: str
    data: str


def system_calls(trace: Path) -> Iterator[SystemCall]:
    """Every write and every successful sync of a trace, in order.

    Raises:
        ValueError: a line that is not understood, so that nothing is overlooked.
    """
    pending: dict[str, tuple[str, str]] = {}
    for line in trace.read_text("utf-8", errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            raise ValueError(f"not a line of strace: {line[:200]}")
        pid, rest = match["pid"], match["rest"]
        if rest.startswith(("+++", "---")):
            continue
        resumed = _RESUMED.match(rest)
        if resumed is not None:
            call, target = pending.pop(pid)
            if "sync" in call and _is_zero(resumed["more"]):
                yield SystemCall("sync", target, "")
            continue
        begun = _BEGUN.match(rest)
        if begun is None:
            raise ValueError(f"a call that is not understood: {rest[:200]}")
        call, target, more = begun["call"], begun["target"], begun["more"]
        is_unfinished = more.endswith("<unfinished ...>")
        if is_unfinished:
            pending[pid] = (call, target)
        if "sync" not in call:
            yield SystemCall("write", target, more)
        elif not is_unfinished and _is_zero(more):
            yield SystemCall("sync", target, "")


def _is_zero(more: str) -> bool:
    found = _RESULT.search(more)
    return found is not None and found["result"] == "0"
