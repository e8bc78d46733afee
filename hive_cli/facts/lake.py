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
    "news_events",
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
    "account_headroom",
    "portfolio_risk",
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
        return [
            _side_file(table, str(path), files.cat_file(path))
            for path in sorted(files.glob(f"{folder}/*.json"))
        ]

    def file(self, table: str, name: str) -> FileFacts | None:
        """One data file, or None when it is not there; errors as `files`."""
        files, path = self._path(table, f"{name}.json")
        try:
            return _side_file(table, path, files.cat_file(path))
        except FileNotFoundError:
            return None

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
        return self.summary()[0]

    def summary(self) -> tuple[dict[str, int], int]:
        """Rows in each table, and when the newest file was written (0 when there is none)."""
        counted: dict[str, int] = {}
        newest_ns = 0
        for table in STAGES:
            for file in self.files(table):
                counted[table] = counted.get(table, 0) + file.rows
                newest_ns = max(newest_ns, file.written_ns)
        return counted, newest_ns

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


def _side_file(table: str, path: str, payload: bytes) -> FileFacts:
    try:
        raw = json.loads(payload)
        name = path.rsplit("/", 1)[-1].removesuffix(".json")
        return FileFacts(table, name, int(raw["rows"]), raw["sha256"], raw["run_id"], int(raw["written_ns"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not a side file of the lake ({error})") from None
