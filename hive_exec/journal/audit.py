"""Verifying the whole journal beside the daemon's work, a slice at a time, in the journal's own thread.

A start verifies from the last snapshot only; the audit walks everything, against every head that was
signed. `hive verify` does the same from outside.
"""

from __future__ import annotations

from collections.abc import Iterable

from hive_core.evidence.signed_head import SignedHead
from hive_core.evidence.walk import JournalWalk
from hive_exec.journal.errors import JournalCorrupt
from hive_exec.journal.writing import Journal

SLICE_RECORDS = 2_000
"""About ten milliseconds of work."""


class JournalAudit:
    """One walk over what was durable when the audit began."""

    def __init__(self, journal: Journal, heads: Iterable[SignedHead]) -> None:
        """`heads` of this journal, their signatures checked."""
        self._journal = journal
        self._until = journal.durable_seq
        self._walk = JournalWalk(head for head in heads if head.head.tree_size <= self._until)

    @property
    def verified(self) -> int:
        """Records that were found to hold so far."""
        return self._walk.seq

    def step(self, records: int = SLICE_RECORDS) -> bool:
        """Walk a slice; whether everything is walked.

        Raises:
            JournalCorrupt: a record does not hold, or a head tells of others.
        """
        left = min(records, self._until - self._walk.seq)
        before = self._walk.seq
        for link in self._journal.links(after_seq=before, limit=left):
            if (fault := self._walk.take(link)) is not None:
                raise JournalCorrupt.at(fault, fault.seq - 1)
        if self._walk.seq != before + left:
            raise JournalCorrupt(
                f"record {self._walk.seq + 1}: missing; {self._walk.seq} records before it hold"
            )
        return self._walk.seq == self._until
