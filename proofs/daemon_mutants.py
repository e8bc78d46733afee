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
from proofs.package_copy import ROOT, Patch, copy_of_packages
from proofs.reporting import Claim

KILLS = 36
SUITE_LIMIT_S = 300


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: its name, what it does wrong, where, and the suite that must find it."""

    name: str
    patches: tuple[Patch, ...]
    suite: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a suite said of a copy: nothing (`text` is None) or the first fault, and the time it took."""

    text: str | None
    seconds: float


class SuiteBroken(RuntimeError):
    """A suite neither passed nor failed by a test: what it would say of a mutant means nothing."""


def by_kills(package: Path, folder: Path) -> str | None:
    """The daemon of this copy killed at every failpoint, as `proofs.daemon_kills` does it."""
    run = run_kills(folder, KILLS, 20_170_101, package=package, workers=1)
    for name in ("lost", "doubled", "faults"):
        if run.total(name):
            return f"{run.total(name)} {name}{run.first(name)}"
    return None


def by_network(package: Path, folder: Path) -> str | None:
    """The daemon of this copy behind a network that breaks."""
    episode, _ = run_broken_network(folder, 1, 20_170_101, package=package)
    return next((text for texts in (episode.lost, episode.doubled, episode.faults) for text in texts), None)


def by_tests(*tests: str) -> Callable[[Path, Path], str | None]:
    """These tests against the copy. Only a test that fails counts; what cannot be imported does not."""

    def suite(package: Path, folder: Path) -> str | None:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(package), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        options = ["-x", "-q", "-p", "no:cacheprovider", "--basetemp", str(folder / "pytest"), "--tb=line"]
        folder.mkdir(parents=True)
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", *options, *tests],
            env=environment,
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
            raise SuiteBroken(f"{' '.join(tests)}: pytest ended with {ran.returncode}: {ran.stdout[-1_500:]}")
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
        return examine(mutant, suites[mutant.suite], folder / str(number))

    with ThreadPoolExecutor(workers) as pool:
        findings = dict(zip((m.name for m in asked), pool.map(ask, enumerate(asked)), strict=True))
    false_alarms = [f"{m.suite}: {text}" for m in sound if (text := findings[m.name].text) is not None]
    survivors = [m.name for m in mutants if findings[m.name].text is None]
    claims = [
        Claim(
            f"a planted bug is found: {mutant.name}",
            f"found by {mutant.suite}",
            (findings[mutant.name].text or "SURVIVES").replace(str(folder), "")[:200],
            findings[mutant.name].text is not None,
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
