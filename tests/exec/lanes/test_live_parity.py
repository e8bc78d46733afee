"""Two lanes, one answer: message by message through the live lane as all at once through the pipeline."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_bench import Pipeline, in_order, message_of, take, take_all
from lane_rooms import BEGIN, DESK, made_up_rooms

from hive_core.configuration.model import Configuration, Resolution
from hive_core.contracts.lane import LaneOutcome
from hive_core.evidence.canonical import canonical_bytes
from hive_core.market.declaration import declare_bars
from hive_core.market.parse import parse_bars
from hive_core.signals.lane_context import LaneContext
from hive_core.signals.messages import MessageDeclaration, parse_message_file
from hive_core.signals.recompute import heard_of, recompute
from hive_core.signals.scorecards.tables import SOURCE_WEIGHTS
from hive_exec.lanes.live import LiveLane, Taken


def texts(taken: list[Taken]) -> list[str]:
    return [canonical_bytes(each.decision).decode() for one in taken for each in one.deliveries]


def decided_since(pipeline: Pipeline, since: datetime) -> list[str]:
    """The pipeline's decisions by signals posted from a time on, in the order of the messages."""
    resolved = pipeline.resolved()
    made = resolved.decisions.filter(pl.col("ts_decided") >= since)
    return made["decision_json"].to_list()


def fates(taken: list[Taken]) -> dict[str, str]:
    return {fate.signal_id: fate.outcome for one in taken for fate in one.judged.fates}


@pytest.fixture(scope="module")
def rooms() -> Pipeline:
    return made_up_rooms()


def test_the_rooms_have_everything_that_parity_is_asked_of(rooms):
    """Otherwise the tests below would compare nothing with nothing."""
    lane = LiveLane(rooms.context(BEGIN, valid_for=timedelta(days=30)))
    taken = take_all(lane, in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN)))
    outcomes = set(fates(taken).values())
    assert outcomes >= {"decided", "confirmed", "held_back", "quarantined", "update"}
    reasons = {fate.reason for one in taken for fate in one.judged.fates}
    assert reasons >= {"edited", "duplicate", "missing_stop", "stop_wrong_side"}
    assert len(texts(taken)) >= 20


def test_live_decisions_are_the_pipelines_byte_for_byte(rooms):
    lane = LiveLane(rooms.context(BEGIN, valid_for=timedelta(days=30)))
    taken = take_all(lane, in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN)))
    assert {one.judged.outcome for one in taken} == {LaneOutcome.JUDGED}
    assert sorted(texts(taken)) == sorted(decided_since(rooms, BEGIN))
    resolved = rooms.resolved().resolutions.filter(pl.col("ts_event") >= BEGIN)
    told = dict(resolved.select("signal_id", "outcome").iter_rows())
    assert {
        name: said for name, said in fates(taken).items() if said not in {"quarantined", "update"}
    } == told


@pytest.mark.parametrize("weighting", ["fixed", "scorecard"])
def test_weights_and_several_voices_count_alike_in_both_lanes(rooms, weighting):
    days = [BEGIN.date() + timedelta(days=number) for number in range(-3, 7)]
    weights = pl.DataFrame(
        [
            {
                "source": source,
                "day": day,
                "weight": weight,
                "traded": 60,
                "mean_r": 0.1,
                "shrunk_mean_r": 0.05,
                "evidence": 0.5,
            }
            for day in days
            for source, weight in (("room_a", 0.75), ("room_b", 0.4 + day.day / 100))
        ],
        schema=SOURCE_WEIGHTS,
    )
    resolution = Resolution.model_validate_json(
        f'{{"weighting": "{weighting}", "decay_half_life_s": 900, "threshold": "0.5"}}'
    )
    asked = replace(
        rooms, source_weights=weights, configuration=Configuration(accounts=(DESK,), resolution=resolution)
    )
    context = asked.context(BEGIN, valid_for=timedelta(days=30))
    lane = LiveLane(context)
    end = datetime.combine(days[-1] + timedelta(days=1), datetime.min.time(), UTC)
    since = pl.col("ts_event") >= BEGIN
    before = pl.lit(True) if weighting == "fixed" else pl.col("ts_event") < end
    taken = take_all(lane, in_order(asked.messages.filter(since & before)))
    wanted = [
        text
        for text, ts in asked.resolved().decisions.select("decision_json", "ts_decided").iter_rows()
        if ts >= BEGIN and (weighting == "fixed" or ts < end)
    ]
    assert sorted(texts(taken)) == sorted(wanted)
    assert wanted


@cache
def the_rooms() -> Pipeline:
    return made_up_rooms()


