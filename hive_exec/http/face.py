"""What handlers work with: the cell, and the ways to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hive_exec.cell import Cell
from hive_exec.http.signal_batches import SignalBatches

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Face:
    """What every handler is given beside its request."""

    cell: Cell
    signals: SignalBatches

    async def ask(self, work: Callable[[], Found]) -> Found:
        """Have the cell's thread do something; back once everything it wrote is durable.

        Raises:
            Busy: too many commands wait there.
            RuntimeError: the cell stopped.
        """
        return await asyncio.wrap_future(self.cell.call(work))

    async def ask_urgently(self, work: Callable[[], Found]) -> Found:
        """As `ask`, also where so many commands wait that others are turned away."""
        return await asyncio.wrap_future(self.cell.call(work, is_urgent=True))
