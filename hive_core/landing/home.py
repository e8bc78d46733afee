"""The folders under HIVE_HOME, and the one way a file is published: temporary name, then rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import IO


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
        return named_configuration() or self.root.parent / "hive.toml"

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
    def principals_file(self) -> Path:
        """Who may ask the daemon for what: names, roles and the hashes of their tokens."""
        return self.root / "exec" / "principals.toml"

    @property
    def tokens(self) -> Path:
        """The daemon's tokens for callers on this machine, one file a principal."""
        return self.root / "exec" / "tokens"

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


def named_configuration() -> Path | None:
    """The file that `HIVE_CONFIG` names, or None."""
    named = os.environ.get("HIVE_CONFIG")
    return Path(named).resolve() if named else None


@contextmanager
def replacing(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` once all of it is on the disk. After a failure what
    stood there stands still. `mode` is narrowed by the umask."""
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def publish(path: Path, payload: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(payload)
