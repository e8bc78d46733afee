"""The session's next sequence numbers, durable in a file of their own.

Two places in one small file are written in turn, each with a check sum and a counter, so that a write that
was torn leaves the one before. Which numbers to keep, and when, is the business of `connection`.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from pathlib import Path

from hive_exec.sqlite_file import FileDamaged, FileInUse

_PLACE = struct.Struct(">8sQQQI")
_MAGIC = b"HIVEFIX1"
_PLACE_BYTES = 512
"""A disk writes 512 bytes whole or not at all."""


class SequenceStore:
    """Next outgoing and next expected number of one session; one process holds the file."""

    def __init__(self, path: Path) -> None:
        """Open or begin the file.

        Raises:
            FileInUse: another process holds it.
            FileDamaged: neither place can be read. The numbers are then unknown: agree with the venue on a
                reset, move the file away, and set `reset_on_logon` for one logon.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise FileInUse(f"{path} is held by another process; is the daemon running already?") from None
        self.next_out, self.next_in, self._counter = 1, 1, 0
        size = os.fstat(self._file).st_size
        if size == 0:
            self._begin()
            return
        found = [place for number in (0, 1) if (place := self._read(number)) is not None]
        if not found:
            os.close(self._file)
            raise FileDamaged(
                f"{path} does not hold the session's sequence numbers any more: agree with the venue on a "
                "reset, move the file away, and log on with reset_on_logon"
            )
        self._counter, self.next_out, self.next_in = max(found)

    def _begin(self) -> None:
        self._write(is_durable=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self, place: int) -> tuple[int, int, int] | None:
        data = os.pread(self._file, _PLACE.size, place * _PLACE_BYTES)
        if len(data) != _PLACE.size:
            return None
        magic, counter, next_out, next_in, check = _PLACE.unpack(data)
        if magic != _MAGIC or check != zlib.crc32(data[:-4]):
            return None
        return counter, next_out, next_in

    def save(self, next_out: int, next_in: int, *, is_durable: bool) -> None:
        """Keep both numbers. `is_durable`: on disk when this returns, as it must be before a send; without
        it they survive the process's end, not the machine's, and what was received is asked for again.

        Raises:
            OSError: the disk refused; nothing may be sent.
        """
        if (next_out, next_in) == (self.next_out, self.next_in):
            return
        self.next_out, self.next_in = next_out, next_in
        self._counter += 1
        self._write(is_durable=is_durable)

    def _write(self, *, is_durable: bool) -> None:
        head = _PLACE.pack(_MAGIC, self._counter, self.next_out, self.next_in, 0)[:-4]
        data = (head + struct.pack(">I", zlib.crc32(head))).ljust(_PLACE_BYTES, b"\0")
        os.pwrite(self._file, data, (self._counter % 2) * _PLACE_BYTES)
        if is_durable:
            os.fdatasync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
