"""The daemon's claims: killed at its failpoints, behind a network that breaks, and with bugs planted in it.

`HIVE_PROOF_KILLS` sets the number of kills on each kind of journal (60; the full size is 500),
`HIVE_PROOF_ROUNDS` how often each fault of the network comes (2), `HIVE_PROOF_SEED` the seed of all.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from rich.progress import Progress

from proofs.daemon_bugs import MUTANTS, SUITES
from proofs.daemon_kills import kill_claims, run_kills
from proofs.daemon_mutants import mutant_claims
from proofs.daemon_network import network_claims
from proofs.reporting import Claim, report


def main() -> int:
    """Run every claim; 1 if one fails."""
    kills = int(os.environ.get("HIVE_PROOF_KILLS", "60"))
    rounds = int(os.environ.get("HIVE_PROOF_ROUNDS", "2"))
    seed = int(os.environ.get("HIVE_PROOF_SEED", "20170101"))
    claims: list[Claim] = []
    with tempfile.TemporaryDirectory(prefix="hive-proofs-") as name, Progress(transient=True) as progress:
        folder = Path(name)
        bar = progress.add_task("kills", total=3)
        claims += kill_claims(run_kills(folder / "kills", kills, seed))
        progress.update(bar, advance=1, description="network")
        claims += network_claims(folder / "network", rounds, seed)
        progress.update(bar, advance=1, description="planted bugs")
        claims += mutant_claims(folder / "bugs", MUTANTS, SUITES)
        progress.update(bar, advance=1)
    return report("daemon", [seed], claims)


if __name__ == "__main__":
    sys.exit(main())
