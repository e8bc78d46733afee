"""The folders under HIVE_HOME, and the one way a file is published: temporary name, then rename."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HiveHome:
    """Where everything Hive keeps stands. Nothing is created until it is written."""

    root: Path

    @classmethod
    def from_environment(cls) -> HiveHome:
        """`HIVE_HOME`, or `.hive` in the working folder."""
        return cls(Path(os.environ.get("HIVE_HOME", ".hive")).resolve())

    @property
    def configuration_file(self) -> Path:
        """`HIVE_CONFIG`, or `hive.toml` beside the home folder."""
        named = os.environ.get("HIVE_CONFIG")
        return Path(named).resolve() if named else self.root.parent / "hive.toml"

    @property
    def landing(self) -> Path:
        """Raw inputs and their receipts."""
        return self.root / "landing"

    @property
    def inbox(self) -> Path:
        """Folders, one a source, into which a user drops message files."""
        return self.root / "inbox"

    @property
    def feeds(self) -> Path:
        """What live feeds brought, one log a source."""
        return self.root / "feeds"

    @property
    def lake(self) -> str:
        """The lake's address: `HIVE_LAKE` (a folder or an fsspec URL) or `lake` under the home."""
        return os.environ.get("HIVE_LAKE", str(self.root / "lake"))

    @property
    def journal(self) -> Path:
        """The daemon's journal."""
        return self.root / "exec" / "journal.sqlite"

    @property
    def lineage_file(self) -> Path:
        """OpenLineage events, one a line."""
        return self.root / "lineage" / "openlineage.jsonl"

    @property
    def run(self) -> Path:
        """Process ids of what `hive up` started."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """What those processes print."""
        return self.root / "logs"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME: Dagster's own storage and its `dagster.yaml`."""
        return self.root / "dagster"

    @property
    def dbt_target(self) -> Path:
        """Where dbt writes its manifest and logs."""
        return self.root / "dbt"


def publish(path: Path, payload: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
