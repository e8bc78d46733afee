"""Days resolved alone are the days resolved together, and one idea is one exposure across midnights too."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from enriched_rows import MIDNIGHT, NO_IDEAS, ONE_ACCOUNT, enriched, with_resolution
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import Configuration
from hive_core.signals.fates import Resolved, tables_of
from hive_core.signals.resolve import context_days, resolve_signals
from hive_core.signals.resolver import Resolver
from proofs.plain_resolution import plain_decisions

DAYS = range(7)
ROOMS = ["room_a", "room_b", "room_c", "elsewhere"]
SELL: dict[str, Any] = {"side": "sell", "stop_loss": 1.0550, "take_profits": [1.0450]}


def at(text: str, source: str = "room_a", **changes: Any) -> dict[str, Any]:
    """A voice at `1 23:44`: the day counted from MIDNIGHT's, and the clock."""
    day, clock = text.split()
    hour, minute = map(int, clock.split(":"))
    return {"minute": (int(day) * 24 + hour) * 60 + minute - 12 * 60, "source": source, **changes}


def clock(minute: int) -> str:
    return f"{minute // 1440} {minute // 60 % 24:02d}:{minute % 60:02d}"


def chain(every: int, offset: int, **changes: Any) -> list[dict[str, Any]]:
    """A voice every so many minutes for five days, from three rooms in turn."""
    return [
        at(clock(offset + every * number), ROOMS[number % 3], **changes)
        for number in range(5 * 1440 // every)
    ]


def day_alone(frame: pl.DataFrame, configuration: Configuration, number: int) -> Resolved:
    """A day as its partition is made: with the days of its context and nothing else."""
    first = MIDNIGHT + timedelta(days=number)
    last = first + timedelta(days=1) - timedelta(microseconds=1)
    context = first - timedelta(days=context_days(configuration.resolution))
    seen = frame.filter(pl.col("ts_event").is_between(context, last))
    return resolve_signals(seen, configuration, first_ts=first, last_ts=last)


voices = st.fixed_dictionaries(
    {
        # Crowded around midnights, where days meet.
        "minute": st.one_of(
            st.integers(0, 5 * 1440),
            st.builds(lambda day, near: day * 1440 + near, st.integers(1, 4), st.integers(-130, 130)),
        ).map(lambda minute: minute - 12 * 60),
        "source": st.sampled_from(ROOMS),
        "stop_loss": st.sampled_from([1.0400, 1.0450, 1.0453, 1.0456, 1.0500, 1.0590]),
    },
    optional={
        "side": st.just("sell"),
        "take_profits": st.just([1.0450]),
        "valid_until": st.just(MIDNIGHT + timedelta(days=9)),
    },
)
chains = st.builds(
    lambda every, offset, sell: chain(every, offset, **(SELL if sell else {})),
    st.sampled_from([17, 31, 50, 59, 60, 61, 97]),
    st.integers(0, 1439),
    st.booleans(),
)
histories = st.builds(
    lambda alone, ongoing: [*alone, *(voice for one in ongoing for voice in one)],
    st.lists(voices, max_size=16),
    st.lists(chains, max_size=2),
)
configurations = st.builds(
    lambda window_s, exposure_s, half_life_s, threshold, voices: with_resolution(
        vote_window_s=window_s,
        exposure_window_s=exposure_s,
        decay_half_life_s=half_life_s,
        threshold=Decimal(threshold),
        minimum_voices=voices,
    ),
    st.sampled_from([1800, 3600, 14_400, 43_200, 100_000]),
    st.sampled_from([1, 3600, 20_000, 43_200, 86_400, 150_000]),
    st.sampled_from([None, 900, 7200]),
    st.sampled_from(["1", "1.3", "2"]),
    st.integers(1, 2),
)


def no_idea_twice(frame: pl.DataFrame, resolved: Resolved, configuration: Configuration) -> bool:
    """Whether no two decisions of one account were made by the same call of two rooms within the exposure
    window."""
    made = resolved.resolutions.filter(pl.col("outcome") == "decided").select("signal_id", "account")
    first = pl.col("take_profits").list.first().alias("target")
    calls = made.join(
        frame.select("signal_id", "source", "ts_event", "side", "stop_loss", first), on="signal_id"
    )
    exposure = timedelta(seconds=configuration.resolution.exposure_window_s)
    of_one_plan = "account", "side", "stop_loss", "target"
    again = calls.sort("ts_event").select(
        pl.col("ts_event").diff().over(of_one_plan).alias("after"),
        (pl.col("source") != pl.col("source").shift()).over(of_one_plan).alias("by_another"),
    )
    return again.filter("by_another", pl.col("after") <= exposure).is_empty()


@pytest.mark.slow
@settings(max_examples=35)
@given(histories, configurations, st.permutations(list(DAYS)), st.randoms(use_true_random=False))
def test_days_made_alone_in_any_order_are_all_days_at_once(
    changes: list[dict[str, Any]], configuration: Configuration, order: list[int], random: Any
) -> None:
    frame = enriched(*changes)
    at_once = resolve_signals(frame, configuration)
    one_by_one = tables_of(Resolver(configuration).hear(frame.sort("ts_event", "source", "signal_id")))
    assert one_by_one.decisions.equals(at_once.decisions)
    assert one_by_one.resolutions.equals(at_once.resolutions)
    shuffled = frame[random.sample(range(frame.height), frame.height)] if frame.height else frame
    alone = {number: day_alone(shuffled, configuration, number) for number in order}
    assert pl.concat(alone[number].decisions for number in DAYS).equals(at_once.decisions)
    assert pl.concat(alone[number].resolutions for number in DAYS).equals(at_once.resolutions)
    assert at_once.resolutions.height == frame.height

    decided = at_once.resolutions.filter(pl.col("outcome") == "decided")
    assert decided.select("account", "signal_id").rows() == plain_decisions(frame, configuration)

    for number in DAYS:
        named = alone[number].resolutions.drop_nulls("decision_id")
        assert set(named["decision_id"]) == set(alone[number].decisions["decision_id"])
        assert set(named["outcome"]) <= {"decided", "confirmed"}

    window = timedelta(seconds=configuration.resolution.vote_window_s)
    for _, of_one_side in at_once.decisions.sort("ts_decided").group_by("account", "symbol", "side"):
        assert of_one_side.filter(pl.col("ts_decided").diff() <= window).is_empty()
    assert no_idea_twice(frame, at_once, configuration)


def test_a_room_that_never_falls_silent_makes_no_second_exposure_at_midnight() -> None:
    resolved = resolve_signals(enriched(*chain(17, 0)), NO_IDEAS)
    times = resolved.decisions["ts_decided"]
    assert (times.diff().drop_nulls() > timedelta(hours=1)).all()
    assert set(resolved.resolutions["outcome"]) == {"decided", "confirmed", "held_back"}
    # It is held back for a window after midnight at most, and then it trades again.
    assert (times.diff().drop_nulls() <= timedelta(hours=2, minutes=17)).all()


def test_of_rooms_that_repeat_one_call_for_days_one_a_day_is_followed() -> None:
    frame = enriched(*chain(17, 0))
    resolved = resolve_signals(frame, ONE_ACCOUNT)
    day = pl.col("ts_decided").dt.date().alias("day")
    rooms = resolved.decisions.select(day, pl.col("sources").list.last()).unique().sort("day")
    assert rooms["day"].to_list() == [(MIDNIGHT + timedelta(days=number)).date() for number in range(5)]
    assert resolved.decisions.height == 47
    assert no_idea_twice(frame, resolved, ONE_ACCOUNT)
    assert not no_idea_twice(frame, resolve_signals(frame, NO_IDEAS), ONE_ACCOUNT)


def outcomes(*changes: dict[str, Any]) -> list[str]:
    return resolve_signals(enriched(*changes), NO_IDEAS).resolutions["outcome"].to_list()


def test_what_could_have_been_decided_before_midnight_holds_back_for_the_window() -> None:
    assert outcomes(at("0 23:30"), at("1 00:30")) == ["decided", "held_back"]
    assert outcomes(at("0 23:30"), at("1 00:31")) == ["decided", "decided"]
    # 23:50 only confirmed 23:10: it holds back all the same, for that hangs on what came before 23:10.
    assert outcomes(at("0 23:10"), at("0 23:50"), at("1 00:20")) == ["decided", "confirmed", "held_back"]
    assert outcomes(at("0 23:30"), at("1 00:10", **SELL)) == ["decided", "decided"]


def test_a_call_without_the_votes_or_without_a_plan_holds_nothing_back() -> None:
    against = at("0 23:00", "room_b", **SELL)
    assert outcomes(against, at("0 23:40"), at("1 00:10")) == ["decided", "below_threshold", "decided"]
    no_plan = at("0 23:40", stop_loss=1.0590)
    assert outcomes(no_plan, at("1 00:10")) == ["refused", "decided"]


def test_who_holds_back_is_told_and_no_decision_is_named() -> None:
    resolved = resolve_signals(enriched(at("0 23:44"), at("1 00:01", "room_b")), ONE_ACCOUNT)
    told = resolved.resolutions.row(1, named=True)
    assert (told["outcome"], told["decision_id"]) == ("held_back", None)
    assert "sig_000 of room_a, posted at 2017-03-01 23:44:00 UTC, before midnight" in told["detail"]
    assert "within 3600 s" in told["detail"]


def test_after_a_first_decision_of_the_day_the_later_voice_confirms_that_one() -> None:
    changes = (at("0 23:30"), at("1 00:40"), at("1 00:50"))
    resolved = resolve_signals(enriched(*changes), NO_IDEAS)
    assert resolved.resolutions["outcome"].to_list() == ["decided", "decided", "confirmed"]
    assert resolved.resolutions["decision_id"][2] == resolved.decisions["decision_id"][1]
