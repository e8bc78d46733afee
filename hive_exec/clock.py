"""The daemon's clock: the wall's time at its start, carried on by a clock that nobody sets.

Durations and ages are counted on it. How far the wall has moved away from it is the clock's health.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def _since_boot_ns() -> int:
    """Nanoseconds since the machine started, its sleep included (Linux: CLOCK_BOOTTIME)."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def since_boot_s() -> float:
    """Seconds since the machine started, its sleep included."""
    return _since_boot_ns() / 1e9


class SteadyClock:
    """Nanoseconds since 1970 that neither jump nor stand still, not even while the process is stopped."""

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        elapsed_ns: Callable[[], int] = _since_boot_ns,
    ) -> None:
        self._wall_ns, self._elapsed_ns = wall_ns, elapsed_ns
        self._offset_ns = wall_ns() - elapsed_ns()

    def now_ns(self) -> int:
        """The time."""
        return self._elapsed_ns() + self._offset_ns

    def jump_ns(self) -> int:
        """How far the wall's clock is ahead of this one (negative: behind)."""
        return self._wall_ns() - self.now_ns()
