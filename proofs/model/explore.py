"""Every way that a small world can go: all boundaries, all answers of the venue, both kinds of venue, up to a
number of crashes. What the last faults left must come to rest as promised."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from hive_exec.core.events import BreakerReset, Resume
from proofs.model.oracle import Enumeration, Oracle
from proofs.model.quiet import quiet
from proofs.model.scenarios import Scenario
from proofs.model.world import Crash, Violation, World


@dataclass(slots=True)
class Findings:
    """How many runs there were, how many crashes in them, and the first violations with their stories."""

    runs: int = 0
    crashes: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    is_complete: bool = True


class Calm:
    """Before and after the faults: everything goes as it should."""

    def choose(self, what: str, options: Any) -> Any:
        """The first option."""
        return options[0]


def one_run(oracle: Oracle, scenario: Scenario, *, deduplicates: bool) -> World:
    """Take every step until it is done, with faults; then let the world come to rest.

    Raises:
        Violation: a promise was broken.
    """
    world = World(
        Calm(),
        deduplicates=deduplicates,
        crashes_left=0,
        accounts=scenario.accounts,
        is_hedging=scenario.is_hedging,
    )
    _asks(world, oracle)
    world.crashes_left = scenario.crashes
    for venue in world.venues.values():
        venue.faults_left = scenario.faults
    for step in scenario.steps:
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


def _asks(world: World, oracle: Oracle) -> None:
    world.oracle = oracle
    for venue in world.venues.values():
        venue.oracle = oracle


def _rest(world: World) -> None:
    """No more faults: persons end what latches, time passes until the last request can have settled, and
    positions end."""
    world.crashes_left = 0
    _asks(world, Calm())
    for seconds in (1, 2, 30, 15, 15, 600):
        world.tick(seconds)
        world.listen()
        world.check_always()
    world.check_at_rest()
    for venue in world.venues.values():
        venue.market_moves()
    for person in ("anna", "ben"):
        world.order(Resume("rest", person))
        for scope in list(world.state.controls.breakers):
            world.order(BreakerReset(scope, "rest", person))
    for seconds in (1, 31, 11, 11):
        world.tick(seconds)
        world.listen()
    world.check_at_rest()


def explore(scenario: Scenario, *, deduplicates: bool, at_most: int = 10**9, keep: int = 5) -> Findings:
    """Enumerate the runs of a scenario, at most `at_most`; `is_complete` tells whether all were made.
    Stops after `keep` violations."""
    findings = Findings()
    oracle = Enumeration()
    begun_s = time.perf_counter()
    while True:
        try:
            with quiet():
                findings.crashes += one_run(oracle, scenario, deduplicates=deduplicates).crashes
        except Exception as error:  # noqa: BLE001 (where the daemon itself ends, a promise is broken too)
            kind = "" if isinstance(error, Violation) else f"{type(error).__name__}: "
            findings.violations.append(f"{kind}{error} [{oracle.story}]")
            if len(findings.violations) >= keep:
                break
        findings.runs += 1
        if findings.runs >= at_most:
            findings.is_complete = False
            break
        if not oracle.next_run():
            break
    findings.seconds = time.perf_counter() - begun_s
    return findings
