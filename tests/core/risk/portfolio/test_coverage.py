"""Backtests of value at risk: the tests against published regions and other sums, and no look-ahead."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hive_core.risk.portfolio.coverage import (
    backtest_value_at_risk,
    christoffersen_conditional_coverage,
    christoffersen_independence,
    kupiec,
)
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.tail import TailRisk
from hive_core.risk.portfolio.value_at_risk import (
    age_weighted_value_at_risk,
    ewma_normal_value_at_risk,
    filtered_by_asset_value_at_risk,
    filtered_value_at_risk,
    historical_value_at_risk,
)

METHODS = [
    historical_value_at_risk,
    age_weighted_value_at_risk,
    filtered_value_at_risk,
    filtered_by_asset_value_at_risk,
    ewma_normal_value_at_risk,
]


def days(count, violations):
    found = np.zeros(count, dtype=bool)
    found[np.linspace(0, count - 1, violations, dtype=int)] = True
    assert found.sum() == violations
    return found


@pytest.mark.parametrize(
    ("level", "count", "fewest", "most"),
    [
        (0.99, 255, 1, 6),  # printed as fewer than 7; of none the ratio is 5.13, beyond 3.84
        (0.99, 510, 2, 10),
        (0.99, 1000, 5, 16),
        (0.975, 255, 3, 11),
        (0.975, 510, 7, 20),
        (0.975, 1000, 16, 35),
        (0.95, 255, 7, 20),
        (0.95, 510, 17, 35),
        (0.95, 1000, 38, 64),
        (0.925, 255, 12, 27),
        (0.925, 510, 28, 50),
        (0.925, 1000, 60, 91),
        (0.90, 255, 17, 35),
        (0.90, 510, 39, 64),
        (0.90, 1000, 82, 119),
    ],
)
def test_the_published_regions_of_kupiec(level, count, fewest, most):
    """Violations at which a model is not rejected at 5 % (Kupiec, 1995, as in Jorion, Value at Risk, 2007,
    table 6-2)."""
    kept = [n for n in range(count // 5) if kupiec(days(count, n), level).p_value >= 0.05]
    assert kept == list(range(fewest, most + 1))


def by_binomials(violations, level):
    """The statistics again, from scipy's distributions and a plain loop over days."""
    p = 1 - level
    n, x = len(violations), int(sum(violations))
    uc = -2 * (stats.binom.logpmf(x, n, p) - stats.binom.logpmf(x, n, x / n))
    pairs = {(a, b): 0 for a in (0, 1) for b in (0, 1)}
    for before, after in pairwise(violations):
        pairs[int(before), int(after)] += 1

    def log(share, times):
        return times * math.log(share) if times else 0.0

    free = 0.0
    for before in (0, 1):
        both = pairs[before, 0] + pairs[before, 1]
        for after in (0, 1):
            free += log(pairs[before, after] / both, pairs[before, after]) if both else 0.0
    ones, none = pairs[0, 1] + pairs[1, 1], pairs[0, 0] + pairs[1, 0]
    same = log(ones / (ones + none), ones) + log(none / (ones + none), none)
    right = log(p, ones) + log(1 - p, none)
    return uc, 2 * (free - same), 2 * (free - right)


@settings(max_examples=200)
@given(st.lists(st.booleans(), min_size=5, max_size=80), st.sampled_from([0.6, 0.9, 0.95, 0.99]))
def test_the_statistics_and_probabilities_are_those_of_the_papers(drawn, level):
    violations = np.array([False, True, False, *drawn])
    uc, independence, conditional = by_binomials(violations, level)
    for found, expected, degrees in (
        (kupiec(violations, level), uc, 1),
        (christoffersen_independence(violations), independence, 1),
        (christoffersen_conditional_coverage(violations, level), conditional, 2),
    ):
        assert found.statistic == pytest.approx(expected, abs=1e-7)
        assert found.p_value == pytest.approx(stats.chi2.sf(found.statistic, degrees), rel=1e-9, abs=1e-12)


def test_right_forecasts_are_rejected_as_often_as_they_may_be():
    """The size of the tests, on 3,000 histories of 6,000 days."""
    drawn = np.random.default_rng(1).random((3_000, 6_000)) < 0.05
    for found in (
        [kupiec(row, 0.95).p_value for row in drawn],
        [christoffersen_independence(row).p_value for row in drawn],
        [christoffersen_conditional_coverage(row, 0.95).p_value for row in drawn],
    ):
        assert 0.03 < np.mean(np.array(found) < 0.05) < 0.07


