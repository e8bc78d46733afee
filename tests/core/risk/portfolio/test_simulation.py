"""Simulated results: the closed form within the error, heavier tails, volatility that goes on, and seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hive_core.risk.portfolio.covariance import NotPositiveSemidefinite, repaired_covariance
from hive_core.risk.portfolio.ewma import ewma_variances, standardised
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.revaluation import LinearBook, RevaluedBook
from hive_core.risk.portfolio.simulation import (
    fitted_degrees_of_freedom,
    simulate_filtered_bootstrap,
    simulate_normal,
    simulate_student_t,
)
from hive_core.risk.portfolio.tail import monte_carlo_risk
from hive_core.risk.portfolio.value_at_risk import filtered_by_asset_value_at_risk, normal_value_at_risk

HELD = np.array([100_000.0, -50_000.0, 20_000.0, 5_000.0])
BOOK = LinearBook.of(HELD)
SPREAD = np.random.default_rng(4).standard_normal((4, 4)) * 0.005
COVARIANCE = SPREAD @ SPREAD.T
MEANS = np.array([0.001, -0.0005, 0.0, 0.002])
COUNT = 400_000


def some_log_returns(rows=600, seed=5):
    generator = np.random.default_rng(seed)
    return 0.007 * (0.6 * generator.standard_normal((rows, 1)) + 0.8 * generator.standard_normal((rows, 4)))


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normal_returns_agree_with_the_closed_form_within_the_error(level, seed):
    results = simulate_normal(BOOK, COVARIANCE, simulations=COUNT, seed=seed, means=MEANS)
    found = monte_carlo_risk(results, level)
    exact = normal_value_at_risk(HELD, COVARIANCE, level, means=MEANS)
    assert abs(found.value_at_risk - exact.value_at_risk) < 4 * found.value_at_risk_error
    assert abs(found.expected_shortfall - exact.expected_shortfall) < 4 * found.expected_shortfall_error
    assert found.value_at_risk_error < 0.02 * found.value_at_risk


def test_the_whole_distribution_is_the_normal_one():
    results = simulate_normal(BOOK, COVARIANCE, simulations=COUNT, seed=1).astype(np.float64)
    assert stats.kstest(results, stats.norm(0, math.sqrt(HELD @ COVARIANCE @ HELD)).cdf).pvalue > 0.001


@pytest.mark.parametrize("degrees", [2.5, 4.0, 10.0])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_student_t_agrees_with_its_law_and_keeps_the_covariance(degrees, level):
    results = simulate_student_t(BOOK, COVARIANCE, degrees, simulations=COUNT, seed=3, means=MEANS)
    deviation = math.sqrt(HELD @ COVARIANCE @ HELD)
    law = stats.t(degrees, loc=-(HELD @ MEANS), scale=deviation * math.sqrt((degrees - 2) / degrees))
    found = monte_carlo_risk(results, level)
    assert abs(found.value_at_risk - law.ppf(level)) < 4 * found.value_at_risk_error
    if degrees > 4:
        assert results.astype(np.float64).std() == pytest.approx(deviation, rel=0.02)
    assert stats.kstest(-results.astype(np.float64)[:100_000], law.cdf).pvalue > 0.001


def test_extremes_of_student_t_come_together():
    """Uncorrelated assets: with normal returns their joint extremes are rare, with Student-t they are not."""
    pair = [LinearBook.of([1.0, 0.0]), LinearBook.of([0.0, 1.0])]
    both = {}
    for name, draw in (
        ("normal", lambda book: simulate_normal(book, np.eye(2), simulations=COUNT, seed=9)),
        ("student", lambda book: simulate_student_t(book, np.eye(2), 3.0, simulations=COUNT, seed=9)),
    ):
        one, other = (draw(book) for book in pair)
        far = [np.abs(results) > np.quantile(np.abs(results), 0.99) for results in (one, other)]
        both[name] = float((far[0] & far[1]).mean())
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert both["normal"] == pytest.approx(1e-4, rel=0.5)
    assert both["student"] > 10 * both["normal"]


def test_a_singular_covariance_is_simulated_and_an_impossible_one_is_not():
    one = np.full((4, 4), 1e-4)
    results = simulate_normal(LinearBook.of([1.0, -1.0, 2.0, -2.0]), one, simulations=1_000, seed=1)
    assert np.abs(results).max() < 1e-6  # all move alike: the book is hedged
    impossible = 1e-4 * np.array([[1, 0.9, -0.9, 0], [0.9, 1, 0.9, 0], [-0.9, 0.9, 1, 0], [0, 0, 0, 1.0]])
    with pytest.raises(NotPositiveSemidefinite):
        simulate_normal(BOOK, impossible, simulations=10, seed=1)
    repaired = repaired_covariance(impossible).covariance
    found = monte_carlo_risk(simulate_normal(BOOK, repaired, simulations=COUNT, seed=1), 0.95)
    exact = normal_value_at_risk(HELD, repaired, 0.95)
    assert abs(found.value_at_risk - exact.value_at_risk) < 4 * found.value_at_risk_error


def test_full_revaluation_is_simulated():
    """One long position of 10 % volatility in the quote's own account: results are those of a lognormal."""
    book = RevaluedBook.of(("EURUSD",), [100_000.0], "USD")
    results = simulate_normal(book, [[0.01]], simulations=COUNT, seed=8)
    worth = results.astype(np.float64) / 100_000 + 1
    assert stats.kstest(worth, stats.lognorm(0.1).cdf).pvalue > 0.001
    found = monte_carlo_risk(results, 0.99)
    exact = -100_000 * math.expm1(0.1 * stats.norm.ppf(0.01))
    assert abs(found.value_at_risk - exact) < 4 * found.value_at_risk_error
    linear = normal_value_at_risk([100_000.0], [[0.01]], 0.99).value_at_risk
    assert linear - exact > 20 * found.value_at_risk_error  # the shortcut is told apart


