"""Everything that is told of the risk of a book on a day, as one result that an asset can show.

Puts together what the other modules of this package compute. Nothing is decided here: limits are the gate's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from hive_core.risk.portfolio.correlation import DAILY_RESULTS, THRESHOLD, strategy_correlations
from hive_core.risk.portfolio.coverage import Forecast
from hive_core.risk.portfolio.draws import SingleArray
from hive_core.risk.portfolio.ewma import ewma_covariance, standardised
from hive_core.risk.portfolio.exposure import currency_exposures
from hive_core.risk.portfolio.history import PriceHistory, price_history
from hive_core.risk.portfolio.holdings import Holding, Market, net_values, symbols_needed
from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput
from hive_core.risk.portfolio.revaluation import RevaluedBook
from hive_core.risk.portfolio.scenario_files import Scenario, Window, packaged_scenarios, packaged_windows
from hive_core.risk.portfolio.simulation import (
    fitted_degrees_of_freedom,
    simulate_filtered_bootstrap,
    simulate_normal,
    simulate_student_t,
)
from hive_core.risk.portfolio.stress import historical_stress, shock_stress
from hive_core.risk.portfolio.tail import MonteCarloRisk, TailRisk, monte_carlo_risk
from hive_core.risk.portfolio.value_at_risk import (
    WINDOW,
    age_weighted_value_at_risk,
    ewma_normal_value_at_risk,
    filtered_by_asset_value_at_risk,
    filtered_value_at_risk,
    historical_value_at_risk,
)

LEVELS = (0.95, 0.99)
SIMULATIONS = 100_000
HEADLINE = "filtered"
"""The method whose coverage is proven: the one to read where one figure is wanted."""

VALUE_AT_RISK: dict[str, pl.DataType] = {
    "method": pl.String(),
    "level": pl.Float64(),
    "value_at_risk": pl.Float64(),
    "expected_shortfall": pl.Float64(),
    "value_at_risk_error": pl.Float64(),
    "expected_shortfall_error": pl.Float64(),
    "observations": pl.Int64(),
}
"""Of one day, losses positive, in the account's currency. Errors are standard errors of a simulation, null
where nothing was simulated. `observations` are outcomes, 0 for a closed form."""

_LINEAR: dict[str, Forecast] = {
    HEADLINE: filtered_value_at_risk,
    "filtered_by_asset": filtered_by_asset_value_at_risk,
    "historical": historical_value_at_risk,
    "age_weighted": age_weighted_value_at_risk,
    "normal": ewma_normal_value_at_risk,
}


@dataclass(frozen=True, slots=True)
class PortfolioRisk:
    """The risk of one book at the end of one day.

    `value_at_risk` is VALUE_AT_RISK, a row a method and level; `exposures` CURRENCY_EXPOSURES; `positions`
    CORRELATIONS of the daily results of what is held, `strategies` those of strategies, None where their
    results were not given; `stress` STRESS. `days` are the returns that value at risk was read from.
    """

    account_currency: str
    as_of: date
    days: int
    value_at_risk: pl.DataFrame
    exposures: pl.DataFrame
    positions: pl.DataFrame
    strategies: pl.DataFrame | None
    stress: pl.DataFrame

    def alerts(self) -> tuple[str, ...]:
        """Pairs whose correlation is over the threshold, in words."""
        told = []
        for what, frame in (("positions", self.positions), ("strategies", self.strategies)):
            for row in [] if frame is None else frame.iter_rows(named=True):
                for kind in row["alerts"]:
                    name = kind if kind == "correlation" else f"{kind} correlation"
                    told.append(f"{what} {row['one']} and {row['other']}: {name} {row[kind]:+.2f}")
        return tuple(told)


def portfolio_risk(
    holdings: Sequence[Holding],
    daily: pl.DataFrame,
    account_currency: str,
    *,
    as_of: date,
    seed: int,
    market: Market | None = None,
    daily_results: pl.DataFrame | None = None,
    scenarios: Sequence[Scenario] | None = None,
    windows: Sequence[Window] | None = None,
    levels: Sequence[float] = LEVELS,
    simulations: int = SIMULATIONS,
    threshold: float = THRESHOLD,
    threads: int = 1,
) -> PortfolioRisk:
    """All figures on a book, from its positions and daily prices up to a day.

    Args:
        holdings: open positions.
        daily: `history.DAILY_PRICES` of everything held and of the pairs that convert, on the same days;
            what lies after `as_of` is not read. The last `WINDOW` returns count, crises reach back further.
        as_of: the day of the last price.
        seed: of the simulations.
        market: prices now; None for the last ones of `daily`.
        daily_results: `correlation.DAILY_RESULTS` of strategies.
        scenarios, windows: None for the packaged ones.

    Raises:
        RefusedInput: nothing is held, or it is hedged out to nothing; no price on `as_of`; fewer returns than
            `WINDOW`; and whatever the single figures refuse.
    """
    symbols = symbols_needed(holdings, account_currency)
    known = daily.filter(pl.col("date") <= as_of)
    history = price_history(known, symbols)
    if history.dates[-1] != as_of:
        raise RefusedInput(f"the last prices are of {history.dates[-1]}, not of {as_of}")
    if len(history.dates) <= WINDOW:
        raise RefusedInput(f"{len(history.dates) - 1} daily returns, {WINDOW} are needed")
    recent = PriceHistory(symbols, history.dates[-WINDOW - 1 :], history.prices[-WINDOW - 1 :])
    if market is None:
        last = (float(price) for price in history.prices[-1])
        market = Market(account_currency, dict(zip(symbols, last, strict=True)))
    elif market.account_currency != account_currency:
        raise RefusedInput(f"the prices are for an account in {market.account_currency}")
    values = net_values(holdings, market)
    exposures = np.array([values.get(symbol, 0.0) for symbol in symbols])
    if not exposures.any():
        raise RefusedInput("all positions cancel each other")
    strategies = None
    if daily_results is not None:
        strategies = strategy_correlations(_until(daily_results, as_of), threshold=threshold)
    return PortfolioRisk(
        account_currency,
        as_of,
        WINDOW,
        _value_at_risk(exposures, recent, account_currency, levels, simulations, seed, threads),
        currency_exposures(holdings, market),
        strategy_correlations(_position_results(exposures, recent), threshold=threshold),
        strategies,
        pl.concat(
            [
                shock_stress(holdings, market, packaged_scenarios() if scenarios is None else scenarios),
                historical_stress(
                    holdings, market, known, packaged_windows() if windows is None else windows
                ),
            ]
        ),
    )


def _value_at_risk(
    exposures: FloatArray,
    history: PriceHistory,
    account_currency: str,
    levels: Sequence[float],
    simulations: int,
    seed: int,
    threads: int,
) -> pl.DataFrame:
    """VALUE_AT_RISK: linear methods on relative returns, simulations revalued in full."""
    relative, logs = history.relative_returns(), history.log_returns()
    book = RevaluedBook.of(history.symbols, exposures, account_currency)
    covariance = ewma_covariance(logs)
    residuals, _ = standardised(logs)
    degrees = fitted_degrees_of_freedom(residuals)
    simulated: dict[str, Callable[..., SingleArray]] = {
        "simulated_normal": partial(simulate_normal, book, covariance),
        "simulated_student_t": partial(simulate_student_t, book, covariance, degrees),
        "simulated_bootstrap": partial(simulate_filtered_bootstrap, book, logs),
    }
    rows = [
        _row(method, forecast(exposures, relative, level))
        for method, forecast in _LINEAR.items()
        for level in levels
    ]
    for method, simulate in simulated.items():
        results = simulate(simulations=simulations, seed=seed, threads=threads)
        rows += [_row(method, monte_carlo_risk(results, level)) for level in levels]
    return pl.DataFrame(rows, schema=VALUE_AT_RISK)


def _row(method: str, risk: TailRisk) -> dict[str, object]:
    found: dict[str, object] = {
        "method": method,
        "level": risk.level,
        "value_at_risk": risk.value_at_risk,
        "expected_shortfall": risk.expected_shortfall,
        "observations": risk.observations,
    }
    if isinstance(risk, MonteCarloRisk):
        found["value_at_risk_error"] = risk.value_at_risk_error
        found["expected_shortfall_error"] = risk.expected_shortfall_error
    return found


def _position_results(exposures: FloatArray, history: PriceHistory) -> pl.DataFrame:
    """DAILY_RESULTS of what is held, a strategy a symbol: what today's size would have earned on each day."""
    earned = history.relative_returns() * exposures
    frames = [pl.DataFrame(schema=DAILY_RESULTS)]
    frames += [
        pl.DataFrame(
            {"date": history.dates[1:], "strategy": symbol, "result": earned[:, place]}, schema=DAILY_RESULTS
        )
        for place, symbol in enumerate(history.symbols)
        if exposures[place] != 0
    ]
    return pl.concat(frames)


def _until(daily_results: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What is known by a day. Other columns are refused where they are read."""
    return daily_results.filter(pl.col("date") <= as_of) if "date" in daily_results.columns else daily_results
