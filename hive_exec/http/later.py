"""An answer that comes later: told at once to whoever waits for it, with no turn of the event loop between.

For what very many wait for at once; all else awaits.
"""

from __future__ import annotations

from collections.abc import Callable

from hive_exec.http.answers import Answer

Outcome = Answer | Exception


class Later:
    """The answer to one request, or the exception in its place. One event loop."""

    __slots__ = ("_outcome", "_tell")

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._tell: Callable[[Outcome], None] | None = None

    def then(self, tell: Callable[[Outcome], None]) -> None:
        """Whom to tell."""
        self._tell = tell
        if self._outcome is not None:
            tell(self._outcome)

    def settle(self, outcome: Outcome) -> None:
        """It is there."""
        self._outcome = outcome
        if self._tell is not None:
            self._tell(outcome)
