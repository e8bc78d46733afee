"""What handlers work with: the cell, and the ways to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from hive_exec.cell import Cell
from hive_exec.commands import MAX_QUEUED_COMMANDS, Busy, CommandRefused
from hive_exec.facts import CellFacts, facts_of
from hive_exec.http.answers import Answer
from hive_exec.http.batches import Batches
from hive_exec.http.later import Later
from hive_exec.http.signal_batches import SignalBatches
from hive_exec.metrics import Metrics

Found = TypeVar("Found")

FACTS_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class _Command:
    """Work for the cell's thread, and whether nobody waits any more for what it finds. `key` is the one that
    it looks up in the inbox, if any."""

    work: Callable[[], Any]
    is_abandoned: Callable[[], bool]
    key: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What a command found; apart from what it may raise."""

    value: Any


def _carried_out(cell: Cell, commands: list[_Command]) -> list[_Found | CommandRefused]:
    """In the cell's thread: each for itself, but for one question to the inbox that serves all. What nobody
    waits for any more is left undone."""
    if keys := [command.key for command in commands if command.key]:
        cell.journal.recall(keys)
    outcomes: list[_Found | CommandRefused] = []
    for command in commands:
        try:
            outcomes.append(_Found(None if command.is_abandoned() else command.work()))
        except CommandRefused as refused:
            outcomes.append(refused)
    return outcomes


def _tell(found: asyncio.Future[Any], outcome: _Found | Exception) -> None:
    if found.cancelled():
        return
    if isinstance(outcome, _Found):
        found.set_result(outcome.value)
    else:
        found.set_exception(outcome)


def _settle(answer: Later, outcome: _Found | Exception) -> None:
    answer.settle(outcome.value if isinstance(outcome, _Found) else outcome)


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Face:
    """What every handler is given beside its request."""

    cell: Cell
    signals: SignalBatches
    metrics: Metrics
    _commands: Batches[_Command, _Found | CommandRefused] = field(init=False)

    def __post_init__(self) -> None:
        take_in = partial(_carried_out, self.cell)
        room = Batches(self.cell, take_in, max_waiting=MAX_QUEUED_COMMANDS, noun="commands")
        object.__setattr__(self, "_commands", room)

    @property
    def waiting(self) -> int:
        """Commands and signals on their way to the cell's own queue."""
        return self._commands.waiting + self.signals.waiting

    async def ask(self, work: Callable[[], Found], *, key: str = "") -> Found:
        """Have the cell's thread do something; back once everything it wrote is durable. `key` is what it
        looks up in the inbox.

        Raises:
            CommandRefused: it is not carried out.
            Busy: too many commands wait there.
            RuntimeError: the cell stopped.
        """
        found: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._commands.hand_in(_Command(work, found.cancelled, key), partial(_tell, found))
        return await found

    def ask_later(self, work: Callable[[], Answer], *, key: str = "") -> Later:
        """As `ask`, for what very many ask at once: no task of the event loop waits for it, and it is done
        even if the caller goes away meanwhile.

        Raises:
            Busy: too many commands wait there.
        """
        answer = Later()
        self._commands.hand_in(_Command(work, _never, key), partial(_settle, answer))
        return answer

    async def ask_urgently(self, work: Callable[[], Found]) -> Found:
        """As `ask`, at once: also where so many commands wait that others are turned away; and it is done
        even if the caller goes away meanwhile."""
        return await asyncio.shield(asyncio.wrap_future(self.cell.call(work, is_urgent=True)))

    async def facts(self) -> CellFacts | None:
        """How the cell stands, or None when it stopped, or does not say within `FACTS_TIMEOUT_S`."""
        if self.cell.fatal is not None:
            return None
        try:
            async with asyncio.timeout(FACTS_TIMEOUT_S):
                asked = self.cell.call(lambda: facts_of(self.cell), is_urgent=True)
                facts = await asyncio.wrap_future(asked)
                return replace(facts, queue_depth=facts.queue_depth + self.waiting)
        except (TimeoutError, Busy):
            return None
        except RuntimeError:
            if self.cell.fatal is None:
                raise
            return None