def test_wrong_forecasts_are_rejected():
    generator = np.random.default_rng(2)
    often = generator.random(6_000) < 0.07
    assert kupiec(often, 0.95).p_value < 1e-4
    clustered = np.zeros(6_000, dtype=bool)
    for start in range(0, 6_000, 120):  # six in a row: as many as there should be, at wrong times
        clustered[start : start + 6] = True
    assert kupiec(clustered, 0.95).p_value == pytest.approx(1)
    assert christoffersen_independence(clustered).p_value < 1e-10
    assert christoffersen_conditional_coverage(clustered, 0.95).p_value < 1e-10


def test_without_violations_the_order_says_nothing():
    none = np.zeros(500, dtype=bool)
    assert christoffersen_independence(none).p_value is None
    assert christoffersen_independence(~none).statistic is None
    assert kupiec(none, 0.99).statistic == pytest.approx(-2 * 500 * math.log(0.99))
    assert christoffersen_conditional_coverage(none, 0.99).statistic == pytest.approx(
        -2 * 499 * math.log(0.99)
    )


@pytest.mark.parametrize(
    "wrong", [np.array([]), np.array([True]), np.zeros(10), np.zeros((5, 2), dtype=bool), [0, 1, 0]]
)
def test_days_that_are_none_are_refused(wrong):
    for test in (lambda v: kupiec(v, 0.95), christoffersen_independence):
        with pytest.raises(RefusedInput, match="violations"):
            test(wrong)
    with pytest.raises(RefusedInput, match="level"):
        kupiec(days(100, 5), 0.5)
    with pytest.raises(RefusedInput, match="level"):
        christoffersen_conditional_coverage(days(100, 5), 1.0)


HELD = np.array([1.0, -0.5])


def some_returns(rows=260, seed=3):
    return np.random.default_rng(seed).standard_t(4, (rows, 2)) * 0.01


@settings(max_examples=40)
@given(st.integers(181, 259), st.integers(0, 2**32 - 1), st.sampled_from(METHODS))
def test_cutting_off_or_changing_the_future_never_changes_a_forecast(cut, seed, method):
    returns = some_returns()
    changed = np.concatenate([returns[:cut], some_returns(rows=260 - cut, seed=seed) * 50])
    whole, short, other = (
        backtest_value_at_risk(method, HELD, rows, 0.95, window=180)
        for rows in (returns, returns[:cut], changed)
    )
    assert (whole.value_at_risk[: cut - 180] == short.value_at_risk).all()
    # The forecast for row `cut` is made before that row: it must not see the change either.
    assert (other.value_at_risk[: cut - 180 + 1] == whole.value_at_risk[: cut - 180 + 1]).all()


def test_a_forecast_is_handed_the_rows_before_and_nothing_else():
    returns = some_returns(rows=30)
    seen = []

    def note(exposures, rows, level):
        seen.append(rows.copy())
        assert not rows.flags.writeable
        return TailRisk(level, value_at_risk=0.01, expected_shortfall=0.02, observations=0)

    found = backtest_value_at_risk(note, HELD, returns, 0.95, window=10)
    assert len(seen) == 20
    for row, handed in enumerate(seen, start=10):
        assert (handed == returns[row - 10 : row]).all()
    np.testing.assert_allclose(found.results, returns[10:] @ HELD)
    assert (found.violations == (returns[10:] @ HELD < -0.01)).all()
    assert 0 < found.violations.sum() < 20


def test_a_loss_as_large_as_value_at_risk_is_no_violation():
    found = backtest_value_at_risk(
        lambda e, r, c: TailRisk(c, 1.0, 1.0, 0), [1.0], [[0.0], [-1.0], [-1.0000001], [1.0]], 0.95, window=1
    )
    assert found.violations.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("returns", "window", "level", "why"),
    [
        (some_returns(rows=10), 10, 0.95, "10 rows, at least 11"),
        (some_returns(), 0, 0.95, "a window of 0"),
        (some_returns(), 100, 0.4, "level"),
        (some_returns() * np.nan, 100, 0.95, "is nan"),
        (some_returns()[:, :1], 100, 0.95, "do not fit"),
    ],
)
def test_a_backtest_without_rows_is_refused(returns, window, level, why):
    with pytest.raises(RefusedInput, match=why):
        backtest_value_at_risk(historical_value_at_risk, HELD, returns, level, window=window)


def test_what_the_forecast_refuses_is_not_swallowed():
    with pytest.raises(RefusedInput, match="50 rows"):
        backtest_value_at_risk(historical_value_at_risk, HELD, some_returns(), 0.99, window=50)
