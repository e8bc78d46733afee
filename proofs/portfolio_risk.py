"""Value at risk against 27 years of the ECB's rates, and simulation against the closed form.

The portfolios, levels and limits stand here. Chance alone gives a p-value under 0.01 once in a hundred.
Broken forecasts must fail, and what the method does not promise is told beside what it does.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from hive_core.market.embedded import embedded_ecb_rates
from hive_core.market.rates import parse_ecb_rates
from hive_core.risk.portfolio.coverage import (
    Backtest,
    backtest_value_at_risk,
    christoffersen_conditional_coverage,
    christoffersen_independence,
    kupiec,
)
from hive_core.risk.portfolio.ewma import ewma_covariance
from hive_core.risk.portfolio.history import PriceHistory, pair_prices, price_history
from hive_core.risk.portfolio.inputs import FloatArray
from hive_core.risk.portfolio.revaluation import LinearBook
from hive_core.risk.portfolio.simulation import simulate_normal
from hive_core.risk.portfolio.tail import MonteCarloRisk, TailRisk, monte_carlo_risk
from hive_core.risk.portfolio.value_at_risk import (
    WINDOW,
    filtered_value_at_risk,
    historical_value_at_risk,
    normal_value_at_risk,
)
from proofs.reporting import Claim
from proofs.stress import stress_claims

DOLLARS = ("EURUSD", "GBPUSD", "AUDUSD", "NZDUSD", "USDJPY", "USDCHF", "USDCAD")
EURO = ("EURGBP", "EURJPY", "EURCHF", "EURAUD", "EURNZD", "EURCAD")
POUND = ("GBPJPY", "GBPCHF", "GBPAUD", "GBPNZD", "GBPCAD")
PACIFIC = ("AUDJPY", "AUDCHF", "AUDCAD", "AUDNZD", "NZDJPY", "NZDCHF", "NZDCAD")
OTHERS = ("CADJPY", "CADCHF", "CHFJPY")
PAIRS = (*DOLLARS, *EURO, *POUND, *PACIFIC, *OTHERS)
"""All 28 pairs of eight currencies."""

PORTFOLIOS: dict[str, dict[str, float]] = {
    "EURUSD alone": {"EURUSD": 1},
    "seven pairs against the dollar": {pair: -1 if pair.startswith("USD") else 1 for pair in DOLLARS},
    "carry": {"AUDJPY": 1, "NZDJPY": 1, "CADJPY": 1, "GBPCHF": 1},
    "pairs against each other": {"EURUSD": 1, "GBPUSD": -1, "AUDUSD": 1, "NZDUSD": -1},
    "all 28 pairs": dict.fromkeys(PAIRS, 1),
}
"""Signs of equal exposures, the same every day."""

EXPOSURE = 100_000.0
LEVEL, LOWER_LEVEL = 0.99, 0.95
LEAST_P = 0.01
"""Under it a test is said to reject."""
REJECTED_P = 1e-6
"""What a forecast that is wrong by half must fall under."""

SIMULATIONS, SEEDS = 1_000_000, 100
SMALL = 100_000
WITHIN = 4.0
"""Standard errors. Chance exceeds it once in 16,000."""
WRONG_BY = 1.02
"""A deviation that is wrong by two per cent must be seen."""

UNPEGGED = date(2015, 1, 15)


@dataclass(frozen=True, slots=True)
class PValues:
    """Of one backtest: as many violations as said, none drawn by another, both at once."""

    kupiec: float
    independence: float
    both: float

    @property
    def least(self) -> float:
        return min(self.kupiec, self.independence, self.both)


def p_values(backtest: Backtest) -> PValues:
    """The three tests. Where a test cannot tell, its p-value counts as 0: a claim must be shown."""
    violations, level = backtest.violations, backtest.level
    found = (
        kupiec(violations, level),
        christoffersen_independence(violations),
        christoffersen_conditional_coverage(violations, level),
    )
    return PValues(*(0.0 if each.p_value is None else each.p_value for each in found))


def ecb_prices() -> pl.DataFrame:
    """All 28 pairs since 1999, out of the file that comes with the demo's packages."""
    rates, rejected = parse_ecb_rates(embedded_ecb_rates(), landing_sha256="0" * 64)
    if rejected:
        raise ValueError(f"{len(rejected)} cells of the ECB's rates are not read")
    return pair_prices(rates, PAIRS)


def ecb_history() -> PriceHistory:
    """The same, on common days."""
    return price_history(ecb_prices(), PAIRS)


def exposures_of(portfolio: dict[str, float]) -> FloatArray:
    """One a pair of PAIRS, in the account's currency."""
    return np.array([EXPOSURE * portfolio.get(pair, 0.0) for pair in PAIRS])


