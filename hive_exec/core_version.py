"""Which code folds and decides here: a hash of the files that the core is made of.

A snapshot of other code is not believed, and every signed head and every start names it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import hive_core
import hive_exec
from hive_core.signals.code_version import version_of

_FOLDERS = (
    (hive_exec, ("core",)),
    (hive_core, ("backtest", "calendars", "configuration", "contracts", "evidence", "instruments", "risk")),
)


@cache
def core_version() -> str:
    """As `signals.code_version`, of the daemon's core and of the domain under it. Read once a process."""
    files: dict[str, bytes] = {}
    for package, folders in _FOLDERS:
        root = Path(package.__file__ or "").parent
        for folder in folders:
            for path in sorted((root / folder).rglob("*")):
                if path.suffix in {".py", ".toml", ".yaml"}:
                    files[f"{package.__name__}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    return version_of(files)
