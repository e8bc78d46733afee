"""Enrichment tells what was known when a signal was posted, and nothing that came later."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.market.bars import (
    ASK_COLUMNS,
    BAR_SCHEMA,
    BID_COLUMNS,
    RATE_SCHEMA,
    TIMEFRAME_SECONDS,
    UTC_DATETIME,
)
from hive_core.market.rates import PUBLISHED_AT, PUBLISHED_ZONE
from hive_core.signals.enrich import enrich_signals
from hive_core.signals.tables import ENRICHED, VALID, conform

FIXTURE_IS_PURE = [HealthCheck.function_scoped_fixture]


def enriched_one(make_signals: Any, bars: pl.DataFrame, **change: Any) -> dict[str, Any]:
    return enrich_signals(conform(make_signals(change), VALID), bars).row(0, named=True)


def test_the_quote_is_of_the_last_closed_bar(make_signals: Any, make_bars: Any, wednesday: datetime) -> None:
    bars = make_bars([round(1.05 + number / 1000, 5) for number in range(24)])
    row = enriched_one(make_signals, bars)
    assert row["market_ts"] == wednesday + timedelta(hours=10)
    assert (row["market_bid"], row["market_ask"]) == (1.059, 1.0591)
    assert row["market_timeframe"] == "H1"
    assert row["spread_pips"] == pytest.approx(1.0)
    assert row["session"] == "london"


def test_distances_are_from_the_worst_edge_of_the_zone(make_signals: Any, flat_bars: pl.DataFrame) -> None:
    row = enriched_one(
        make_signals, flat_bars, entry_low=1.0490, entry_high=1.0500, stop_loss=1.0450, take_profits=[1.06]
    )
    assert row["stop_distance_pips"] == pytest.approx(50)
    assert row["reward_to_risk"] == pytest.approx(2)
    sale = enriched_one(
        make_signals,
        flat_bars,
        side="sell",
        entry_low=1.0500,
        entry_high=1.0510,
        stop_loss=1.0550,
        take_profits=[1.0450, 1.03],
    )
    assert sale["stop_distance_pips"] == pytest.approx(50)
    assert sale["reward_to_risk"] == pytest.approx(1)


def test_without_a_price_distances_are_from_the_mid(make_signals: Any, flat_bars: pl.DataFrame) -> None:
    row = enriched_one(make_signals, flat_bars, stop_loss=1.0450)
    assert row["stop_distance_pips"] == pytest.approx(50.5)


def test_a_stop_is_measured_in_average_true_ranges(
    make_signals: Any, make_bars: Any, wednesday: datetime
) -> None:
    bars = make_bars([(1.05, 1.051, 1.049, 1.05)] * 24)
    row = enriched_one(make_signals, bars, ts_event=wednesday + timedelta(hours=20))
    assert row["atr_pips"] == pytest.approx(20)
    assert row["stop_distance_atr"] == pytest.approx(50.5 / 20)


def test_bars_that_never_moved_give_no_ratio(
    make_signals: Any, flat_bars: pl.DataFrame, wednesday: datetime
) -> None:
    row = enriched_one(make_signals, flat_bars, ts_event=wednesday + timedelta(hours=20))
    assert row["atr_pips"] == 0
    assert row["stop_distance_atr"] is None


def test_an_assumed_spread_is_said_to_be_one(make_signals: Any, make_bars: Any) -> None:
    assert enriched_one(make_signals, make_bars([1.05] * 24))["spread_assumed"] is False
    row = enriched_one(make_signals, make_bars([1.05] * 24, sides="ask"))
    assert row["spread_assumed"] is True
    assert row["spread_pips"] == pytest.approx(0.6)


def test_a_signal_without_a_market_is_an_error_that_names_it(
    make_signals: Any, flat_bars: pl.DataFrame
) -> None:
    with pytest.raises(ValueError, match=r"1 signals without a market, the first is sig_0 \(EURUSD at 2017"):
        enrich_signals(conform(make_signals({}), VALID), flat_bars.clear())


def test_no_signals_are_no_rows(make_signals: Any, flat_bars: pl.DataFrame) -> None:
    assert dict(enrich_signals(conform(make_signals(), VALID), flat_bars).schema) == ENRICHED


def test_without_news_and_rates_they_are_unknown_and_never_none_or_nothing(
    make_signals: Any, flat_bars: pl.DataFrame
) -> None:
    row = enriched_one(make_signals, flat_bars)
    assert row["news_known"] is False
    assert (row["in_news_window"], row["minutes_to_news"]) == (None, None)
    assert row["usd_per_quote"] == 1.0
    yen = enriched_one(
        make_signals,
        flat_bars.with_columns(pl.lit("USDJPY").alias("symbol")),
        symbol="USDJPY",
    )
    assert yen["usd_per_quote"] is None


def a_world(seed: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Bars, news and rates around two weeks from Wednesday 2017-03-01, of a random walk of its own."""
    chance = random.Random(seed)  # noqa: S311 - a made-up market, not a secret
    start = datetime(2017, 3, 1, tzinfo=UTC)
    bars: list[dict[str, Any]] = []
    for symbol, level, spread in (("EURUSD", 1.05, 0.0001), ("USDJPY", 113.0, 0.01)):
        for timeframe, count, began in (("H1", 140, start), ("M15", 40, start + timedelta(hours=100))):
            price = level
            for number in range(count):
                opened = price
                price *= math.exp(chance.gauss(0, 0.001))
                high, low = max(opened, price) * 1.0003, min(opened, price) * 0.9997
                bid = dict(zip(BID_COLUMNS, (opened, high, low, price), strict=True))
                ask = {
                    name: value + spread
                    for name, value in zip(ASK_COLUMNS, (opened, high, low, price), strict=True)
                }
                row = dict.fromkeys(BAR_SCHEMA) | bid | ask
                if chance.random() < 0.9:
                    bars.append(
                        row
                        | {"symbol": symbol, "timeframe": timeframe, "landing_sha256": "0" * 64}
                        | {"ts_open": began + timedelta(seconds=number * TIMEFRAME_SECONDS[timeframe])}
                    )
    news = [
        dict.fromkeys(NEWS_EVENTS)
        | {
            "event_id": f"evt_{number}",
            "ts_event": (at := start + timedelta(minutes=chance.randrange(-3000, 12_000))),
            "currency": chance.choice(["USD", "EUR", "JPY"]),
            "impact": chance.choice(["low", "high", "high"]),
            "name": f"Index {number}",
            "first_seen": at - timedelta(minutes=chance.randrange(-300, 2000)),
            "first_seen_assumed": False,
            "landing_sha256": "0" * 64,
        }
        for number in range(120)
    ]
    rates = [
        {
            "date": (start + timedelta(days=day)).date(),
            "currency": currency,
            "per_eur": rate * math.exp(chance.gauss(0, 0.01)),
            "landing_sha256": "0" * 64,
        }
        for day in range(-3, 9)
        for currency, rate in (("USD", 1.05), ("JPY", 119.0))
    ]
    return (
        pl.DataFrame(bars, schema=BAR_SCHEMA),
        pl.DataFrame(news, schema=NEWS_EVENTS),
        pl.DataFrame(rates, schema=RATE_SCHEMA),
    )


