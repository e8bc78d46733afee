"""Which code reads, judges and resolves signals: one version for both lanes.

`code_version` covers what is between enriched signals and a decision. From a message on there is more: the
parser, the rules, the calendars, the instruments. A live lane whose code is not that of the deck's maker
would answer otherwise than the pipeline, so any file of the package counts.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import hive_core
from hive_core.evidence.canonical import content_hash, sha256_hex

ENDINGS = frozenset({".py", ".toml", ".json", ".avsc"})
"""Code, and the data that code reads."""


@cache
def lane_version() -> str:
    """`lane-0.1.0-9f86d081884c`: of the package that runs here. The files are read once a process."""
    return lane_version_of(Path(hive_core.__file__).parent)


def lane_version_of(package: Path) -> str:
    """The version of the files under a folder, however their lines end."""
    found = {
        str(path.relative_to(package).as_posix()): sha256_hex(path.read_bytes().replace(b"\r\n", b"\n"))
        for path in sorted(package.rglob("*"))
        if path.suffix in ENDINGS and path.is_file()
    }
    return f"lane-{hive_core.__version__}-{content_hash(found)[:12]}"
