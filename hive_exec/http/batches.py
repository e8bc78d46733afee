"""What many ask of the cell, on its way there: those that arrive together go together.

One hand-over, one wake-up and one commit serve a whole batch; these cost more than the work. While a batch is
being made durable the next one gathers, and after it whoever was answered may come back for a moment: so the
fuller the house the larger the batches, and who comes alone waits for nobody. The cell's own queue holds one
batch at most, so nobody else waits behind more than that. What is asked is the caller's matter.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar, cast

from hive_exec.cell import Cell
from hive_exec.commands import Busy

MAX_BATCH = 256
GATHER_S = 0.002
"""For so long after a batch was answered, or for half of the time that it took, the next one waits until it
is as large as this one and those who waited behind it: most callers send their next request as soon as they
are answered, and who comes too late waits for a whole batch. uvloop counts in whole milliseconds, so that one
of them may be over at once."""

Wanted = TypeVar("Wanted")
Outcome = TypeVar("Outcome")


class Batches(Generic[Wanted, Outcome]):
    """A waiting room. One event loop."""

    def __init__(
        self,
        cell: Cell,
        take_in: Callable[[list[Wanted]], list[Outcome]],
        *,
        max_waiting: int,
        noun: str,
    ) -> None:
        """`take_in` does what a batch wants, in the cell's thread, and says the outcome of each; `noun` is
        what waits, in the plural, for whoever is turned away."""
        self._cell = cell
        self._take_in = take_in
        self._max_waiting = max_waiting
        self._noun = noun
        self._waiting: deque[tuple[Wanted, Callable[[Outcome | Exception], None]]] = deque()
        self._is_under_way = False
        self._is_looking_soon = False
        self._expected = 0
        self._sent_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many no batch has taken yet."""
        return len(self._waiting)

    def hand_in(self, wanted: Wanted, tell: Callable[[Outcome | Exception], None]) -> None:
        """`tell` is told the outcome once all that the cell wrote is durable; or Busy, or RuntimeError (the
        cell stopped).

        Raises:
            Busy: too many wait.
        """
        if len(self._waiting) >= self._max_waiting:
            raise Busy(f"{self._max_waiting} {self._noun} wait")
        self._waiting.append((wanted, tell))
        self._look_soon(asyncio.get_running_loop())

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
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
            all_wanted, tells = [wanted for wanted, _ in batch], [tell for _, tell in batch]
            try:
                served = self._cell.call(partial(self._take_in, all_wanted))
            except Exception as fault:  # noqa: BLE001 (Busy, or a fault of ours: nobody waits for ever)
                for tell in tells:
                    tell(fault)
                continue
            self._is_under_way, self._sent_s = True, loop.time()
            served.add_done_callback(partial(self._wake, loop, tells))

    def _wake(
        self,
        loop: asyncio.AbstractEventLoop,
        tells: list[Callable[[Outcome | Exception], None]],
        served: Future[list[Outcome]],
    ) -> None:
        """In the cell's thread."""
        # Closed: the server has stopped meanwhile, and nobody waits for an answer any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._answer, loop, tells, served)

    def _answer(
        self,
        loop: asyncio.AbstractEventLoop,
        tells: list[Callable[[Outcome | Exception], None]],
        served: Future[list[Outcome]],
    ) -> None:
        self._is_under_way = False
        # Counted before anybody is told: a connection may have its next request ready.
        self._expected = min(len(tells) + len(self._waiting), MAX_BATCH)
        fault = cast("Exception | None", served.exception())
        outcomes: Sequence[Outcome | Exception] = (
            [fault] * len(tells) if fault is not None else served.result()
        )
        for tell, outcome in zip(tells, outcomes, strict=True):
            tell(outcome)
        moment_s = max(GATHER_S, (loop.time() - self._sent_s) / 2)
        self._timer = loop.call_later(moment_s, self._no_longer, loop)
        self._look_soon(loop)