_PUBLISHED = (
    pl.col("date").dt.combine(PUBLISHED_AT).dt.replace_time_zone(PUBLISHED_ZONE).dt.convert_time_zone("UTC")
)


def closes(bars: pl.DataFrame) -> pl.Series:
    """When each bar is known."""
    seconds = pl.col("timeframe").replace_strict(TIMEFRAME_SECONDS, return_dtype=pl.Int64)
    return bars.select(pl.col("ts_open") + (seconds * 1_000_000).cast(pl.Duration("us"))).to_series()


def cut(world: tuple[pl.DataFrame, ...], now: datetime) -> tuple[pl.DataFrame, ...]:
    """What was known at a moment."""
    bars, news, rates = world
    return (
        bars.filter(closes(bars) <= now),
        news.filter(pl.col("first_seen") <= now),
        rates.filter(now >= _PUBLISHED),
    )


def with_garbage(world: tuple[pl.DataFrame, ...], now: datetime) -> tuple[pl.DataFrame, ...]:
    """What was known at a moment, and after it something else than what came."""
    bars, news, rates = world
    prices = [pl.col(name) * 7 for name in (*BID_COLUMNS, *ASK_COLUMNS)]
    later_news = news.filter(pl.col("first_seen") > now)
    return (
        pl.concat([cut(world, now)[0], bars.filter(closes(bars) > now).with_columns(prices)]),
        pl.concat(
            [
                cut(world, now)[1],
                later_news.with_columns(pl.lit("high").alias("impact"), pl.lit(now).alias("ts_event")),
                later_news.with_columns(
                    pl.lit("high").alias("impact"), pl.lit(now + timedelta(minutes=40)).alias("ts_event")
                ),
            ]
        ),
        pl.concat([cut(world, now)[2], rates.filter(now < _PUBLISHED).with_columns(pl.col("per_eur") * 7)]),
    )


def signals_in(make_signals: Any, bars: pl.DataFrame, places: list[tuple[str, int]]) -> pl.DataFrame:
    """Buys of an instrument at a minute each, with a stop and a target around what the market was."""
    rows = [
        {
            "symbol": symbol,
            "ts_event": datetime(2017, 3, 1, 4, tzinfo=UTC) + timedelta(minutes=minute),
            "stop_loss": 1.0 if symbol == "EURUSD" else 110.0,
            "take_profits": [1.2] if symbol == "EURUSD" else [120.0],
        }
        for symbol, minute in places
    ]
    return conform(make_signals(*rows), VALID).sort("ts_event")


