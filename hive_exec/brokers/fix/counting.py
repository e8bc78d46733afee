"""How far what was received counts as received, should the process die now.

The sequence file must not run ahead of the journal: a message that was taken from the wire and lost with
the process is then sent again by the venue. Which messages those are is not told to an adapter, so time
stands for it: the journal commits within milliseconds, a number counts after seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hive_exec.brokers.fix.timestamps import NS

HOLD_NS = 5 * NS
"""How long after its delivery a message counts. What comes again meanwhile is known by its execution id."""
_STEP_NS = NS // 4


class Counted:
    """The next expected number as it may stand in the file."""

    def __init__(self, next_in: int, oldest_kept: Callable[[], int | None]) -> None:
        """`oldest_kept` is the number of the first message that nobody has taken yet, or None."""
        self._settled = next_in
        self._oldest_kept = oldest_kept
        self._pending: deque[tuple[int, int, int]] = deque()
        """When the step began, when its last number came, and that number: a quarter of a second each."""

    def at(self, now_ns: int, next_in: int) -> int:
        """The number to keep now, where the session expects `next_in`. Times are monotonic."""
        if next_in < self._settled or (self._pending and next_in < self._pending[-1][2]):
            # Numbers began again.
            self._pending.clear()
            self._settled = min(self._settled, next_in)
        if self._pending and now_ns - self._pending[-1][0] < _STEP_NS:
            began, last, number = self._pending.pop()
            self._pending.append((began, now_ns if next_in > number else last, next_in))
        elif next_in > (self._pending[-1][2] if self._pending else self._settled):
            self._pending.append((now_ns, now_ns, next_in))
        while self._pending and now_ns - self._pending[0][1] >= HOLD_NS:
            self._settled = self._pending.popleft()[2]
        kept = self._oldest_kept()
        return self._settled if kept is None else min(self._settled, kept)
