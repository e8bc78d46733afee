"""Bars, rates and news that are kept answer as those that are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_rooms import made_up_bars
from polars.testing import assert_frame_equal

from hive_core.calendars.news import NEWS_EVENTS, KnownNews, news_as_of
from hive_core.market.as_of import KnownMarket, market_as_of
from hive_core.market.bars import RATE_SCHEMA, UTC_DATETIME
from hive_core.market.rates import KnownRates, rate_as_of

BARS = made_up_bars()
FIRST = datetime(2024, 2, 4, tzinfo=UTC)
MOMENT = st.integers(0, 40 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
SYMBOL = st.sampled_from(["EURUSD", "GBPUSD", "NOTHING", None])


def moments_of(rows: list[tuple[str | None, datetime | None]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"symbol": pl.String, "ts_event": UTC_DATETIME}, orient="row")


@settings(max_examples=25)
@given(
    asked=st.lists(
        st.lists(st.tuples(SYMBOL, st.one_of(MOMENT, st.none())), max_size=6), min_size=1, max_size=4
    )
)
def test_a_kept_market_answers_as_bars_do_however_often_it_is_asked(asked):
    kept = KnownMarket(BARS)
    for rows in asked:
        moments = moments_of(rows)
        assert_frame_equal(market_as_of(moments, kept), market_as_of(moments, BARS))


def test_a_market_that_is_prepared_is_asked_without_more_work():
    kept = KnownMarket(BARS)
    kept.prepare()
    assert kept.quotes("EURUSD", "H1") is kept.quotes("EURUSD", "H1")
    assert kept.series() == [("EURUSD", "H1")]


@settings(max_examples=25)
@given(
    events=st.lists(
        st.tuples(MOMENT, st.sampled_from(["EUR", "USD", "JPY"]), st.sampled_from(["high", "low"]), MOMENT),
        max_size=12,
    ),
    asked=st.lists(st.tuples(SYMBOL, MOMENT), max_size=6),
)
def test_a_kept_calendar_answers_as_events_do(events, asked):
    rows = [
        {
            "event_id": f"e{number}",
            "ts_event": ts,
            "currency": currency,
            "impact": impact,
            "name": "CPI",
            "first_seen": seen,
            "first_seen_assumed": False,
        }
        for number, (ts, currency, impact, seen) in enumerate(events)
    ]
    frame = pl.DataFrame(rows, schema=NEWS_EVENTS)
    kept, moments = KnownNews(frame), moments_of(asked)
    for _ in range(2):
        assert_frame_equal(news_as_of(moments, kept), news_as_of(moments, frame))


@settings(max_examples=25)
@given(days=st.sets(st.integers(0, 40), max_size=10), asked=st.lists(MOMENT, max_size=6))
def test_kept_rates_answer_as_rates_do(days, asked):
    frame = pl.DataFrame(
        [
            {
                "date": (FIRST + timedelta(days=day)).date(),
                "currency": currency,
                "per_eur": 1.1 + day / 100,
                "landing_sha256": "0" * 64,
            }
            for day in sorted(days)
            for currency in ("USD", "JPY")
        ],
        schema=RATE_SCHEMA,
    )
    moments = pl.DataFrame(
        [(ts, currency) for ts in asked for currency in ("JPY", "EUR", "USD", "CHF")],
        schema={"ts_event": UTC_DATETIME, "quote": pl.String},
        orient="row",
    )
    told = rate_as_of(moments, frame, of="quote", to="USD", name="rate")
    assert_frame_equal(rate_as_of(moments, KnownRates(frame, "USD"), of="quote", to="USD", name="rate"), told)


def test_rates_that_are_kept_in_another_currency_are_refused():
    frame = pl.DataFrame(schema=RATE_SCHEMA)
    moments = pl.DataFrame(schema={"ts_event": UTC_DATETIME, "quote": pl.String})
    with pytest.raises(ValueError, match="kept in JPY"):
        rate_as_of(moments, KnownRates(frame, "JPY"), of="quote", to="USD", name="rate")
