"""Faults of a simulated venue: what goes wrong at which `order_send`, by a script or by a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hive_exec.brokers.metatrader.retcodes import Retcode

UNDOCUMENTED_RETCODE = 19_999


class FaultKind(StrEnum):
    """One thing that goes wrong. `value` of `Fault` is said with each."""

    LATE_ACCEPT = "late_accept"
    """Answered with TIMEOUT now, done `value` milliseconds later."""
    LOST_ANSWER = "lost_answer"
    """Done; the package returns None with "IPC timeout"."""
    HANG = "hang"
    """Done; the call does not return for `value` milliseconds of real time."""
    DONE_WITHOUT_CONNECTION = "done_without_connection"
    """Done, and answered with CONNECTION."""
    DONE_WITHOUT_VOLUME = "done_without_volume"
    """Done; the answer says DONE with deal, volume and price 0, and the deal is in the history `value`
    milliseconds later."""
    PARTIAL = "partial"
    """Half of the volume can be had."""
    SLIPPED_STOP = "slipped_stop"
    """The stop will fill `value` points worse."""
    REFUSED_STOP = "refused_stop"
    """Done without stop and target."""
    RETCODE = "retcode"
    """Not done, and answered with the code `value`."""
    LATE_DEAL = "late_deal"
    """Done; the deal is in the history `value` milliseconds later, stamped with its own time."""
    DUPLICATE_DEAL = "duplicate_deal"
    """Done; the history tells the deal twice."""
    CUT_COMMENT = "cut_comment"
    """The broker keeps `value` characters of the comment."""
    DISCONNECTED = "disconnected"
    """From now on for `value` milliseconds the terminal has no trade server: answered with CONNECTION, not
    done, quotes and history stand still."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one `order_send`."""

    kind: FaultKind
    value: int = 0


_SEEDED = (
    Fault(FaultKind.LATE_ACCEPT, 20_000),
    Fault(FaultKind.LOST_ANSWER),
    Fault(FaultKind.DONE_WITHOUT_CONNECTION),
    Fault(FaultKind.DONE_WITHOUT_VOLUME, 5_000),
    Fault(FaultKind.PARTIAL),
    Fault(FaultKind.SLIPPED_STOP, 25),
    Fault(FaultKind.REFUSED_STOP),
    Fault(FaultKind.RETCODE, Retcode.TOO_MANY_REQUESTS),
    Fault(FaultKind.RETCODE, Retcode.MARKET_CLOSED),
    Fault(FaultKind.RETCODE, Retcode.INVALID_FILL),
    Fault(FaultKind.RETCODE, UNDOCUMENTED_RETCODE),
    Fault(FaultKind.LATE_DEAL, 60_000),
    Fault(FaultKind.DUPLICATE_DEAL),
    Fault(FaultKind.CUT_COMMENT, 16),
    Fault(FaultKind.DISCONNECTED, 30_000),
)


def seeded_script(seed: int, length: int, share: float) -> tuple[Fault | None, ...]:
    """A fault or none for each of `length` calls: the same for the same seed. `share` of them have one."""
    chance = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    return tuple(chance.choice(_SEEDED) if chance.random() < share else None for _ in range(length))


class FaultScript:
    """What the next `order_send` meets."""

    def __init__(self, faults: Sequence[Fault | None] = ()) -> None:
        self._coming = list(faults)

    def next(self) -> Fault | None:
        """The fault of this call; none once the script has ended."""
        return self._coming.pop(0) if self._coming else None

    def left(self) -> list[Fault | None]:
        """What is still to come."""
        return list(self._coming)
