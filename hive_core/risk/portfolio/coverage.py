"""Whether value at risk was exceeded as often as it said, and at no particular times: backtests of it.

The tests of Kupiec and Christoffersen, and the rolling forecast they are made on. What forecasts is any
function of exposures, past returns and a level, such as those in `value_at_risk`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput, checked_level, checked_pair
from hive_core.risk.portfolio.tail import TailRisk

Forecast = Callable[[FloatArray, FloatArray, float], TailRisk]
"""From exposures (assets), past returns (rows x assets, oldest first) and a level to the next row's risk."""

Violations = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """A likelihood-ratio test: its statistic, and how likely one as large is if the forecasts are right.

    The probability is that of the chi-square law, which holds for many days. None where the days cannot
    tell: without a violation, or without a day that is none, nothing can be said of their order.
    """

    statistic: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """Forecasts of a window that rolls over the rows, and what came: one entry a row from `window` on."""

    level: float
    window: int
    value_at_risk: FloatArray
    results: FloatArray

    @property
    def violations(self) -> Violations:
        """Where the loss was larger than value at risk."""
        found: Violations = -self.results > self.value_at_risk
        return found


def kupiec(violations: ArrayLike, level: float) -> LikelihoodRatio:
    """Unconditional coverage: are violations as frequent as 1 - level?

    The proportion of failures, chi-square with one degree (Kupiec, Techniques for verifying the accuracy
    of risk measurement models, Journal of Derivatives 3(2), 1995).

    Args:
        violations: booleans, one a day.

    Raises:
        RefusedInput: no days, something other than booleans, or a level out of range.
    """
    days = _checked(violations)
    count, probability = int(days.sum()), 1.0 - checked_level(level)
    return _ratio(
        _log_likelihood(days.size - count, count, probability),
        _log_likelihood(days.size - count, count, count / days.size),
        degrees=1,
    )


def christoffersen_independence(violations: ArrayLike) -> LikelihoodRatio:
    """Independence: is a violation as likely after a violation as after a day without?

    First-order Markov against none, chi-square with one degree (Christoffersen, Evaluating interval
    forecasts, International Economic Review 39(4), 1998, section 3.2).

    Raises:
        RefusedInput: as `kupiec`.
    """
    counts = _transitions(_checked(violations))
    to_none, to_one = counts.sum(axis=0)
    if to_one == 0 or to_none == 0:
        return LikelihoodRatio(None, None)
    return _ratio(_log_likelihood(to_none, to_one, to_one / (to_none + to_one)), _markov(counts), degrees=1)


def christoffersen_conditional_coverage(violations: ArrayLike, level: float) -> LikelihoodRatio:
    """Conditional coverage: is a violation as likely as 1 - level whatever the day before was?

    Chi-square with two degrees, given the first day (Christoffersen, 1998, section 3.3).

    Raises:
        RefusedInput: as `kupiec`.
    """
    counts = _transitions(_checked(violations))
    to_none, to_one = counts.sum(axis=0)
    probability = 1.0 - checked_level(level)
    return _ratio(_log_likelihood(to_none, to_one, probability), _markov(counts), degrees=2)


def backtest_value_at_risk(
    forecast: Forecast, exposures: ArrayLike, returns: ArrayLike, level: float, *, window: int
) -> Backtest:
    """Forecast each row from the `window` rows before it, and compare with what came.

    No forecast sees its own row or a later one: it is handed a copy-free view of earlier rows only.

    Args:
        exposures: assets; the same book every day, in the account's currency.
        returns: rows x assets, oldest first.

    Raises:
        RefusedInput: no row behind the first window, whatever `forecast` refuses, or inputs that do not fit.
    """
    checked_level(level)
    if window < 1:
        raise RefusedInput(f"a window of {window} rows")
    held, rows = checked_pair(exposures, returns, at_least=window + 1)
    rows = rows.copy()
    rows.flags.writeable = False
    figures = [
        forecast(held, rows[end - window : end], level).value_at_risk for end in range(window, rows.shape[0])
    ]
    return Backtest(level, window, np.array(figures), rows[window:] @ held)


def _checked(violations: ArrayLike) -> Violations:
    days = np.asarray(violations)
    if days.dtype != np.bool_ or days.ndim != 1 or days.size < 2:
        raise RefusedInput(
            f"violations: booleans of two days or more are expected, not {days.dtype} {days.shape}"
        )
    return days


def _transitions(days: Violations) -> NDArray[np.int64]:
    """How many days without (0) and with (1) a violation were followed by which: before x after."""
    pairs = 2 * days[:-1].astype(np.int64) + days[1:]
    return np.bincount(pairs, minlength=4).reshape(2, 2).astype(np.int64)


def _markov(counts: NDArray[np.int64]) -> float:
    """The log likelihood of transitions, each row with its own share."""
    return sum(
        _log_likelihood(int(none), int(one), one / (none + one)) for none, one in counts if none + one > 0
    )


def _log_likelihood(none: int, one: int, probability: float) -> float:
    """Of so many days without and with a violation of a probability; 0 x log 0 is 0."""
    found = 0.0
    for count, share in ((none, 1.0 - probability), (one, probability)):
        if count > 0:
            found += count * math.log(share)
    return found


def _ratio(restricted: float, free: float, *, degrees: int) -> LikelihoodRatio:
    """With the survival function of the chi-square law, closed for one degree and for two."""
    statistic = max(float(2.0 * (free - restricted)), 0.0)
    p_value = math.erfc(math.sqrt(statistic / 2.0)) if degrees == 1 else math.exp(-statistic / 2.0)
    return LikelihoodRatio(statistic, p_value)
