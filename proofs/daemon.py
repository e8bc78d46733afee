"""The daemon's claims: its world explored and simulated, the daemon killed at its failpoints, its database
killed, behind a network that breaks on either side of it, and with bugs planted in it.

`HIVE_PROOF_KILLS` sets the number of kills on each kind of journal (60; the full size is 500),
`HIVE_PROOF_SERVER_KILLS` how often PostgreSQL is killed under it (4; full: 50), `HIVE_PROOF_ROUNDS` how often
each fault of the network comes (2; full: 20; between the daemon and its venues half as often),
`HIVE_PROOF_SEED` the seed of all.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from rich.progress import Progress

from proofs.daemon_bugs import MUTANTS, SUITES
from proofs.daemon_kills import OF_A_SNAPSHOT, kill_claims, run_kills
from proofs.daemon_model import CI_SIZES, exploration_claims, simulation_claims
from proofs.daemon_mutants import mutant_claims
from proofs.daemon_network import network_claims
from proofs.daemon_postgres import run_server_kills, server_claims
from proofs.daemon_venues import venue_claims
from proofs.package_copy import Patch, copy_of_packages
from proofs.reporting import Claim, report
from tests.support.postgres_server import own_server

SNAPSHOTS_OFTEN = Patch(
    "hive_exec/kept_journal.py",
    "durable_seq - self._snapshot_seq < SNAPSHOT_EVERY_RECORDS:",
    "durable_seq - self._snapshot_seq < 25:",
)

EXPLORED_OF_EACH = 2_500
"""Runs of each small world at each kind of venue; those that have fewer are explored whole."""


def postgres_claims(
    folder: Path, kills: int, server_kills: int, seed: int, *, package: Path | None = None
) -> list[Claim]:
    """The journal in a real PostgreSQL: the daemon killed, and the server killed under it."""
    with own_server() as server:

        def address(number: int) -> dict[str, str]:
            return {"HIVE_JOURNAL_URL": server.new_database(f"home_{number}")}

        run = run_kills(
            folder / "kills", kills, seed, store="PostgreSQL", environment_of=address, package=package
        )
        environment = {"HIVE_JOURNAL_URL": server.new_database("killed_server")}
        episode, ends = run_server_kills(
            folder / "server", server, server_kills, seed, environment=environment, package=package
        )
    return [*kill_claims(run), *server_claims(episode, ends, server_kills)]


def snapshot_claims(folder: Path, kills: int, seed: int) -> list[Claim]:
    """Killed while snapshots are made, in a copy of the daemon that makes one every few records."""
    package = copy_of_packages(folder / "package", (SNAPSHOTS_OFTEN,))
    run = run_kills(
        folder / "kills",
        kills,
        seed,
        store="SQLite, in a copy with a snapshot every 25 records",
        points=OF_A_SNAPSHOT,
        package=package,
    )
    return kill_claims(run)


def main() -> int:
    """Run every claim; 1 if one fails."""
    kills = int(os.environ.get("HIVE_PROOF_KILLS", "60"))
    server_kills = int(os.environ.get("HIVE_PROOF_SERVER_KILLS", "4"))
    rounds = int(os.environ.get("HIVE_PROOF_ROUNDS", "2"))
    seed = int(os.environ.get("HIVE_PROOF_SEED", "20170101"))
    claims: list[Claim] = []
    with tempfile.TemporaryDirectory(prefix="hive-proofs-") as name, Progress(transient=True) as progress:
        folder = Path(name)
        bar = progress.add_task("kills", total=7)
        claims += kill_claims(run_kills(folder / "kills", kills, seed))
        progress.update(bar, advance=1, description="PostgreSQL")
        claims += snapshot_claims(folder / "snapshots", max(kills // 5, 4), seed)
        claims += postgres_claims(folder / "postgres", kills, server_kills, seed)
        progress.update(bar, advance=1, description="network")
        claims += network_claims(folder / "network", rounds, seed)
        progress.update(bar, advance=1, description="venues")
        claims += venue_claims(folder / "venues", max(1, rounds // 2), seed)
        progress.update(bar, advance=1, description="explored")
        claims += exploration_claims(EXPLORED_OF_EACH)
        progress.update(bar, advance=1, description="simulated")
        simulated, failing = simulation_claims(seed, CI_SIZES)
        claims += simulated
        progress.update(bar, advance=1, description="planted bugs")
        claims += mutant_claims(folder / "bugs", MUTANTS, SUITES)
        progress.update(bar, advance=1)
    return report("daemon", [seed, *failing], claims)


if __name__ == "__main__":
    sys.exit(main())
