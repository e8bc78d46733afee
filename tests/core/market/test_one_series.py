"""Several timeframes as one series: every instant once, the finest that fills it, no hole left open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.market.bars import TIMEFRAME_SECONDS, UTC_DATETIME
from hive_core.market.one_series import CONTEXT, LEAST_SHARE_FILLED, one_series

MONDAY = datetime(2017, 3, 6, tzinfo=UTC)
FRIDAY, SUNDAY = MONDAY + timedelta(days=4), MONDAY - timedelta(days=1)
SECONDS = {"M1": 60, "M5": 300, "H1": 3600, "H4": 14_400}
HOURS = 16


def at(day: datetime, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return day + timedelta(hours=int(hour), minutes=int(minute))


def run(timeframe: str, first: datetime, until: datetime) -> list[tuple[str, datetime]]:
    """Every bar of a timeframe that opens from `first` on and closes by `until`."""
    length = timedelta(seconds=TIMEFRAME_SECONDS[timeframe])
    return [(timeframe, first + n * length) for n in range((until - first) // length)]


def frame(bars) -> pl.DataFrame:
    return pl.DataFrame(list(bars), schema={"timeframe": pl.String, "ts_open": UTC_DATETIME}, orient="row")


def used(*runs) -> list[tuple[str, datetime]]:
    return one_series(frame(bar for bars in runs for bar in bars)).select("timeframe", "ts_open").rows()


def test_finer_bars_are_used_where_they_are_and_coarser_ones_over_their_holes():
    hours = run("H1", MONDAY, at(MONDAY, "24:00"))
    minutes = run("M1", at(MONDAY, "10:00"), at(MONDAY, "12:00"))
    assert used(hours, minutes) == [*hours[:10], *minutes, *hours[12:]]


@pytest.mark.parametrize(("minutes", "stand"), [(0, False), (1, False), (44, False), (45, True), (59, True)])
@pytest.mark.parametrize("from_the_end", [False, True])
def test_minutes_stand_for_an_hour_when_they_fill_three_quarters_of_it(minutes, stand, from_the_end):
    hour = run("H1", MONDAY, at(MONDAY, "1:00"))
    all_of_them = run("M1", MONDAY, at(MONDAY, "1:00"))
    some = all_of_them[60 - minutes :] if from_the_end else all_of_them[:minutes]
    assert used(hour, some) == (some if stand else hour)


def test_scattered_minutes_do_not_silence_the_hours():
    hours = run("H1", MONDAY, at(MONDAY, "24:00"))
    assert used(hours, [("M1", opened + timedelta(minutes=10)) for _, opened in hours]) == hours


def test_a_timeframe_between_fills_what_the_finest_leaves():
    hour = run("H1", MONDAY, at(MONDAY, "1:00"))
    fives = run("M5", MONDAY, at(MONDAY, "1:00"))
    minutes = run("M1", at(MONDAY, "0:07"), at(MONDAY, "0:33"))
    assert used(hour, fives, minutes) == [
        *fives[:2],
        *run("M1", at(MONDAY, "0:10"), at(MONDAY, "0:30")),
        *fives[6:],
    ]


def test_hours_stand_for_a_day_of_which_the_market_is_open_for_an_evening():
    """Sunday's bar of a day begins 22 hours before its first price was there."""
    evening = run("H1", at(SUNDAY, "22:00"), at(SUNDAY, "24:00"))
    assert used(run("D1", SUNDAY, at(SUNDAY, "24:00")), evening) == evening
    an_hour_late = evening[1:]
    assert used(run("D1", SUNDAY, at(SUNDAY, "24:00")), an_hour_late) == an_hour_late
    until_the_close = run("H1", FRIDAY, at(FRIDAY, "22:00"))
    assert used(run("D1", FRIDAY, at(FRIDAY, "24:00")), until_the_close) == until_the_close
    half_of_friday = run("H1", FRIDAY, at(FRIDAY, "11:00"))
    friday = run("D1", FRIDAY, at(FRIDAY, "24:00"))
    assert used(friday, half_of_friday) == friday


def test_bars_that_begin_within_another_s_time_are_not_seen_twice():
    """Days by a broker's clock, four hours by another's."""
    days = run("D1", MONDAY - timedelta(hours=2), at(MONDAY, "46:00"))
    fours = run("H4", at(MONDAY, "12:00"), at(MONDAY, "44:00"))
    assert used(days, fours) == [days[0], *[bar for bar in fours if bar[1] >= at(MONDAY, "22:00")]]


