"""The lake's files: one Parquet file a partition, published whole, with a side file that says what it is.

Reading and writing over fsspec, so that a folder and `s3://` are the same code. Which asset writes
which table belongs to the IO manager and the assets.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

import fsspec
import polars as pl

from hive_core import __version__
from hive_core.evidence.canonical import canonical_bytes, sha256_hex

WHOLE = "all"
"""The name of the only file of a table without partitions."""


class LakeFileChanged(RuntimeError):
    """A data file does not have the hash that its side file names: it is being written, or was altered."""


@dataclass(frozen=True, slots=True)
class SideFile:
    """What a data file is: its rows and hash, and the run that wrote it."""

    rows: int
    sha256: str
    run_id: str
    partition: str
    written_ns: int
    code_version: str
    size_bytes: int


class Lake:
    """Tables under one address."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._files, root = fsspec.core.url_to_fs(address)
        self._root = str(root).rstrip("/")

    def path(self, table: str, name: str, ending: str = "parquet") -> str:
        """Where a file of a table stands, on its file system."""
        return f"{self._root}/{table}/{name}.{ending}"

    def names(self, table: str) -> list[str]:
        """The names of a table's files, in order."""
        found = self._files.glob(f"{self._root}/{table}/*.parquet")
        return sorted(str(path).rsplit("/", 1)[-1].removesuffix(".parquet") for path in found)

    def side(self, table: str, name: str) -> SideFile | None:
        """The side file of a data file, or None when there is none."""
        path = self.path(table, name, "json")
        if not self._files.exists(path):
            return None
        return SideFile(**json.loads(self._files.cat_file(path)))

    def write(self, table: str, name: str, frame: pl.DataFrame, *, run_id: str) -> SideFile:
        """Publish a frame as a table's file, then its side file. The same frame gives the same bytes."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", statistics=True)
        payload = buffer.getvalue()
        side = SideFile(
            frame.height, sha256_hex(payload), run_id, name, time.time_ns(), __version__, len(payload)
        )
        self._publish(self.path(table, name), payload)
        self._publish(self.path(table, name, "json"), canonical_bytes(asdict(side)))
        return side

    def read(self, table: str, name: str) -> pl.DataFrame | None:
        """A table's file, or None when there is none."""
        path = self.path(table, name)
        if not self._files.exists(path):
            return None
        return pl.read_parquet(io.BytesIO(self._files.cat_file(path)))

    def read_verified(self, table: str, name: str) -> tuple[pl.DataFrame, SideFile]:
        """A file whose bytes have the hash that its side file names.

        Raises:
            LakeFileChanged: they have not, or one of the two is missing.
        """
        side = self.side(table, name)
        path = self.path(table, name)
        if side is None or not self._files.exists(path):
            raise LakeFileChanged(f"{path}: the file or its side file is missing")
        payload = self._files.cat_file(path)
        if sha256_hex(payload) != side.sha256:
            raise LakeFileChanged(f"{path}: not the bytes that run {side.run_id} wrote")
        return pl.read_parquet(io.BytesIO(payload)), side

    def read_many(self, table: str, names: Iterable[str], schema: dict[str, Any]) -> pl.DataFrame:
        """Several files of a table under each other; those that are not there have no rows."""
        present = set(self.names(table))
        frames = [
            frame
            for name in names
            if name in present
            for frame in [self.read(table, name)]
            if frame is not None and frame.height
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema=schema)

    def read_all(self, table: str, schema: dict[str, Any]) -> pl.DataFrame:
        """Every file of a table under each other."""
        return self.read_many(table, self.names(table), schema)

    def _publish(self, path: str, payload: bytes) -> None:
        """Write beside, then rename: a reader sees the old file or the new one."""
        folder, name = path.rsplit("/", 1)
        self._files.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{name}.{uuid4().hex}"
        self._files.pipe_file(temporary, payload)
        self._files.mv(temporary, path)
