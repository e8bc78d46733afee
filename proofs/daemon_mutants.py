"""Planted bugs: each is put into a copy of the packages, and a suite must find it.

A suite that finds nothing in the copy without a bug is the other half of the proof; it runs first. What a bug
looks like stands in `proofs/daemon_bugs.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from proofs.daemon_kills import run_kills
from proofs.daemon_network import run_broken_network
from proofs.daemon_venues import ANSWER_LOST, run_at_venue
from proofs.package_copy import ROOT, Patch, PatchDoesNotFit, copy_of_packages
from proofs.reporting import Claim

KILLS = 36
SUITE_LIMIT_S = 300
ATTEMPTS = 3
"""How often a suite that works by the clock of a real machine looks for a bug, by another seed each time; the
copy without a bug is looked at as often."""
SEED = 20_170_101


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: its name, what it does wrong, where, and the suite that must find it."""

    name: str
    patches: tuple[Patch, ...]
    suite: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a suite said of a copy: nothing (`text` is None) or the first fault, and the time it took.
    `broken` is why it could say nothing: then neither a bug is found nor its absence."""

    text: str | None
    seconds: float
    broken: str = ""

    @property
    def is_alarm(self) -> bool:
        """Whether a fault was found."""
        return self.text is not None and not self.broken


class SuiteBroken(RuntimeError):
    """A suite neither passed nor failed by a test: what it would say of a mutant means nothing."""


def _hunt(look: Callable[[Path, int], str | None], folder: Path) -> str | None:
    """The first fault that an attempt finds."""
    texts = (look(folder / str(number), SEED + number) for number in range(ATTEMPTS))
    return next((text for text in texts if text), None)


def by_kills(package: Path, folder: Path) -> str | None:
    """The daemon of this copy killed at every failpoint, as `proofs.daemon_kills` does it."""
    run = run_kills(folder, KILLS, SEED, package=package, workers=1)
    for name in ("lost", "doubled", "faults"):
        if run.total(name):
            return f"{run.total(name)} {name}{run.first(name)}"
    return None


def by_network(package: Path, folder: Path) -> str | None:
    """The daemon of this copy behind a network that breaks."""

    def look(folder: Path, seed: int) -> str | None:
        episode, _ = run_broken_network(folder, 1, seed, package=package)
        return next(
            (text for texts in (episode.lost, episode.doubled, episode.faults) for text in texts), None
        )

    return _hunt(look, folder)


def by_venues(package: Path, folder: Path) -> str | None:
    """The daemon of this copy at a simulated venue to which its requests come, and no answer comes back."""

    def look(folder: Path, seed: int) -> str | None:
        course = run_at_venue("OANDA", folder, 2, seed, package=package, only=(ANSWER_LOST,))
        return next(iter(course.wrong), None)

    return _hunt(look, folder)


def by_model(how: str) -> Callable[[Path, Path], str | None]:
    """The model of the daemon's world (`proofs.model`), "explored" or "simulated". What a run ends by, other
    than by a broken promise, is found too: the daemon would have stopped there."""

    def suite(package: Path, folder: Path) -> str | None:
        folder.mkdir(parents=True)
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "proofs.model.asking", how],
            env=_environment(package),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SUITE_LIMIT_S,
            check=False,
        )
        last = (ran.stdout.splitlines() or [""])[-1]
        if last.startswith("VIOLATION "):
            return last.removeprefix("VIOLATION ")
        if ran.returncode == 0 and last == "COMPLETE":
            return None
        error = (ran.stderr.splitlines() or ["nothing"])[-1]
        raise SuiteBroken(f"the model ended with {error}")

    return suite


def _environment(package: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(package), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def by_tests(*tests: str) -> Callable[[Path, Path], str | None]:
    """These tests against the copy. Only a test that fails counts; what cannot be imported does not."""

    def suite(package: Path, folder: Path) -> str | None:
        options = ["-x", "-q", "-o", f"cache_dir={folder / 'cache'}", "--tb=line"]
        options += ["--basetemp", str(folder / "pytest")]
        folder.mkdir(parents=True)
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", *options, *tests],
            env=_environment(package),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SUITE_LIMIT_S,
            check=False,
        )
        failed = re.search(r"^FAILED (.*)$", ran.stdout, re.MULTILINE)
        if ran.returncode == 0:
            return None
        if ran.returncode != 1 or failed is None:
            raise SuiteBroken(f"pytest ended with {ran.returncode}: {ran.stdout[-400:]}")
        return failed[1]

    return suite


def examine(mutant: Mutant, suite: Callable[[Path, Path], str | None], folder: Path) -> Finding:
    """Plant the bug and ask the suite.

    Raises:
        PatchDoesNotFit: the bug is for other source than there is.
        SuiteBroken: the suite could not say anything.
    """
    package = copy_of_packages(folder / "package", mutant.patches)
    began = time.monotonic()
    text = suite(package, folder / "home")
    return Finding(text, time.monotonic() - began)


def mutant_claims(
    folder: Path,
    mutants: tuple[Mutant, ...],
    suites: dict[str, Callable[[Path, Path], str | None]],
    *,
    workers: int = 2,
) -> list[Claim]:
    """Every suite finds nothing in the copy without a bug, and every bug is found by its suite."""
    used = sorted({mutant.suite for mutant in mutants})
    sound = [Mutant(f"none, for {name}", (), name) for name in used]
    asked = [*sound, *mutants]

    def ask(numbered: tuple[int, Mutant]) -> Finding:
        number, mutant = numbered
        try:
            return examine(mutant, suites[mutant.suite], folder / str(number))
        except (PatchDoesNotFit, SuiteBroken, subprocess.TimeoutExpired) as error:
            return Finding(None, 0, f"nothing can be said: {error}"[-400:])

    with ThreadPoolExecutor(workers) as pool:
        findings = dict(zip((m.name for m in asked), pool.map(ask, enumerate(asked)), strict=True))
    false_alarms = [
        f"{m.suite}: {findings[m.name].text or findings[m.name].broken}"
        for m in sound
        if findings[m.name].is_alarm or findings[m.name].broken
    ]
    unsound = {m.suite for m in sound if findings[m.name].is_alarm or findings[m.name].broken}
    survivors = [m.name for m in mutants if not findings[m.name].is_alarm]
    claims = [
        Claim(
            f"a planted bug is found: {mutant.name}",
            f"found by {mutant.suite}",
            ("its suite finds faults without a bug too: " if mutant.suite in unsound else "")
            + (findings[mutant.name].broken or findings[mutant.name].text or "SURVIVES")[:300],
            findings[mutant.name].is_alarm and mutant.suite not in unsound,
            1,
        )
        for mutant in mutants
    ]
    claims.append(
        Claim(
            "every planted bug is found, and nothing where there is none",
            f"at least 20 bugs, 0 survive, 0 false alarms of {len(used)} suites",
            f"{len(mutants)} bugs, {len(survivors)} survive, {len(false_alarms)} false alarms"
            + "".join(f"; {each}" for each in [*survivors, *false_alarms])[:400],
            len(mutants) >= 20 and not survivors and not false_alarms,
            len(mutants),
        )
    )
    return claims
