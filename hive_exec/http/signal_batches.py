"""Signals on their way into the cell: those that arrive together go together.

One hand-over, one wake-up and one commit serve a whole batch; these cost more than the work. While a batch is
being made durable the next one gathers, and after it whoever was answered may come back for a moment: so the
fuller the house the larger the batches, and who comes alone waits for nobody. The cell's own queue holds one
batch at most, so nobody else waits behind more than that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import cast

from hive_exec.cell import Cell
from hive_exec.commands import Busy, CommandRefused
from hive_exec.http.answers import Answer
from hive_exec.http.later import Later
from hive_exec.signal_inbox import Submitted, submit_signals

MAX_BATCH = 256
GATHER_S = 0.002
"""For so long after a batch was answered the next one waits until it is as large as this one and those who
waited behind it: most callers send their next signal as soon as they are answered. uvloop counts in whole
milliseconds, so that one of them may be over at once."""
MAX_WAITING = 4_096
"""Signals of 64 KiB each: 256 MiB at the very most, and refusals before that."""


Outcome = tuple[int, bytes] | CommandRefused
_Waiting = tuple[Submitted, Later]


class SignalBatches:
    """The waiting room. One event loop."""

    def __init__(self, cell: Cell, *, max_waiting: int = MAX_WAITING) -> None:
        self._cell = cell
        self._max_waiting = max_waiting
        self._waiting: deque[_Waiting] = deque()
        self._is_under_way = False
        self._is_looking_soon = False
        self._expected = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Signals that no batch has taken yet."""
        return len(self._waiting)

    def submit(self, submitted: Submitted) -> Later:
        """The answer, once it is durable; else the future ends with CommandRefused (it is not taken in),
        Busy, or RuntimeError (the cell stopped).

        Raises:
            Busy: too many signals wait.
        """
        if len(self._waiting) >= self._max_waiting:
            raise Busy(f"{self._max_waiting} signals wait")
        loop = asyncio.get_running_loop()
        answer = Later()
        self._waiting.append((submitted, answer))
        self._look_soon(loop)
        return answer

    def _look_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Not at once: whoever else is read in this turn of the loop comes along."""
        if not self._is_looking_soon and not self._is_under_way:
            self._is_looking_soon = True
            loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_looking_soon = False
        if len(self._waiting) >= self._expected:
            self._send(loop)

    def _no_longer(self, loop: asyncio.AbstractEventLoop) -> None:
        """The moment after an answer is over."""
        self._timer, self._expected = None, 0
        self._look_soon(loop)

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._expected = None, 0
        while self._waiting and not self._is_under_way:
            size = min(len(self._waiting), MAX_BATCH)
            batch = [self._waiting.popleft() for _ in range(size)]
            try:
                served = self._cell.call(partial(self._take_in, batch))
            except Busy as busy:
                for _, answer in batch:
                    answer.settle(busy)
                continue
            self._is_under_way = True
            served.add_done_callback(partial(self._wake, loop, batch))

    def _take_in(self, batch: list[_Waiting]) -> list[Outcome]:
        """In the cell's thread."""
        return submit_signals(self._cell, [submitted for submitted, _ in batch])

    def _wake(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting], served: Future[list[Outcome]]
    ) -> None:
        """In the cell's thread."""
        # Closed: the server has stopped meanwhile, and nobody waits for an answer any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._answer, loop, batch, served)

    def _answer(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Waiting], served: Future[list[Outcome]]
    ) -> None:
        self._is_under_way = False
        fault = cast("Exception | None", served.exception())
        outcomes: list[Outcome] = [] if fault is not None else served.result()
        for place, (_, answer) in enumerate(batch):
            outcome = fault if fault is not None else outcomes[place]
            answer.settle(Answer(*outcome) if isinstance(outcome, tuple) else outcome)
        self._expected = min(len(batch) + len(self._waiting), MAX_BATCH)
        self._timer = loop.call_later(GATHER_S, self._no_longer, loop)
        self._look_soon(loop)
