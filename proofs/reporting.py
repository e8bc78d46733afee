"""A claim, what was measured, and the file and table they end in. What is claimed stands in a suite."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hive_core.landing.home import HiveHome, publish


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: what must hold, what was measured, and over how many cases."""

    claim: str
    target: str
    measured: str
    holds: bool
    n: int


def commit() -> str:
    """The commit that was measured, with `+` when the tree differs from it; `unknown` outside git."""
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def report(suite: str, seeds: list[int], claims: list[Claim]) -> int:
    """Print the claims, write `.hive/proofs/<suite>.json`, and return the exit code: 1 if one fails."""
    body = {
        "suite": suite,
        "commit": commit(),
        "seeds": seeds,
        "claims": [asdict(claim) for claim in claims],
    }
    path: Path = HiveHome.from_environment().root / "proofs" / f"{suite}.json"
    publish(path, json.dumps(body, indent=2).encode("utf-8") + b"\n")
    table = Table(title=f"Proofs: {suite}")
    for name in ("", "claim", "target", "measured", "n"):
        table.add_column(name, overflow="fold")
    for claim in claims:
        mark = "[green]holds[/green]" if claim.holds else "[red]FAILS[/red]"
        table.add_row(
            mark, *(escape(text) for text in (claim.claim, claim.target, claim.measured)), str(claim.n)
        )
    console = Console(width=None if Console().is_terminal else 160)
    console.print(table)
    failed = sum(not claim.holds for claim in claims)
    console.print(f"{len(claims) - failed} claims hold, {failed} fail; {path}")
    return 1 if failed else 0
