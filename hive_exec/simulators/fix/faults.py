"""What can go wrong at a simulated venue, drawn from a seed or armed by a test."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """One fault of the next order that arrives, or of the session."""

    LATE_REPORTS = "late_reports"
    """The order is worked at once, its reports wait until they are released."""
    FILL_THEN_DISCONNECT = "fill_then_disconnect"
    """The order is worked, and the connection cut before a report leaves."""
    LOST_ORDER = "lost_order"
    """The connection is cut and the order was never read."""
    PARTIAL_FILL = "partial_fill"
    """Half is filled now, the rest at the next quote."""
    SLIPPED_STOP = "slipped_stop"
    """The stop of this order is filled worse than its price."""
    REFUSED_STOP = "refused_stop"
    """The entry is worked, its stop is not."""
    NUMBER_GAP = "number_gap"
    """A number is used and its message never arrives."""
    UNKNOWN_ENUM = "unknown_enum"
    """Its first report has an ExecType and an OrdStatus that FIX 4.4 does not have."""
    DUPLICATE_REPORTS = "duplicate_reports"
    """Every report is sent twice, the second marked PossResend."""
    REPORTS_OUT_OF_ORDER = "reports_out_of_order"
    """The last report comes first."""
    MESSAGE_REJECT = "message_reject"
    """The order is refused as a message (session-level Reject)."""


@dataclass(slots=True)
class FaultScript:
    """Which fault the next order meets. Armed ones first; then, with a seed, drawn with `chance`."""

    seed: int | None = None
    chance: float = 0.5
    kinds: Sequence[Fault] = tuple(Fault)
    armed: deque[Fault] = field(default_factory=deque)
    drawn: list[Fault | None] = field(default_factory=list)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a fault script is drawn again from its seed

    def next(self) -> Fault | None:
        """The fault of the next order, or None."""
        if self.armed:
            fault: Fault | None = self.armed.popleft()
        elif self.seed is not None and self._random.random() < self.chance:
            fault = self._random.choice(list(self.kinds))
        else:
            fault = None
        self.drawn.append(fault)
        return fault