def enriched(valid: pl.DataFrame, world: tuple[pl.DataFrame, ...]) -> pl.DataFrame:
    bars, news, rates = world
    return enrich_signals(valid, bars, news=news, rates=rates)


def assert_same_columns(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    for name in ENRICHED:
        assert found[name].equals(expected[name], null_equal=True), name


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=FIXTURE_IS_PURE)
@given(
    seed=st.integers(0, 10_000),
    places=st.lists(
        st.tuples(st.sampled_from(["EURUSD", "USDJPY"]), st.integers(0, 130 * 60)), min_size=1, max_size=3
    ),
)
def test_nothing_that_came_later_changes_any_column(
    make_signals: Any, seed: int, places: list[tuple[str, int]]
) -> None:
    world = a_world(seed)
    valid = signals_in(make_signals, world[0], places)
    at_once = enriched(valid, world)
    for number in range(valid.height):
        now, known = valid["ts_event"][number], valid.head(number + 1)
        assert_same_columns(enriched(known, cut(world, now)), at_once.head(number + 1))
        assert_same_columns(enriched(known, with_garbage(world, now)).tail(1), at_once[number])


PLACES = [("EURUSD", 7_000), ("USDJPY", 7_000)]


def test_every_column_is_told_where_the_world_is_known(make_signals: Any) -> None:
    world = a_world(1)
    row = enriched(signals_in(make_signals, world[0], PLACES), world)
    entry = {"entry_low", "entry_high"}  # a market order without a price
    assert {name for name in ENRICHED if row[name].null_count()} - entry == {"regime"}


CHANGED_BY = {
    "the last bar": ("market_bid", "market_ask", "spread_pips", "stop_distance_pips", "reward_to_risk"),
    "earlier bars": ("atr_pips", "stop_distance_atr", "volatility_pct"),
    "the news": ("minutes_to_news", "minutes_since_news", "next_news", "in_news_window"),
    "no news": ("news_known",),
    "the rates": ("usd_per_quote",),
    "a finer bar": ("market_ts", "market_timeframe"),
    "one side alone": ("spread_assumed",),
    "the time": ("session",),
}
"""What in the known past changes each column: so that a column that nothing changes does not pass above."""


@pytest.mark.parametrize("what", CHANGED_BY)
def test_every_column_depends_on_what_was_known(make_signals: Any, what: str) -> None:
    world = a_world(1)
    valid = signals_in(make_signals, world[0], [("USDJPY", 7_000)])
    now = valid["ts_event"][0]
    bars, news, rates = cut(world, now)
    is_last = pl.Series(closes(bars) == enriched(valid, world)["market_ts"][0])
    if what == "the last bar":
        wider = [(pl.col(name) + 0.5).alias(name) for name in BID_COLUMNS]
        wider += [(pl.col(name) + 0.9).alias(name) for name in ASK_COLUMNS]
        bars = pl.concat([bars.filter(~is_last), bars.filter(is_last).with_columns(wider)])
    elif what == "earlier bars":
        shaken = [pl.col("bid_high") * 1.001, pl.col("bid_close") * 1.0005]
        bars = pl.concat([bars.filter(~is_last).with_columns(shaken), bars.filter(is_last)])
    elif what == "the news":
        soon = news.head(2).with_columns(
            pl.Series("ts_event", [now - timedelta(minutes=1), now + timedelta(minutes=2)]).dt.cast_time_unit(
                "us"
            ),
            currency=pl.lit("JPY"),
            impact=pl.lit("high"),
            name=pl.lit("Sudden"),
        )
        news = pl.concat([news.filter(pl.col("ts_event") < now - timedelta(hours=2)), soon])
    elif what == "no news":
        news = news.clear()
    elif what == "the rates":
        rates = rates.with_columns(
            pl.when(pl.col("currency") == "JPY").then(2.0).otherwise("per_eur").alias("per_eur")
        )
    elif what == "a finer bar":
        finer = bars.filter(is_last & (pl.col("symbol") == "USDJPY")).head(1)
        opens = now.replace(second=0) - timedelta(minutes=2)
        bars = pl.concat(
            [bars, finer.with_columns(timeframe=pl.lit("M1"), ts_open=pl.lit(opens, UTC_DATETIME))]
        )
    elif what == "one side alone":
        bars = bars.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ASK_COLUMNS)
    moved = (
        valid.with_columns(ts_event=pl.lit(now - timedelta(hours=12), UTC_DATETIME))
        if what == "the time"
        else valid
    )
    before, after = enriched(valid, world), enriched(moved, (bars, news, rates))
    same = [name for name in CHANGED_BY[what] if before[name].equals(after[name], null_equal=True)]
    assert same == []


def test_every_column_that_is_made_here_is_named_above() -> None:
    assert {name for names in CHANGED_BY.values() for name in names} == set(ENRICHED) - set(VALID) - {
        "regime"
    }
