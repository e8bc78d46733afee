"""mutmut, asked about chosen mutants of a folder: which of them do the tests notice?

mutmut copies the code to `mutants/` in the folder, with every mutant of a function beside it, and runs the
tests that reach the function, for each mutant in a process of its own. Its settings stand in the folder's
pyproject.toml. Decorated functions and code outside functions have no mutants.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from proofs.mutation_names import Mutant

ROOT = Path(__file__).resolve().parent.parent

KILLED = frozenset({1, 3})
"""pytest's ends when a test fails, and when the mutant breaks pytest itself."""
TIMED_OUT = frozenset({-24, -9, 24, 152})
"""Ended by SIGXCPU, or by the SIGKILL that follows: the tests do not end, so it is noticed."""
SURVIVED = frozenset({0, 5, 33})
"""Every test passed, or none reaches the function."""


class MutmutBroken(RuntimeError):
    """mutmut could not say anything."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant: `killed`, `timed out`, `survived`, or `not asked` (its tests did not run)."""

    mutant: Mutant
    end: str

    @property
    def is_noticed(self) -> bool:
        """Whether the tests tell the mutant from the code."""
        return self.end in {"killed", "timed out"}


def all_mutants(folder: Path) -> list[Mutant]:
    """Every mutant of the folder's code.

    Raises:
        MutmutBroken: they cannot be made.
    """
    made = _ran([sys.executable, "-m", "proofs.mutation_names"], folder)
    if made.returncode:
        raise MutmutBroken(f"no mutants can be made: {made.stderr[-2_000:]}")
    return [Mutant(**each) for each in json.loads(made.stdout)]


def sampled(mutants: Iterable[Mutant], of_each_file: int | None, seed: int) -> list[Mutant]:
    """So many mutants of each file at random, the same for the same seed; all of a file that has fewer."""
    by_file: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_file.setdefault(mutant.file, []).append(mutant)
    if of_each_file is None:
        return [mutant for each in by_file.values() for mutant in each]
    chosen = []
    for file, each in by_file.items():
        chance = random.Random(f"{seed} {file}")  # noqa: S311 - a sample, not a secret
        chosen += chance.sample(each, min(of_each_file, len(each)))
    return chosen


def outcomes(folder: Path, mutants: list[Mutant], workers: int) -> list[Outcome]:
    """What becomes of each mutant under the folder's tests. mutmut's own progress is shown.

    Raises:
        MutmutBroken: the tests fail without a mutant.
    """
    # What an earlier run measured may be of other tests.
    shutil.rmtree(folder / "mutants", ignore_errors=True)
    names = [mutant.name for mutant in mutants]
    command = [str(Path(sys.executable).parent / "mutmut"), "run", "--max-children", str(workers), *names]
    ran = _ran(command, folder, is_shown=True)
    if ran.returncode:
        raise MutmutBroken(f"mutmut ended with {ran.returncode}")
    codes: dict[str, int | None] = {}
    for path in (folder / "mutants").rglob("*.py.meta"):
        codes |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return [Outcome(mutant, _end(codes.get(mutant.name))) for mutant in mutants]


def _end(code: int | None) -> str:
    """What mutmut's code means. One that means nothing certain is no kill.

    mutmut ends with 255 where pytest does not find a test again that it found before: a test's id must not
    hold what pytest escapes (a backslash, an accent), for it escapes it once more each time.
    """
    for codes, end in ((KILLED, "killed"), (TIMED_OUT, "timed out"), (SURVIVED, "survived")):
        if code in codes:
            return end
    return "not asked"


def _ran(command: list[str], folder: Path, *, is_shown: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    out = None if is_shown else subprocess.PIPE
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=out, stderr=out, text=True, check=False
    )