def test_bootstrap_of_one_day_is_filtered_history():
    log_returns = some_log_returns()
    residuals, deviations = standardised(log_returns)
    exact = np.sort(residuals @ (HELD * deviations))  # 526 results, each as likely as another
    found = simulate_filtered_bootstrap(BOOK, log_returns, simulations=COUNT, seed=2)
    drawn, counts = np.unique(found, return_counts=True)
    np.testing.assert_allclose(drawn, exact, rtol=1e-4, atol=1e-2)
    assert stats.chisquare(counts).pvalue > 0.001
    by_asset = filtered_by_asset_value_at_risk(HELD, log_returns, 0.95).value_at_risk
    assert monte_carlo_risk(found, 0.95).value_at_risk == pytest.approx(by_asset, rel=0.03)


def test_bootstrap_over_days_lets_volatility_follow_what_is_drawn():
    """The same recursion in a loop, path by path, with another generator."""
    log_returns = some_log_returns(rows=300)
    residuals, first = standardised(log_returns)
    generator = np.random.default_rng(11)
    paths = []
    for _ in range(20_000):
        variance, total = first**2, np.zeros(4)
        for row in generator.integers(0, residuals.shape[0], 5):
            move = residuals[row] * np.sqrt(variance)
            variance = 0.94 * variance + 0.06 * move**2
            total += move
        paths.append(HELD @ total)
    expected = np.array(paths)
    found = simulate_filtered_bootstrap(BOOK, log_returns, simulations=COUNT, seed=12, horizon=5)
    assert stats.ks_2samp(found.astype(np.float64), expected).pvalue > 0.001
    assert found.astype(np.float64).std() == pytest.approx(expected.std(), rel=0.03)


def test_longer_horizons_are_riskier():
    log_returns = some_log_returns()
    figures = [
        monte_carlo_risk(
            simulate_filtered_bootstrap(BOOK, log_returns, simulations=50_000, seed=2, horizon=days), 0.95
        ).value_at_risk
        for days in (1, 5, 10)
    ]
    assert figures[1] > 1.8 * figures[0]
    assert figures[2] > 1.2 * figures[1]


@pytest.mark.parametrize(
    "simulate",
    [
        lambda **told: simulate_normal(BOOK, COVARIANCE, **told),
        lambda **told: simulate_student_t(BOOK, COVARIANCE, 5.0, **told),
        lambda **told: simulate_filtered_bootstrap(BOOK, some_log_returns(), horizon=2, **told),
    ],
)
def test_a_seed_gives_its_results_on_any_number_of_threads(simulate):
    one = simulate(simulations=20_000, seed=1)
    assert (simulate(simulations=20_000, seed=1, threads=3) == one).all()
    assert (simulate(simulations=9_000, seed=1) == one[:9_000]).all()
    assert (simulate(simulations=9_000, seed=2) != one[:9_000]).mean() > 0.99


@pytest.mark.parametrize("degrees", [2.0, 0.0, -1.0, math.nan, math.inf])
def test_degrees_without_a_covariance_are_refused(degrees):
    with pytest.raises(RefusedInput, match="degrees of freedom"):
        simulate_student_t(BOOK, COVARIANCE, degrees, simulations=10, seed=1)


def test_shapes_and_numbers_that_do_not_fit_are_refused():
    with pytest.raises(RefusedInput, match="do not fit"):
        simulate_normal(BOOK, np.eye(3), simulations=10, seed=1)
    with pytest.raises(RefusedInput, match="do not fit"):
        simulate_normal(BOOK, COVARIANCE, simulations=10, seed=1, means=[0.0])
    with pytest.raises(RefusedInput, match="is nan"):
        simulate_normal(BOOK, np.full((4, 4), np.nan), simulations=10, seed=1)
    with pytest.raises(RefusedInput, match="do not fit"):
        simulate_filtered_bootstrap(BOOK, some_log_returns()[:, :3], simulations=10, seed=1)
    with pytest.raises(RefusedInput, match="173 rows"):
        simulate_filtered_bootstrap(BOOK, some_log_returns(rows=173), simulations=10, seed=1)
    with pytest.raises(RefusedInput, match="horizon"):
        simulate_filtered_bootstrap(BOOK, some_log_returns(), simulations=10, seed=1, horizon=0)


@pytest.mark.parametrize("degrees", [3.0, 5.0, 8.0])
def test_degrees_of_freedom_are_found_again(degrees):
    residuals = stats.t(degrees).rvs(20_000, random_state=6) * math.sqrt((degrees - 2) / degrees)
    assert fitted_degrees_of_freedom(residuals[:, None]) == pytest.approx(degrees, rel=0.15)


def test_normal_residuals_have_many_degrees_and_few_rows_have_none():
    assert fitted_degrees_of_freedom(np.random.default_rng(1).standard_normal((20_000, 1))) >= 40
    with pytest.raises(RefusedInput, match="99 rows"):
        fitted_degrees_of_freedom(np.ones((99, 2)))


def test_the_bootstrap_starts_from_the_volatility_of_today():
    calm = some_log_returns()
    wild = np.concatenate([calm, 5 * some_log_returns(rows=30, seed=9)])
    ratio = math.sqrt(ewma_variances(wild)[-1].mean() / ewma_variances(calm)[-1].mean())
    figures = [
        monte_carlo_risk(
            simulate_filtered_bootstrap(BOOK, rows, simulations=50_000, seed=2), 0.95
        ).value_at_risk
        for rows in (calm, wild)
    ]
    assert ratio > 3
    assert figures[1] / figures[0] == pytest.approx(ratio, rel=0.3)
