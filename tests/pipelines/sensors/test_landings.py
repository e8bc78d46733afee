"""Landings: what arrived becomes runs, market data first, each day with everything that it is judged by."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteRepositoryOrigin

from hive_pipelines.sensors.landings import (
    NEAR,
    RANGE_END,
    RANGE_START,
    Cursor,
    joined,
    landings,
    overlapping,
    touched,
)

HELLO = "good morning"


@pytest.fixture
def tick(ticker):
    return ticker(landings)


def ranges(result: dg.SensorResult) -> list[tuple[str, str]]:
    """First and last day of each run over messages that a tick asks for."""
    requests = result.run_requests or []
    assert {request.job_name for request in requests} <= {"signals_job"}
    return [(request.tags[RANGE_START], request.tags[RANGE_END]) for request in requests]


def jobs(result: dg.SensorResult) -> list[tuple[str, str | None]]:
    return [(request.job_name, request.partition_key) for request in result.run_requests or []]


def test_nothing_landed_is_nothing_to_do(tick):
    assert tick.told() == "nothing new has landed"
    assert tick.cursor is None


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


def test_market_data_goes_first_and_messages_wait_until_its_runs_are_done(tick, small, instance):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    small.land_bars("2017-03-06 00:00", 48)
    first = tick()
    assert jobs(first) == [("bars_job", "EURUSD.H1")]
    (added,) = first.dynamic_partitions_requests
    assert (added.partitions_def_name, added.partition_keys) == ("bar_series", ["EURUSD.H1"])
    run_id = str(uuid4())
    server = GrpcServerCodeLocationOrigin("127.0.0.1", port=1, location_name="hive")
    origin = RemoteRepositoryOrigin(server, "__repository__").get_job_origin("bars_job")
    instance.add_run(dg.DagsterRun("bars_job", run_id, remote_job_origin=origin))
    for event in (None, "PIPELINE_ENQUEUED", "PIPELINE_STARTING", "PIPELINE_START"):
        if event:
            instance.report_dagster_event(dg.DagsterEvent(event, "bars_job"), run_id)
        assert tick.told() == "messages wait for the market data that landed before them", event
    instance.report_dagster_event(dg.DagsterEvent("PIPELINE_SUCCESS", "bars_job"), run_id)
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]
    assert tick.told() == "nothing new has landed"


def test_rates_have_a_run_of_their_own(tick, small):
    from hive_core.market.importing import import_rates

    rates = b"Date,USD,JPY,\n2017-03-02,1.0514,120.06,\n2017-03-01,1.0533,119.59,\n"
    import_rates(small.home, "rates.csv", rates, received_ns=1)
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


def test_days_whose_prices_come_later_are_gone_over_again_once(tick, small):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO), ("2", "2017-03-09 10:00", HELLO))
    tick()
    small.land_bars("2017-03-08 00:00", 24)
    assert jobs(tick()) == [("bars_job", "EURUSD.H1")]
    assert Cursor.model_validate_json(tick.cursor).again == [(date(2017, 3, 8), date(2017, 3, 9))]
    assert ranges(tick()) == [("2017-03-08", "2017-03-09")]
    assert tick.told() == "nothing new has landed"


def test_prices_after_the_messages_change_nothing_for_them(tick, small):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    small.land_bars("2017-03-13 00:00", 24)
    tick()
    assert tick.told() == "nothing new has landed"


def test_prices_that_only_the_average_range_looks_at_count_as_well(tick, small):
    """Fourteen bars before a signal make its true range: they may lie weeks before its day."""
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    small.land_bars("2017-02-20 00:00", 24)
    tick()
    assert ranges(tick()) == [("2017-03-06", "2017-03-06")]


def test_a_day_whose_day_before_came_later_is_gone_over_again(tick, small):
    """It voted without those messages; two days are looked back on, and no third."""
    days = [(str(day), f"2017-03-{day:02} 10:00", HELLO) for day in range(7, 12)]
    small.land_messages("room_a", *days)
    assert ranges(tick()) == [("2017-03-07", "2017-03-11")]
    small.land_messages("room_b", ("1", "2017-03-06 23:50", HELLO))
    assert ranges(tick()) == [("2017-03-06", "2017-03-08")]


def test_messages_that_land_beside_a_market_file_are_neither_lost_nor_run_twice(tick, small):
    small.land_messages("room_a", ("1", "2017-03-06 10:00", HELLO))
    tick()
    small.land_bars("2017-03-06 00:00", 24)
    small.land_messages("room_b", ("1", "2017-03-06 11:00", HELLO))
    tick()
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
