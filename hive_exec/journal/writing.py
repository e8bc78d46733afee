"""Writing the journal and the inbox, in one SQLite file, by one thread.

Records are buffered by `append` and become durable together by `flush`; nothing may be answered or
sent before. The inbox remembers each idempotency key with its answer, in the same transaction as
the record that it caused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hive_core.evidence.canonical import canonical_bytes
from hive_core.evidence.chain import GENESIS_HASH, ChainLink, link_hash
from hive_exec.core.records import Record
from hive_exec.failpoints import failpoint
from hive_exec.sqlite_file import open_exclusive

_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY,
    body BLOB NOT NULL,
    previous_hash TEXT NOT NULL,
    record_hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS inbox (
    idempotency_key TEXT PRIMARY KEY,
    content_sha256 TEXT NOT NULL,
    response BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS journal_is_append_only_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS journal_is_append_only_replace BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS journal_is_append_only_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """What was answered to an idempotency key, and for which content."""

    content_sha256: str
    response: bytes


class Journal:
    """The open journal. One thread, one connection; the file is locked against other processes."""

    def __init__(self, path: Path, wall_clock_ns: Callable[[], int]) -> None:
        self._connection = open_exclusive(path)
        self._connection.executescript(_SCHEMA)
        self._wall_clock_ns = wall_clock_ns
        self._links: list[ChainLink] = []
        self._inbox: list[tuple[str, str, bytes]] = []
        head = self._connection.execute(
            "SELECT seq, record_hash FROM journal ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        self.head_seq: int = head[0] if head else 0
        self.durable_seq = self.head_seq
        self._head_hash: str = head[1] if head else GENESIS_HASH

    def append(self, record: Record) -> int:
        """Buffer a record; returns the place it will have."""
        data = {**record.as_data(), "recorded_ns": self._wall_clock_ns()}
        body = canonical_bytes(data)
        seq = self.head_seq + 1
        record_hash = link_hash(seq, self._head_hash, body)
        self._links.append(ChainLink(seq, body, self._head_hash, record_hash))
        self.head_seq, self._head_hash = seq, record_hash
        return seq

    def answer(self, idempotency_key: str, content_sha256: str, response: bytes) -> None:
        """Buffer the answer to a key; durable with the records buffered beside it."""
        self._inbox.append((idempotency_key, content_sha256, response))

    def answered(self, idempotency_key: str) -> InboxEntry | None:
        """The answer to a key, buffered ones included."""
        for key, content_sha256, response in reversed(self._inbox):
            if key == idempotency_key:
                return InboxEntry(content_sha256, response)
        row = self._connection.execute(
            "SELECT content_sha256, response FROM inbox WHERE idempotency_key = ?", (idempotency_key,)
        ).fetchone()
        return InboxEntry(*row) if row else None

    @property
    def buffered(self) -> int:
        """Records that are not durable yet."""
        return len(self._links)

    def flush(self) -> None:
        """Make everything buffered durable, in one transaction. Returns after the disk has it."""
        if not self._links and not self._inbox:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO journal VALUES (?, ?, ?, ?)",
            [(link.seq, link.body, link.previous_hash, link.record_hash) for link in self._links],
        )
        self._connection.executemany("INSERT INTO inbox VALUES (?, ?, ?)", self._inbox)
        failpoint("journal.before_commit")
        self._connection.execute("COMMIT")
        failpoint("journal.after_commit")
        self._links.clear()
        self._inbox.clear()
        self.durable_seq = self.head_seq

    def links(self, *, after_seq: int = 0, limit: int = -1) -> Iterator[ChainLink]:
        """Durable records after a place, in order."""
        rows = self._connection.execute(
            "SELECT seq, body, previous_hash, record_hash FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",
            (after_seq, limit),
        )
        for row in rows:
            yield ChainLink(*row)

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self._connection.close()


def record_of(link: ChainLink) -> Record:
    """The record that a link holds."""
    return Record.from_data(json.loads(link.body))