@pytest.mark.slow
@settings(max_examples=15)
@given(data=st.data())
def test_restarts_and_new_decks_anywhere_change_no_answer(data):
    """At any message the process may end, and a deck may come that has landed what was said until then, or a
    part of it; and what the lane recorded of a message is all that it takes to begin anew."""
    rooms = the_rooms()
    rows = in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN))
    breaks = data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=5))
    context = rooms.context(BEGIN, valid_for=timedelta(days=30))
    lane = LiveLane(context)
    journal, taken = [], []
    for number, row in enumerate(rows):
        if number in breaks:
            if data.draw(st.booleans()):
                landed = in_order(rooms.messages.filter(pl.col("ts_event") < row["ts_event"]))
                late = data.draw(st.integers(0, 3))
                context = rooms.context(
                    row["ts_event"],
                    landed=pl.DataFrame(
                        landed[: len(landed) - late], schema=rooms.messages.schema, orient="row"
                    ),
                    valid_for=timedelta(days=30),
                )
            heard = [heard_of(message, judged) for message, judged in journal]
            lane = LiveLane(context, [each for each in heard if each is not None])
        one = take(lane, row)
        journal.append((message_of(row), one.judged))
        taken.append(one)
    assert sorted(texts(taken)) == sorted(decided_since(rooms, BEGIN))


@cache
def the_answers() -> tuple[LaneContext, list[Taken]]:
    rooms = the_rooms()
    context = rooms.context(BEGIN, valid_for=timedelta(days=30))
    return context, take_all(LiveLane(context), in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN)))


@settings(max_examples=4)
@given(place=st.integers(1, 60))
def test_what_comes_later_changes_nothing_that_was_answered(place):
    context, whole = the_answers()
    rows = in_order(the_rooms().messages.filter(pl.col("ts_event") >= BEGIN))
    assert take_all(LiveLane(context), rows[:place]) == whole[:place]


def test_frames_at_once_give_the_answers_that_were_given_one_by_one(rooms):
    context = rooms.context(BEGIN, valid_for=timedelta(days=30))
    lane = LiveLane(context)
    taken = take_all(lane, in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN)))
    answers = recompute(context, [], lane.heard)
    assert [answers[one.judged.message_sha256].fates for one in taken] == [one.judged.fates for one in taken]
    assert [list(answers[one.judged.message_sha256].decisions) for one in taken] == [
        texts([one]) for one in taken
    ]


def test_a_message_twice_is_heard_once(rooms):
    context = rooms.context(BEGIN, valid_for=timedelta(days=30))
    lane = LiveLane(context)
    rows = in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN))
    once = take_all(lane, rows[:40])
    again = take_all(lane, rows[:40])
    assert {one.judged.outcome for one in again} == {LaneOutcome.REPEATED}
    assert not any(one.deliveries for one in again)
    rest = take_all(lane, rows[40:])
    assert sorted(texts(once + rest)) == sorted(decided_since(rooms, BEGIN))


def test_what_the_deck_has_is_not_decided_again(rooms):
    rows = in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN))
    later = rows[60]["ts_event"]
    lane = LiveLane(rooms.context(later, valid_for=timedelta(days=30)))
    known = [row for row in rows if later - timedelta(hours=12) < row["ts_event"] < later]
    assert {take(lane, row).judged.outcome for row in known} == {LaneOutcome.REPEATED}


@pytest.mark.slow
@pytest.mark.skipif("HIVE_REAL_DATA" not in os.environ, reason="HIVE_REAL_DATA is not set: no real room")
def test_a_real_room_is_decided_alike_in_both_lanes():
    folder = Path(os.environ["HIVE_REAL_DATA"])
    said = MessageDeclaration(source="gold_room", format="jsonl")
    room = parse_message_file(
        (folder / "signals/gold_room_2025-11_2025-12.jsonl.gz").read_bytes(), said, landing_sha256="0" * 64
    )
    declared = declare_bars(
        {"symbol": "XAUUSD", "timeframe": "H1", "format": "csv", "time_zone": "UTC", "side": "bid"}
    )
    path = folder / "fx/h1_recent_2025-07_2026-02/XAUUSD.csv.gz"
    bars = parse_bars(path.read_bytes(), declared, landing_sha256="0" * 64).frame
    gold = Pipeline(room.frame, bars, Configuration())
    since = datetime(2025, 11, 20, tzinfo=UTC)
    rows = in_order(gold.messages.filter(pl.col("ts_event") >= since))
    lane, taken = LiveLane(gold.context(since, valid_for=timedelta(days=60))), []
    for number, row in enumerate(rows):
        if number and number % 400 == 0:  # a new deck, and the process begins anew
            lane = LiveLane(gold.context(row["ts_event"], valid_for=timedelta(days=60)), lane.heard)
        taken.append(take(lane, row))
    assert len(texts(taken)) > 100
    assert sorted(texts(taken)) == sorted(decided_since(gold, since))
