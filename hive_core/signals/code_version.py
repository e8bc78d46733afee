"""Which code a decision was made by: the package's version, and a hash of the files resolution is made of.

No hand raises it, so none forgets to: every change of one of these files is another version, also one that
changes no decision (`replay` tells whether it does). A test holds that no file is missing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import hive_core
from hive_core.evidence.canonical import content_hash, sha256_hex

FILES = (
    "configuration/model.py",
    "contracts/base.py",
    "contracts/decision.py",
    "evidence/canonical.py",
    "instruments/instruments.toml",
    "instruments/specification.py",
    "market/bars.py",
    "signals/code_version.py",
    "signals/consensus.py",
    "signals/decision_text.py",
    "signals/exposures.py",
    "signals/fates.py",
    "signals/fixed_point.py",
    "signals/ideas.py",
    "signals/judging.py",
    "signals/live_signals.py",
    "signals/replay.py",
    "signals/resolution_tables.py",
    "signals/resolve.py",
    "signals/resolver.py",
    "signals/scorecards/weights.py",
    "signals/tables.py",
    "signals/text_codes.py",
    "signals/vote_arrays.py",
    "signals/vote_kernel.py",
)
"""In the package `hive_core`: what is between enriched signals with their weights and a decision's bytes."""


@cache
def code_version() -> str:
    """`hive-0.1.0-9f86d081884c`: of the code that runs here. The files are read once a process."""
    folder = Path(hive_core.__file__).parent
    return version_of({name: (folder / name).read_bytes() for name in FILES})


def version_of(files: dict[str, bytes]) -> str:
    """The version of code in such files, however their lines end."""
    hashes = {name: sha256_hex(files[name].replace(b"\r\n", b"\n")) for name in files}
    return f"hive-{hive_core.__version__}-{content_hash(hashes)[:12]}"
