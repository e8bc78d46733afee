"""Value at risk and expected shortfall of a sample, weighted or not, and how exactly a sample tells them.

Only what a list of results says. Where the results come from is `value_at_risk`'s and `simulation`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hive_core.risk.portfolio.inputs import (
    FloatArray,
    RefusedInput,
    checked_level,
    checked_vector,
    rows_needed,
)

_ROUNDING = 9
"""Digits to which a level times a count is taken: 0.55 x 100 is 55, not 55.000000000000007."""


@dataclass(frozen=True, slots=True)
class TailRisk:
    """What a book may lose over the period of its returns; a loss is positive, in the unit of the results.

    `value_at_risk` is the least loss that is not exceeded with a probability of `level`;
    `expected_shortfall` the mean of the worst (1 - level) of all outcomes; `observations` how many
    outcomes they were read from, 0 for a closed form.
    """

    level: float
    value_at_risk: float
    expected_shortfall: float
    observations: int


@dataclass(frozen=True, slots=True)
class MonteCarloRisk(TailRisk):
    """`TailRisk` of independent simulations, with the standard errors of both figures."""

    value_at_risk_error: float
    expected_shortfall_error: float


def tail_risk(results: ArrayLike, level: float) -> TailRisk:
    """Value at risk and expected shortfall of equally likely results (gains positive).

    VaR is the generalised inverse inf{x: F(x) >= level} of the losses' distribution (McNeil, Frey and
    Embrechts, Quantitative Risk Management, 2015, section 2.3): the ceil(n x level)-th smallest loss.
    ES is the mean of the worst n x (1 - level) losses, the last of them in part (Acerbi and Tasche, On
    the coherence of expected shortfall, 2002, definition 2.6).

    Raises:
        RefusedInput: too few results for the level, one that is not finite, or a level out of range.
    """
    losses, place = _losses(results, level)
    return TailRisk(level, *_read(_sorted_from(losses, place), losses.size, level), losses.size)


def next_risk(results: ArrayLike, level: float) -> TailRisk:
    """As `tail_risk`, for the result that comes after these: of few results the next rank counts.

    VaR is the ceil((n + 1) x level)-th smallest loss. If the next result is exchangeable with these, it is
    larger with a probability of at most 1 - level, for any distribution (Wilks, Determination of sample
    sizes for setting tolerance limits, Annals of Mathematical Statistics 12, 1941). `tail_risk`'s rank
    promises that of the sample only: 99 % of 500 results are exceeded in 1.2 % of cases. ES is that of
    `tail_risk`, and never below VaR.

    Raises:
        RefusedInput: as `tail_risk`.
    """
    losses, place = _losses(results, level)
    largest = _sorted_from(losses, place)
    further = math.ceil(round((losses.size + 1) * level, _ROUNDING)) - 1 - place
    value_at_risk = float(largest[further])
    _, shortfall = _read(largest, losses.size, level)
    return TailRisk(level, value_at_risk, max(shortfall, value_at_risk), losses.size)


def monte_carlo_risk(results: ArrayLike, level: float) -> MonteCarloRisk:
    """As `tail_risk`, of independent simulations, with standard errors.

    VaR: half the distance of the order statistics one binomial standard deviation, sqrt(n level (1 -
    level)), to either side (David and Nagaraja, Order Statistics, 2003, section 7.1). ES: root of
    (var(L | L > VaR) + level x (ES - VaR)^2) / (n x (1 - level)) (Manistre and Hancock, Variance of the
    CTE estimator, North American Actuarial Journal 9, 2005).

    Raises:
        RefusedInput: as `tail_risk`; or fewer than 30 results beyond the level, of which no error is told.
    """
    losses, place = _losses(results, level)
    beyond = losses.size * (1.0 - level)
    if beyond < 30:
        raise RefusedInput(f"{losses.size} simulations leave {beyond:.1f} beyond {level}: 30 are needed")
    deviation = math.sqrt(losses.size * level * (1.0 - level))
    low = max(math.floor(place - deviation), 0)
    high = min(math.ceil(place + deviation), losses.size - 1)
    largest = _sorted_from(losses, low)
    error = (float(largest[high - low]) - float(largest[0])) / 2
    behind = largest[place - low :]
    value_at_risk, expected_shortfall = _read(behind, losses.size, level)
    variance = float(np.var(behind[1:])) + level * (expected_shortfall - value_at_risk) ** 2
    return MonteCarloRisk(
        level,
        value_at_risk,
        expected_shortfall,
        losses.size,
        value_at_risk_error=error,
        expected_shortfall_error=math.sqrt(variance / beyond),
    )


def weighted_tail_risk(results: ArrayLike, weights: ArrayLike, level: float) -> TailRisk:
    """As `tail_risk`, of results with a weight each: VaR is the least loss up to which the weights reach
    the level.

    Args:
        weights: of any sum above zero, none negative, one a result.

    Raises:
        RefusedInput: as `tail_risk`, or weights that are negative, all zero, or of another number.
    """
    losses = -checked_vector(results, "results")
    weighed = checked_vector(weights, "weights")
    checked_level(level)
    if weighed.size != losses.size:
        raise RefusedInput(f"{weighed.size} weights for {losses.size} results")
    total = float(weighed.sum())
    if (weighed < 0).any() or total <= 0:
        raise RefusedInput("weights must not be negative, and not all zero")
    order = np.argsort(losses, kind="stable")
    losses, shares = losses[order], weighed[order] / total
    reached = np.round(np.cumsum(shares), _ROUNDING + 3)
    place = min(int(np.searchsorted(reached, level)), losses.size - 1)
    beyond = shares[place + 1 :]
    value_at_risk = float(losses[place])
    partly = 1.0 - level - float(beyond.sum())
    shortfall = (float(beyond @ losses[place + 1 :]) + value_at_risk * partly) / (1.0 - level)
    return TailRisk(level, value_at_risk, max(shortfall, value_at_risk), losses.size)


def _losses(results: ArrayLike, level: float) -> tuple[FloatArray, int]:
    """Losses, and the place of value at risk among them once they are ordered."""
    losses = -checked_vector(results, "results")
    if losses.size < (needed := rows_needed(level)):
        raise RefusedInput(f"{losses.size} results, a level of {level} needs at least {needed}")
    return losses, math.ceil(round(losses.size * level, _ROUNDING)) - 1


def _sorted_from(losses: FloatArray, place: int) -> FloatArray:
    """The losses from a place on, in order: only these are sorted."""
    return np.sort(np.partition(losses, place)[place:])


def _read(largest: FloatArray, count: int, level: float) -> tuple[float, float]:
    """Both figures, of the largest losses in order, the first of which is value at risk."""
    value_at_risk, beyond = float(largest[0]), count * (1.0 - level)
    behind = largest[1:]
    shortfall = (float(behind.sum()) + value_at_risk * (beyond - behind.size)) / beyond
    return value_at_risk, max(shortfall, value_at_risk)
