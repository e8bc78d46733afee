"""News counts only once it was seen; nothing known is not the same as no news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.calendars.news import (
    NEWS_COLUMNS,
    NEWS_EVENTS,
    NEWS_HORIZON,
    NEWS_WINDOW,
    known_news,
    merge_news,
    news_as_of,
)
from hive_core.market.bars import UTC_DATETIME

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def event(
    currency: str, after: float, *, seen: float = -600, impact: str = "high", **more: Any
) -> dict[str, Any]:
    """An event so many minutes after noon, seen so many minutes after noon."""
    return {
        "event_id": f"evt_{currency}_{after:g}_{more.get('name', 'CPI')}",
        "ts_event": NOON + minutes(after),
        "currency": currency,
        "impact": impact,
        "name": "CPI",
        "first_seen": NOON + minutes(seen),
        "first_seen_assumed": False,
        "landing_sha256": "0" * 64,
        **more,
    }


def events_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(NEWS_EVENTS) | row for row in rows], schema=NEWS_EVENTS)


WHOLE = [
    event("USD", -3000, impact="low"),
    event("EUR", -2000, impact="medium"),
    event("USD", 600, impact="low"),
]
"""A calendar that follows both currencies and shows what comes."""


def at(after: float, events: pl.DataFrame, symbol: str | None = "EURUSD") -> dict[str, Any]:
    moments = pl.DataFrame(
        [(symbol, NOON + minutes(after))],
        schema={"symbol": pl.String(), "ts_event": UTC_DATETIME},
        orient="row",
    )
    return news_as_of(moments, events).select(NEWS_COLUMNS.keys()).row(0, named=True)


QUIET = {
    "news_known": True,
    "minutes_to_news": None,
    "minutes_since_news": None,
    "next_news": None,
    "in_news_window": False,
}
UNKNOWN = {**QUIET, "news_known": False, "in_news_window": None}


def test_the_next_and_the_last_high_impact_event_of_either_currency_are_told() -> None:
    events = events_of(*WHOLE, event("USD", 90, name="Payrolls"), event("EUR", -45), event("GBP", 5))
    assert at(0, events) == {
        "news_known": True,
        "minutes_to_news": 90.0,
        "minutes_since_news": 45.0,
        "next_news": "USD Payrolls",
        "in_news_window": False,
    }


@pytest.mark.parametrize(
    ("after", "inside"), [(30, True), (30.5, False), (0, True), (-30, True), (-31, False)]
)
def test_the_window_reaches_half_an_hour_on_both_sides(after: float, inside: bool) -> None:
    assert minutes(30) == NEWS_WINDOW
    assert at(0, events_of(*WHOLE, event("EUR", after)))["in_news_window"] is inside


def test_an_event_counts_from_when_it_was_seen() -> None:
    events = events_of(*WHOLE, event("USD", 20, seen=1))
    assert at(0, events) == QUIET
    assert at(1, events)["minutes_to_news"] == 19
    # One that was seen after it happened counts from then.
    late = events_of(*WHOLE, event("USD", 20, seen=25))
    assert at(24, late) == QUIET
    assert at(25, late)["minutes_since_news"] == 5


def test_behind_an_event_that_was_not_seen_yet_the_next_one_is_found() -> None:
    unseen = [event("USD", after, seen=900) for after in (1, 2, 3, -1, -2)]
    row = at(0, events_of(*WHOLE, *unseen, event("USD", 4), event("USD", -3)))
    assert (row["minutes_to_news"], row["minutes_since_news"]) == (4, 3)


def test_without_a_calendar_nothing_is_known_and_no_window_is_denied() -> None:
    assert at(0, events_of()) == UNKNOWN


def test_a_calendar_that_ends_is_known_no_further_than_it_reaches() -> None:
    assert at(600 - 31, events_of(*WHOLE)) == QUIET
    assert at(600 - 29, events_of(*WHOLE)) == UNKNOWN


def test_a_calendar_that_does_not_follow_a_currency_knows_nothing_of_it() -> None:
    assert at(0, events_of(*WHOLE), "GBPUSD") == UNKNOWN
    assert at(0, events_of(*WHOLE), "XAUUSD") == QUIET
    assert at(0, events_of(*WHOLE), "NOPE") == UNKNOWN
    assert at(0, events_of(*WHOLE), None) == UNKNOWN


def test_a_window_is_told_even_where_the_calendar_is_not_whole() -> None:
    row = at(0, events_of(event("USD", 10)))
    assert (row["news_known"], row["in_news_window"], row["minutes_to_news"]) == (False, True, 10)


def test_the_yuan_outside_china_has_the_news_of_china() -> None:
    events = events_of(*WHOLE, event("CNY", -100, impact="low"), event("CNY", 25))
    assert at(0, events, "USDCNH")["in_news_window"] is True


def test_what_is_more_than_a_week_away_is_told_as_none() -> None:
    week = NEWS_HORIZON / minutes(1)
    row = at(0, events_of(*WHOLE, event("USD", week + 1, seen=-9000), event("USD", -week - 1, seen=-99_000)))
    assert row == QUIET
    row = at(0, events_of(*WHOLE, event("USD", week, seen=-9000), event("USD", -week, seen=-99_000)))
    assert (row["minutes_to_news"], row["minutes_since_news"]) == (week, week)


def test_a_result_is_unknown_before_it_was_seen() -> None:
    events = events_of(event("USD", 0, actual="3.1%", actual_seen=NOON + minutes(2)))
    before = known_news(events, pl.lit(NOON + minutes(1), UTC_DATETIME)).row(0, named=True)
    assert (before["actual"], before["actual_seen"]) == (None, None)
    after = known_news(events, pl.lit(NOON + minutes(2), UTC_DATETIME)).row(0, named=True)
    assert after["actual"] == "3.1%"
    assert known_news(events, pl.lit(NOON - minutes(601), UTC_DATETIME)).is_empty()


def test_of_an_event_in_several_files_the_row_that_was_seen_first_stands() -> None:
    early = event("USD", 0, seen=-900, impact="medium")
    late = event("USD", 0, seen=-60, impact="high", actual="3.1%", actual_seen=NOON + minutes(9))
    later = event("USD", 0, seen=30, impact="high", actual="3.2%", actual_seen=NOON + minutes(30))
    for order in ([early, late, later], [later, late, early]):
        merged = merge_news(events_of(row) for row in order)
        row = merged.row(0, named=True)
        assert merged.height == 1
        assert (row["impact"], row["first_seen"]) == ("medium", NOON - minutes(900))
        assert (row["actual"], row["actual_seen"]) == ("3.1%", NOON + minutes(9))
    assert dict(merge_news([]).schema) == NEWS_EVENTS


calendars = st.lists(
    st.builds(
        event,
        st.sampled_from(["USD", "EUR", "CHF"]),
        st.integers(-3000, 3000),
        seen=st.integers(-4000, 3000),
        impact=st.sampled_from(["low", "high"]),
    ),
    max_size=25,
    unique_by=lambda row: row["event_id"],
)
moments_of_test = st.lists(
    st.tuples(st.sampled_from(["EURUSD", "USDCHF", "XAUUSD"]), st.integers(-3000, 3000)),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=150)
@given(calendar=calendars, asked=moments_of_test)
def test_the_columns_are_what_a_plain_search_finds(
    calendar: list[dict[str, Any]], asked: list[tuple[str, int]]
) -> None:
    events = events_of(*calendar)
    for symbol, after in asked:
        now = NOON + minutes(after)
        areas = {"EURUSD": ("EUR", "USD"), "USDCHF": ("USD", "CHF"), "XAUUSD": ("USD",)}[symbol]
        high = [
            row["ts_event"]
            for row in calendar
            if row["first_seen"] <= now and row["currency"] in areas and row["impact"] == "high"
        ]
        coming = [ts - now for ts in high if ts >= now and ts - now <= NEWS_HORIZON]
        gone = [now - ts for ts in high if ts <= now and now - ts <= NEWS_HORIZON]
        row = at(after, events, symbol)
        assert row["minutes_to_news"] == (min(coming) / minutes(1) if coming else None)
        assert row["minutes_since_news"] == (min(gone) / minutes(1) if gone else None)
        if min([*coming, *gone], default=NEWS_HORIZON) <= NEWS_WINDOW:
            assert row["in_news_window"] is True
        else:
            assert row["in_news_window"] is (False if row["news_known"] else None)


@pytest.mark.slow
@settings(max_examples=80)
@given(calendar=calendars, asked=moments_of_test)
def test_what_is_seen_later_changes_nothing(
    calendar: list[dict[str, Any]], asked: list[tuple[str, int]]
) -> None:
    events = events_of(*calendar)
    for symbol, after in asked:
        known = events.filter(pl.col("first_seen") <= NOON + minutes(after))
        assert at(after, known, symbol) == at(after, events, symbol)
