"""The daemon's claims that are shown on a model of its world: explored whole where it is small, simulated
over many hours where it is not. The core, engine and desks in it are the real ones.

`python -m proofs.daemon_model` simulates fresh seeds for `HIVE_SOAK_SECONDS` (one hour), and prints figures.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from proofs.model.explore import Findings, explore
from proofs.model.regression import REGRESSION_SEEDS
from proofs.model.scenarios import SCENARIOS
from proofs.model.simulate import Run, simulate
from proofs.reporting import Claim

WORKERS = 2
BATCH = 8
MINIMUM_EXECUTIONS = 50_000
TASKS_OF_A_WORKER = 100
"""After so many a worker is replaced: what its collector leaves lying grows to gigabytes in an hour."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a run of the simulation must reach to be one."""

    seeds: int
    hours: float
    crashes: int
    faults: int


CI_SIZES = Sizes(seeds=1_000, hours=10_000, crashes=20_000, faults=100_000)


def _pool(workers: int) -> ProcessPoolExecutor:
    # Nothing that a worker makes is a circle of any size; the collector costs a third of the time.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(
        workers,
        mp_context=context,
        initializer=_prepare,
        initargs=(os.getpid(),),
        max_tasks_per_child=TASKS_OF_A_WORKER,
    )


def _prepare(parent: int) -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """A worker whose parent was killed would go on with what waits for it."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def exploration_claims(
    at_most: int, *, workers: int = WORKERS, least: int = MINIMUM_EXECUTIONS
) -> list[Claim]:
    """Every scenario at both kinds of venue, at most `at_most` runs of each."""
    names = [(index, deduplicates) for index in range(len(SCENARIOS)) for deduplicates in (False, True)]
    with _pool(workers) as pool:
        findings = list(pool.map(_explore_by_number, [(*name, at_most) for name in names]))
    runs = sum(found.runs for found in findings)
    crashes = sum(found.crashes for found in findings)
    whole = sum(found.is_complete for found in findings)
    violations = [
        f"{SCENARIOS[index].name}: {text}"
        for (index, _), found in zip(names, findings, strict=True)
        for text in found.violations
    ]
    return [
        Claim(
            "every way that small worlds can go keeps every promise: each boundary at which the daemon may "
            "end, up to two crashes, each answer of venues that remember ids and of venues that do not",
            f"at least {least:,} executions, 0 violations",
            f"{runs:,} executions with {crashes:,} crashes, {len(violations)} violations; {whole} of "
            f"{len(findings)} worlds whole" + "".join(f"; {text}" for text in violations[:3])[:600],
            runs >= least and not violations,
            runs,
        )
    ]


def _explore_by_number(task: tuple[int, bool, int]) -> Findings:
    index, deduplicates, at_most = task
    return explore(SCENARIOS[index], deduplicates=deduplicates, at_most=at_most)


def simulation_claims(
    first_seed: int, sizes: Sizes = CI_SIZES, *, workers: int = WORKERS
) -> tuple[list[Claim], list[int]]:
    """Fresh seeds from `first_seed` on, and those that once found something; returns failing seeds too."""
    fresh = range(first_seed, first_seed + sizes.seeds)
    with _pool(workers) as pool:
        runs = list(pool.map(simulate, fresh, chunksize=BATCH))
        known = list(pool.map(simulate, REGRESSION_SEEDS))
        again = list(pool.map(simulate, fresh[:20]))
    failed = [run for run in (*runs, *known) if run.violation]
    hours = sum(run.hours for run in runs)
    crashes = sum(run.crashes for run in runs)
    faults = sum(run.faults for run in runs)
    differ = [one.seed for one, other in zip(runs, again, strict=False) if one.digest != other.digest]
    is_large = hours >= sizes.hours and crashes >= sizes.crashes and faults >= sizes.faults
    claims = [
        Claim(
            "simulated days of decisions, faults, persons and crashes keep every promise, and come to rest "
            "once the faults stop",
            f"at least {sizes.seeds:,} fresh seeds, {sizes.hours:,.0f} h, {sizes.crashes:,} crash-restarts, "
            f"{sizes.faults:,} faults; 0 violations",
            f"{len(runs):,} seeds from {first_seed} on and {len(known)} kept ones, {hours:,.0f} h, "
            f"{crashes:,} crash-restarts, {faults:,} faults, {sum(run.orders for run in runs):,} orders; "
            f"{len(failed)} violations"
            + "".join(f"; {run.seed}: {run.violation}" for run in failed[:3])[:600],
            is_large and not failed,
            len(runs),
        ),
        Claim(
            "the same seed gives the same records, venues and alarms, bit for bit",
            "20 seeds, 0 differ",
            f"{len(again)} seeds, {len(differ)} differ",
            bool(again) and not differ,
            len(again),
        ),
    ]
    return claims, [run.seed for run in failed]


def _soaked(seeds: Iterable[int], until_s: float) -> Iterator[Run]:
    with _pool(os.cpu_count() or 1) as pool:
        waiting = []
        for seed in seeds:
            waiting.append(pool.submit(simulate, seed))
            if len(waiting) > 4 * (os.cpu_count() or 1):
                yield waiting.pop(0).result()
            if time.monotonic() > until_s:
                break
        for one in waiting:
            yield one.result()


def main() -> int:
    """Simulate until the time is over; 1 if a promise was broken."""
    seconds = int(os.environ.get("HIVE_SOAK_SECONDS", "3600"))
    begin = int(os.environ.get("HIVE_PROOF_SEED", secrets.randbelow(10**9)))
    begun_s = time.monotonic()
    runs = hours = crashes = faults = 0.0
    failed: list[int] = []
    told_s = begun_s
    for run in _soaked(iter(range(begin, 10**12)), begun_s + seconds):
        runs, hours = runs + 1, hours + run.hours
        crashes, faults = crashes + run.crashes, faults + run.faults
        if run.violation:
            failed.append(run.seed)
            print(f"seed {run.seed}: {run.violation}", flush=True)
        if time.monotonic() - told_s > 60:
            told_s = time.monotonic()
            print(f"{told_s - begun_s:,.0f} s: {runs:,.0f} seeds, {len(failed)} failed", flush=True)
    print(
        f"{runs:,.0f} seeds from {begin} on, {hours:,.0f} simulated hours, {crashes:,.0f} crash-restarts, "
        f"{faults:,.0f} faults in {time.monotonic() - begun_s:,.0f} s; "
        + (f"FAILED: {', '.join(map(str, failed))}" if failed else "every promise kept")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
