"""Enrichment tells what was known when a signal was posted, and nothing that came later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


moves = st.tuples(st.floats(-0.003, 0.003), st.floats(0, 0.002), st.floats(0, 0.002))


@settings(max_examples=25, suppress_health_check=FIXTURE_IS_PURE, deadline=None)
@given(
    walk=st.lists(moves, min_size=20, max_size=60),
    minutes=st.lists(st.integers(60, 60 * 60), min_size=1, max_size=5),
    with_minutes=st.booleans(),
)
def test_cutting_everything_after_a_signal_changes_no_column_of_it(
    make_signals: Any,
    make_bars: Any,
    wednesday: datetime,
    walk: list[tuple[float, float, float]],
    minutes: list[int],
    with_minutes: bool,
) -> None:
    level, ohlc = 1.05, []
    for move, up, down in walk:
        close = level + move
        ohlc.append((level, max(level, close) + up, min(level, close) - down, close))
        level = close
    bars = make_bars(ohlc)
    if with_minutes:
        bars = pl.concat([bars, make_bars(ohlc[::-1], timeframe="M15", start=wednesday + timedelta(hours=3))])
    valid = conform(
        make_signals(*({"ts_event": wednesday + timedelta(minutes=minute)} for minute in minutes)), VALID
    ).sort("ts_event")
    at_once = enrich_signals(valid, bars)
    length = (
        pl.col("timeframe")
        .replace_strict({"H1": 3600, "M15": 900}, return_dtype=pl.Int64)
        .mul(1_000_000)
        .cast(pl.Duration("us"))
    )
    for number in range(valid.height):
        now = valid["ts_event"][number]
        known = bars.filter(pl.col("ts_open") + length <= now)
        then = enrich_signals(valid.head(number + 1), known)
        assert then.equals(at_once.head(number + 1))
