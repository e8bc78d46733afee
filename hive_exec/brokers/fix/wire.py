"""FIX bytes: complete messages out of a stream, and messages into bytes.

Only what can be said of a message as bytes (BeginString, BodyLength, CheckSum) is judged here; what its
fields mean belongs to `decoding`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import simplefix

BEGIN_STRING = "FIX.4.4"
SOH = b"\x01"
MAX_BODY_BYTES = 64 * 1024
"""The longest body that is read. A position list of a hundred symbols is under 20 KiB."""

_HEAD = re.compile(rb"8=([^\x01]{1,16})\x019=([0-9]{1,6})\x01")
_MAX_HEAD_BYTES = 2 + 16 + 1 + 2 + 6 + 1
_TRAILER = re.compile(rb"10=([0-9]{3})\x01")
_TRAILER_BYTES = 7


def checksum(data: bytes | bytearray) -> int:
    """The sum of all bytes modulo 256, as CheckSum(10) has it."""
    return sum(data) % 256


def encode(pairs: Iterable[tuple[int, str]]) -> bytes:
    """Fields to a message, in the order given; BodyLength and CheckSum are added.

    The first pairs must be BeginString(8) and MsgType(35).
    """
    message = simplefix.FixMessage()
    for tag, value in pairs:
        message.append_pair(tag, value.encode("ascii", errors="backslashreplace"))
    encoded: bytes = message.encode()
    return encoded


@dataclass(slots=True)
class FrameReader:
    """Cuts a stream into messages whose length and check sum are right; counts what was not.

    Holds at most one message and the last bytes received. Garbled bytes are skipped up to the next
    `8=` that follows a field's end, as FIX 4.4 volume 2 (garbled messages are ignored) asks.
    """

    garbled: int = 0
    _held: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete with `data`."""
        self._held += data
        frames: list[bytes] = []
        at = 0
        while True:
            at, frame = self._next(at)
            if frame is None:
                break
            frames.append(frame)
        del self._held[:at]
        return frames

    def _next(self, at: int) -> tuple[int, bytes | None]:
        """The next message from `at` on: where to go on, and the message, or None if there is none yet."""
        while True:
            start = self._start_of_message(at)
            if start is None:
                # Nothing that begins a message: only a beginning cut in two is worth keeping.
                keep = 2 if self._held[-2:] == b"\x018" else 1 if self._held[-1:] in (SOH, b"8") else 0
                end = max(at, len(self._held) - keep)
                self.garbled += end > at
                return end, None
            head = _HEAD.match(self._held, start)
            if head is None:
                if len(self._held) - start < _MAX_HEAD_BYTES and self._may_become_head(start):
                    return start, None
                at = self._skip(start)
                continue
            body_bytes = int(head[2])
            end = head.end() + body_bytes
            if body_bytes > MAX_BODY_BYTES or body_bytes == 0:
                at = self._skip(start)
                continue
            if len(self._held) < end + _TRAILER_BYTES:
                return start, None
            trailer = _TRAILER.match(self._held, end)
            if trailer is None or self._held[end - 1 : end] != SOH:
                at = self._skip(start)
                continue
            if int(trailer[1]) != checksum(self._held[start:end]):
                self.garbled += 1
                at = trailer.end()
                continue
            return trailer.end(), bytes(self._held[start : trailer.end()])

    def _start_of_message(self, at: int) -> int | None:
        if self._held[at : at + 2] == b"8=":
            return at
        found = self._held.find(b"\x018=", at)
        if found < 0:
            return None
        if found > at:
            self.garbled += 1
        return found + 1

    def _may_become_head(self, start: int) -> bool:
        text = bytes(self._held[start:])
        return re.fullmatch(rb"8=[^\x01]{0,16}(\x01(9(=([0-9]{1,6})?)?)?)?", text) is not None

    def _skip(self, start: int) -> int:
        self.garbled += 1
        return start + 2
