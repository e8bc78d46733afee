"""What the lake holds: counts from the side files, and rows where a question needs them.

The lake is written by the pipelines; here it is only read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from hive_core.landing.home import HiveHome

STAGES = (
    "bars",
    "reference_rates",
    "messages",
    "parsed_signals",
    "valid_signals",
    "quarantined_signals",
    "enriched_signals",
    "resolutions",
    "decisions",
    "execution_reports",
    "denials",
    "orders",
    "fills",
    "positions",
    "account_equity",
)
"""The tables in the order in which data flows through them."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One data file by its side file."""

    table: str
    name: str
    rows: int
    sha256: str
    run_id: str
    written_ns: int


@dataclass(frozen=True, slots=True)
class LakeFacts:
    """The lake of a home."""

    address: str

    @classmethod
    def of(cls, home: HiveHome) -> LakeFacts:
        """The lake that this home uses."""
        return cls(home.lake)

    def _path(self, *parts: str) -> tuple[Any, str]:
        import fsspec

        files, root = fsspec.core.url_to_fs(self.address)
        return files, "/".join([root.rstrip("/"), *parts])

    def files(self, table: str) -> list[FileFacts]:
        """The data files of a table, by name.

        Raises:
            ValueError: a side file is not what it should be.
        """
        files, folder = self._path(table)
        found = []
        for path in sorted(files.glob(f"{folder}/*.json")):
            try:
                raw = json.loads(files.cat_file(path))
                name = str(path).rsplit("/", 1)[-1].removesuffix(".json")
                found.append(
                    FileFacts(
                        table, name, int(raw["rows"]), raw["sha256"], raw["run_id"], int(raw["written_ns"])
                    )
                )
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}: not a side file of the lake ({error})") from None
        return found

    def file(self, table: str, name: str) -> FileFacts | None:
        """One data file, or None when it is not there."""
        return next((file for file in self.files(table) if file.name == name), None)

    def sha256(self, file: FileFacts) -> str:
        """The hash of a data file as it stands; empty when it is not there."""
        import hashlib

        files, path = self._path(file.table, f"{file.name}.parquet")
        try:
            return hashlib.sha256(files.cat_file(path)).hexdigest()
        except FileNotFoundError:
            return ""

    def rows(self) -> dict[str, int]:
        """Rows in each table that exists, in the order of the flow."""
        counted = {}
        for table in STAGES:
            files = self.files(table)
            if files:
                counted[table] = sum(file.rows for file in files)
        return counted

    def written_ns(self) -> int | None:
        """When the newest file was written."""
        return max((file.written_ns for table in STAGES for file in self.files(table)), default=None)

    def read(self, table: str, name: str | None = None) -> pl.DataFrame | None:
        """The rows of a table, or of one of its files; None when there is nothing."""
        import polars as pl

        files, folder = self._path(table)
        paths = sorted(files.glob(f"{folder}/{name or '*'}.parquet"))
        frames = []
        for path in paths:
            with files.open(path, "rb") as file:
                frames.append(pl.read_parquet(file))
        return pl.concat(frames) if frames else None
