"""What a book loses in a scenario: prices that jump past stops, and stretches of real history.

A stop is no bound: where the price jumps past it, it fills beyond, at the price after the jump. Each figure
stands beside the one that the book would have had if every stop had filled at its own price. Scenarios are
read by `scenario_files`; prices of the past are given by whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hive_core.risk.portfolio.history import MAX_GAP, PriceHistory, price_history
from hive_core.risk.portfolio.holdings import Holding, Market, specification_for, symbols_needed
from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput
from hive_core.risk.portfolio.moves import ratio_of
from hive_core.risk.portfolio.scenario_files import Scenario, Window

StopsFill = Literal["at_gap", "at_stop"]

STRESS: dict[str, pl.DataType] = {
    "scenario": pl.String(),
    "title": pl.String(),
    "kind": pl.String(),
    "result": pl.Float64(),
    "if_stops_held": pl.Float64(),
    "stops_passed": pl.Int64(),
    "from_date": pl.Date(),
    "to_date": pl.Date(),
    "unknown": pl.List(pl.String()),
}
"""`kind` is `shock` or `history`. `result` is in the account's currency, losses negative, with stops that
fill behind each jump; `if_stops_held` with stops that fill at their price, never worse than `result`;
`stops_passed` how many filled beyond. `unknown` are instruments of which the scenario says nothing: then
there is no result."""


@dataclass(frozen=True, slots=True)
class PathResult:
    """A book along a path: its result after each step, and how many stops filled beyond by then."""

    results: FloatArray
    stops_passed: FloatArray


def results_along(
    holdings: Sequence[Holding],
    market: Market,
    ratios: Mapping[str, FloatArray],
    *,
    stops_fill: StopsFill = "at_gap",
) -> PathResult:
    """The result of a book after each step of a path on which prices jump.

    A position is closed at the first step whose price lies at or beyond its stop or target: a stop fills at
    that step's price (or at its own, if `stops_fill` says so), a target at its own price, never better.
    Profit is converted at the rate of the step on which it was closed, open profit at the current step's.
    Costs and spreads are not in it.

    Args:
        ratios: by symbol, steps: the price after a step over the price now, of everything held and of
            the pairs that convert; all of one length.

    Returns:
        `PathResult` of steps, in the account's currency.

    Raises:
        RefusedInput: a symbol without ratios, ratios that do not fit or are not above zero, a position whose
            stop or target lies on the wrong side of the price now, or a price that is not known.
    """
    steps = _checked_ratios(ratios)
    results, passed = np.zeros(steps), np.zeros(steps)
    for one in holdings:
        specification = specification_for(one.symbol)
        now = market.price(one.symbol)
        path = now * _of(ratios, one.symbol)
        rates = market.rate(specification.quote) * _rate_ratios(ratios, specification.quote, market)
        stop = None if one.stop_loss is None else float(one.stop_loss)
        target = None if one.take_profit is None else float(one.take_profit)
        _check_levels(one, now, stop, target)
        stopped = steps if stop is None else _first(one.sign * (path - stop) <= 0)
        reached = steps if target is None else _first(one.sign * (path - target) >= 0)
        closed = min(stopped, reached)
        if closed < steps:
            # One price cannot be at both: they lie on different sides of the price now.
            if reached == closed and target is not None:
                path[closed:] = target
            elif stop is not None:
                is_beyond = bool(one.sign * (path[closed] - stop) < 0)
                passed[closed:] += is_beyond
                path[closed:] = stop if stops_fill == "at_stop" else path[closed]
            rates[closed:] = rates[closed]
        units = one.sign * float(one.lots * specification.contract_size)
        results += units * (path - now) * rates
    return PathResult(results, passed)


def shock_stress(holdings: Sequence[Holding], market: Market, scenarios: Sequence[Scenario]) -> pl.DataFrame:
    """A book in scenarios whose prices jump once.

    Crosses follow from the pairs that a scenario names (EURJPY from EURUSD and USDJPY). Whatever does not
    follow is unknown, and the book has no result there: it is not taken for unmoved.

    Returns:
        STRESS, a row a scenario, in their order.

    Raises:
        RefusedInput: nothing is held, or as `results_along`.
    """
    needed = symbols_needed(holdings, market.account_currency)
    rows = []
    for scenario in scenarios:
        given = {symbol: np.array([1 + float(pct) / 100]) for symbol, pct in scenario.shocks_pct.items()}
        known = {symbol: found for symbol in needed if (found := ratio_of(symbol, given)) is not None}
        row: dict[str, object] = {"scenario": scenario.name, "title": scenario.title, "kind": "shock"}
        unknown = [symbol for symbol in needed if symbol not in known]
        if not unknown:
            at_gap = results_along(holdings, market, known)
            held = results_along(holdings, market, known, stops_fill="at_stop")
            row |= {
                "result": float(at_gap.results[0]),
                "if_stops_held": float(held.results[0]),
                "stops_passed": int(at_gap.stops_passed[0]),
            }
        rows.append({**row, "unknown": unknown})
    return pl.DataFrame(rows, schema=STRESS)


def historical_stress(
    holdings: Sequence[Holding], market: Market, daily: pl.DataFrame, windows: Sequence[Window]
) -> pl.DataFrame:
    """A book in stretches of history, wherever in each it would have done worst.

    Today's book, with its stops as far from the price as they are now in per cent, is put to each day of a
    window and held to its end, every day's move a jump. `result` is the lowest that any of these courses
    comes to, from `from_date` to `to_date`. Daily prices do not show how far a price went within a day.

    Args:
        daily: `history.DAILY_PRICES` of everything held and of the pairs that convert, on the same days.

    Returns:
        STRESS, a row a window, in their order.

    Raises:
        RefusedInput: nothing is held; prices with holes (`history.price_history`); or as `results_along`.
    """
    needed = symbols_needed(holdings, market.account_currency)
    rows = []
    for window in windows:
        history, unknown = _within(daily, needed, window)
        row: dict[str, object] = {"scenario": window.name, "title": window.title, "kind": "history"}
        if history is not None:
            row |= _worst_course(holdings, market, history)
        rows.append({**row, "unknown": unknown})
    return pl.DataFrame(rows, schema=STRESS)


def _worst_course(holdings: Sequence[Holding], market: Market, history: PriceHistory) -> dict[str, object]:
    """Over every start: the lowest result with stops that fill behind jumps, and the lowest if stops held."""
    lowest, held_lowest = np.inf, np.inf
    found: dict[str, object] = {}
    for start in range(len(history.dates) - 1):
        after = history.prices[start + 1 :] / history.prices[start]
        ratios = dict(zip(history.symbols, after.T, strict=True))
        at_gap = results_along(holdings, market, ratios)
        held = results_along(holdings, market, ratios, stops_fill="at_stop")
        held_lowest = min(held_lowest, float(held.results.min()))
        place = int(at_gap.results.argmin())
        if at_gap.results[place] < lowest:
            lowest = float(at_gap.results[place])
            found = {
                "result": lowest,
                "stops_passed": int(at_gap.stops_passed[place]),
                "from_date": history.dates[start],
                "to_date": history.dates[start + 1 + place],
            }
    return {**found, "if_stops_held": held_lowest}


def _within(
    daily: pl.DataFrame, needed: Sequence[str], window: Window
) -> tuple[PriceHistory | None, list[str]]:
    """The prices of a window with the last day before it; and the symbols that do not reach over it."""
    near = daily.filter(pl.col("date").is_between(window.first - MAX_GAP, window.last))
    unknown = [symbol for symbol in needed if not _reaches(near, symbol, window.first, window.last)]
    if unknown:
        return None, unknown
    history = price_history(near, needed)
    before = sum(day < window.first for day in history.dates)
    if before == 0:
        raise RefusedInput(f"{window.name}: no day before {window.first} on which everything has a price")
    return PriceHistory(history.symbols, history.dates[before - 1 :], history.prices[before - 1 :]), []


def _reaches(near: pl.DataFrame, symbol: str, first: date, last: date) -> bool:
    days = near.filter(pl.col("symbol") == symbol)["date"]
    return bool((days < first).any() and ((days >= first) & (days > last - MAX_GAP)).any())


def _checked_ratios(ratios: Mapping[str, FloatArray]) -> int:
    shapes = {each.shape for each in ratios.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1 or next(iter(shapes)) == (0,):
        raise RefusedInput(f"ratios of one length are expected, the shapes are {sorted(shapes)}")
    for symbol, each in ratios.items():
        if not (np.isfinite(each) & (each > 0)).all():
            raise RefusedInput(f"{symbol}: a ratio is not above zero, or not finite")
    return int(next(iter(shapes))[0])


def _of(ratios: Mapping[str, FloatArray], symbol: str) -> FloatArray:
    if symbol not in ratios:
        raise RefusedInput(f"nothing says how far {symbol} moves")
    return ratios[symbol]


def _rate_ratios(ratios: Mapping[str, FloatArray], quote: str, market: Market) -> FloatArray:
    """How the rate from a currency to the account's moves."""
    own = market.account_currency
    if quote == own:
        return np.ones(_checked_ratios(ratios))
    if quote + own in market.prices:
        return _of(ratios, quote + own).copy()
    inverse: FloatArray = 1.0 / _of(ratios, own + quote)
    return inverse


def _check_levels(one: Holding, now: float, stop: float | None, target: float | None) -> None:
    if stop is not None and one.sign * (now - stop) <= 0:
        raise RefusedInput(f"{one.symbol} {one.side}: the price {now} is at or beyond the stop {stop}")
    if target is not None and one.sign * (target - now) <= 0:
        raise RefusedInput(f"{one.symbol} {one.side}: the price {now} is at or beyond the target {target}")


def _first(is_met: NDArray[np.bool_]) -> int:
    """The first step on which it is met, or the number of steps."""
    return int(np.argmax(is_met)) if is_met.any() else is_met.size
