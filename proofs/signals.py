"""The claims on signals: texts read, updates attached, decisions made again, sources scored.

`HIVE_PROOF_FUZZ` sets the number of mistyped texts (20,000 here; the claim is for 1,000,000),
`HIVE_PROOF_SEED` their seed. Claims on real rooms need `HIVE_REAL_DATA`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from rich.progress import Progress

from hive_core.signals.enrich import enrich_signals
from proofs.parser_cases import parser_case_claims
from proofs.parser_corpus import corpus_claims, room_claims
from proofs.parser_fuzz import fuzz_claims
from proofs.parser_room import gold_room_parser_claims
from proofs.reporting import Claim, report
from proofs.resolution import generated_claims, resolution_claims
from proofs.source_scorecards import CONFIGURATION, gold_room_frames, gold_room_score_claims


def _gold_room_resolved() -> list[Claim]:
    _, valid, bars = gold_room_frames()
    return resolution_claims("the gold room", enrich_signals(valid, bars), CONFIGURATION)


def main() -> int:
    """Run every claim; 1 if one fails."""
    count = int(os.environ.get("HIVE_PROOF_FUZZ", "20000"))
    seed = int(os.environ.get("HIVE_PROOF_SEED", "20170101"))
    steps: list[tuple[str, Callable[[], list[Claim]]]] = [
        ("corpus", corpus_claims),
        ("written rooms", room_claims),
        ("generated signals, resolved", generated_claims),
    ]
    if "HIVE_REAL_DATA" in os.environ:
        steps += [
            ("labelled texts", parser_case_claims),
            ("gold room, read", gold_room_parser_claims),
            ("gold room, resolved", _gold_room_resolved),
            ("gold room, scored", gold_room_score_claims),
        ]
    claims: list[Claim] = []
    with Progress(transient=True) as progress:
        bar = progress.add_task("claims", total=len(steps))
        for name, step in steps:
            progress.update(bar, description=name)
            claims += step()
            progress.update(bar, advance=1)
        if "HIVE_REAL_DATA" not in os.environ:
            progress.console.print("real rooms are not asked: HIVE_REAL_DATA is not set")
    claims += fuzz_claims(count, seed)
    return report("signals", [seed], claims)


if __name__ == "__main__":
    sys.exit(main())
