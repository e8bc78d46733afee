"""Weights follow measured R, shrunk: little evidence weighs little, losers nothing; nothing looks ahead."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hive_core.signals.scorecards.outcomes import score_signals
from hive_core.signals.scorecards.tables import OUTCOMES, SOURCE_WEIGHTS
from hive_core.signals.scorecards.weights import (
    FULL_R,
    MAX_WEIGHT,
    PRIOR_SIGNALS,
    PRIOR_WEIGHT,
    source_weights,
    weight_of,
)
from hive_core.signals.tables import VALID, conform

START = datetime(2017, 3, 1, tzinfo=UTC)
counts = st.integers(1, 5_000)
means = st.floats(-3, 8)


@given(counts, means, means)
def test_a_better_mean_never_weighs_less(traded: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert weight_of(traded, low * traded).weight <= weight_of(traded, high * traded).weight


@given(counts, counts, st.floats(1e-3, 8))
def test_more_trades_of_the_same_gain_never_weigh_less(one: int, other: int, mean: float) -> None:
    few, many = sorted((one, other))
    assert weight_of(few, mean * few).weight <= weight_of(many, mean * many).weight
    assert weight_of(few, mean * few).weight < weight_of(20 * few, mean * 20 * few).weight + 1e-9


@given(counts, st.floats(-3, 0))
def test_a_source_that_lost_or_earned_nothing_has_no_voice(traded: int, mean: float) -> None:
    assert weight_of(traded, mean * traded).weight == 0


@given(st.integers(0, 10_000), st.floats(-100, 1_000))
def test_a_weight_is_never_outside_its_bounds(traded: int, total_r: float) -> None:
    assert 0 <= weight_of(traded, total_r).weight < MAX_WEIGHT


def test_nothing_measured_is_the_prior_weight() -> None:
    nothing = weight_of(0, 0.0)
    assert (nothing.weight, nothing.mean_r, nothing.shrunk_mean_r) == (PRIOR_WEIGHT, None, None)


@pytest.mark.parametrize("lucky_r", [2.0, 50.0])
def test_three_lucky_trades_weigh_little_however_lucky(lucky_r: float) -> None:
    assert weight_of(3, 3 * lucky_r).weight < 2 * PRIOR_WEIGHT


def test_the_formula_is_the_one_that_is_written() -> None:
    found = weight_of(100, 12.0)
    assert found.evidence == pytest.approx(100 / (100 + PRIOR_SIGNALS))
    assert found.shrunk_mean_r == pytest.approx(0.12 * found.evidence)
    assert found.weight == pytest.approx(
        PRIOR_WEIGHT + (MAX_WEIGHT - PRIOR_WEIGHT) * (0.12 * found.evidence) / FULL_R, abs=1e-4
    )


def test_one_voice_decides_alone_from_ninety_trades_of_a_fifth_of_r_on() -> None:
    assert weight_of(90, 90 * 0.2).weight == pytest.approx(1.0, abs=1e-3)
    assert weight_of(89, 89 * 5.0).weight < 1.0


def ended(*rows: tuple[str, float, float], known_after_h: float = 0.0) -> pl.DataFrame:
    """Outcomes of (source, hour of the exit, R), posted an hour before."""
    full: list[dict[str, Any]] = [
        dict.fromkeys(OUTCOMES)
        | {
            "signal_id": f"sig_{number:03d}",
            "source": source,
            "outcome": "target" if r > 0 else "stop",
            "ts_event": START + timedelta(hours=at - 1),
            "ts_exit": START + timedelta(hours=at),
            "ts_known": START + timedelta(hours=at + known_after_h),
            "r_multiple": r,
        }
        for number, (source, at, r) in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=OUTCOMES)


def traded_on(day: date, outcomes: pl.DataFrame) -> list[int]:
    return source_weights(outcomes, [day])["traded"].to_list()


def test_a_trade_counts_from_the_day_after_it_ended() -> None:
    second, third = date(2017, 3, 2), date(2017, 3, 3)
    assert traded_on(second, ended(("room", 23.9, 1.0))) == [1]
    # At the stroke of midnight it is of the new day.
    assert traded_on(second, ended(("room", 24.0, 1.0))) == [0]
    assert traded_on(third, ended(("room", 24.0, 1.0))) == [1]
    # It ended at an open, and the bar that tells it was still open at midnight.
    assert traded_on(second, ended(("room", 23.5, 1.0), known_after_h=1.0)) == [0]
    assert traded_on(second, ended(("room", 23.0, 1.0), known_after_h=1.0)) == [1]


def test_a_source_has_a_row_from_the_day_after_its_first_signal_on() -> None:
    days = [date(2017, 3, day) for day in (1, 2, 3)]
    weights = source_weights(ended(("early", 5.0, 1.0), ("late", 30.0, 1.0)), days)
    assert weights.select("source", "day").rows() == [
        ("early", days[1]),
        ("early", days[2]),
        ("late", days[2]),
    ]
    assert dict(weights.schema) == SOURCE_WEIGHTS
    assert source_weights(ended(), days).is_empty()


def test_open_and_unfilled_signals_count_for_nothing() -> None:
    some = ended(("room", 2.0, 1.0), ("room", 3.0, 1.0), ("room", 4.0, 1.0)).with_columns(
        outcome=pl.Series(["target", "open", "unfilled"])
    )
    assert traded_on(date(2017, 3, 2), some) == [1]


histories = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(2, 24 * 8).map(float), st.floats(-2, 4)),
    max_size=40,
)


@settings(max_examples=60)
@given(histories, st.integers(2, 8))
def test_later_outcomes_change_no_weight(rows: list[tuple[str, float, float]], day_of_march: int) -> None:
    day, midnight = date(2017, 3, day_of_march), datetime(2017, 3, day_of_march, tzinfo=UTC)
    everything = ended(*rows)
    until_then = everything.filter(pl.col("ts_event") < midnight).with_columns(
        pl.when(pl.col("ts_exit") < midnight).then("outcome").otherwise(pl.lit("open")).alias("outcome")
    )
    days = [date(2017, 3, number) for number in range(1, 9)]
    of_all = source_weights(everything, days).filter(pl.col("day") == day)
    assert of_all.equals(source_weights(until_then, [day]))
    assert of_all.equals(source_weights(everything.sample(fraction=1.0, shuffle=True, seed=1), [day]))


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(st.floats(-0.004, 0.004), min_size=80, max_size=80),
    fine_from=st.integers(0, 60),
    fine_hours=st.integers(0, 30),
    posted_h=st.lists(st.floats(1, 75), min_size=1, max_size=8),
    day_of_march=st.integers(2, 4),
)
def test_no_bar_that_closes_later_changes_a_weight(
    make_signals: Any,
    make_bars: Any,
    moves: list[float],
    fine_from: int,
    fine_hours: int,
    posted_h: list[float],
    day_of_march: int,
) -> None:
    """From the prices on: signals and bars cut off at midnight give the weights of the whole history."""
    day, midnight = date(2017, 3, day_of_march), datetime(2017, 3, day_of_march, tzinfo=UTC)
    ohlc, level = [], 1.05
    for move in moves:
        ohlc.append((level, max(level, level + move) + 0.001, min(level, level + move) - 0.001, level + move))
        level += move
    fine = [ohlc[fine_from + number // 12][:1] * 4 for number in range(12 * min(fine_hours, 80 - fine_from))]
    start = START + timedelta(hours=fine_from)
    bars = pl.concat([make_bars(ohlc), make_bars(fine, timeframe="M5", start=start)])
    signals = conform(
        make_signals(*({"ts_event": START + timedelta(hours=hours)} for hours in posted_h)), VALID
    )
    length = pl.when(pl.col("timeframe") == "H1").then(timedelta(hours=1)).otherwise(timedelta(minutes=5))
    known_bars = bars.filter(pl.col("ts_open") + length <= midnight)
    known_signals = signals.filter(pl.col("ts_event") < midnight)
    whole = source_weights(score_signals(signals, bars), [day])
    assert whole.equals(source_weights(score_signals(known_signals, known_bars), [day]))


def test_the_property_above_sees_one_that_looks_ahead(make_signals: Any, make_bars: Any) -> None:
    up = (1.0500, 1.0560, 1.0495, 1.0500)
    bars = make_bars([1.05] * 30 + [up])
    signal = conform(make_signals({"ts_event": START + timedelta(hours=2), "take_profits": [1.0550]}), VALID)
    weights = source_weights(score_signals(signal, bars), [date(2017, 3, 2), date(2017, 3, 3)])
    assert weights["traded"].to_list() == [0, 1]
