"""Correlation of strategies: of common days, over time without look-ahead, under stress, and its alerts."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.risk.portfolio.correlation import (
    CORRELATIONS,
    DAILY_RESULTS,
    ROLLING_CORRELATIONS,
    rolling_correlations,
    strategy_correlations,
)
from hive_core.risk.portfolio.inputs import RefusedInput

FIRST = date(2024, 1, 1)


def daily(**results):
    """A frame of strategies; None is a day on which one was not live."""
    rows = [
        (FIRST + timedelta(days=day), name, float(value))
        for name, values in results.items()
        for day, value in enumerate(values)
        if value is not None
    ]
    return pl.DataFrame(rows, schema=DAILY_RESULTS, orient="row")


def normal_pair(correlation, count, seed=1):
    x, y = np.random.default_rng(seed).standard_normal((2, count))
    return x, correlation * x + np.sqrt(1 - correlation**2) * y


def test_a_pair_is_told_from_its_common_days():
    generator = np.random.default_rng(1)
    a, b = generator.standard_normal((2, 100)).tolist()
    b = [None] * 20 + b[20:60] + [None] * 5 + b[65:]
    found = strategy_correlations(daily(a=a, b=b))
    assert found.schema == CORRELATIONS
    days = [day for day in range(100) if b[day] is not None]
    expected = np.corrcoef([a[day] for day in days], [b[day] for day in days])[0, 1]
    row = found.row(0, named=True)
    assert row["correlation"] == pytest.approx(expected, rel=1e-12)
    assert (row["one"], row["other"], row["common_days"], row["shrunk_days"]) == ("a", "b", 75, 75)
    assert row["shrunk"] == pytest.approx(expected, rel=1e-9)


def test_every_pair_has_its_own_days_and_shrinking_those_of_all():
    a, b, c = np.random.default_rng(2).standard_normal((3, 90)).tolist()
    found = strategy_correlations(daily(a=a, b=b[:80], c=[None] * 40 + c[40:]))
    told = {(row["one"], row["other"]): row for row in found.iter_rows(named=True)}
    assert {pair: row["common_days"] for pair, row in told.items()} == {
        ("a", "b"): 80,
        ("a", "c"): 50,
        ("b", "c"): 40,
    }
    assert {row["shrunk_days"] for row in told.values()} == {40}
    # The covariance is the sample's where nothing is shrunk, so shrinking pulls to the mean of all pairs.
    plain = np.corrcoef([a[40:80], b[40:80], c[40:80]])[np.triu_indices(3, 1)]
    shrunk = np.array([told[pair]["shrunk"] for pair in (("a", "b"), ("a", "c"), ("b", "c"))])
    assert shrunk.std() < plain.std()
    assert shrunk.mean() == pytest.approx(plain.mean(), abs=1e-9)


def test_too_few_days_are_unknown_not_zero():
    a, b = np.random.default_rng(3).standard_normal((2, 29)).tolist()
    row = strategy_correlations(daily(a=a, b=b)).row(0, named=True)
    assert (row["correlation"], row["shrunk"], row["stress"], row["alerts"]) == (None, None, None, [])
    assert row["common_days"] == 29
    assert (
        strategy_correlations(daily(a=a, b=b), min_common_days=29).row(0, named=True)["correlation"]
        is not None
    )
    apart = strategy_correlations(daily(a=[*a, *[None] * 29], b=[*[None] * 29, *b])).row(0, named=True)
    assert (apart["common_days"], apart["correlation"]) == (0, None)


@pytest.mark.parametrize("still", [0.0, 0.1, 1e6 + 0.1])
def test_a_strategy_that_never_varies_has_no_correlation(still):
    a = np.random.default_rng(4).standard_normal(300).tolist()
    row = strategy_correlations(daily(a=a, b=[still] * 300)).row(0, named=True)
    assert (row["correlation"], row["shrunk"], row["stress"]) == (None, None, None)
    rolled = rolling_correlations(daily(a=a, b=[still] * 300))
    assert rolled["correlation"].is_null().all()
    assert rolled.height == 241


@pytest.mark.parametrize(("correlation", "is_alert"), [(0.8, True), (-0.8, True), (0.6, False), (0.0, False)])
def test_alerts_name_what_is_over_the_threshold(correlation, is_alert):
    x, y = normal_pair(correlation, 4_000)
    row = strategy_correlations(daily(a=x, b=y)).row(0, named=True)
    assert row["correlation"] == pytest.approx(correlation, abs=0.05)
    assert row["alerts"] == (["correlation", "shrunk", "stress"] if is_alert else [])
    assert strategy_correlations(daily(a=x, b=y), threshold=0.9).row(0, named=True)["alerts"] == []


def test_exactly_the_threshold_is_no_alert():
    a = np.tile([1.0, -1.0], 50)
    row = strategy_correlations(daily(a=a, b=a), threshold=0.999).row(0, named=True)
    assert row["correlation"] == 1.0
    assert "correlation" in row["alerts"]
    found = strategy_correlations(daily(a=[3, 4, 0] * 20, b=[4, 3, 0] * 20)).row(0, named=True)
    value = found["correlation"]
    again = strategy_correlations(daily(a=[3, 4, 0] * 20, b=[4, 3, 0] * 20), threshold=value).row(
        0, named=True
    )
    assert "correlation" not in again["alerts"]


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_of_a_normal_pair_the_worst_days_tell_its_correlation(correlation, share):
    x, y = normal_pair(correlation, 60_000)
    row = strategy_correlations(daily(a=x, b=y * 100), worst_share=share).row(0, named=True)
    assert row["worst_days"] == int(60_000 * share)
    assert row["stress"] == pytest.approx(correlation, abs=0.06)


def test_a_pair_that_only_loses_together_is_seen_under_stress():
    """Independent on nineteen days of twenty; on the twentieth both lose, as carry strategies do."""
    generator = np.random.default_rng(6)
    x, y = generator.standard_normal((2, 2_000)) * 10
    crash = generator.random(2_000) < 0.03
    blow = np.where(crash, -40 - 30 * generator.random(2_000), 0)
    row = strategy_correlations(daily(a=x + blow, b=y + blow)).row(0, named=True)
    assert row["correlation"] < 0.7
    assert row["stress"] > 0.8
    assert row["alerts"] == ["stress"]


def test_few_worst_days_tell_nothing():
    x, y = normal_pair(0.9, 199)
    assert strategy_correlations(daily(a=x, b=y)).row(0, named=True)["stress"] is None
    x, y = normal_pair(0.9, 200)
    assert strategy_correlations(daily(a=x, b=y)).row(0, named=True)["stress"] is not None


def test_rolling_is_the_correlation_of_each_window():
    x, y = normal_pair(0.4, 100)
    y = [None if day % 10 == 3 else value for day, value in enumerate(y)]
    found = rolling_correlations(daily(a=x, b=y), window=20)
    assert found.schema == ROLLING_CORRELATIONS
    days = [day for day in range(100) if y[day] is not None]
    assert found.height == len(days) - 19
    for row, end in zip(found.iter_rows(named=True), range(20, len(days) + 1), strict=True):
        window = days[end - 20 : end]
        assert row["date"] == FIRST + timedelta(days=window[-1])
        expected = np.corrcoef([x[day] for day in window], [y[day] for day in window])[0, 1]
        assert row["correlation"] == pytest.approx(expected, rel=1e-9)


@settings(max_examples=30)
@given(st.integers(20, 99), st.integers(0, 2**32 - 1))
def test_cutting_off_or_changing_the_future_never_changes_the_past(cut, seed):
    results = np.random.default_rng(1).standard_normal((3, 100))
    changed = results.copy()
    changed[:, cut:] = 1000 * np.random.default_rng(seed).standard_normal((3, 100 - cut))
    whole, short, other = (
        rolling_correlations(daily(a=values[0], b=values[1], c=values[2]), window=20)
        for values in (results, results[:, :cut], changed)
    )
    before = pl.col("date") < FIRST + timedelta(days=cut)
    assert whole.filter(before).equals(short)
    assert other.filter(before).equals(short)


def test_without_a_pair_there_is_nothing_to_tell():
    for frame in (pl.DataFrame(schema=DAILY_RESULTS), daily(a=[1.0] * 50)):
        assert strategy_correlations(frame).height == 0
        assert rolling_correlations(frame).height == 0
        assert strategy_correlations(frame).schema == CORRELATIONS
    assert rolling_correlations(daily(a=[1.0, 2.0, 0.0], b=[1.0, 3.0, 2.0]), window=4).height == 0


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (daily(a=[1.0, float("nan")]), "not finite"),
        (daily(a=[1.0, float("inf")]), "not finite"),
        (daily(a=[1.0]).with_columns(pl.lit(None, pl.Float64).alias("result")), "null"),
        (pl.concat([daily(a=[1.0]), daily(a=[2.0])]), "twice on a day"),
        (daily(a=[1.0]).drop("strategy"), "columns"),
        (daily(a=[1.0]).cast({"result": pl.Float32}), "columns"),
        (daily(date=[1.0]), "called date"),
    ],
)
def test_results_that_are_none_are_refused(frame, why):
    for tell in (strategy_correlations, rolling_correlations):
        with pytest.raises(RefusedInput, match=why):
            tell(frame)


@pytest.mark.parametrize(
    "setting",
    [
        {"threshold": 0.0},
        {"threshold": 1.0},
        {"min_common_days": 2},
        {"worst_share": 0.0},
        {"worst_share": 0.6},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(RefusedInput, match="threshold"):
        strategy_correlations(daily(a=[1.0] * 50, b=[2.0] * 50), **setting)
    with pytest.raises(RefusedInput, match="window"):
        rolling_correlations(daily(a=[1.0] * 50), window=2)
