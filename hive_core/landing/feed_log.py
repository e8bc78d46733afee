"""The log of a live feed: what it brought, durable before anybody is told, and handed on to the inbox.

`feeds/<source>.jsonl` has one JSON row a line, appended and synced; pieces of it are published into the
inbox as files of their own. A crash between the two publishes a piece again, and landing takes a message
once; so nothing is lost and nothing counts twice. What the rows say belongs to the feeds that write them.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from hive_core.landing.home import HiveHome, publish

WHOLE_MARK = ".whole."
"""In the name of an inbox file that came into place by a rename, complete: nobody need wait for it."""


class FeedInUse(RuntimeError):
    """Another process writes the log of this source."""


class FeedDamaged(RuntimeError):
    """The log has a line that is not one of its rows, so what is known of the feed is not known."""


class FeedLog:
    """The one writer of a source's log. Safe to call from several threads.

    `rows` are those that stood there at the start, oldest first. A last line without its end is cut off:
    the write was never acknowledged.

    Raises:
        FeedInUse: another process has it open.
        FeedDamaged: a line of it cannot be read.
    """

    def __init__(self, home: HiveHome, source: str) -> None:
        self._inbox = home.inbox / "messages" / source
        self._handed = home.feeds / f"{source}.handed"
        self._guard = threading.Lock()
        self._path = path = home.feeds / f"{source}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: what could not be written must not come out of a buffer later.
        self._file = path.open("a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise FeedInUse(f"another process listens for {source} already") from None
        try:
            self.rows = self._read(path)
            self._handed_bytes = int(self._handed.read_text("ascii")) if self._handed.exists() else 0
        except BaseException:
            self._file.close()
            raise
        _sync_folder(path.parent)

    def _read(self, path: Path) -> list[dict[str, Any]]:
        whole = path.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            os.ftruncate(self._file.fileno(), end)
        rows = []
        for number, line in enumerate(whole[:end].splitlines(), start=1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise FeedDamaged(f"{path}, line {number}: not a row of the log")
            rows.append(row)
        return rows

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows; they survive a loss of power once this returns.

        Raises:
            OSError: they could not be written. None of them counts then.
        """
        lines = b"".join(
            json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass") + b"\n"
            for row in rows
        )
        with self._guard:
            end = os.fstat(self._file.fileno()).st_size
            try:
                while lines:
                    lines = lines[self._file.write(lines) :]
                os.fsync(self._file.fileno())
            except OSError:
                os.ftruncate(self._file.fileno(), end)
                raise

    def hand_over(self) -> Path | None:
        """Publish what is new into the inbox.

        Returns:
            the file in the inbox, or None when nothing is new.
        """
        with self._guard:
            end = os.fstat(self._file.fileno()).st_size
            if end <= self._handed_bytes:
                return None
            with self._path.open("rb") as written:
                written.seek(self._handed_bytes)
                piece = written.read(end - self._handed_bytes)
            place = self._inbox / f"{self._handed_bytes:015d}-{end:015d}{WHOLE_MARK}jsonl"
            publish(place, piece)
            _sync_folder(place.parent)
            publish(self._handed, str(end).encode("ascii"))
            self._handed_bytes = end
            return place

    def close(self) -> None:
        """Let go of the log."""
        self._file.close()

    def __enter__(self) -> FeedLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, not only the bytes of its files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
