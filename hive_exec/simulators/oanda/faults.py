"""What goes wrong, when: a script of faults, by hand or from a seed.

How a fault is carried out belongs to `server` (HTTP and streams) and `venue` (fills).
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """A thing that goes wrong with one request, one fill, or on a stream."""

    LATE_ACCEPT = "late_accept"
    """The request is carried out, and answered, `delay_s` later: after the client gave up."""
    LOST_REQUEST = "lost_request"
    """The request is read, never carried out, and the connection reset."""
    LOST_ANSWER = "lost_answer"
    """The request is carried out, and the connection reset."""
    DONE_THEN_500 = "done_then_500"
    """The request is carried out, and answered with 500."""
    REPLAYED = "replayed"
    """Something between repeats the request: it arrives twice, the second answer is the one that comes."""
    REJECT_IN_200 = "reject_in_200"
    """The order is refused, with a status of success."""
    PARTIAL_FILL = "partial_fill"
    """Half of the order is filled, the rest is cancelled."""
    SLIPPED_STOP = "slipped_stop"
    """The next stop fills 25 pips beyond its price."""
    REFUSED_STOP = "refused_stop"
    """The order is filled, and its stop is refused."""
    MISSING_STOP = "missing_stop"
    """The order is filled, and no stop comes, without a word."""
    THROTTLED = "throttled"
    """429; nothing is carried out."""
    MAINTENANCE = "maintenance"
    """503 with a page for people; nothing is carried out."""
    UNKNOWN_ENUM = "unknown_enum"
    """Carried out; a word in the answer, or on the stream, is one that nobody documented."""
    MISSING_FIELD = "missing_field"
    """Carried out; the answer lacks a field."""
    DUPLICATE_KEY = "duplicate_key"
    """Carried out; a key stands twice in the answer."""
    NOT_A_NUMBER = "not_a_number"
    """Carried out; the answer holds NaN."""
    GARBAGE = "garbage"
    """Carried out; the answer is no JSON."""
    TRUNCATED = "truncated"
    """Carried out; the answer ends before its end."""
    STREAM_DROPPED = "stream_dropped"
    """The stream ends."""
    STREAM_GAP = "stream_gap"
    """A transaction is left out of the stream."""
    STREAM_SILENT = "stream_silent"
    """The stream stays open and says nothing more, no heartbeat either."""
    STREAM_DUPLICATES = "stream_duplicates"
    """A transaction comes twice."""
    STREAM_DISORDER = "stream_disorder"
    """Two transactions come in the wrong order."""


STREAM_FAULTS = frozenset(one for one in Fault if one.value.startswith("stream_"))
FILL_FAULTS = frozenset({Fault.PARTIAL_FILL, Fault.REFUSED_STOP, Fault.MISSING_STOP, Fault.SLIPPED_STOP})
REQUEST_FAULTS = frozenset(Fault) - STREAM_FAULTS - FILL_FAULTS


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault that waits for the first request of a kind: "POST /orders", "GET", "STREAM"."""

    fault: Fault
    where: str


class FaultScript:
    """Which faults come. Planned ones come in their order; others by chance, the same for the same seed and
    the same order of requests."""

    def __init__(
        self, seed: int = 0, chances: dict[Fault, float] | None = None, delay_s: float = 1.0
    ) -> None:
        """
        Args:
            chances: of each fault, by request (0 to 1).
            delay_s: how late a late answer is.
        """
        self.delay_s = delay_s
        self._random = random.Random(seed)  # noqa: S311 - faults must be the same again, not secret
        self._chances = dict(chances or {})
        self._planned: list[Planned] = []
        self._lock = threading.Lock()
        self.happened: list[Planned] = []

    def plan(self, fault: Fault, where: str = "POST /orders") -> None:
        """Let a fault happen once, at the next place of a kind."""
        with self._lock:
            self._planned.append(Planned(fault, where))

    def stop(self) -> None:
        """From now on nothing goes wrong."""
        with self._lock:
            self._planned.clear()
            self._chances.clear()

    def at(self, where: str, among: frozenset[Fault]) -> Fault | None:
        """The fault that happens at a place now, if any."""
        with self._lock:
            for place, one in enumerate(self._planned):
                if one.fault in among and where.startswith(one.where):
                    del self._planned[place]
                    self.happened.append(one)
                    return one.fault
            for fault, chance in self._chances.items():
                if fault in among and self._random.random() < chance:
                    self.happened.append(Planned(fault, where))
                    return fault
        return None
