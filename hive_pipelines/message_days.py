"""Landed messages by the day they were posted, so that a day is read without reading everything.

A day of messages needs, of every message that has a version on it, all versions in whatever file they
landed: they tell which number each has. Files say that only when they are read from begin to end, so an
index keeps what was read, by message and by day. It is derived: made from what landed, each file once, and
made anew when a file of the code is another one, for a file might be read otherwise then. Deleting it
loses nothing. How versions are merged is `hive_core.signals.messages`'.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import hive_core
from hive_core.evidence.canonical import content_hash, sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import Receipt, read_payload, receipts
from hive_core.signals.importing import messages_of_receipt
from hive_core.signals.messages import merge_messages
from hive_core.signals.tables import MESSAGES

_TABLES = """
CREATE TABLE read_up_to (code TEXT NOT NULL, number INTEGER NOT NULL, receipt TEXT NOT NULL);
CREATE TABLE files (number INTEGER PRIMARY KEY, payload_sha256 TEXT NOT NULL);
CREATE TABLE versions (
    number INTEGER NOT NULL, place INTEGER NOT NULL, source TEXT NOT NULL, message_id TEXT NOT NULL,
    ts_us INTEGER NOT NULL, columns TEXT NOT NULL, PRIMARY KEY (number, place)
) WITHOUT ROWID;
CREATE INDEX by_time ON versions (ts_us, source, message_id);
CREATE INDEX by_message ON versions (source, message_id);
"""
_DROPPED = "".join(f"DROP TABLE IF EXISTS {table};\n" for table in ("read_up_to", "files", "versions"))
_OF_DAYS = """
SELECT versions.number, versions.columns
FROM (
    SELECT DISTINCT source, message_id FROM versions INDEXED BY by_time WHERE ts_us BETWEEN ? AND ?
) AS asked
CROSS JOIN versions INDEXED BY by_message
    ON versions.source = asked.source AND versions.message_id = asked.message_id
ORDER BY versions.number, versions.place
"""
"""By the indexes, whatever the planner thinks: it must not look through all that is stored."""

_WAIT_S = 600.0
"""How long one run waits while another one reads what landed."""

_TIMES = [name for name, dtype in MESSAGES.items() if isinstance(dtype, pl.Datetime)]


def messages_of_days(home: HiveHome, first: datetime, last: datetime) -> tuple[pl.DataFrame, int]:
    """MESSAGES that were posted from `first` to `last`, both inclusive: those rows of all landed files
    merged, but only what is about these messages is looked at.

    Returns:
        (the messages, how many conflicts there were among versions of these messages).

    Raises:
        ValueError: the bytes of a file that they came in changed since they landed.
    """
    with closing(_opened(home)) as index:
        _catch_up(index, home)
        rows = index.execute(_OF_DAYS, (_in_us(first), _in_us(last))).fetchall()
        for number in sorted({number for number, _ in rows}):
            (sha256,) = index.execute(
                "SELECT payload_sha256 FROM files WHERE number = ?", (number,)
            ).fetchone()
            read_payload(home, sha256)
    # In the order in which they landed, as merging wants them.
    merged, conflicts = merge_messages([_as_frame([columns for _, columns in rows])])
    return merged.filter(pl.col("ts_event").is_between(first, last)), conflicts


def _opened(home: HiveHome) -> sqlite3.Connection:
    path = home.root / "index" / "messages.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    return sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)


def _catch_up(index: sqlite3.Connection, home: HiveHome) -> None:
    """Read what landed since; everything again where what was read is not what landed, or other code read
    it."""
    with _alone(index):
        number, told = _where_it_stands(index)
        known = next(receipts(home, after=number - 1), None) if number else None
        if number == 0 or known is None or _identity(known) != told:
            for statement in (_DROPPED + _TABLES).split(";\n"):
                index.execute(statement)
            number, told = 0, ""
        before = number
        for receipt in receipts(home, after=number):
            if receipt.kind == "messages":
                _take(index, home, receipt)
            number, told = receipt.number, _identity(receipt)
        if number > before:
            index.execute("DELETE FROM read_up_to")
            index.execute("INSERT INTO read_up_to VALUES (?, ?, ?)", (_code(), number, told))


@contextmanager
def _alone(index: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, and nobody else meanwhile."""
    index.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        index.execute("ROLLBACK")
        raise
    index.execute("COMMIT")


def _where_it_stands(index: sqlite3.Connection) -> tuple[int, str]:
    """The last receipt that was read by this code, and what it said; 0 where none was."""
    is_there = index.execute("SELECT 1 FROM sqlite_master WHERE name = 'read_up_to'").fetchone()
    found = index.execute("SELECT code, number, receipt FROM read_up_to").fetchone() if is_there else None
    return (found[1], found[2]) if found and found[0] == _code() else (0, "")


def _take(index: sqlite3.Connection, home: HiveHome, receipt: Receipt) -> None:
    frame = messages_of_receipt(home, receipt).frame.with_columns(pl.col(_TIMES).dt.epoch("us"))
    at = {name: frame.columns.index(name) for name in ("source", "message_id", "ts_event")}
    index.execute("INSERT INTO files VALUES (?, ?)", (receipt.number, receipt.payload_sha256))
    index.executemany(
        "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)",
        (
            (receipt.number, place, *(row[at[name]] for name in at), json.dumps(row))
            for place, row in enumerate(frame.iter_rows())
        ),
    )


def _as_frame(rows: list[str]) -> pl.DataFrame:
    raw: dict[str, Any] = {name: pl.Int64() if name in _TIMES else dtype for name, dtype in MESSAGES.items()}
    frame = pl.DataFrame([json.loads(row) for row in rows], schema=raw, orient="row")
    return frame.with_columns(pl.from_epoch(name, time_unit="us").cast(MESSAGES[name]) for name in _TIMES)


def _in_us(moment: datetime) -> int:
    return int(pl.Series([moment]).dt.epoch("us").item())


def _identity(receipt: Receipt) -> str:
    return f"{receipt.payload_sha256} {receipt.received_ns}"


@cache
def _code() -> str:
    """The hash of the code that reads files."""
    package = Path(hive_core.__file__).parent
    files = sorted(package.rglob("*.py"))
    return content_hash({str(path.relative_to(package)): sha256_hex(path.read_bytes()) for path in files})
