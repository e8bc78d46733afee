"""Reading a journal file that no daemon has open: for `hive verify` and `hive explain` offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hive_core.evidence.chain import ChainLink
from hive_exec.sqlite_file import open_exclusive


def read_links(path: Path) -> Iterator[ChainLink]:
    """Every record of a journal file, in order.

    Raises:
        FileNotFoundError: there is no such file.
        hive_exec.sqlite_file.FileInUse: the daemon has it open; ask the daemon instead.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no journal yet")
    connection = open_exclusive(path)
    try:
        rows = connection.execute("SELECT seq, body, previous_hash, record_hash FROM journal ORDER BY seq")
        for row in rows:
            yield ChainLink(*row)
    finally:
        connection.close()
