"""Our own limit of requests, below that of the venue: a sliding second over an injected clock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_SECOND_NS = 1_000_000_000


class RateLimit:
    """At most `per_s` in any second, wherever it begins. Safe to use from several threads."""

    def __init__(self, per_s: int, monotonic: Callable[[], float]) -> None:
        """`monotonic` tells seconds."""
        self._monotonic = monotonic
        self._now_ns = 0
        self._at_ns: deque[int] = deque(maxlen=per_s)
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take one. Returns 0 when it was there; otherwise nothing is taken, and the seconds until it is."""
        with self._lock:
            wait_ns = self._wait_ns()
            if not wait_ns:
                self._at_ns.append(self._now_ns)
            return wait_ns / _SECOND_NS

    def reserve(self) -> float:
        """Take one, now or in advance: the seconds until it may be used. Who asks first is served first, so
        nobody waits for longer than those before him take."""
        with self._lock:
            wait_ns = self._wait_ns()
            self._at_ns.append(self._now_ns + wait_ns)
            return wait_ns / _SECOND_NS

    def _wait_ns(self) -> int:
        """Until the one before the last `per_s` is a second old. A clock that goes backwards stands still."""
        self._now_ns = max(self._now_ns, round(self._monotonic() * _SECOND_NS))
        if len(self._at_ns) < (self._at_ns.maxlen or 0):
            return 0
        return max(0, self._at_ns[0] + _SECOND_NS - self._now_ns)
