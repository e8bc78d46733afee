"""The first floor's claims: kills, idempotence, bad input, and the gold room when it is there.

`HIVE_PROOF_KILLS` sets the number of kills (5), `HIVE_PROOF_SEED` the seed of their moments.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

from rich.progress import Progress

from hive_core.configuration.model import Configuration
from proofs.bad_input import bad_input_claims
from proofs.daemon_process import Cursor, Installation, run_with_kills, sample_decisions
from proofs.gold_room import gold_room_claims
from proofs.reporting import Claim, report
from proofs.same_bytes import same_bytes_claims


def kill_claims(folder: Path, kills: int, seed: int) -> list[Claim]:
    """The daemon killed at random moments of the flow leaves the orders of a calm run, none twice."""
    bars, decisions = sample_decisions(Configuration())
    calm = Installation(folder / "calm")
    days = calm.fill_lake(bars, decisions)
    calm.start()
    calm.deliver(days, Cursor())
    calm.settle()
    expected = calm.orders()
    before = calm.get("/journal?limit=1")["head_seq"]
    again = calm.deliver(days, Cursor())
    calm.settle()
    doubled = len(calm.orders()) - len(expected)
    grown = calm.get("/journal?limit=1")["head_seq"] - before
    calm.stop()

    chance = random.Random(seed)  # noqa: S311 - moments of kills, not secrets
    shaken = Installation(folder / "shaken")
    shaken.fill_lake(bars, decisions)
    run_with_kills(shaken, days, [chance.uniform(0.2, 1.5) for _ in range(kills)])
    found = shaken.orders()
    shaken.stop()
    legs = [(order["decision_id"], order["leg"]) for order in found]
    records, fault = shaken.verify()
    calm_records, calm_fault = calm.verify()
    same = sorted(map(str, found)) == sorted(map(str, expected))
    return [
        Claim(
            f"after {shaken.kills} SIGKILLs of the daemon the same orders exist as without",
            f"{len(expected)} orders, equal in every price, size, time and result",
            f"{len(found)} orders, {'equal' if same else 'DIFFERENT'}",
            same and shaken.kills == kills and len(expected) > 0,
            shaken.kills,
        ),
        Claim(
            "no leg of a decision has two orders",
            "0 twice",
            f"{len(legs) - len(set(legs))} twice",
            len(legs) == len(set(legs)),
            len(legs),
        ),
        Claim(
            "the journal verifies after the kills",
            "no fault",
            fault or f"{records:,} records hold",
            not fault and not calm_fault and records > 0 and calm_records > 0,
            records,
        ),
        Claim(
            "every decision delivered a second time places no second order",
            "0 new orders, 0 new records, all known",
            f"{doubled} new orders, {grown} new records, {again.known} of {decisions.height} known",
            doubled == 0 and grown == 0 and again.known == decisions.height,
            decisions.height,
        ),
    ]


def main() -> int:
    """Run every claim; 1 if one fails."""
    kills = int(os.environ.get("HIVE_PROOF_KILLS", "5"))
    seed = int(os.environ.get("HIVE_PROOF_SEED", "20170101"))
    claims: list[Claim] = []
    with tempfile.TemporaryDirectory(prefix="hive-proofs-") as name, Progress(transient=True) as progress:
        folder = Path(name)
        bar = progress.add_task("kills", total=4)
        claims += kill_claims(folder / "kills", kills, seed)
        progress.update(bar, advance=1, description="same bytes")
        claims += same_bytes_claims(folder / "bytes")
        progress.update(bar, advance=1, description="bad input")
        claims += bad_input_claims(folder / "bad")
        progress.update(bar, advance=1, description="gold room")
        if "HIVE_REAL_DATA" in os.environ:
            claims += gold_room_claims(folder / "gold")
        else:
            progress.console.print("the gold room is not asked: HIVE_REAL_DATA is not set")
        progress.update(bar, advance=1)
    return report("main", [seed], claims)


if __name__ == "__main__":
    sys.exit(main())