def test_nothing_stored_is_nothing_used():
    assert one_series(frame([])).is_empty()


coverage = st.lists(
    st.tuples(st.sampled_from(sorted(SECONDS)), st.integers(0, HOURS * 60), st.integers(1, 200)),
    max_size=12,
)  # timeframe, about where a run begins in minutes, how many bars


def stored(runs) -> pl.DataFrame:
    bars = set()
    for timeframe, minute, count in runs:
        length = SECONDS[timeframe]
        first = minute * 60 // length
        bars |= {
            (timeframe, MONDAY + timedelta(seconds=n * length))
            for n in range(first, min(first + count, HOURS * 3600 // length))
        }
    return frame(bars)


@given(coverage)
def test_no_instant_comes_twice_and_three_quarters_of_every_bar_are_seen(runs):
    bars = stored(runs)
    series = one_series(bars)
    assert (series["ts_open"].shift(-1) >= series["ts_close"]).all()
    seen = set()
    for opened, closed in series.select("ts_open", "ts_close").iter_rows():
        begins = int((opened - MONDAY).total_seconds()) // 60
        seen |= set(range(begins, begins + int((closed - opened).total_seconds()) // 60))
    for timeframe, opened in bars.iter_rows():
        begins, minutes = int((opened - MONDAY).total_seconds()) // 60, SECONDS[timeframe] // 60
        assert len(seen & set(range(begins, begins + minutes))) >= LEAST_SHARE_FILLED * minutes


@pytest.mark.slow
@settings(max_examples=15)
@given(coverage)
def test_a_coarser_bar_is_used_only_over_a_hole(runs):
    """Of the bars that are used, none is filled by the finer ones that would be used without it. (What is
    stored may fill it: 45 of 60 minutes stand for an hour, and three such hours leave a hole in four.)"""
    bars = stored(runs)
    for timeframe, opened, closed in one_series(bars).select("timeframe", "ts_open", "ts_close").iter_rows():
        finer = [name for name in SECONDS if SECONDS[name] < SECONDS[timeframe]]
        inside = one_series(bars.filter(pl.col("timeframe").is_in(finer))).filter(
            pl.col("ts_open").is_between(opened, closed, closed="left")
        )
        filled = (inside["ts_close"] - inside["ts_open"]).sum() or timedelta(0)
        assert filled < LEAST_SHARE_FILLED * (closed - opened)


any_start = st.lists(
    st.tuples(st.sampled_from(["M30", "H1", "H4", "D1"]), st.integers(0, 14 * 96), st.integers(1, 60)),
    max_size=12,
)


@pytest.mark.slow
@given(any_start, st.integers(0, 14 * 96), st.integers(0, 96))
def test_what_is_stored_farther_away_changes_nothing_whatever_the_bars_begin_with(runs, begin, quarters):
    bars = frame(
        {
            (name, MONDAY + timedelta(minutes=15 * first, seconds=n * TIMEFRAME_SECONDS[name]))
            for name, first, count in runs
            for n in range(count)
        }
    )
    since = MONDAY + timedelta(minutes=15 * begin)
    until = since + timedelta(minutes=15 * quarters)
    near = bars.filter(pl.col("ts_open").is_between(since - CONTEXT, until + CONTEXT))
    touching = (pl.col("ts_close") >= since) & (pl.col("ts_open") <= until)
    keys = ["ts_open", "timeframe"]
    assert one_series(near).filter(touching).sort(keys).equals(one_series(bars).filter(touching).sort(keys))


def test_a_hole_of_a_coin_at_the_weekend_is_filled_and_of_a_pair_there_is_none():
    saturday = FRIDAY + timedelta(days=1)
    hours = run("H1", saturday, saturday + timedelta(hours=2))
    first_hour_alone = run("M5", saturday, saturday + timedelta(minutes=60))
    five_minutes_more = run("M5", at(saturday, "1:00"), at(saturday, "1:05"))
    bars = frame([*hours, *first_hour_alone, *five_minutes_more])
    coin = one_series(bars, closes_at_weekends=False).select("timeframe", "ts_open").rows()
    assert coin == [*first_hour_alone, hours[1]]
    pair = one_series(bars).select("timeframe", "ts_open").rows()
    assert pair == [*first_hour_alone, *five_minutes_more]
