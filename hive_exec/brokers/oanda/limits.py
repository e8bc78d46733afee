"""How often the venue may be called: a token bucket over an injected clock.

The figures are the venue's (best practices): 2 new connections a second, 100 requests a second on a
connection that stays open.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

REQUESTS_PER_S = 100
CONNECTIONS_PER_S = 2


class RateLimit:
    """At most `per_s` in any second, on average and at once. Safe to use from several threads."""

    def __init__(self, per_s: int, monotonic: Callable[[], float]) -> None:
        self._per_s = per_s
        self._monotonic = monotonic
        self._held = float(per_s)
        self._at = monotonic()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take one. Returns 0 when it was there; otherwise nothing is taken, and the seconds until it is."""
        with self._lock:
            wait_s = self._wait_s()
            if not wait_s:
                self._held -= 1
            return wait_s

    def reserve(self) -> float:
        """Take one, now or in advance: the seconds until it may be used. Who asks first is served first, so
        nobody waits for longer than those before him take."""
        with self._lock:
            wait_s = self._wait_s()
            self._held -= 1
            return wait_s

    def _wait_s(self) -> float:
        now = self._monotonic()
        self._held = min(self._per_s, self._held + max(0.0, now - self._at) * self._per_s)
        self._at = now
        return max(0.0, (1 - self._held) / self._per_s)