def portfolio_claims(seed: int) -> list[Claim]:
    """Every claim on the risk of a book as a whole."""
    prices = ecb_prices()
    history = price_history(prices, PAIRS)
    returns = history.relative_returns()
    backtests = {
        name: backtest_value_at_risk(
            filtered_value_at_risk, exposures_of(portfolio), returns, LEVEL, window=WINDOW
        )
        for name, portfolio in PORTFOLIOS.items()
    }
    return [
        *(coverage_claim(name, backtest, history) for name, backtest in backtests.items()),
        lower_level_claim(returns),
        broken_claim("halved", [_scaled(each, 0.5) for each in backtests.values()]),
        broken_claim("doubled", [_scaled(each, 2.0) for each in backtests.values()]),
        clusters_claim(returns),
        unpegged_claim(history),
        *stress_claims(prices, history, PORTFOLIOS),
        *simulation_claims(returns, seed),
    ]


def coverage_claim(name: str, backtest: Backtest, history: PriceHistory) -> Claim:
    """Violations of one portfolio at 99 %, and the three tests."""
    found, count = p_values(backtest), int(backtest.violations.sum())
    days = backtest.results.size
    return Claim(
        f"value at risk of a day at {LEVEL:.0%}, {name}: exceeded as often as it says, and at no particular "
        "times (ECB rates, each day from the days before it)",
        f"p > {LEAST_P} in Kupiec's test and both of Christoffersen's",
        f"{count} violations of {days:,} days from {history.dates[-days]} to {history.dates[-1]}, "
        f"{days * (1 - LEVEL):.1f} expected; p = {found.kupiec:.3f} (Kupiec), {found.independence:.3f} "
        f"(independence), {found.both:.3f} (conditional coverage)",
        found.least > LEAST_P,
        days,
    )


def lower_level_claim(returns: FloatArray) -> Claim:
    """At 95 % the share is right in all five; where violations follow one another is told."""
    told, holds, days = [], True, 0
    for name, portfolio in PORTFOLIOS.items():
        backtest = backtest_value_at_risk(
            filtered_value_at_risk, exposures_of(portfolio), returns, LOWER_LEVEL, window=WINDOW
        )
        found, days = p_values(backtest), backtest.results.size
        holds = holds and found.kupiec > LEAST_P
        told.append(
            f"{name} {int(backtest.violations.sum())}, p = {found.kupiec:.3f} and {found.independence:.3f}"
            + ("" if found.independence > LEAST_P else " (they follow one another)")
        )
    return Claim(
        f"value at risk at {LOWER_LEVEL:.0%}: exceeded as often as it says; at which times is told",
        f"p > {LEAST_P} in Kupiec's test for all five; independence told",
        f"{days * (1 - LOWER_LEVEL):.1f} violations expected of {days:,} days; {'; '.join(told)}",
        holds,
        days,
    )


def broken_claim(how: str, backtests: Sequence[Backtest]) -> Claim:
    """The tests can fail: a forecast that is wrong is rejected for each portfolio."""
    found = [kupiec(each.violations, each.level).p_value for each in backtests]
    largest = max(1.0 if p_value is None else p_value for p_value in found)
    counts = ", ".join(str(int(each.violations.sum())) for each in backtests)
    return Claim(
        f"the backtests bite: value at risk {how} is rejected for every portfolio",
        f"p < {REJECTED_P:g} in Kupiec's test",
        f"largest p = {largest:.1e}; violations {counts}",
        largest < REJECTED_P,
        sum(each.results.size for each in backtests),
    )


def _scaled(backtest: Backtest, factor: float) -> Backtest:
    return replace(backtest, value_at_risk=backtest.value_at_risk * factor)


def clusters_claim(returns: FloatArray) -> Claim:
    """The test of independence bites: plain history does not follow the market, and is found out."""
    found = {
        name: p_values(
            backtest_value_at_risk(
                historical_value_at_risk, exposures_of(portfolio), returns, LEVEL, window=WINDOW
            )
        )
        for name, portfolio in PORTFOLIOS.items()
    }
    rejected = [name for name, each in found.items() if each.both < LEAST_P]
    return Claim(
        f"the test of independence bites: plain history of {WINDOW} days is exceeded in clusters",
        "conditional coverage rejected for two of the five portfolios or more",
        f"rejected for {', '.join(rejected) or 'none'}; p = "
        + ", ".join(f"{each.both:.1e}" for each in found.values()),
        len(rejected) >= 2,
        len(found),
    )


