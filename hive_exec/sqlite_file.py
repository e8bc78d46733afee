"""Opening a SQLite file the one way that keeps what it acknowledged: one connection, WAL, FULL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from pathlib import Path


class FileInUse(RuntimeError):
    """Another process holds the file."""


class FileDamaged(RuntimeError):
    """The file cannot be used as a database: not SQLite's, torn, or on a disk that fails."""


class DiskFailed(FileDamaged):
    """The disk failed at a call or is full: the file may be whole, and another start go well."""


class NotDurable(FileDamaged):
    """The database does not promise that a commit survives power loss."""


class OtherFormat(RuntimeError):
    """The file was written by a Hive whose records have another shape."""


FORMAT = 5
"""The shape of journal and venue records. It grows with every change that an older reader would misread.
2: decisions carry the rule, the market and all of a vote that they were made from.
3: the venue's log holds facts of `hive_core.backtest.venue`, and snapshots of its books.
4: records carry the epoch of the daemon that wrote them; the journal has an id and snapshots.
5: the inbox keeps its answers in the order in which they came."""

_DURABLE = {"locking_mode": "exclusive", "journal_mode": "wal", "synchronous": 2}


_MAX_ROWS = 64
_OF_THE_DISK = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}


def unusable(path: Path, error: sqlite3.Error) -> FileDamaged:
    """What an error of SQLite says of a file: that the disk fails, or that the file does."""
    code = getattr(error, "sqlite_errorcode", None)  # the sqlite3 module's own errors have none
    is_of_the_disk = code is not None and code & 0xFF in _OF_THE_DISK
    return (DiskFailed if is_of_the_disk else FileDamaged)(f"{path}: {error}")


def open_exclusive(path: Path) -> sqlite3.Connection:
    """The only connection to a SQLite file, for one thread, in explicit transactions.

    WAL with synchronous=FULL: a commit that returned survives power loss. Exclusive locking also
    avoids the WAL-reset fault of SQLite before 3.51.3, which needs two connections. Settings are read
    back: SQLite answers one that it cannot have (WAL on some file systems) with another, not an error.

    Raises:
        FileInUse: another process has it open.
        FileDamaged: it cannot be read as a database.
        DiskFailed: the disk under it fails or is full.
        NotDurable: a setting did not take.
        OtherFormat: its records are of another format than this Hive's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        is_new = not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        if is_new:
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
        _require_durable(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        if "locked" in str(error):
            raise FileInUse(f"{path} is held by another process; is the daemon running already?") from None
        raise unusable(path, error) from None
    if not is_new and found != FORMAT:
        connection.close()
        raise OtherFormat(
            f"{path} holds records of format {found}, this Hive reads format {FORMAT}: "
            "use the Hive that wrote it, or begin with a new HIVE_HOME"
        )
    return connection


def _require_durable(connection: sqlite3.Connection, path: Path) -> None:
    for name, wanted in _DURABLE.items():
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            connection.close()
            raise NotDurable(
                f"{path}: {name} is {found} instead of {wanted}, so a commit may not survive power loss; "
                "put HIVE_HOME on a local disk"
            )


def insert_rows(
    connection: sqlite3.Connection, into: str, columns: int, rows: Sequence[tuple[object, ...]]
) -> None:
    """Many rows a statement: each statement lets the other threads of this process run first, which takes
    longer than the row. Sizes are powers of two, so that few statements are prepared, each once."""
    done = 0
    while left := len(rows) - done:
        size = min(1 << (left.bit_length() - 1), _MAX_ROWS)
        values = list(chain.from_iterable(rows[done : done + size]))
        connection.execute(_insert_of(into, columns, size), values)
        done += size


@cache
def _insert_of(into: str, columns: int, rows: int) -> str:
    places = f"({','.join('?' * columns)})"
    return f"INSERT INTO {into} VALUES {','.join([places] * rows)}"  # noqa: S608 (names are ours)
