"""Reading the daemon's journal without the daemon: from a copy, so that nothing about it changes.

An auditor need not trust the process that wrote the file; and a running daemon holds the file alone.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hive_cli.failure import Failure

TRIES = 200
PAUSE_S = 0.02
"""Longer than the coarsest clock that a file system stamps its files with."""


def _stamp(paths: list[Path]) -> list[tuple[int, int] | None]:
    stamps: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            found = path.stat()
            stamps.append((found.st_size, found.st_mtime_ns))
        except FileNotFoundError:
            stamps.append(None)
    return stamps


@contextmanager
def snapshot(journal: Path) -> Iterator[Path]:
    """A copy of the journal file and its write-ahead log, taken while nothing was written to either.

    Raises:
        Failure: there is no journal, or the daemon writes without a pause.
    """
    if not journal.exists():
        raise Failure("there is no journal yet", where=str(journal), next_step="hive up, then hive status")
    log = journal.with_name(journal.name + "-wal")
    with tempfile.TemporaryDirectory(prefix="hive-journal-") as folder:
        copy = Path(folder) / journal.name
        for _ in range(TRIES):
            before = _stamp([journal, log])
            for source, target in ((journal, copy), (log, copy.with_name(log.name))):
                if source.exists():
                    shutil.copyfile(source, target)
                else:
                    target.unlink(missing_ok=True)
            time.sleep(PAUSE_S)
            if _stamp([journal, log]) == before:
                yield copy
                return
        raise Failure(
            "the daemon writes to the journal without a pause",
            where=str(journal),
            next_step="try again in a moment, or stop it first: hive down",
        )


def reports(journal: Path) -> Iterator[dict[str, Any]]:
    """Every record of the journal, in the form in which the daemon reports it."""
    from hive_exec.journal.reading import read_links

    with snapshot(journal) as copy:
        for link in read_links(copy):
            raw = json.loads(link.body)
            yield {
                "seq": link.seq,
                "account": raw["account"],
                "ts_event_ns": raw["at"][0],
                "kind": raw["kind"],
                "body": raw["body"],
                "record_sha256": link.record_hash,
            }
