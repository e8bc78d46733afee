"""Landings: what arrived becomes runs, market data first, each day with everything that it is judged by."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteRepositoryOrigin

from hive_core.market.importing import import_rates
from hive_pipelines.assets import market
from hive_pipelines.assets.market import LAST_RECEIPT
from hive_pipelines.event_log import RANGE_END, RANGE_START
from hive_pipelines.lake_io_manager import LakeIOManager
from hive_pipelines.resources import HiveResource
from hive_pipelines.sensors.landings import (
    NEAR,
    Awaited,
    Cursor,
    joined,
    landings,
    overlapping,
    touched,
)

HELLO = "good morning"
RATES_FILE = b"Date,USD,JPY,\n2017-03-02,1.0514,120.06,\n2017-03-01,1.0533,119.59,\n"
WAITS = "messages wait for the market data that landed before them: EURUSD.H1"


@pytest.fixture
def instance():
    """One for each test, for each home numbers its receipts from 1; it makes failed runs again, twice."""
    retries = {"run_retries": {"enabled": True, "max_retries": 2}}
    with dg.DagsterInstance.ephemeral(settings=retries) as ephemeral:
        yield ephemeral


@pytest.fixture
def tick(ticker):
    return ticker(landings)


@pytest.fixture
def launch(instance) -> Callable[..., str]:
    """A run of a job as the sensor's request would make it, up to an event; gives its id."""

    def make(event: str | None = None, *, job: str = "bars_job", retry_of: str | None = None) -> str:
        server = GrpcServerCodeLocationOrigin("127.0.0.1", port=1, location_name="hive")
        tags = {} if job != "bars_job" else {"dagster/partition": "EURUSD.H1"}
        if retry_of:
            root = instance.get_run_by_id(retry_of).root_run_id or retry_of
            tags |= {"dagster/parent_run_id": retry_of, "dagster/root_run_id": root}
        run = dg.DagsterRun(
            job,
            str(uuid4()),
            remote_job_origin=RemoteRepositoryOrigin(server, "__repository__").get_job_origin(job),
            tags=tags,
            parent_run_id=retry_of,
            root_run_id=root if retry_of else None,
        )
        instance.add_run(run)
        if retry_of:
            instance.add_run_tags(retry_of, {"dagster/auto_retry_run_id": run.run_id})
        if event:
            instance.report_dagster_event(dg.DagsterEvent(event, job), run.run_id)
        return run.run_id

    return make


def made(
    instance: dg.DagsterInstance, receipt: int, *, asset: str = "bars", partition: str | None = "EURUSD.H1"
) -> None:
    """The table was made from every receipt up to this one."""
    instance.report_runless_asset_event(
        dg.AssetMaterialization(asset, partition=partition, metadata={LAST_RECEIPT: receipt})
    )


def ranges(result: dg.SensorResult) -> list[tuple[str, str]]:
    """First and last day of each run over messages that a tick asks for."""
    requests = result.run_requests or []
    assert {request.job_name for request in requests} <= {"signals_job"}
    return [(request.tags[RANGE_START], request.tags[RANGE_END]) for request in requests]


def jobs(result: dg.SensorResult) -> list[tuple[str, str | None]]:
    return [(request.job_name, request.partition_key) for request in result.run_requests or []]


def test_nothing_landed_is_nothing_to_do(tick):
    assert tick.told() == "nothing new has landed"
    assert Cursor.model_validate_json(tick.cursor) == Cursor()


def test_messages_become_one_run_over_their_days_once(tick, small):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO), ("2", "2017-03-09 10:00", HELLO))
    result = tick()
    assert ranges(result) == [("2017-03-06", "2017-03-09")]
    assert tick.told() == "nothing new has landed"
    # The Dagster daemon was killed before it kept the cursor: the same run key, so no second run.
    tick.cursor = None
    assert [request.run_key for request in tick().run_requests] == [
        request.run_key for request in result.run_requests
    ]


def test_what_landed_just_now_waits_for_what_comes_with_it(tick, small):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO), received_ns=time.time_ns())
    assert tick.told() == "something landed just now; waiting for what comes with it"
    assert tick.cursor is None


def test_several_receipts_become_one_range_and_far_apart_ones_stay_apart(tick, small):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    small.land_messages("room_b", ("1", "2017-03-20 10:00", HELLO), ("2", "2017-03-21 10:00", HELLO))
    small.land_messages("room_c", ("1", "2015-01-02 10:00", HELLO))
    assert ranges(tick()) == [("2015-01-02", "2015-01-02"), ("2017-03-06", "2017-03-21")]


def test_market_data_goes_first_and_messages_wait_until_its_table_is_made(tick, small, instance, launch):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    small.land_bars("2017-03-06 00:00", 48)
    first = tick()
    assert jobs(first) == [("bars_job", "EURUSD.H1")]
    (added,) = first.dynamic_partitions_requests
    assert (added.partitions_def_name, added.partition_keys) == ("bar_series", ["EURUSD.H1"])
    run_id = launch()
    for event in (None, "PIPELINE_ENQUEUED", "PIPELINE_STARTING", "PIPELINE_START", "PIPELINE_CANCELING"):
        if event:
            instance.report_dagster_event(dg.DagsterEvent(event, "bars_job"), run_id)
        assert tick.told() == WAITS, event
    made(instance, 2)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]
    assert tick.told() == "nothing new has landed"


