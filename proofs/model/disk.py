"""The disk of the world: what a crash leaves, what it takes, and a snapshot that a start may begin from."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

from hive_core.configuration.model import Execution
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.core.folding import apply
from hive_exec.core.records import Record
from hive_exec.core.snapshot import state_as_data, state_from_data
from hive_exec.core.state import CellState

ENVIRONMENT = "proof"


@lru_cache(65_536)
def record_of(raw: bytes) -> Record:
    """The record that these bytes spell: what a daemon reads is what was written, not what it meant."""
    return Record.from_data(json.loads(raw))


class Disk:
    """The records that a crash leaves, and those that it takes. `on_durable` hears each record that becomes
    durable, in order."""

    def __init__(self, on_durable: Callable[[Record], None]) -> None:
        self.durable: list[bytes] = []
        self._buffered: list[bytes] = []
        self._on_durable = on_durable
        self._snapshot: tuple[int, bytes] | None = None

    def append(self, record: Record) -> int:
        """See `engine.RecordLog`."""
        self._buffered.append(canonical_bytes(record.as_data()))
        return len(self.durable) + len(self._buffered)

    def flush(self) -> None:
        """See `engine.RecordLog`."""
        taken, self._buffered = self._buffered, []
        self.durable += taken
        for raw in taken:
            self._on_durable(record_of(raw))

    def forget(self) -> None:
        """What was not durable is gone."""
        self._buffered = []

    @property
    def has_buffered(self) -> bool:
        """Whether something waits for the disk."""
        return bool(self._buffered)

    def keep_snapshot(self, state: CellState) -> None:
        """Write down the state of everything that is durable; the caller has nothing buffered."""
        self._snapshot = (len(self.durable), canonical_bytes(state_as_data(state)))

    def whole_fold(self, execution: Execution) -> CellState:
        """The state by folding every record."""
        state = CellState(ENVIRONMENT, execution)
        for raw in self.durable:
            apply(state, record_of(raw))
        return state

    def snapshot_and_tail(self, execution: Execution) -> CellState:
        """The state from the last snapshot and the records after it; the whole fold where there is none."""
        if self._snapshot is None:
            return self.whole_fold(execution)
        place, data = self._snapshot
        state = state_from_data(json.loads(data), execution)
        for raw in self.durable[place:]:
            apply(state, record_of(raw))
        return state
