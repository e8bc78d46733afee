"""Reading a journal that no daemon of this process writes: for `hive verify` and `hive explain` offline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from hive_core.evidence.chain import ChainLink
from hive_exec.journal.store import SnapshotRow


class JournalReader(Protocol):
    """A journal that is only read."""

    @property
    def journal_id(self) -> str:
        """32 hexadecimal digits, drawn when the journal was made."""

    def rows(self, after_seq: int, limit: int | None) -> Iterator[ChainLink]:
        """Durable records after a place, in order; all of them when `limit` is None."""

    def snapshots(self) -> Sequence[SnapshotRow]:
        """The snapshots that are kept, the newest first."""


@contextmanager
def journal_file(path: Path) -> Iterator[JournalReader]:
    """A journal file, opened to be read.

    Raises:
        FileNotFoundError: there is no such file.
        hive_exec.sqlite_file.FileInUse: the daemon has it open; ask the daemon instead.
    """
    from hive_exec.journal.sqlite_store import SqliteReader

    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no journal yet")
    reader = SqliteReader(path)
    try:
        yield reader
    finally:
        reader.close()


def read_links(path: Path) -> Iterator[ChainLink]:
    """Every record of a journal file, in order.

    Raises:
        FileNotFoundError: there is no such file.
        hive_exec.sqlite_file.FileInUse: the daemon has it open; ask the daemon instead.
    """
    with journal_file(path) as reader:
        yield from reader.rows(0, None)
