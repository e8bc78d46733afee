"""The journal in PostgreSQL, written by the daemon that has the lease; the same rows as in SQLite.

Two connections of one thread: one for appends, one for reads outside any transaction. A connection that
breaks is not opened again: the daemon ends, and its next start finds out what is durable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select, text

from hive_core.evidence.chain import ChainLink
from hive_exec.failpoints import failpoint
from hive_exec.journal.errors import LeaseLost
from hive_exec.journal.lease import Lease
from hive_exec.journal.postgres import connect, failing, require_durable
from hive_exec.journal.postgres_schema import INBOX, JOURNAL, LEASE, SNAPSHOT
from hive_exec.journal.store import KEPT_SNAPSHOTS, InboxEntry, SnapshotRow

_PAGE = 5_000
_APPEND = text(
    "INSERT INTO hive_journal SELECT * FROM unnest(CAST(:seqs AS bigint[]), CAST(:bodies AS bytea[]), "
    "CAST(:previous AS text[]), CAST(:hashes AS text[]))"
)
_SNAPSHOTS = select(SNAPSHOT).order_by(SNAPSHOT.c.seq.desc())
_OUR_EPOCH = select(LEASE.c.epoch).with_for_update(read=True)
"""FOR SHARE: a new leader raises the epoch only after what is being committed under the old one."""


class PostgresReader:
    """A journal in PostgreSQL, only read. A `JournalReader`."""

    def __init__(self, address: str, *, read_only: bool = True) -> None:
        """Connect.

        Raises:
            AddressRefused: the address is none.
            JournalFailed: the server does not answer.
        """
        self.describes = "the journal in PostgreSQL"
        self._reading = connect(address, read_only=read_only)

    @property
    def journal_id(self) -> str:
        """32 hexadecimal digits, drawn when the journal was made."""
        with failing("read"):
            return str(self._reading.execute(select(LEASE.c.journal_id)).scalar_one())

    def rows(self, after_seq: int, limit: int | None = None) -> Iterator[ChainLink]:
        """Durable records after a place, in order, a page at a time."""
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            page = select(JOURNAL).where(JOURNAL.c.seq > after_seq).order_by(JOURNAL.c.seq).limit(size)
            with failing("read"):
                found: Sequence[Any] = self._reading.execute(page).all()
            for row in found:
                yield ChainLink(*row)
            if len(found) < size:
                return
            after_seq = found[-1].seq
            left = None if left is None else left - size

    def snapshots(self) -> Sequence[SnapshotRow]:
        """The snapshots that are kept, the newest first."""
        with failing("read"):
            rows: Sequence[Any] = self._reading.execute(_SNAPSHOTS).all()
        return [SnapshotRow(*row) for row in rows]

    def close(self) -> None:
        """Give the connection back."""
        self._reading.close()


class PostgresStore(PostgresReader):
    """The journal, led by this process. A `JournalStore`. It owns the lease and gives it back."""

    def __init__(self, lease: Lease) -> None:
        """Connect to write.

        Raises:
            AddressRefused, JournalFailed: as `PostgresReader`.
            NotDurable: commits on this server may be lost.
        """
        super().__init__(lease.address, read_only=False)
        self.lease = lease
        self.epoch: int = lease.epoch
        try:
            require_durable(self._reading)
            self._writing = connect(lease.address, transactions=True)
        except BaseException:
            self._reading.close()
            raise

    def head(self) -> ChainLink | None:
        """The last durable record."""
        with failing("read"):
            row: Any = self._reading.execute(select(JOURNAL).order_by(JOURNAL.c.seq.desc()).limit(1)).first()
        return None if row is None else ChainLink(*row)

    def append(
        self,
        links: Sequence[ChainLink],
        answers: Sequence[tuple[str, str, bytes]],
        snapshot: SnapshotRow | None = None,
    ) -> None:
        """Make records, answers and a snapshot durable, all or nothing, if this daemon still leads."""
        with failing("written"), self._writing.begin():
            epoch: int = self._writing.execute(_OUR_EPOCH).scalar_one()
            if epoch != self.epoch:
                raise LeaseLost(
                    f"another daemon leads this journal: epoch {epoch} began, this one had {self.epoch}"
                )
            if links:
                values = {
                    "seqs": [link.seq for link in links],
                    "bodies": [link.body for link in links],
                    "previous": [link.previous_hash for link in links],
                    "hashes": [link.record_hash for link in links],
                }
                self._writing.execute(_APPEND, values)
            if answers:
                names = [column.name for column in INBOX.columns]
                self._writing.execute(
                    insert(INBOX), [dict(zip(names, answer, strict=True)) for answer in answers]
                )
            if snapshot is not None:
                self._replace_snapshots(snapshot)
            failpoint("journal.before_commit")
        failpoint("journal.after_commit")

    def _replace_snapshots(self, new: SnapshotRow) -> None:
        self._writing.execute(delete(SNAPSHOT).where(SNAPSHOT.c.seq == new.seq))
        self._writing.execute(insert(SNAPSHOT).values(asdict(new)))
        kept = select(SNAPSHOT.c.seq).order_by(SNAPSHOT.c.seq.desc()).limit(KEPT_SNAPSHOTS)
        self._writing.execute(delete(SNAPSHOT).where(SNAPSHOT.c.seq.not_in(kept)))

    def answered(self, idempotency_key: str) -> InboxEntry | None:
        """The durable answer to a key."""
        asked = select(INBOX.c.content_sha256, INBOX.c.response)
        with failing("read"):
            row: Any = self._reading.execute(asked.where(INBOX.c.idempotency_key == idempotency_key)).first()
        return None if row is None else InboxEntry(*row)

    def answered_many(self, idempotency_keys: Sequence[str]) -> dict[str, InboxEntry]:
        """The durable answers to those of these keys that have one."""
        asked = select(INBOX.c.idempotency_key, INBOX.c.content_sha256, INBOX.c.response)
        with failing("read"):
            rows: Any = self._reading.execute(
                asked.where(INBOX.c.idempotency_key.in_(idempotency_keys))
            ).all()
        return {key: InboxEntry(sha256, response) for key, sha256, response in rows}

    def close(self) -> None:
        """Give the connections and the lead back. What was not committed is gone."""
        for connection in (self._writing, self._reading):
            connection.close()
        self.lease.close()
