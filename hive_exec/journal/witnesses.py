"""Copies of signed heads on other disks and machines, written by a thread of their own.

A witness that hangs or fails must not hold up trading, and must not go unnoticed: every outcome is told
to whoever watches health. A witness is a file, or a folder in which each journal has a file.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hive_core.evidence.signed_head import SignedHead
from hive_exec.journal.head_file import HeadFileDamaged, append_line, read_heads

MAX_WAITING = 64
"""Heads that wait for a slow witness. The newest is worth as much as all of them, so more are not kept."""
CLOSE_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class WitnessReport:
    """How it went with a witness: `fault` is None when it has the newest head."""

    witness: str
    fault: str | None


def witness_file(witness: Path, journal_id: str) -> Path:
    """The file a witness keeps a journal's heads in."""
    return witness / f"{journal_id}.heads.jsonl" if witness.is_dir() else witness


class Witnesses:
    """The witnesses of a journal. `tell` is called from this object's thread, and while reading."""

    def __init__(self, paths: Iterable[Path], tell: Callable[[WitnessReport], None]) -> None:
        self._paths = tuple(paths)
        self._tell = tell
        self._waiting: queue.Queue[SignedHead | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._run, name="hive-witnesses", daemon=True)
        if self._paths:
            self._thread.start()

    def last_heads(self, journal_id: str) -> list[tuple[Path, SignedHead]]:
        """The newest head of the journal that each witness has; one that cannot be asked is told of."""
        found: list[tuple[Path, SignedHead]] = []
        for path in self._paths:
            file = witness_file(path, journal_id)
            try:
                heads = read_heads(file, tail_only=True)
            except FileNotFoundError:
                continue  # new, or its disk is not mounted: writing to it will tell
            except (OSError, HeadFileDamaged) as error:
                self._tell(WitnessReport(str(path), f"cannot be read: {error}"))
                continue
            found += [(file, head) for head in heads if head.head.journal_id == journal_id][-1:]
        return found

    def pass_on(self, head: SignedHead) -> None:
        """Have every witness keep a head. Returns at once."""
        if not self._paths:
            return
        try:
            self._waiting.put_nowait(head)
        except queue.Full:
            for path in self._paths:
                self._tell(WitnessReport(str(path), f"{MAX_WAITING} signed heads wait for a slow witness"))

    def close(self) -> None:
        """Write what waits, for a few seconds at most."""
        if not self._paths:
            return
        try:
            self._waiting.put(None, timeout=CLOSE_WAIT_S)
        except queue.Full:
            pass
        else:
            self._thread.join(CLOSE_WAIT_S)
        if self._thread.is_alive():
            for path in self._paths:
                self._tell(WitnessReport(str(path), "did not take the last signed head in time"))

    def _run(self) -> None:
        while (head := self._waiting.get()) is not None:
            for path in self._paths:
                try:
                    append_line(witness_file(path, head.head.journal_id), head.as_line())
                except OSError as error:
                    self._tell(WitnessReport(str(path), f"cannot be written: {error}"))
                else:
                    self._tell(WitnessReport(str(path), None))
