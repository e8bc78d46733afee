"""The model of the daemon's world finds what it is there to find, makes the same run of the same seed, and
keeps every promise in short explorations and in the seeds that once broke one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from hive_exec.core import reports, step
from hive_exec.core.controls import Standing
from proofs.daemon_model import Sizes, exploration_claims, simulation_claims
from proofs.model.explore import explore
from proofs.model.oracle import Enumeration
from proofs.model.regression import REGRESSION_SEEDS
from proofs.model.scenarios import SCENARIOS
from proofs.model.simulate import simulate
from proofs.package_copy import ROOT


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
@pytest.mark.parametrize("deduplicates", [False, True])
def test_a_short_exploration_finds_nothing(scenario, deduplicates):
    found = explore(scenario, deduplicates=deduplicates, at_most=15)
    assert (found.runs, found.violations) == (15, [])


def test_an_exploration_takes_every_path_once():
    oracle, paths = Enumeration(), []
    while True:
        paths.append((oracle.choose("first", "ab"), oracle.choose("second", "xyz")))
        if not oracle.next_run():
            break
    assert paths == [(one, other) for one in "ab" for other in "xyz"]


def test_two_runs_of_one_path_must_not_differ():
    oracle = Enumeration()
    oracle.choose("first", "ab")
    oracle.next_run()
    with pytest.raises(AssertionError, match="differ"):
        oracle.choose("something else", "ab")


def test_the_same_seed_makes_the_same_run_in_another_process():
    program = "from proofs.model.simulate import simulate; print(simulate(5, 1.0).digest)"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert digests == {simulate(5, 1.0).digest + "\n"}
    assert simulate(6, 1.0).digest != simulate(5, 1.0).digest


@pytest.mark.slow
@pytest.mark.parametrize("seed", REGRESSION_SEEDS)
def test_seeds_that_once_found_something_keep_every_promise(seed):
    run = simulate(seed)
    assert run.violation == ""
    assert run.crashes > 5
    assert run.faults > 50


def test_the_explorer_finds_an_execution_that_counts_twice(monkeypatch):
    whole = reports.reported
    monkeypatch.setattr(step, "reported", lambda bot, event, at: _forgetful(whole, bot, event, at))
    found = explore(SCENARIOS[0], deduplicates=False, at_most=40, keep=1)
    assert len(found.violations) == 1


def _forgetful(whole, bot, event, at):
    for line in bot.orders.values():
        line.applied.clear()
    return whole(bot, event, at)


def test_the_simulation_finds_a_breaker_that_does_not_hold(monkeypatch):
    monkeypatch.setattr("hive_exec.core.state.CellState.standing", lambda _self, _bot: Standing())
    assert next(run.violation for run in map(simulate, range(20)) if run.violation)[:3] == "at "


def test_the_simulation_finds_orders_given_up_too_early(monkeypatch):
    monkeypatch.setattr("hive_exec.brokers.desk.Ambiguous", KeyError)
    monkeypatch.setattr("hive_exec.brokers.desk.SubmitUnknown", _means_rejected)
    assert "is given up" in next(run.violation for run in map(simulate, range(20)) if run.violation)


def _means_rejected(account, order_id, reason):
    from hive_exec.core.events import SubmitNotSent

    return SubmitNotSent(account, order_id, reason, None)


def test_a_claim_fails_where_there_were_too_few_runs():
    too_many = Sizes(seeds=2, hours=1_000, crashes=1, faults=1)
    claims, failed = simulation_claims(7, too_many, workers=1)
    assert ([claim.holds for claim in claims], failed) == ([False, True], [])
    (claim,) = exploration_claims(2, workers=1)
    assert not claim.holds
    (claim,) = exploration_claims(2, workers=1, least=2 * 2 * len(SCENARIOS))
    assert claim.holds


@pytest.mark.slow
def test_a_soak_that_is_killed_leaves_no_worker_behind():
    environment = {**os.environ, "HIVE_SOAK_SECONDS": "600", "PYTHONPATH": str(ROOT)}
    soak = subprocess.Popen([sys.executable, "-m", "proofs.daemon_model"], env=environment)
    workers: list[psutil.Process] = []
    until_s = time.monotonic() + 60
    while len(workers) < 2 and time.monotonic() < until_s:
        time.sleep(0.1)
        spawned = psutil.Process(soak.pid).children(recursive=True)
        workers = [each for each in spawned if any("spawn_main" in part for part in each.cmdline())]
    assert len(workers) >= 2
    soak.kill()
    soak.wait(10)
    _, left = psutil.wait_procs(workers, timeout=20)
    assert left == []
