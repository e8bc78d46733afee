"""How many requests of each lane may be under way at once. What comes beyond is 429 before it costs memory.

The lanes are apart so that a flood of signals takes no place from those who read, and neither takes one
from the kill switch. `WRITE` and `READ` together stay under the cell's own queue, so that a command
of another lane always finds room there; signals go to the cell in batches, which take one place of it.
"""

from __future__ import annotations

from hive_exec.commands import Busy
from hive_exec.http.routing import Lane

PLACES = {Lane.CONTROL: 64, Lane.READ: 128, Lane.WRITE: 512, Lane.SIGNALS: 4_096}


class Admission:
    """Counts who is in. One event loop; nothing here waits."""

    def __init__(self, places: dict[Lane, int] | None = None) -> None:
        self._free = dict(places or PLACES)

    def enter(self, lane: Lane) -> None:
        """Take a place of a lane; `leave` gives it back.

        Raises:
            Busy: there is none.
        """
        if self._free[lane] <= 0:
            raise Busy(f"too many {lane.value} requests are under way")
        self._free[lane] -= 1

    def leave(self, lane: Lane) -> None:
        """Give a place back."""
        self._free[lane] += 1
