"""Writing the journal and the inbox, by one thread, over whatever store keeps them.

Records are buffered by `append` and become durable together by `flush`; nothing may be answered or
sent before. The inbox remembers each idempotency key with its answer, in the same transaction as
the record that it caused. A failure is final: what is durable is found out by starting again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hive_core.evidence.canonical import canonical_bytes
from hive_core.evidence.chain import ChainLink, link_hash
from hive_core.evidence.walk import JournalWalk, record_leaf
from hive_exec.core.records import Record
from hive_exec.failpoints import failpoint
from hive_exec.journal.errors import JournalCorrupt, JournalFailed
from hive_exec.journal.heads import HeadKeeper
from hive_exec.journal.opening import Opened, verify_opening
from hive_exec.journal.snapshots import Snapshot, make_snapshot, snapshot_fault
from hive_exec.journal.sqlite_store import SqliteStore
from hive_exec.journal.store import InboxEntry as InboxEntry
from hive_exec.journal.store import JournalStore

_log = logging.getLogger("hive_exec.journal")


class Journal:
    """The open journal: verified from its last snapshot (else from its beginning) to its end."""

    def __init__(
        self,
        where: Path | JournalStore,
        wall_clock_ns: Callable[[], int],
        *,
        heads: HeadKeeper | None = None,
    ) -> None:
        """`where` is the path of a SQLite file, or a store that is open already. Without `heads` nothing
        is signed, and a journal that was cut off or written anew cannot be told from an honest one.

        Raises:
            FileInUse, FileDamaged, OtherFormat: as `open_exclusive`, for a path.
            JournalCorrupt: its records do not hold, or not what its signed heads tell of.
            JournalFailed: the store cannot be read, or the first head not be written.
        """
        self._store = SqliteStore(where) if isinstance(where, Path) else where
        self._wall_clock_ns = wall_clock_ns
        self._heads = heads
        self._links: list[ChainLink] = []
        self._answers: dict[str, InboxEntry] = {}
        self._recalled: dict[str, InboxEntry | None] = {}
        self._failure: BaseException | None = None
        try:
            self.epoch = self._store.epoch
            self.journal_id = self._store.journal_id
            opened: Opened = verify_opening(self._store, heads)
            self.verified_from = opened.verified_from
            self.head_seq = self.durable_seq = opened.walk.seq
            self._head_hash = opened.walk.head_hash
            self._frontier = opened.walk.frontier
            self._sign_head()
        except BaseException:
            self._store.close()
            raise

    @property
    def root(self) -> bytes:
        """The Merkle root over all records, buffered ones included."""
        return self._frontier.root()

    @property
    def head_hash(self) -> str:
        """The hash of the last record in the chain, buffered ones included."""
        return self._head_hash

    @property
    def buffered(self) -> int:
        """Records that are not durable yet."""
        return len(self._links)

    def append(self, record: Record) -> int:
        """Buffer a record; returns the place it will have.

        Raises:
            JournalFailed: an earlier flush did.
        """
        self._require_sound()
        data = record.as_data()
        data["recorded_ns"], data["epoch"] = self._wall_clock_ns(), self.epoch
        body = canonical_bytes(data)
        seq = self.head_seq + 1
        record_hash = link_hash(seq, self._head_hash, body)
        self._links.append(ChainLink(seq, body, self._head_hash, record_hash))
        self._frontier.append(record_leaf(record_hash))
        self.head_seq, self._head_hash = seq, record_hash
        return seq

    def answer(self, idempotency_key: str, content_sha256: str, response: bytes) -> None:
        """Buffer the answer to a key; durable with the records buffered beside it.

        Raises:
            ValueError: an answer to the key is buffered already.
            JournalFailed: an earlier flush did.
        """
        self._require_sound()
        if idempotency_key in self._answers:
            raise ValueError(f"{idempotency_key} is answered already")
        self._answers[idempotency_key] = InboxEntry(content_sha256, response)

    def answered(self, idempotency_key: str) -> InboxEntry | None:
        """The answer to a key, buffered ones included.

        Raises:
            JournalFailed: the store cannot be asked.
        """
        self._require_sound()
        found = self._answers.get(idempotency_key)
        if found is None and idempotency_key in self._recalled:
            return self._recalled[idempotency_key]
        if found is None:
            with self._latched():
                found = self._store.answered(idempotency_key)
        return found

    def recall(self, idempotency_keys: Sequence[str]) -> None:
        """Ask for the answers to many keys at once; until the next flush `answered` knows them. Each question
        to a database lets the other threads of this process run first, which is what takes the time.

        Raises:
            JournalFailed: the store cannot be asked.
        """
        self._require_sound()
        with self._latched():
            known = self._store.answered_many(idempotency_keys)
        self._recalled = {key: known.get(key) for key in idempotency_keys}

    def flush(self) -> None:
        """Make everything buffered durable, in one transaction. Returns after the disk has it.

        Raises:
            LeaseLost: another daemon leads; nothing was written.
            JournalFailed: it did not become durable, or nobody knows; nothing more is written.
        """
        self._require_sound()
        if self._links or self._answers:
            answers = [(key, entry.content_sha256, entry.response) for key, entry in self._answers.items()]
            with self._latched():
                self._store.append(self._links, answers, None)
            self._recalled.clear()
            self._links.clear()
            self._answers.clear()
            self.durable_seq = self.head_seq
        if self._heads is not None and self._heads.is_due(self.durable_seq):
            self._sign_head()

    def save_snapshot(self, state: bytes, code_version: str) -> None:
        """Keep the folded state of everything up to `head_seq`; `state` is the core's canonical JSON.

        What is buffered is flushed first, and a head signed over it, so that a start from the snapshot
        still finds out whether the records before it are those that were signed.

        Raises:
            JournalFailed: as `flush`.
        """
        self.flush()
        self._sign_head()
        row = make_snapshot(
            journal_id=self.journal_id,
            chain_hash=self._head_hash,
            frontier=self._frontier,
            state=state,
            code_version=code_version,
            key=None if self._heads is None else self._heads.key,
        )
        with self._latched():
            failpoint("snapshot.before_commit")
            self._store.append((), (), row)
            failpoint("snapshot.after_commit")

    def load_snapshot(self, code_version: str) -> Snapshot | None:
        """The newest state that this code folded and that holds; None when everything must be folded.

        Raises:
            JournalFailed: the store cannot be read.
        """
        keys = None if self._heads is None else self._heads.trusted
        with self._latched():
            rows = self._store.snapshots()
            for row in rows:
                # What is newer than the place verified from was left aside when the journal was opened.
                if row.code_version != code_version or row.seq > self.verified_from:
                    continue
                fault = snapshot_fault(row, self.journal_id, keys)
                if fault is None and self._hash_at(row.seq) != row.chain_hash:
                    fault = "the journal has another record there"
                if fault is None:
                    return Snapshot(row.seq, row.code_version, row.state)
                _log.error("the snapshot at record %s is left aside: %s", row.seq, fault)
        return None

    def replay(self, after: Snapshot | None = None) -> Iterator[ChainLink]:
        """Durable records in order, for folding: after a snapshot, or all of them. Records that opening
        did not verify are verified here, before they are handed out.

        Raises:
            JournalCorrupt: the chain does not hold.
        """
        seq = 0 if after is None else after.seq
        walk = JournalWalk(seq=seq, head_hash=self._hash_at(seq)) if seq else JournalWalk()
        for link in self._rows(seq, None):
            if link.seq <= self.verified_from and (fault := walk.take(link)) is not None:
                raise JournalCorrupt.at(fault, walk.seq)
            yield link

    def links(self, *, after_seq: int = 0, limit: int = -1) -> Iterator[ChainLink]:
        """Durable records after a place, in order."""
        return self._rows(after_seq, None if limit < 0 else limit)

    def close(self) -> None:
        """Flush, sign a last head, and close; after a failure only close.

        Raises:
            JournalFailed: as `flush`; it is closed nonetheless.
        """
        try:
            if self._failure is None:
                self.flush()
                self._sign_head()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close without writing what is buffered: when something failed on which it rests."""
        self._store.close()
        if self._heads is not None:
            self._heads.close()

    def _sign_head(self) -> None:
        """Nothing is buffered: the tree is that of the durable records."""
        if self._heads is None:
            return
        with self._latched():
            self._heads.keep(
                journal_id=self.journal_id,
                size=self.durable_seq,
                root=self._frontier.root(),
                chain_hash=self._head_hash,
                epoch=self.epoch,
                ts_ns=self._wall_clock_ns(),
            )

    def _rows(self, after_seq: int, limit: int | None) -> Iterator[ChainLink]:
        try:
            yield from self._store.rows(after_seq, limit)
        except JournalFailed as failure:
            self._failure = failure
            raise

    def _hash_at(self, seq: int) -> str:
        return next((link.record_hash for link in self._rows(seq - 1, 1)), "")

    def _require_sound(self) -> None:
        if self._failure is not None:
            raise JournalFailed(f"nothing more is written: {self._failure}") from self._failure

    @contextmanager
    def _latched(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            # Whatever it was, nobody knows what is durable now.
            self._failure = error
            raise


def record_of(link: ChainLink) -> Record:
    """The record that a link holds."""
    return Record.from_data(json.loads(link.body))