def test_messages_wait_for_the_retries_of_a_failed_run(tick, small, instance, launch):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    small.land_bars("2017-03-06 00:00", 48)
    tick()
    failed = launch("PIPELINE_FAILURE")
    assert instance.get_run_by_id(failed).is_complete_and_waiting_to_retry
    assert tick.told() == WAITS, "Dagster will make the run again"
    again = launch("PIPELINE_START", retry_of=failed)
    assert tick.told() == WAITS
    made(instance, 2)
    instance.report_dagster_event(dg.DagsterEvent("PIPELINE_SUCCESS", "bars_job"), again)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]
    assert tick.told() == "nothing new has landed", "the days were judged with prices, once"


def test_a_failure_of_which_dagster_has_not_said_yet_whether_it_is_made_again_is_waited_for(
    tick, small, instance, launch, monkeypatch
):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    small.land_bars("2017-03-06 00:00", 48)
    tick()
    with monkeypatch.context() as between:
        between.setattr(type(instance), "run_retries_enabled", False)
        launch("PIPELINE_FAILURE")
    assert tick.told() == WAITS


def test_messages_go_on_without_a_series_whose_run_failed_for_good_and_its_days_again_once_it_is_there(
    tick, small, instance, launch, capsys
):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    small.land_bars("2017-03-06 00:00", 48)
    tick()
    attempt = None
    for _ in range(3):
        attempt = launch("PIPELINE_FAILURE", retry_of=attempt)
    first = tick()
    assert ranges(first) == [("2017-03-06", "2017-03-06")]
    assert "EURUSD.H1: no run brought receipt 2 into its table" in capsys.readouterr().err
    assert tick.told().startswith("nothing new has landed. EURUSD.H1: no run brought receipt 2")
    # Somebody mends the cause and launches the run again; nothing new has landed.
    launch("PIPELINE_START")
    assert tick.told() == WAITS
    made(instance, 2)
    second = tick()
    assert ranges(second) == [("2017-03-06", "2017-03-06")]
    keys = {request.run_key for result in (first, second) for request in result.run_requests}
    assert len(keys) == 2, "the same key would be the run that Dagster made already"
    assert tick.told() == "nothing new has landed"
    assert Cursor.model_validate_json(tick.cursor).awaited == {}


@pytest.mark.parametrize("ending", ["PIPELINE_CANCELED", "PIPELINE_SUCCESS", "nobody made a run"])
def test_a_series_that_no_run_will_bring_is_not_waited_for(ending, tick, small, launch):
    """Canceled; made, but without the receipt; or the run was deleted."""
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    small.land_bars("2017-03-06 00:00", 48)
    tick()
    if ending != "nobody made a run":
        launch(ending)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]


def test_a_table_that_was_made_before_the_receipt_landed_is_not_enough(tick, small, instance, launch):
    small.land_bars("2017-03-06 00:00", 24)
    tick()
    small.land_messages("room_a", ("1", "2017-03-07 10:00", HELLO))
    small.land_bars("2017-03-07 00:00", 24)
    tick()
    launch("PIPELINE_START")
    made(instance, 1)
    assert tick.told() == WAITS
    assert Cursor.model_validate_json(tick.cursor).awaited["EURUSD.H1"] == Awaited(first=2, last=3)
    made(instance, 3)
    assert ranges(tick()) == [("2017-03-07", "2017-03-07")]


def test_rates_are_waited_for_too(tick, small, instance, launch):
    import_rates(small.home, "rates.csv", RATES_FILE, received_ns=1)
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    launch("PIPELINE_START", job="rates_job")
    assert tick.told() == WAITS.replace("EURUSD.H1", "rates")
    made(instance, 1, asset="reference_rates", partition=None)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]


def test_a_calendar_is_waited_for_and_its_days_are_gone_over_again_where_it_comes_late(
    tick, small, instance, launch
):
    for day in ("2017-02-20", "2017-02-28", "2017-03-14", "2017-03-20"):
        small.land_messages("room_a", (day, f"{day} 10:00", HELLO))
    assert ranges(tick()) == [("2017-02-20", "2017-03-20")]
    # A week around the event, and the two days whose decisions look at it.
    small.land_news(("USD", "2017-03-06 13:30", "Own Index", "2017-03-05 20:00"))
    assert jobs(tick()) == [("news_job", None)]
    small.land_messages("room_b", ("1", "2017-03-06 10:00", HELLO))
    launch("PIPELINE_START", job="news_job")
    assert tick.told() == WAITS.replace("EURUSD.H1", "news")
    made(instance, 5, asset="news_events", partition=None)
    assert ranges(tick()) == [("2017-02-28", "2017-03-14")]


