"""How many changes of the core, the journal and the engine the tests notice.

`--only` names a file or folder (all), `--sample` how many mutants of each file are asked (all),
`HIVE_PROOF_SEED` which. The survivors are printed with their changes: each is a hole in the tests, or stands
in `proofs/labels/equivalent_mutants.toml` with the reason why no test can see it.
"""

from __future__ import annotations

import argparse
import os
import sys

from rich.console import Console
from rich.table import Table

from proofs.mutation_names import Mutant
from proofs.mutation_run import ROOT, Outcome, all_mutants, outcomes, sampled
from proofs.mutation_score import Change, Score, change_of, equivalents, interval, misfits, scores, together
from proofs.reporting import Claim, report
from tests.support.postgres_server import shared_server

AREAS = ("hive_exec/core/", "hive_exec/journal/", "hive_exec/engine.py")
GOAL = 0.9


def mutant_claims(mutants: list[Mutant], ended: list[Outcome], listed: dict[Change, str]) -> list[Claim]:
    """Of each area that was asked: enough mutants are noticed. And the list of equivalents is true."""
    by_file, claims = scores(mutants, ended, listed), []
    for area in AREAS:
        here = {file: score for file, score in by_file.items() if file.startswith(area)}
        if not here:
            continue
        share, (low, high) = together(here.values())
        asked = sum(score.asked for score in here.values())
        files = sum(mutant.file.startswith(area) for mutant in mutants)
        whole = f"{asked:,} of {files:,} mutants" + (f" in {len(here)} files" if len(here) > 1 else "")
        claims.append(
            Claim(
                f"the tests notice a change of {area.rstrip('/')} (mutation score)",
                f">= {GOAL:.0%}",
                f"{share:.1%} (95 %: {low:.1%} to {high:.1%}) of {whole}; "
                f"{sum(score.timed_out for score in here.values())} by tests that do not end",
                share >= GOAL and asked > 0,
                asked,
            )
        )
    wrong = [outcome.mutant.name for outcome in ended if outcome.is_noticed and _is(outcome, listed)]
    astray = misfits(listed, mutants)
    claims.append(
        Claim(
            "a mutant that is listed as doing what the code does is one of the mutants, and no test sees it",
            "0 others listed",
            f"{len(listed)} listed; {len(astray)} fit no mutant or several, {len(wrong)} are noticed"
            + "".join(f"; {each}" for each in [*map(str, astray), *wrong])[:400],
            not astray and not wrong,
            len(listed),
        )
    )
    return claims


def _is(outcome: Outcome, listed: dict[Change, str]) -> bool:
    return change_of(outcome.mutant) in listed


def show(
    by_file: dict[str, Score], ended: list[Outcome], listed: dict[Change, str], console: Console
) -> None:
    """The table by file, and each survivor that is not listed."""
    for outcome in ended:
        if not outcome.is_noticed and not _is(outcome, listed):
            mutant = outcome.mutant
            console.print(f"{outcome.end}: {mutant.file} {mutant.function}", markup=False, highlight=False)
            console.print(f"  - {mutant.was}\n  + {mutant.becomes}", markup=False, highlight=False)
    table = Table(title="Mutants")
    for name in (
        "file",
        "mutants",
        "asked",
        "killed",
        "timed out",
        "survived",
        "equivalent",
        "score",
        "95 %",
    ):
        table.add_column(name, justify="left" if name == "file" else "right")
    for file, score in by_file.items():
        low, high = interval(score.share, score.asked)
        counts = (score.all, score.asked, score.killed, score.timed_out, score.survived, score.equivalent)
        table.add_row(file, *map(str, counts), f"{score.share:.1%}", f"{low:.1%} to {high:.1%}")
    console.print(table)


def main(arguments: list[str] | None = None) -> int:
    """Ask the mutants; 1 when too few of them are noticed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="all")
    parser.add_argument("--sample", default="all")
    asked = parser.parse_args(arguments)
    seed = int(os.environ.get("HIVE_PROOF_SEED", "20170101"))
    listed, mutants = equivalents(), all_mutants(ROOT)
    part = [mutant for mutant in mutants if asked.only == "all" or mutant.file.startswith(asked.only)]
    if not part:
        parser.error(f"{asked.only} is no file or folder with mutants")
    chosen = sampled(part, None if asked.sample == "all" else int(asked.sample), seed)
    with shared_server() as url:
        os.environ["HIVE_TEST_POSTGRES"] = url
        ended = outcomes(ROOT, chosen, os.cpu_count() or 1)
    show(scores(mutants, ended, listed), ended, listed, Console(width=None if sys.stdout.isatty() else 160))
    return report("mutants", [seed], mutant_claims(mutants, ended, listed))


if __name__ == "__main__":
    sys.exit(main())
