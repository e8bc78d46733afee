"""What explorer and simulation say of the packages that are in use: the first violation, or that there is
none. Run by the harness of planted bugs, in a process of its own."""

from __future__ import annotations

import sys
from dataclasses import replace

from proofs.model.explore import explore
from proofs.model.regression import REGRESSION_SEEDS
from proofs.model.scenarios import SCENARIOS
from proofs.model.simulate import simulate

RUNS = 600
SEEDS = 25


def explored() -> str:
    """The first violation where one thing goes wrong in a scenario, or ""."""
    for crashes, faults, deduplicates in ((0, 1, False), (1, 0, True)):
        for scenario in SCENARIOS:
            if scenario.is_deep:
                continue
            small = replace(scenario, crashes=crashes, faults=faults)
            found = explore(small, deduplicates=deduplicates, at_most=RUNS, keep=1)
            if found.violations:
                return f"{scenario.name}: {found.violations[0]}"
    return ""


def simulated() -> str:
    """The first violation in the seeds that once found something and some others, or ""."""
    for seed in (*REGRESSION_SEEDS, *range(1_000, 1_000 + SEEDS)):
        run = simulate(seed)
        if run.violation:
            return f"seed {seed}, {run.violation}"
    return ""


if __name__ == "__main__":
    text = {"explored": explored, "simulated": simulated}[sys.argv[1]]()
    print(f"VIOLATION {text}" if text else "COMPLETE")
