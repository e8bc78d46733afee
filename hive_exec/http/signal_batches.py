"""Signals on their way into the cell: those that arrive together go together.

One hand-over and one wake-up serve a whole batch; between two threads these cost more than the work. While
a batch is being made durable the next one gathers, so the fuller the house the larger the batches. The
cell's own queue holds one batch at most, so nobody else waits behind more than that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from hive_exec.cell import Busy, Cell, CommandRefused
from hive_exec.signal_inbox import Submitted, submit_signals

MAX_BATCH = 256
MAX_UNDER_WAY = 1
MAX_WAITING = 4_096
"""Signals of 64 KiB each: 256 MiB at the very most, and refusals before that."""


Outcome = tuple[int, bytes] | CommandRefused
_Waiting = tuple[Submitted, "asyncio.Future[tuple[int, bytes]]"]


class SignalBatches:
    """The waiting room. One event loop."""

    def __init__(self, cell: Cell, *, max_waiting: int = MAX_WAITING) -> None:
        self._cell = cell
        self._max_waiting = max_waiting
        self._waiting: deque[_Waiting] = deque()
        self._under_way = 0
        self._is_sending_soon = False

    @property
    def waiting(self) -> int:
        """Signals that no batch has taken yet."""
        return len(self._waiting)

    async def submit(self, submitted: Submitted) -> tuple[int, bytes]:
        """Status and body of the answer, once it is durable.

        Raises:
            Busy: too many signals wait.
            CommandRefused: it is not taken in.
            RuntimeError: the cell stopped.
        """
        if len(self._waiting) >= self._max_waiting:
            raise Busy(f"{self._max_waiting} signals wait")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._waiting.append((submitted, answer))
        if not self._is_sending_soon and self._under_way < MAX_UNDER_WAY:
            # Not at once: whoever else is read in this turn of the loop comes along.
            self._is_sending_soon = True
            loop.call_soon(self._send, loop)
        return await answer

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_sending_soon = False
        while self._waiting and self._under_way < MAX_UNDER_WAY:
            size = min(len(self._waiting), MAX_BATCH)
            batch = [self._waiting.popleft() for _ in range(size)]
            try:
                served = self._cell.call(partial(self._take_in, batch))
            except Busy as busy:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(busy)
                continue
            self._under_way += 1
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
        self._under_way -= 1
        fault = served.exception()
        outcomes: list[Outcome] = [] if fault is not None else served.result()
        for place, (_, answer) in enumerate(batch):
            if answer.done():  # its caller was cancelled
                continue
            if fault is not None:
                answer.set_exception(fault)
                continue
            outcome = outcomes[place]
            if isinstance(outcome, CommandRefused):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        self._send(loop)
