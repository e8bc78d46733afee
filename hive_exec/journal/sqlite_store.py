"""The journal in one SQLite file: one connection, one thread, locked against every other process.

The exclusive lock is the lease here: who cannot get it does not start.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from hive_core.evidence.chain import ChainLink
from hive_exec.failpoints import failpoint
from hive_exec.journal import sqlite_inbox
from hive_exec.journal.errors import JournalFailed
from hive_exec.journal.sqlite_inbox import SqliteInbox
from hive_exec.journal.store import KEPT_SNAPSHOTS, InboxEntry, SnapshotRow
from hive_exec.sqlite_file import insert_rows, open_exclusive, unusable

_PAGE = 5_000
_ROWS = "SELECT seq, body, previous_hash, record_hash FROM journal"

_TABLES = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY,
    body BLOB NOT NULL,
    previous_hash TEXT NOT NULL,
    record_hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS snapshot (
    seq INTEGER PRIMARY KEY,
    code_version TEXT NOT NULL,
    chain_hash TEXT NOT NULL,
    peaks BLOB NOT NULL,
    state BLOB NOT NULL,
    digest TEXT NOT NULL,
    key_id TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    journal_id TEXT NOT NULL,
    epoch INTEGER NOT NULL
) STRICT;
"""

_APPEND_ONLY = """
CREATE TRIGGER IF NOT EXISTS {table}_is_append_only_update BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, 'the {table} is append-only'); END;
CREATE TRIGGER IF NOT EXISTS {table}_is_append_only_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
BEGIN SELECT RAISE(ABORT, 'the {table} is append-only'); END;
CREATE TRIGGER IF NOT EXISTS {table}_is_append_only_delete BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, 'the {table} is append-only'); END;
"""

_SCHEMA = (
    _TABLES
    + sqlite_inbox.TABLES
    + _APPEND_ONLY.format(table="journal", key="seq")
    + _APPEND_ONLY.format(table="inbox", key="number")
    + _APPEND_ONLY.format(table="inbox_index", key="idempotency_key")
)


class SqliteReader:
    """A journal file, read through the one connection there is. A `JournalReader`."""

    def __init__(self, path: Path, connect: Callable[[Path], sqlite3.Connection] = open_exclusive) -> None:
        """Open the file.

        Raises:
            FileInUse, FileDamaged, OtherFormat: as `open_exclusive`.
        """
        self.describes = str(path)
        self._connection = connect(path)

    @property
    def journal_id(self) -> str:
        """32 hexadecimal digits, drawn when the journal was made."""
        return str(self._read("SELECT journal_id FROM identity", ())[0][0])

    def rows(self, after_seq: int, limit: int | None = None) -> Iterator[ChainLink]:
        """Durable records after a place, in order, a page at a time: no statement stays open between two,
        for one that does keeps the file locked after it was closed."""
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            found = self._read(f"{_ROWS} WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, size))
            for row in found:
                yield ChainLink(*row)
            if len(found) < size:
                return
            after_seq = found[-1][0]
            left = None if left is None else left - size

    def snapshots(self) -> Sequence[SnapshotRow]:
        """The snapshots that are kept, the newest first."""
        return [SnapshotRow(*row) for row in self._read("SELECT * FROM snapshot ORDER BY seq DESC", ())]

    def close(self) -> None:
        """Give the file back. What was not committed is gone."""
        self._connection.close()

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed("read", error) from error

    def _failed(self, what: str, error: sqlite3.Error) -> JournalFailed:
        return JournalFailed(
            f"the journal {self.describes} could not be {what}: {error}; "
            "look at the disk (space, health), then start again"
        )


class SqliteStore(SqliteReader):
    """The open file, led by this process. A `JournalStore`."""

    def __init__(self, path: Path, connect: Callable[[Path], sqlite3.Connection] = open_exclusive) -> None:
        """Open or create the file, and count one epoch more.

        Raises:
            FileInUse, FileDamaged, OtherFormat: as `open_exclusive`.
        """
        super().__init__(path, connect)
        try:
            self._connection.executescript(_SCHEMA)
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT OR IGNORE INTO identity VALUES (1, ?, 0)", (token_hex(16),))
            self._connection.execute("UPDATE identity SET epoch = epoch + 1")
            row = self._connection.execute("SELECT epoch FROM identity").fetchone()
            self._connection.execute("COMMIT")
            self._inbox = SqliteInbox(self._connection)
        except sqlite3.Error as error:
            self._connection.close()
            raise unusable(path, error) from None
        self.epoch: int = row[0]

    def head(self) -> ChainLink | None:
        """The last durable record."""
        rows = self._read(f"{_ROWS} ORDER BY seq DESC LIMIT 1", ())
        return ChainLink(*rows[0]) if rows else None

    def append(
        self,
        links: Sequence[ChainLink],
        answers: Sequence[tuple[str, str, bytes]],
        snapshot: SnapshotRow | None = None,
    ) -> None:
        """Make records, answers and a snapshot durable, all or nothing."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            insert_rows(connection, "journal", 4, links)
            self._inbox.insert(answers)
            if snapshot is not None:
                self._replace_snapshots(snapshot)
            failpoint("journal.before_commit")
            connection.execute("COMMIT")
            self._inbox.committed()
            failpoint("journal.after_commit")
        except sqlite3.Error as error:
            raise self._failed("written", error) from error

    def _replace_snapshots(self, new: SnapshotRow) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                new.seq,
                new.code_version,
                new.chain_hash,
                new.peaks,
                new.state,
                new.digest,
                new.key_id,
                new.signature,
            ),
        )
        self._connection.execute(
            "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
            (KEPT_SNAPSHOTS,),
        )

    def answered(self, idempotency_key: str) -> InboxEntry | None:
        """The durable answer to a key."""
        return self.answered_many([idempotency_key]).get(idempotency_key)

    def answered_many(self, idempotency_keys: Sequence[str]) -> dict[str, InboxEntry]:
        """The durable answers to those of these keys that have one."""
        try:
            return self._inbox.answered(idempotency_keys)
        except sqlite3.Error as error:
            raise self._failed("read", error) from error
