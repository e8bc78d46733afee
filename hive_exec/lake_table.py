"""A table of the lake that others write while the daemon runs: read again when its file is another."""

from __future__ import annotations

from collections.abc import Sequence

import fsspec
import polars as pl


class LakeTable:
    """One parquet file under a lake address (a folder or an fsspec URL)."""

    def __init__(self, lake: str, path: str, columns: Sequence[str]) -> None:
        """Of some columns; the file may not be there yet."""
        self._files, root = fsspec.core.url_to_fs(lake)
        self._path = f"{root.rstrip('/')}/{path}"
        self._columns = list(columns)
        self._stamp: tuple[object, ...] | None = None
        self.rows: pl.DataFrame | None = None
        """As they were read last; None without a file."""

    def read_again(self) -> bool:
        """Read a file that is another than before; whether there was something new, or nothing any more.

        Raises:
            OSError, PolarsError: it cannot be read. Nothing is known then.
        """
        had, self.rows, stamp, self._stamp = self.rows, None, self._stamp, None
        if not self._files.exists(self._path):
            return had is not None
        info = self._files.info(self._path)
        found = tuple(info.get(name) for name in ("size", "mtime", "LastModified", "ETag", "ino"))
        if found == stamp:
            self.rows, self._stamp = had, stamp
            return False
        with self._files.open(self._path, "rb") as file:
            self.rows = pl.read_parquet(file, columns=self._columns)
        self._stamp = found
        return True
