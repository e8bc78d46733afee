"""Following runs, in memory and over Dagster's default storage (one SQLite file a run)."""

from __future__ import annotations

import dagster as dg
import pytest

from hive_pipelines import event_log
from hive_pipelines.event_log import (
    OpenRun,
    Tail,
    open_new_runs,
    runless_news,
    runs_with_news,
    settle,
    settle_runless,
    skip_to_end,
)

pytestmark = pytest.mark.slow


@dg.asset
def table() -> None: ...


@dg.asset
def broken() -> None:
    raise KeyError("no price") from ValueError("inner")


definitions = dg.Definitions(assets=[table, broken])


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture(params=["memory", "sqlite"])
def either_instance(request):
    opened = dg.DagsterInstance.ephemeral() if request.param == "memory" else dg.instance_for_test()
    with opened as found:
        yield found


def materialize(instance, asset) -> str:
    return dg.materialize([asset], instance=instance, raise_on_error=False).run_id


def look(instance, tail, *, all_done=True):
    open_new_runs(instance, tail)
    logs = list(runs_with_news(instance, tail))
    for log in logs:
        settle(tail, log, ["x"], all_done=all_done)
    return [log.run.run_id for log in logs]


def test_each_run_is_seen_once_in_the_order_of_their_starts(either_instance):
    instance = either_instance
    tail = Tail()
    runs = [materialize(instance, table), materialize(instance, broken)]
    assert look(instance, tail) == runs
    assert look(instance, tail) == []
    third = materialize(instance, table)
    tail = Tail.model_validate_json(tail.model_dump_json())
    assert look(instance, tail) == [third]
    assert tail.open_runs == {}


def test_a_run_that_is_not_settled_is_seen_again_with_its_keys(instance):
    tail = Tail()
    run = materialize(instance, table)
    assert look(instance, tail, all_done=False) == [run]
    assert tail.open_runs == {run: OpenRun(done=["x"])}
    assert look(instance, tail) == [run]
    assert look(instance, tail) == []


def test_a_run_that_failed_before_it_started_is_seen_once(either_instance):
    instance = either_instance
    tail = Tail()
    materialize(instance, broken)  # failed after its start: must not be found twice
    assert len(look(instance, tail)) == 1
    job = definitions.resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(job)
    instance.report_run_failed(run, "no worker could be started")
    assert look(instance, tail) == [run.run_id]
    assert look(instance, tail) == []


def test_a_failure_that_is_read_after_its_run_was_closed_does_not_open_it_again(instance):
    tail = Tail()
    materialize(instance, broken)
    assert len(look(instance, tail)) == 1
    tail.failed = None  # as if the failure had been stored while the run was being read
    assert look(instance, tail) == []


def test_more_runs_than_a_tick_takes_follow_in_the_next(instance, monkeypatch):
    monkeypatch.setattr(event_log, "RUNS_PER_TICK", 2)
    tail = Tail()
    runs = [materialize(instance, table) for _ in range(3)]
    assert look(instance, tail) + look(instance, tail) == runs


def test_skipping_to_the_end_forgets_what_was(instance):
    tail = Tail()
    materialize(instance, table)
    skip_to_end(instance, tail)
    assert look(instance, tail) == []
    later = materialize(instance, table)
    assert look(instance, tail) == [later]


def test_skipping_to_the_end_of_an_empty_log_misses_nothing(instance):
    tail = Tail()
    skip_to_end(instance, tail)
    run = materialize(instance, table)
    assert look(instance, tail) == [run]


def test_the_error_that_is_told_is_the_users_own(instance):
    tail = Tail()
    materialize(instance, broken)
    open_new_runs(instance, tail)
    (log,) = runs_with_news(instance, tail)
    (failure,) = [r for r in log.records if r.event_type.value == "STEP_FAILURE"]
    error = event_log.told_error(failure.event_log_entry.dagster_event)
    assert (error.class_name, error.message) == ("KeyError", "'no price'")


def report(instance, *names: str) -> None:
    for name in names:
        instance.report_runless_asset_event(dg.AssetMaterialization(name))


def reported(instance, tail, *, done=(), all_done=True) -> list[str]:
    log = runless_news(instance, tail)
    settle_runless(tail, log, done, all_done=all_done)
    return [record.asset_key.to_user_string() for record in log.records]


def test_what_is_reported_outside_of_runs_is_seen_once_and_apart_from_runs(either_instance, monkeypatch):
    monkeypatch.setattr(event_log, "RUNLESS_RECORDS_PER_TICK", 2)
    instance, tail = either_instance, Tail()
    assert reported(instance, tail) == []
    materialize(instance, table)
    report(instance, "a", "b", "c")
    assert reported(instance, tail) == ["a", "b"]
    tail = Tail.model_validate_json(tail.model_dump_json())
    assert reported(instance, tail) == ["c"]
    assert reported(instance, tail) == []
    report(instance, "d")
    skip_to_end(instance, tail)
    report(instance, "e")
    assert reported(instance, tail) == ["e"]


def test_what_was_reported_and_not_settled_is_seen_again_with_its_keys(instance):
    tail = Tail()
    report(instance, "a")
    assert reported(instance, tail, done=["1"], all_done=False) == ["a"]
    assert tail.runless.done == ["1"]
    assert reported(instance, tail) == ["a"]
    assert tail.runless.done == []
