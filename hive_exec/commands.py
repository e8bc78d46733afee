"""What waits for the cell's thread: commands that somebody or nobody waits for, and events of the core.

Any thread puts them in, the cell's takes them out. What they do is the cell's matter.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, TypeVar

from hive_exec.core.events import Event

MAX_QUEUED_COMMANDS = 1_024

Answer = TypeVar("Answer")


class Busy(RuntimeError):
    """The queue is full; come back later."""


class CommandRefused(ValueError):
    """A command that is not carried out. `status` is the HTTP answer."""

    def __init__(self, status: int, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.status = status
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Command:
    """Work for the cell's thread; its answer comes once everything it wrote is durable."""

    work: Callable[[], Any]
    answer: Future[Any]
    is_awaited: bool = True


class CommandQueue:
    """What waits, in the order in which it came."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Command | Event | None] = queue.SimpleQueue()

    @property
    def waiting(self) -> int:
        """How many commands and events wait."""
        return self._queue.qsize()

    def call(self, work: Callable[[], Answer], *, is_urgent: bool = False) -> Future[Answer]:
        """A command for whose answer somebody waits.

        Raises:
            Busy: too many commands wait. What is urgent (the kill switch, what lessens risk) always may.
        """
        if not is_urgent and self._queue.qsize() >= MAX_QUEUED_COMMANDS:
            raise Busy(f"{MAX_QUEUED_COMMANDS} commands wait")
        answer: Future[Answer] = Future()
        self._queue.put(Command(work, answer))
        return answer

    def note(self, work: Callable[[], None]) -> None:
        """A command for which nobody waits."""
        self._queue.put(Command(work, Future(), is_awaited=False))

    def post(self, event: Event) -> None:
        """An event for the core."""
        self._queue.put(event)

    def end(self) -> None:
        """Nothing more comes: `take` says so once all before it was taken."""
        self._queue.put(None)

    def take(
        self, *, block: bool, patience_s: Callable[[], float | None]
    ) -> tuple[list[Command | Event], bool]:
        """Everything that waits, at most `MAX_QUEUED_COMMANDS`; and whether more may come.

        Args:
            block: wait for the first.
            patience_s: how long to wait for it, None for ever.
        """
        taken: list[Command | Event] = []
        while True:
            try:
                if block and not taken:
                    one = self._queue.get(timeout=patience_s())
                else:
                    one = self._queue.get_nowait()
            except queue.Empty:
                return taken, True
            if one is None:
                return taken, False
            # From here on a caller who went away cannot take his command back.
            if not isinstance(one, Command) or one.answer.set_running_or_notify_cancel():
                taken.append(one)
            if len(taken) >= MAX_QUEUED_COMMANDS:
                return taken, True

    def refuse(self, being_served: Iterable[Command], error: BaseException) -> None:
        """Nobody waits for an answer that will not come: neither those being served nor those behind."""
        waiting = list(being_served)
        with contextlib.suppress(queue.Empty):
            while True:
                command = self._queue.get_nowait()
                if isinstance(command, Command):
                    waiting.append(command)
        for command in waiting:
            with contextlib.suppress(InvalidStateError):  # answered or cancelled already
                command.answer.set_exception(RuntimeError(f"the cell stopped: {error}"))
