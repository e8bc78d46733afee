"""The claims on portfolio risk can fail: forecasts that are broken, and tests that would not notice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from hive_core.risk.portfolio.coverage import backtest_value_at_risk
from hive_core.risk.portfolio.history import DAILY_PRICES, PriceHistory, price_history
from hive_core.risk.portfolio.tail import MonteCarloRisk
from hive_core.risk.portfolio.value_at_risk import WINDOW, filtered_value_at_risk, normal_value_at_risk
from proofs.portfolio_risk import LEVEL, broken_claim, closed_form_claim, coverage_claim
from proofs.stress import stress_claims

ROWS = 4_000
DATES = tuple(date(2000, 1, 1) + timedelta(days=day) for day in range(ROWS + 1))
RETURNS = np.random.default_rng(11).standard_normal((ROWS, 1)) * 0.01
HISTORY = PriceHistory(("EURUSD",), DATES, np.cumprod(np.vstack([[[1.0]], 1 + RETURNS]), axis=0))
FAIR = backtest_value_at_risk(filtered_value_at_risk, [1.0], RETURNS, LEVEL, window=WINDOW)


def scaled(factor):
    return replace(FAIR, value_at_risk=FAIR.value_at_risk * factor)


def test_a_fair_forecast_is_covered_and_a_broken_one_is_not():
    assert coverage_claim("it", FAIR, HISTORY).holds
    assert not coverage_claim("it", scaled(0.5), HISTORY).holds
    assert not coverage_claim("it", scaled(2.0), HISTORY).holds


def test_violations_in_clusters_are_no_coverage():
    results = FAIR.results.copy()
    count = int(FAIR.violations.sum())
    results[FAIR.violations] = 0.0
    results[1_000 : 1_000 + count] = -1.0
    together = replace(FAIR, results=results)
    assert together.violations.sum() == count
    assert not coverage_claim("it", together, HISTORY).holds


def test_no_violation_at_all_is_not_taken_for_coverage():
    assert not coverage_claim("it", scaled(100.0), HISTORY).holds


def test_that_broken_forecasts_are_found_is_not_claimed_of_fair_ones():
    assert broken_claim("halved", [scaled(0.5)]).holds
    assert not broken_claim("halved", [scaled(0.5), FAIR]).holds


@pytest.mark.parametrize(
    ("off", "wrong_off", "holds"),
    [(1.0, 8.0, True), (5.0, 8.0, False), (-5.0, 8.0, False), (1.0, 2.0, False)],
)
def test_simulation_agrees_within_its_error_and_a_wrong_one_does_not(off, wrong_off, holds):
    exact = normal_value_at_risk([1.0], [[1e-4]], LEVEL)

    def found(errors):
        return MonteCarloRisk(
            LEVEL, exact.value_at_risk + errors, exact.expected_shortfall + errors, 1_000_000, 1.0, 1.0
        )

    assert closed_form_claim(exact, found(off), found(wrong_off)).holds is holds


def test_a_crisis_without_a_jump_is_not_claimed_to_pass_stops():
    """Prices that creep: a stop fills within a hundredth of a per cent, and then the claim says less."""
    days = [date(2008, 1, 1) + timedelta(days=day) for day in range(5_500)]
    flat = pl.DataFrame({"date": days, "symbol": "EURUSD", "price": [1.1] * len(days)}, schema=DAILY_PRICES)
    claims = stress_claims(flat, price_history(flat, ["EURUSD"]), {"one": {"EURUSD": 1}})
    assert len(claims) == 5
    assert not any(claim.holds for claim in claims)


def test_a_window_without_prices_is_not_claimed():
    days = [date(2021, 1, 1) + timedelta(days=day) for day in range(900)]
    falls = pl.DataFrame(
        {"date": days, "symbol": "EURUSD", "price": [1.1 - 0.0005 * (day % 100) for day in range(900)]},
        schema=DAILY_PRICES,
    )
    claims = stress_claims(falls, price_history(falls, ["EURUSD"]), {"one": {"EURUSD": 1}})
    assert [claim.holds for claim in claims] == [False] * 4 + [True]
