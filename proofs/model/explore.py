"""Every way that a few signals can go: all boundaries, all answers of the venue, both kinds of venue, up to
a number of crashes. What the last faults left must come to rest as promised."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hive_core.contracts.decision import Decision
from proofs.model.decisions import decision_at
from proofs.model.oracle import Enumeration, Oracle
from proofs.model.world import START_NS, Crash, Violation, World


@dataclass(slots=True)
class Findings:
    """How many runs there were, how many crashes in them, and the first violations with their stories."""

    runs: int = 0
    crashes: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    is_complete: bool = True


class Calm:
    """After the faults: everything goes as it should."""

    def choose(self, what: str, options):  # type: ignore[no-untyped-def]
        """The first option."""
        return options[0]


def one_run(
    oracle: Oracle, decisions: list[Decision], *, deduplicates: bool, crashes: int, faults: int
) -> World:
    """Hand the decisions in until each is acknowledged, with faults; then let it come to rest.

    Raises:
        Violation: a promise was broken.
    """
    world = _begun(oracle, deduplicates=deduplicates, crashes=crashes)
    world.venue.faults_left = faults
    steps: list[Callable[[World], None]] = [
        *((lambda w, d=decision: w.post(d)) for decision in decisions),
        lambda w: w.listen(),
        lambda w: w.tick(2),
        lambda w: w.listen(),
    ]
    for step in steps:
        while True:
            try:
                step(world)
            except Crash:
                world.restart()
                world.check_always()
                continue
            break
        world.check_always()
    _rest(world)
    return world


def _begun(oracle: Oracle, *, deduplicates: bool, crashes: int) -> World:
    calm = Calm()
    world = World(calm, deduplicates=deduplicates, crashes_left=0)
    world.oracle = world.venue.oracle = oracle
    world.crashes_left = crashes
    return world


def _rest(world: World) -> None:
    """No more faults: time passes until the last request can have settled, and positions end."""
    world.crashes_left = 0
    world.oracle = world.venue.oracle = Calm()
    for seconds in (1, 2, 30, 15, 15):
        world.tick(seconds)
        world.listen()
        world.check_always()
    world.venue.market_moves()
    for seconds in (1, 31, 11, 11):
        world.tick(seconds)
        world.listen()
    world.check_at_rest()


def explore(
    *,
    signals: int,
    legs: int,
    deduplicates: bool,
    crashes: int,
    faults: int,
    at_most: int = 10**9,
    keep: int = 5,
) -> Findings:
    """Enumerate runs. Each order's transport and outcome takes every value; `faults` bounds the others of
    a run (lost or doubled reports, unanswered questions). `at_most` bounds the runs;
    `is_complete` tells whether all were made."""
    findings = Findings()
    oracle = Enumeration()
    decisions = [decision_at(f"s{number}", START_NS, legs=legs) for number in range(signals)]
    begun_s = time.perf_counter()
    while True:
        try:
            world = one_run(oracle, decisions, deduplicates=deduplicates, crashes=crashes, faults=faults)
            findings.crashes += world.crashes
        except Violation as violation:
            if len(findings.violations) < keep:
                findings.violations.append(f"{violation} [{oracle.story}]")
            else:
                break
        findings.runs += 1
        if findings.runs >= at_most:
            findings.is_complete = False
            break
        if not oracle.next_run():
            break
    findings.seconds = time.perf_counter() - begun_s
    return findings