def unpegged_claim(history: PriceHistory) -> Claim:
    """What value at risk never says: how much is lost beyond it."""
    alone = exposures_of({"EURCHF": 1})
    backtest = backtest_value_at_risk(
        filtered_value_at_risk, alone, history.relative_returns(), LEVEL, window=WINDOW
    )
    found, place = p_values(backtest), history.dates[1 + WINDOW :].index(UNPEGGED)
    times = float(-backtest.results[place] / backtest.value_at_risk[place])
    return Claim(
        "outside of the promise: a loss beyond value at risk has no bound; EURCHF alone is covered, and lost "
        f"many times its value at risk on {UNPEGGED}",
        f"p > {LEAST_P} in the three tests, and a loss of more than 10 times value at risk",
        f"{int(backtest.violations.sum())} violations of {backtest.results.size:,}, least p = "
        f"{found.least:.3f}; {-backtest.results[place] / EXPOSURE:.1%} lost where value at risk said "
        f"{backtest.value_at_risk[place] / EXPOSURE:.2%}: {times:.0f} times",
        found.least > LEAST_P and times > 10,
        backtest.results.size,
    )


def available_threads() -> int:
    """How many threads this process may use: never more than the cores it may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def simulation_claims(returns: FloatArray, seed: int) -> list[Claim]:
    """Monte Carlo of 28 assets, normal and linear, beside what is known in closed form."""
    held = exposures_of(PORTFOLIOS["all 28 pairs"])
    covariance = ewma_covariance(returns[-WINDOW:])
    book, threads = LinearBook.of(held), available_threads()

    def simulated(simulations: int, number: int, scale: float, level: float) -> MonteCarloRisk:
        results = simulate_normal(
            book, covariance * scale**2, simulations=simulations, seed=seed + number, threads=threads
        )
        return monte_carlo_risk(results, level)

    claims = []
    for level in (LOWER_LEVEL, LEVEL, 0.999):
        exact = normal_value_at_risk(held, covariance, level)
        found, wrong = (simulated(SIMULATIONS, 0, scale, level) for scale in (1.0, WRONG_BY))
        claims.append(closed_form_claim(exact, found, wrong))
    exact = normal_value_at_risk(held, covariance, LEVEL)
    errors = np.array([_errors(simulated(SMALL, number, 1.0, LEVEL), exact) for number in range(SEEDS)])
    spread = np.sqrt((errors**2).mean(axis=0))
    # The mean of n squared normals is 1 with a deviation of sqrt(2 / n): WITHIN of them to either side.
    slack = WITHIN * math.sqrt(2 / SEEDS)
    low, high = math.sqrt(1 - slack), math.sqrt(1 + slack)
    claims.append(
        Claim(
            "the standard errors told with a simulation are those it has",
            f"{low:.2f} to {high:.2f} times what is told, of value at risk and of expected shortfall",
            f"{spread[0]:.2f} and {spread[1]:.2f} times, over {SEEDS} seeds of {SMALL:,} simulations",
            bool((spread > low).all() and (spread < high).all()),
            SEEDS,
        )
    )
    return claims


def _errors(found: MonteCarloRisk, exact: TailRisk) -> tuple[float, float]:
    """How far both figures are off, in the standard errors that were told."""
    return (
        (found.value_at_risk - exact.value_at_risk) / found.value_at_risk_error,
        (found.expected_shortfall - exact.expected_shortfall) / found.expected_shortfall_error,
    )


def closed_form_claim(exact: TailRisk, found: MonteCarloRisk, wrong: MonteCarloRisk) -> Claim:
    value_off, shortfall_off = _errors(found, exact)
    seen = min(abs(each) for each in _errors(wrong, exact))
    # Far in the tail errors grow: at 99.9 % two per cent are no longer told from chance.
    must_see = exact.level <= LEVEL
    return Claim(
        f"{SIMULATIONS:,} normal simulations of {len(PAIRS)} assets agree with the closed form at "
        f"{exact.level:.1%}" + (", and a deviation that is wrong by 2 % does not" if must_see else ""),
        f"within {WITHIN:g} standard errors" + (", beyond them if wrong" if must_see else ""),
        f"value at risk {found.value_at_risk:,.0f} for {exact.value_at_risk:,.0f} ({value_off:+.2f} errors), "
        f"expected shortfall {found.expected_shortfall:,.0f} for {exact.expected_shortfall:,.0f} "
        f"({shortfall_off:+.2f} errors); wrong by 2 %: {seen:.1f} errors",
        max(abs(value_off), abs(shortfall_off)) < WITHIN and (seen > WITHIN or not must_see),
        found.observations,
    )
