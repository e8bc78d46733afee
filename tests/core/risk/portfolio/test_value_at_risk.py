"""Historical value at risk in its three kinds, and the closed form: by hand, by law, and what is refused."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hive_core.risk.portfolio.ewma import FIRST_ROWS
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.tail import next_risk
from hive_core.risk.portfolio.value_at_risk import (
    age_weighted_value_at_risk,
    ewma_normal_value_at_risk,
    filtered_by_asset_value_at_risk,
    filtered_value_at_risk,
    historical_value_at_risk,
    normal_value_at_risk,
)

METHODS = [
    historical_value_at_risk,
    age_weighted_value_at_risk,
    filtered_value_at_risk,
    filtered_by_asset_value_at_risk,
    ewma_normal_value_at_risk,
]
HELD = np.array([100_000.0, -50_000.0, 20_000.0])


def some_returns(rows=500, seed=5, scale=0.01):
    generator = np.random.default_rng(seed)
    common = generator.standard_normal((rows, 1))
    return scale * (0.6 * common + 0.8 * generator.standard_normal((rows, 3)))


def test_plain_history_is_the_tail_of_past_results():
    returns = some_returns()
    by_hand = [sum(h * r for h, r in zip(HELD, row, strict=True)) for row in returns]
    found, expected = historical_value_at_risk(HELD, returns, 0.95), next_risk(by_hand, 0.95)
    assert found.value_at_risk == pytest.approx(expected.value_at_risk, rel=1e-12)
    assert found.expected_shortfall == pytest.approx(expected.expected_shortfall, rel=1e-12)
    assert found.observations == 500


def test_by_age_the_last_days_count_most():
    """With a decay of 0.5 the last row weighs half of all: it alone is beyond any level over one half."""
    results = np.zeros((100, 1))
    results[-1] = -3.0
    assert age_weighted_value_at_risk([1.0], results, 0.95, decay=0.5).value_at_risk == 3.0
    results = results[::-1]
    assert age_weighted_value_at_risk([1.0], results, 0.95, decay=0.5).value_at_risk == 0.0


def test_by_age_the_weights_are_those_of_the_paper():
    """Boudoukh et al. weigh the i-th last of K rows with (1 - d) d^(i - 1) / (1 - d^K)."""
    returns, decay = some_returns(rows=120), 0.97
    results = returns @ HELD
    weights = [(1 - decay) * decay ** (119 - row) / (1 - decay**120) for row in range(120)]
    assert sum(weights) == pytest.approx(1)
    rows = sorted(zip(-results, weights, strict=True), reverse=True)
    beyond, told = 0.0, None
    for loss, weight in rows:
        beyond += weight
        if beyond > 0.05:
            told = loss
            break
    assert age_weighted_value_at_risk(HELD, returns, 0.95, decay=decay).value_at_risk == told


@pytest.mark.parametrize("method", [filtered_value_at_risk, filtered_by_asset_value_at_risk])
def test_filtered_history_follows_volatility_and_plain_history_does_not(method):
    calm = some_returns(rows=600)
    wild = calm.copy()
    wild[-40:] *= 5
    filtered = [method(HELD, rows, 0.95).value_at_risk for rows in (calm, wild)]
    plain = [historical_value_at_risk(HELD, rows, 0.95).value_at_risk for rows in (calm, wild)]
    assert filtered[1] > 3 * filtered[0]
    assert plain[1] < 2 * plain[0]


def test_the_book_s_volatility_rises_when_its_assets_begin_to_move_together():
    """Two assets that hedged nothing of each other and then move as one, each as much as ever."""
    generator = np.random.default_rng(2)
    apart = 0.01 * generator.choice([-1.0, 1.0], (700, 2))
    together = apart.copy()
    together[-60:, 1] = together[-60:, 0]
    held = [1.0, 1.0]
    by_book = [filtered_value_at_risk(held, rows, 0.9).value_at_risk for rows in (apart, together)]
    by_asset = [filtered_by_asset_value_at_risk(held, rows, 0.9).value_at_risk for rows in (apart, together)]
    assert by_book[1] > 1.25 * by_book[0]
    assert by_asset[1] == pytest.approx(by_asset[0], rel=1e-9)


def test_of_one_asset_both_filters_are_one():
    returns = some_returns()[:, :1]
    one, other = (f([3.0], returns, 0.95) for f in (filtered_value_at_risk, filtered_by_asset_value_at_risk))
    assert one.value_at_risk == pytest.approx(other.value_at_risk, rel=1e-12)
    assert one.expected_shortfall == pytest.approx(other.expected_shortfall, rel=1e-12)


def test_a_book_that_does_not_move_has_no_filter():
    with pytest.raises(RefusedInput, match="does not move"):
        filtered_value_at_risk(np.zeros(3), some_returns(), 0.95)


def test_filtered_history_scales_each_asset_by_its_own_volatility():
    returns = some_returns(rows=400)
    louder = returns.copy()
    louder[:, 1] *= 7  # all of an asset's past: its residuals do not change, its deviation does
    one = filtered_by_asset_value_at_risk(HELD, louder, 0.95)
    other = filtered_by_asset_value_at_risk(HELD * [1, 7, 1], returns, 0.95)
    assert one.value_at_risk == pytest.approx(other.value_at_risk, rel=1e-9)
    assert one.observations == 400 - FIRST_ROWS


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_closed_form_is_that_of_the_normal(level):
    covariance = np.cov(some_returns(), rowvar=False)
    means = np.array([0.001, -0.002, 0.0])
    found = normal_value_at_risk(HELD, covariance, level, means=means)
    law = stats.norm(-(HELD @ means), math.sqrt(HELD @ covariance @ HELD))
    assert found.value_at_risk == pytest.approx(law.ppf(level), rel=1e-9)
    assert found.expected_shortfall == pytest.approx(
        law.expect(lb=law.ppf(level), conditional=True), rel=1e-6
    )
    assert found.observations == 0


def test_with_equal_past_volatility_all_methods_agree_on_the_normal():
    returns = some_returns(rows=50_000)
    exact = normal_value_at_risk(
        HELD, np.array([[1, 0.36, 0.36], [0.36, 1, 0.36], [0.36, 0.36, 1]]) * 1e-4, 0.95
    )
    # Plain history knows it best; a decay leaves a few dozen rows to tell the volatility of today.
    plain = historical_value_at_risk(HELD, returns, 0.95).value_at_risk
    assert plain == pytest.approx(exact.value_at_risk, rel=0.03)
    for method in METHODS:
        assert method(HELD, returns, 0.95).value_at_risk == pytest.approx(exact.value_at_risk, rel=0.35)


@settings(max_examples=30)
@given(st.floats(0.01, 1e6), st.integers(0, 2**32 - 1), st.sampled_from(METHODS))
def test_twice_the_book_is_twice_the_risk(factor, seed, method):
    returns = some_returns(rows=200, seed=seed)
    one, other = (method(held, returns, 0.95) for held in (HELD, HELD * factor))
    assert other.value_at_risk == pytest.approx(one.value_at_risk * factor, rel=1e-9, abs=1e-9)
    assert other.expected_shortfall == pytest.approx(one.expected_shortfall * factor, rel=1e-9, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from(METHODS))
def test_more_confidence_is_never_less_risk(seed, method):
    returns = some_returns(rows=200, seed=seed)
    figures = [method(HELD, returns, level) for level in (0.9, 0.95, 0.99)]
    for lower, higher in pairwise(figures):
        assert lower.value_at_risk <= higher.value_at_risk
        assert lower.expected_shortfall <= higher.expected_shortfall


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("held", "returns", "level", "why"),
    [
        (HELD, some_returns(), 0.5, "level"),
        (HELD, some_returns(), 1.0, "level"),
        (
            HELD,
            np.where(np.arange(1500).reshape(500, 3) == 44, np.nan, some_returns()),
            0.95,
            "row 14, column 2",
        ),
        ([1.0, math.nan, 1.0], some_returns(), 0.95, "exposures: number 1"),
        (HELD[:2], some_returns(), 0.95, "2 exposures and returns of 3 assets"),
        (HELD, some_returns()[0], 0.95, "rows and columns"),
        (HELD, some_returns(rows=19), 0.95, "19 rows"),
        ([HELD], some_returns(), 0.95, "one dimension"),
    ],
)
def test_what_cannot_be_told_is_refused(method, held, returns, level, why):
    with pytest.raises(RefusedInput, match=why):
        method(held, returns, level)


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_decay_out_of_range_is_refused(method):
    with pytest.raises(RefusedInput, match="decay"):
        method(HELD, some_returns(), 0.95, decay=1.0)


def test_filtered_history_needs_rows_to_start_with_and_rows_to_read():
    assert filtered_value_at_risk(HELD, some_returns(rows=94), 0.95).observations == 20
    with pytest.raises(RefusedInput, match="93 rows, at least 94"):
        filtered_value_at_risk(HELD, some_returns(rows=93), 0.95)


@pytest.mark.parametrize(
    ("covariance", "why"),
    [
        (np.diag([1.0, 1.0]), "do not fit"),
        (np.diag([-1.0, 0.0, 0.0]), "variance is below zero"),
        (np.array([[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1.0]]), "not symmetric"),
        (np.ones((3, 2)), "a square"),
        (np.full((3, 3), np.nan), "is nan"),
    ],
)
def test_a_covariance_that_is_none_is_refused(covariance, why):
    with pytest.raises(RefusedInput, match=why):
        normal_value_at_risk(HELD, covariance, 0.95)
