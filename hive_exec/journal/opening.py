"""What is checked before a journal is written to: from its last good snapshot to its end, with its heads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from hive_core.evidence.signed_head import SignedHead
from hive_core.evidence.walk import JournalWalk
from hive_exec.journal.errors import JournalCorrupt
from hive_exec.journal.heads import HeadKeeper
from hive_exec.journal.snapshots import frontier_of, snapshot_fault
from hive_exec.journal.store import JournalStore

_log = logging.getLogger("hive_exec.journal")


@dataclass(frozen=True, slots=True)
class Opened:
    """The walk at the journal's end, and the place it began at: 0, or that of a snapshot."""

    walk: JournalWalk
    verified_from: int


def verify_opening(store: JournalStore, heads: HeadKeeper | None) -> Opened:
    """Walk a journal from its newest snapshot that holds to its end.

    The records before that snapshot were verified when it was made, and its signature binds it to them;
    `JournalAudit` and `hive verify` walk them again.

    Raises:
        JournalCorrupt: a record does not hold, or a signed head tells of other or more records.
        JournalFailed: the store cannot be read.
    """
    last = store.head()
    expected = [] if heads is None else heads.must_contain(store.journal_id, 0 if last is None else last.seq)
    walk = _from_snapshot(store, heads, expected)
    verified_from = walk.seq
    if (fault := walk.differs()) is not None:
        raise JournalCorrupt.at(fault, verified_from - 1)
    for link in store.rows(verified_from, None):
        if (fault := walk.take(link)) is not None:
            raise JournalCorrupt.at(fault, fault.seq - 1)
    if (fault := walk.cut_off()) is not None:
        raise JournalCorrupt.at(fault, walk.seq)
    return Opened(walk, verified_from)


def _from_snapshot(
    store: JournalStore, heads: HeadKeeper | None, expected: Sequence[SignedHead]
) -> JournalWalk:
    keys = None if heads is None else heads.trusted
    # A head older than the snapshot can only be compared by walking the records up to it.
    newest_allowed = min((signed.head.tree_size for signed in expected), default=None)
    for row in store.snapshots():
        fault = snapshot_fault(row, store.journal_id, keys)
        if fault is None:
            link = next(store.rows(row.seq - 1, 1), None)
            if link is None or (link.seq, link.record_hash) != (row.seq, row.chain_hash):
                fault = "the journal does not have the record that it follows"
        if fault is not None:
            _log.error("the snapshot at record %s is left aside, more is verified: %s", row.seq, fault)
        elif newest_allowed is None or row.seq <= newest_allowed:
            return JournalWalk(expected, seq=row.seq, head_hash=row.chain_hash, frontier=frontier_of(row))
    return JournalWalk(expected)
