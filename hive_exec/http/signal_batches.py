"""Signals on their way into the cell, in batches: what waits, and what becomes of an outcome."""

from __future__ import annotations

from functools import partial

from hive_exec.cell import Cell
from hive_exec.commands import CommandRefused
from hive_exec.http.answers import Answer
from hive_exec.http.batches import Batches
from hive_exec.http.later import Later
from hive_exec.signal_inbox import Submitted, submit_signals

MAX_WAITING = 4_096
"""Signals of 64 KiB each: 256 MiB at the very most, and refusals before that."""

Outcome = tuple[int, bytes] | CommandRefused


class SignalBatches:
    """The waiting room of signals. One event loop."""

    def __init__(self, cell: Cell, *, max_waiting: int = MAX_WAITING) -> None:
        self._batches: Batches[Submitted, Outcome] = Batches(
            cell, partial(_take_in, cell), max_waiting=max_waiting, noun="signals"
        )

    @property
    def waiting(self) -> int:
        """Signals that no batch has taken yet."""
        return self._batches.waiting

    def submit(self, submitted: Submitted) -> Later:
        """The answer, once it is durable; else it ends with CommandRefused (it is not taken in), Busy, or
        RuntimeError (the cell stopped).

        Raises:
            Busy: too many signals wait.
        """
        answer = Later()
        self._batches.hand_in(submitted, partial(_settle, answer))
        return answer


def _take_in(cell: Cell, batch: list[Submitted]) -> list[Outcome]:
    return submit_signals(cell, batch)


def _settle(answer: Later, outcome: Outcome | Exception) -> None:
    answer.settle(Answer(*outcome) if isinstance(outcome, tuple) else outcome)
