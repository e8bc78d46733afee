"""How many mutants the tests notice: the share, its interval, and what is left out of it and why.

A mutant that does what the code does cannot be noticed. Such mutants are listed, each by its file, function
and both texts, with the reason; the list hides nothing else, and an entry that fits no mutant is an error.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from proofs.mutation_names import Mutant
from proofs.mutation_run import Outcome

EQUIVALENTS = Path(__file__).resolve().parent / "labels" / "equivalent_mutants.toml"
NINETY_FIVE = 1.959964
"""The normal deviate of a two-sided interval of 95 %."""

Change = tuple[str, str, str, str]
"""File, function, the text that was, the text that it becomes."""


@dataclass(frozen=True, slots=True)
class Score:
    """The mutants of a file or of several: how many there are, how many were asked, and how they ended.
    `equivalent` of those that survived are listed as such and do not count."""

    all: int
    killed: int
    timed_out: int
    survived: int
    equivalent: int

    @property
    def asked(self) -> int:
        """Mutants that could have been noticed."""
        return self.killed + self.timed_out + self.survived - self.equivalent

    @property
    def share(self) -> float:
        """Of those asked, how many were noticed; 1 where there was none."""
        return (self.killed + self.timed_out) / self.asked if self.asked else 1.0


def interval(share: float, n: float) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share that was seen in n cases."""
    if n == 0:
        return 0.0, 1.0
    z2 = NINETY_FIVE**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NINETY_FIVE * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def together(scores: Iterable[Score]) -> tuple[float, tuple[float, float]]:
    """The share over several files, and its interval. Each file weighs as many mutants as it has, however few
    of them were asked; the interval is of as many cases as that leaves (Kish's effective size)."""
    asked = [score for score in scores if score.asked]
    if not asked:
        return 1.0, (0.0, 1.0)
    total = sum(score.all for score in asked)
    share = sum(score.all * score.share for score in asked) / total
    cases = total**2 / sum(score.all**2 / score.asked for score in asked)
    return share, interval(share, cases)


def equivalents(path: Path = EQUIVALENTS) -> dict[Change, str]:
    """The mutants that are said to do what the code does, with the reason of each.

    Raises:
        KeyError, ValueError: an entry lacks something, says nothing, or stands there twice.
    """
    found: dict[Change, str] = {}
    for entry in tomllib.loads(path.read_text("utf-8")).get("mutant", []):
        key = (entry["file"], entry["function"], entry["was"], entry["becomes"])
        if key in found or not entry["because"].strip():
            raise ValueError(f"{path.name}: {key} stands there twice, or without a reason")
        found[key] = entry["because"]
    return found


def change_of(mutant: Mutant) -> Change:
    """What a mutant is recognised by: its number moves when the code around it changes."""
    return mutant.file, mutant.function, mutant.was, mutant.becomes


def misfits(listed: Iterable[Change], mutants: Iterable[Mutant]) -> list[Change]:
    """Entries that do not fit exactly one mutant: one that fits several could hide a hole."""
    there = Counter(map(change_of, mutants))
    return [change for change in listed if there[change] != 1]


def scores(mutants: list[Mutant], ended: list[Outcome], listed: Iterable[Change]) -> dict[str, Score]:
    """By file."""
    alls, known = Counter(mutant.file for mutant in mutants), frozenset(listed)
    found: dict[str, Score] = {}
    for file in sorted({outcome.mutant.file for outcome in ended}):
        here = [outcome for outcome in ended if outcome.mutant.file == file]
        ends = Counter(outcome.end for outcome in here)
        noticed = ends["killed"] + ends["timed out"]
        excused = sum(not each.is_noticed and change_of(each.mutant) in known for each in here)
        found[file] = Score(alls[file], ends["killed"], ends["timed out"], len(here) - noticed, excused)
    return found
