"""Value at risk and expected shortfall of a sample: by hand, against other definitions, and as properties."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.risk.portfolio.inputs import RefusedInput, rows_needed
from hive_core.risk.portfolio.tail import monte_carlo_risk, next_risk, tail_risk, weighted_tail_risk

HUNDRED = np.random.default_rng(1).permutation(-np.arange(1.0, 101.0))
"""Losses of 1 to 100, in no order."""


@pytest.mark.parametrize(
    ("level", "value_at_risk", "shortfall"),
    [
        (0.95, 95, 98),  # five lie beyond: 96 to 100
        (0.99, 99, 100),
        (0.90, 90, 95.5),
        (0.955, 96, (97 + 98 + 99 + 100 + 0.5 * 96) / 4.5),
        (0.55, 55, 78),  # 0.55 x 100 is a little more than 55 in floating point
    ],
)
def test_by_hand(level, value_at_risk, shortfall):
    found = tail_risk(HUNDRED, level)
    assert found.value_at_risk == value_at_risk
    assert found.expected_shortfall == pytest.approx(shortfall, rel=1e-12)
    assert (found.level, found.observations) == (level, 100)


@pytest.mark.parametrize(("level", "value_at_risk"), [(0.95, 96), (0.99, 100), (0.90, 91), (0.55, 56)])
def test_of_the_next_result_by_hand(level, value_at_risk):
    """The ceil(101 x level)-th of a hundred."""
    found, sample = next_risk(HUNDRED, level), tail_risk(HUNDRED, level)
    assert found.value_at_risk == value_at_risk
    assert found.expected_shortfall == pytest.approx(max(sample.expected_shortfall, value_at_risk))


@pytest.mark.parametrize(("count", "level"), [(100, 0.99), (250, 0.99), (60, 0.95), (500, 0.99), (30, 0.9)])
def test_the_next_result_exceeds_it_as_seldom_as_it_says(count, level):
    generator = np.random.default_rng(8)
    draws = generator.standard_t(3, (20_000, count + 1))
    limits = np.array([next_risk(row[:-1], level).value_at_risk for row in draws])
    exceeded = float((-draws[:, -1] > limits).mean())
    error = math.sqrt(level * (1 - level) / 20_000)
    assert (1 - level) - 1 / (count + 1) - 4 * error < exceeded < (1 - level) + 4 * error


def test_the_rank_of_the_sample_promises_less():
    generator = np.random.default_rng(8)
    draws = generator.standard_normal((20_000, 101))
    limits = np.array([tail_risk(row[:-1], 0.99).value_at_risk for row in draws])
    assert float((-draws[:, -1] > limits).mean()) > 0.015  # 2 / 101


@pytest.mark.parametrize("level", [0.55, 0.9, 0.95, 0.99])
def test_equal_weights_are_no_weights(level):
    plain, weighted = tail_risk(HUNDRED, level), weighted_tail_risk(HUNDRED, np.full(100, 3.0), level)
    assert weighted.value_at_risk == plain.value_at_risk
    assert weighted.expected_shortfall == pytest.approx(plain.expected_shortfall, rel=1e-12)


def test_a_weight_of_two_is_the_row_twice():
    results, weights = [-5.0, -4.0, -3.0, 1.0, 2.0] * 10, [1, 2, 3, 1, 3] * 10
    twice = np.repeat(results, weights)
    weighted, plain = weighted_tail_risk(results, weights, 0.85), tail_risk(twice, 0.85)
    assert weighted.value_at_risk == plain.value_at_risk
    assert weighted.expected_shortfall == pytest.approx(plain.expected_shortfall, rel=1e-12)


def test_all_weight_on_one_row_is_that_row():
    found = weighted_tail_risk([-1.0, -7.0, -100.0], [0.0, 1.0, 0.0], 0.99)
    assert (found.value_at_risk, found.expected_shortfall) == (7.0, 7.0)


samples = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False), min_size=100, max_size=300
).map(np.array)
levels = st.floats(0.55, 0.99)


@given(samples, levels)
def test_the_definition_of_the_quantile_and_of_the_mean_beyond(results, level):
    found = tail_risk(results, level)
    losses = np.sort(-results)
    share_up_to = np.arange(1, losses.size + 1) / losses.size
    assert found.value_at_risk == losses[np.flatnonzero(share_up_to >= level - 1e-9)[0]]
    # Rockafellar and Uryasev (2000): the least of x + E[(L - x)+] / (1 - level) is expected shortfall.
    least = min(x + np.maximum(losses - x, 0).mean() / (1 - level) for x in losses)
    assert found.expected_shortfall == pytest.approx(least, rel=1e-9, abs=1e-6)
    assert found.expected_shortfall >= found.value_at_risk


@given(samples, levels, st.floats(0.1, 100), st.floats(-1e5, 1e5))
def test_it_scales_with_the_book_and_shifts_with_certain_gains(results, level, factor, gain):
    one, other = tail_risk(results, level), tail_risk(results * factor + gain, level)
    for figure in ("value_at_risk", "expected_shortfall"):
        assert getattr(other, figure) == pytest.approx(
            getattr(one, figure) * factor - gain, abs=1e-6, rel=1e-9
        )


@given(samples, st.integers(0, 99), st.floats(0, 1e6), levels)
def test_a_worse_result_never_lowers_the_risk(results, place, drop, level):
    worse = results.copy()
    worse[place] -= drop
    before, after = tail_risk(results, level), tail_risk(worse, level)
    assert after.value_at_risk >= before.value_at_risk
    assert after.expected_shortfall >= before.expected_shortfall - 1e-6


@given(samples, st.integers(0, 2**32 - 1), levels)
def test_expected_shortfall_of_two_books_is_at_most_the_sum(results, seed, level):
    other = np.random.default_rng(seed).permutation(results) * 2
    together = tail_risk(results + other, level).expected_shortfall
    apart = tail_risk(results, level).expected_shortfall + tail_risk(other, level).expected_shortfall
    assert together <= apart + 1e-6 * max(1.0, abs(apart))


@pytest.mark.parametrize("level", [0.5, 1.0, 0.0, -1.0, 1.5, 95.0, math.nan, math.inf])
@pytest.mark.parametrize(
    "read", [tail_risk, lambda r, c: weighted_tail_risk(r, np.ones(100), c), monte_carlo_risk]
)
def test_a_level_out_of_range_is_refused(read, level):
    with pytest.raises(RefusedInput, match="level"):
        read(HUNDRED, level)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "read", [tail_risk, lambda r, c: weighted_tail_risk(r, np.ones(100), c), monte_carlo_risk]
)
def test_a_result_that_is_no_number_is_refused(read, wrong):
    with pytest.raises(RefusedInput, match="number 7 is"):
        read(np.where(np.arange(100) == 7, wrong, HUNDRED), 0.95)


def test_too_few_results_are_refused():
    assert (rows_needed(0.95), rows_needed(0.99), rows_needed(0.975)) == (20, 100, 40)
    assert tail_risk(HUNDRED[:20], 0.95).observations == 20
    with pytest.raises(RefusedInput, match=r"19 results, a level of .* needs at least 20"):
        tail_risk(HUNDRED[:19], 0.95)
    with pytest.raises(RefusedInput, match="one dimension"):
        tail_risk([], 0.95)
    with pytest.raises(RefusedInput, match="30 are needed"):
        monte_carlo_risk(np.arange(2_999.0), 0.99)
    assert monte_carlo_risk(np.arange(3_001.0), 0.99).value_at_risk_error > 0


@pytest.mark.parametrize(
    ("weights", "why"),
    [([1.0, -1.0, 1.0], "negative"), ([0.0, 0.0, 0.0], "zero"), ([1.0, 1.0], "2 weights for 3")],
)
def test_weights_that_weigh_nothing_are_refused(weights, why):
    with pytest.raises(RefusedInput, match=why):
        weighted_tail_risk([1.0, 2.0, 3.0], weights, 0.95)


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_the_standard_errors_are_those_that_are_seen(level):
    normal = NormalDist()
    quantile = normal.inv_cdf(level)
    exact = (quantile, normal.pdf(quantile) / (1 - level))
    generator = np.random.default_rng(7)
    found = [monte_carlo_risk(generator.standard_normal(20_000), level) for _ in range(400)]
    for figure, told, true in (
        ("value_at_risk", "value_at_risk_error", exact[0]),
        ("expected_shortfall", "expected_shortfall_error", exact[1]),
    ):
        seen = np.array([getattr(one, figure) for one in found])
        errors = np.array([getattr(one, told) for one in found])
        # 400 repetitions know their own deviation to 1 / sqrt(800), 3.5 %.
        assert np.mean(errors) == pytest.approx(seen.std(), rel=0.12)
        assert abs(seen.mean() - true) < 4 * seen.std() / math.sqrt(400)


def test_of_a_simulation_the_figures_are_those_of_the_sample():
    results = np.random.default_rng(3).standard_t(4, 50_000)
    plain, simulated = tail_risk(results, 0.99), monte_carlo_risk(results, 0.99)
    assert simulated.value_at_risk == plain.value_at_risk
    assert simulated.expected_shortfall == pytest.approx(plain.expected_shortfall, rel=1e-12)
