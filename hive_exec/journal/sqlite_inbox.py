"""The answers to idempotency keys in a SQLite file: kept in the order in which they came, found by their key.

Keys come in no order, so an index that every commit carries on makes it write a page of the disk for each
answer. Here answers are appended like records, and the index follows: the last answers are known by heart,
and when they are many they enter it together. Records belong to `sqlite_store`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from hive_exec.journal.store import InboxEntry
from hive_exec.sqlite_file import insert_rows

LATE_BY = 1_024
"""So many answers are known by heart at most. A start reads as many; more would gain little (a page of the
index holds about a hundred keys), and make the commit that carries them into the index a long one."""

TABLES = """
CREATE TABLE IF NOT EXISTS inbox (
    number INTEGER PRIMARY KEY,
    idempotency_key TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    response BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS inbox_index (
    idempotency_key TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox_indexed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last_number INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO inbox_indexed VALUES (1, 0);
CREATE TRIGGER IF NOT EXISTS inbox_takes_a_key_once BEFORE INSERT ON inbox
WHEN EXISTS (SELECT 1 FROM inbox_index WHERE idempotency_key = NEW.idempotency_key)
BEGIN SELECT RAISE(ABORT, 'the inbox is append-only'); END;
"""

_INTO = "inbox (idempotency_key, content_sha256, response)"
_NOT_INDEXED = """
SELECT idempotency_key, content_sha256, response FROM inbox
WHERE number > (SELECT last_number FROM inbox_indexed)
"""
_INDEX = """
INSERT INTO inbox_index SELECT idempotency_key, number FROM inbox
WHERE number > (SELECT last_number FROM inbox_indexed) ORDER BY idempotency_key
"""
_INDEXED = "UPDATE inbox_indexed SET last_number = (SELECT max(number) FROM inbox)"
_FIND = """
SELECT idempotency_key, content_sha256, response FROM inbox_index JOIN inbox USING (number, idempotency_key)
WHERE idempotency_key IN (SELECT value FROM json_each(?))
"""


class SqliteInbox:
    """The inbox of an open file, for its one thread. The store begins and commits; errors are SQLite's."""

    _new: dict[str, InboxEntry]
    """What `insert` wrote last."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read what the index does not hold yet. The tables must be there."""
        self._connection = connection
        self._by_heart = {
            key: InboxEntry(content_sha256, response)
            for key, content_sha256, response in connection.execute(_NOT_INDEXED)
        }

    def insert(self, answers: Sequence[tuple[str, str, bytes]]) -> None:
        """Write answers (key, content hash, response) into the open transaction.

        Raises:
            sqlite3.IntegrityError: a key was answered before.
        """
        new = {key: InboxEntry(content_sha256, response) for key, content_sha256, response in answers}
        if len(new) < len(answers) or not self._by_heart.keys().isdisjoint(new):
            raise sqlite3.IntegrityError("the inbox is append-only")
        insert_rows(self._connection, _INTO, 3, answers)
        self._new = new
        if self._is_indexed_now():
            self._connection.execute(_INDEX)
            self._connection.execute(_INDEXED)

    def committed(self) -> None:
        """What `insert` wrote is durable: it may be told."""
        if self._is_indexed_now():
            self._by_heart.clear()
        else:
            self._by_heart.update(self._new)

    def _is_indexed_now(self) -> bool:
        return len(self._by_heart) + len(self._new) > LATE_BY

    def answered(self, idempotency_keys: Sequence[str]) -> dict[str, InboxEntry]:
        """The durable answers to those of these keys that have one."""
        found, asked = {}, []
        for key in idempotency_keys:
            entry = self._by_heart.get(key)
            if entry is None:
                asked.append(key)
            else:
                found[key] = entry
        if asked:
            rows = self._connection.execute(_FIND, (json.dumps(asked),)).fetchall()
            found.update((key, InboxEntry(sha256, response)) for key, sha256, response in rows)
        return found
