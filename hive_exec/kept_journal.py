"""The journal of a cell: opened under its home, folded into the state, snapshotted, and walked from its
beginning beside the work. Writing to it is the engine's; what its records mean is the core's.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hive_core.configuration.model import Configuration
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.home import HiveHome
from hive_exec.core.folding import apply
from hive_exec.core.snapshot import state_as_data, state_from_data
from hive_exec.core.state import CellState
from hive_exec.core_version import core_version
from hive_exec.journal.audit import JournalAudit
from hive_exec.journal.home import Signing, open_journal
from hive_exec.journal.witnesses import WitnessReport
from hive_exec.journal.writing import record_of

if TYPE_CHECKING:
    from hive_exec.journal.lease import Lease

_log = logging.getLogger("hive_exec.cell")

SNAPSHOT_EVERY_RECORDS = 50_000
"""So many records are folded at a start within a few seconds."""


class KeptJournal:
    """`journal` itself, and when its state is kept. `witness_faults` are those of witnesses that cannot be
    written; None of one that can again."""

    def __init__(
        self,
        home: HiveHome,
        configuration: Configuration,
        wall_clock_ns: Callable[[], int],
        lease: Lease | None,
    ) -> None:
        """Raises what `open_journal` does."""
        self.witness_faults: dict[str, str | None] = {}
        self._configuration = configuration
        witnesses = tuple(Path(path) for path in configuration.execution.witnesses)
        signing = Signing(configuration.environment, core_version(), witnesses)
        self.journal = open_journal(home, wall_clock_ns, signing, lease=lease, on_witness=self._witness_said)
        self._snapshot_seq = 0
        # What lies before the snapshot is walked beside the work; what does not hold ends the daemon.
        self._audit = JournalAudit(self.journal, ()) if self.journal.verified_from else None

    def recall(self) -> CellState:
        """The state: of the last snapshot that this code made and that holds, and the records after it."""
        configuration = self._configuration
        snapshot = self.journal.load_snapshot(core_version())
        state = CellState(configuration.environment, configuration.execution)
        if snapshot is not None:
            state = state_from_data(json.loads(snapshot.state), configuration.execution)
            state.environment = configuration.environment
        for link in self.journal.replay(snapshot):
            apply(state, record_of(link))
        self._snapshot_seq = 0 if snapshot is None else snapshot.seq
        return state

    def save_snapshot(self, state: CellState) -> None:
        """So that the next start folds little. Made when much was written, and at the end."""
        if self.journal.durable_seq - self._snapshot_seq < SNAPSHOT_EVERY_RECORDS:
            return  # so little is verified and folded whole at every start
        self.journal.save_snapshot(canonical_bytes(state_as_data(state)), core_version())
        self._snapshot_seq = self.journal.durable_seq

    @property
    def is_audited(self) -> bool:
        """Whether all of the journal is known to hold."""
        return self._audit is None

    def audit(self) -> None:
        """Walk a little further through the records before the snapshot.

        Raises:
            JournalCorrupt: they do not hold.
        """
        if self._audit is not None and self._audit.step():
            _log.info("the whole journal holds: %s records", self._audit.verified)
            self._audit = None

    def _witness_said(self, report: WitnessReport) -> None:
        """A witness that cannot be written is told of until it can; the journal itself is safe."""
        if report.fault is not None and self.witness_faults.get(report.witness) is None:
            _log.error("the journal's heads do not reach witness %s: %s", report.witness, report.fault)
        self.witness_faults[report.witness] = report.fault
