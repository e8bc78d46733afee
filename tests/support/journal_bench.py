"""Journals to be tampered with: made, signed, opened again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hive_core.evidence.signature import SigningKey, new_signing_key
from hive_exec.core.records import Kind, Record
from hive_exec.journal.heads import HeadKeeper
from hive_exec.journal.writing import Journal

KEY = new_signing_key()


def a_record(number: int = 1, account: str = "samples") -> Record:
    return Record(account, Kind.ADVANCE_REQUESTED, (number, 0, ""), {"until_ns": number})


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns


def keeper(
    folder: Path,
    *,
    key: SigningKey = KEY,
    trusted: tuple[SigningKey, ...] = (),
    is_first_start: bool = False,
    **options: object,
) -> HeadKeeper:
    return HeadKeeper(
        folder / "heads.jsonl",
        key,
        {each.public.key_id: each.public for each in trusted},
        environment="local",
        code_hash="code-1",
        is_first_start=is_first_start,
        **options,
    )


def signed(path: Path, **options: object) -> Journal:
    """A journal file whose heads stand beside it."""
    return Journal(path, lambda: 7, heads=keeper(path.parent, is_first_start=not path.exists(), **options))


@contextmanager
def as_a_vandal(path: Path) -> Iterator[sqlite3.Connection]:
    """The file in the hands of someone who may do everything."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    try:
        yield connection
    finally:
        connection.close()
