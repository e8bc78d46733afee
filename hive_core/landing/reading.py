"""Reading a file that somebody brings: whole, up to a bound. What is in it belongs to the parsers."""

from __future__ import annotations

import os
from pathlib import Path

from hive_core.contracts.rejection import RefusedFile

MAX_FILE_BYTES = 512 * 1024 * 1024
"""A file is parsed in memory, and takes several times its size there. Years of M1 bars stay far below."""


def read_bounded(path: Path, *, limit: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file. Its size is asked before anything is read; what grows meanwhile, or has no
    size (a pipe), is read no further than the bound.

    Raises:
        RefusedFile: it has more than `limit` bytes.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        payload = b"" if size > limit else file.read(limit + 1)
    if max(size, len(payload)) > limit:
        raise RefusedFile(
            f"{max(size, len(payload)):,} bytes are more than the {limit:,} that one file may have. "
            "Split it, by month or by year."
        )
    return payload
