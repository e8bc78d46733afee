"""Files of signed tree heads, one a line: appending with fsync, and reading from their end.

A crash can leave the last line torn; it is cut off before the next one is written and never read. What
heads mean, and where else they go, does not belong here.
"""

from __future__ import annotations

import os
from pathlib import Path

from hive_core.evidence.signed_head import HeadMalformed, SignedHead

TAIL_BYTES = 64 * 1024
"""What a start reads of a file: more than a hundred heads, however long the file has grown."""


class HeadFileDamaged(ValueError):
    """A file of heads with something else in it."""


def append_line(path: Path, line: bytes) -> None:
    """Append a line, durable on return.

    Raises:
        OSError: it was not written, or nobody knows whether it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("ab") as file:
        _cut_torn_line(path)
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _cut_torn_line(path: Path) -> None:
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(size - TAIL_BYTES, 0)
        file.seek(start)
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole != len(tail):
            file.truncate(start + whole)


def read_heads(path: Path, *, tail_only: bool = False) -> list[SignedHead]:
    """The heads of a file in their order, their signatures unchecked; with `tail_only` the last hundred.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be read.
        HeadFileDamaged: a line is no signed head.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(size - TAIL_BYTES, 0) if tail_only else 0
        file.seek(start)
        lines = file.read().split(b"\n")
    lines.pop()  # nothing after the last end of line, or a torn line
    if start:
        lines = lines[1:]
    heads: list[SignedHead] = []
    for number, line in enumerate(lines, start=1):
        try:
            heads.append(SignedHead.parse(line))
        except HeadMalformed as error:
            place = f"line {number - len(lines) - 1} from its end" if start else f"line {number}"
            raise HeadFileDamaged(f"{path}, {place}: {error}") from None
    return heads


def holds_line(path: Path, line: bytes) -> bool:
    """Whether a file has exactly this line."""
    with path.open("rb") as file:
        return any(each == line + b"\n" for each in file)