@pytest.mark.slow
def test_the_real_tables_say_which_receipt_they_hold(tick, small, instance):
    small.land_bars("2017-03-06 00:00", 48)
    import_rates(small.home, "rates.csv", RATES_FILE, received_ns=1)
    small.land_news(("USD", "2017-03-06 13:30", "Own Index", "2017-03-05 20:00"))
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    instance.add_dynamic_partitions("bar_series", ["EURUSD.H1"])
    resources = {"hive": HiveResource(), "io_manager": LakeIOManager(hive=HiveResource())}
    dg.materialize([market.bars], instance=instance, partition_key="EURUSD.H1", resources=resources)
    dg.materialize([market.reference_rates], instance=instance, resources=resources)
    dg.materialize([market.news_events], instance=instance, resources=resources)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]
    assert Cursor.model_validate_json(tick.cursor).awaited == {}


def test_rates_have_a_run_of_their_own(tick, small):
    import_rates(small.home, "rates.csv", RATES_FILE, received_ns=1)
    small.land_bars("2017-03-06 00:00", 24)
    result = tick()
    assert jobs(result) == [("bars_job", "EURUSD.H1"), ("rates_job", None)]
    assert len({request.run_key for request in result.run_requests}) == 2


def test_a_second_file_of_a_series_is_a_new_run_of_it(tick, small):
    small.land_bars("2017-03-06 00:00", 24)
    first = tick()
    small.land_bars("2017-03-13 00:00", 24)
    second = tick()
    assert jobs(first) == jobs(second) == [("bars_job", "EURUSD.H1")]
    assert first.run_requests[0].run_key != second.run_requests[0].run_key


def test_days_whose_prices_come_later_are_gone_over_again_once(tick, small, instance):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO), ("2", "2017-03-09 10:00", HELLO))
    tick()
    small.land_bars("2017-03-08 00:00", 24)
    assert jobs(tick()) == [("bars_job", "EURUSD.H1")]
    made(instance, 2)
    assert ranges(tick()) == [("2017-03-08", "2017-03-09")]
    assert tick.told() == "nothing new has landed"


def test_prices_after_the_messages_change_nothing_for_them(tick, small, instance):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    small.land_bars("2017-03-13 00:00", 24)
    tick()
    made(instance, 2)
    assert tick.told() == "nothing new has landed"


def test_prices_that_only_the_average_range_looks_at_count_as_well(tick, small, instance):
    """Fourteen bars before a signal make its true range: they may lie weeks before its day."""
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    small.land_bars("2017-02-20 00:00", 24)
    tick()
    made(instance, 2)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]


def test_a_day_whose_day_before_came_later_is_gone_over_again(tick, small):
    """It voted without those messages, and followed signals without theirs: an update reaches seven days
    back, and no eighth."""
    days = [(str(day), f"2017-03-{day:02} 10:00", HELLO) for day in range(7, 18)]
    small.land_messages("room_a", *days)
    assert ranges(tick()) == [("2017-03-07", "2017-03-17")]
    small.land_messages("room_b", ("1", "2017-03-06 23:50", HELLO))
    assert ranges(tick()) == [("2017-03-06", "2017-03-13")]


def test_messages_that_land_beside_a_market_file_are_neither_lost_nor_run_twice(tick, small, instance):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    small.land_bars("2017-03-06 00:00", 24)
    small.land_messages("room_b", ("1", "2017-03-06 11:00", HELLO))
    tick()
    made(instance, 2)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]
    assert tick.told() == "nothing new has landed"


def test_every_landing_is_shown_at_its_external_asset(tick, small, instance):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO), ("2", "not a time", HELLO))
    tick()
    event = instance.get_latest_materialization_event(dg.AssetKey("landed_messages")).asset_materialization
    told = {name: value.value for name, value in event.metadata.items()}
    assert (told["file"], told["receipt"], told["rejected_rows"]) == ("room_a.jsonl", 1, 1)
    assert told["declaration"]["source"] == "room_a"
    assert "not a time" in told["first_rejections"]
    json.dumps(told)


def day(number: int) -> date:
    return date(2017, 3, 1) + timedelta(days=number)


def test_spans_that_overlap_or_lie_near_are_one():
    near = NEAR.days
    assert joined([]) == []
    assert joined([(day(5), day(9)), (day(0), day(7))]) == [(day(0), day(9))]
    assert joined([(day(0), day(9)), (day(2), day(3))]) == [(day(0), day(9))]
    assert joined([(day(0), day(0)), (day(near), day(near))]) == [(day(0), day(near))]
    apart = [(day(0), day(0)), (day(near + 1), day(near + 1))]
    assert joined(reversed(apart)) == apart


def test_the_parts_of_spans_inside_others():
    assert overlapping([(day(0), day(9))], [(day(5), day(20)), (day(0), day(0))]) == [
        (day(5), day(9)),
        (day(0), day(0)),
    ]
    assert overlapping([(day(0), day(4))], [(day(5), day(6))]) == []


def test_what_is_touched_reaches_after_the_change_and_not_before():
    known = [(day(0), day(9))]
    assert touched(known, [(day(3), day(4))], timedelta(days=2)) == [(day(3), day(6))]
    assert touched(known, [(day(9), day(30))], timedelta(days=2)) == [(day(9), day(9))]
    assert touched(known, [(day(10), day(11))], timedelta(days=2)) == []
