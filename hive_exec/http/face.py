"""What handlers work with: the cell, and the ways to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hive_exec.cell import Cell
from hive_exec.commands import Busy
from hive_exec.facts import CellFacts, facts_of
from hive_exec.http.signal_batches import SignalBatches
from hive_exec.metrics import Metrics

Found = TypeVar("Found")

FACTS_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Face:
    """What every handler is given beside its request."""

    cell: Cell
    signals: SignalBatches
    metrics: Metrics

    async def ask(self, work: Callable[[], Found]) -> Found:
        """Have the cell's thread do something; back once everything it wrote is durable.

        Raises:
            Busy: too many commands wait there.
            RuntimeError: the cell stopped.
        """
        return await asyncio.wrap_future(self.cell.call(work))

    async def ask_urgently(self, work: Callable[[], Found]) -> Found:
        """As `ask`, also where so many commands wait that others are turned away; and it is done even if
        the caller goes away meanwhile."""
        return await asyncio.shield(asyncio.wrap_future(self.cell.call(work, is_urgent=True)))

    async def facts(self) -> CellFacts | None:
        """How the cell stands, or None when it stopped, or does not say within `FACTS_TIMEOUT_S`."""
        if self.cell.fatal is not None:
            return None
        try:
            async with asyncio.timeout(FACTS_TIMEOUT_S):
                return await asyncio.wrap_future(self.cell.call(lambda: facts_of(self.cell), is_urgent=True))
        except (TimeoutError, Busy):
            return None
        except RuntimeError:
            if self.cell.fatal is None:
                raise
            return None
