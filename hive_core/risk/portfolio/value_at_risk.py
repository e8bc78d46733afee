"""Value at risk and expected shortfall of exposures over past returns, and the normal closed form.

A linear book: result = sum of exposure x relative return. Books whose conversion moves with the prices are
simulated (`simulation`). How well each of these fits is `coverage`'s question: `filtered_value_at_risk` is
the one that Hive uses where none is named.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from hive_core.risk.portfolio.ewma import DECAY, FIRST_ROWS, ewma_covariance, standardised
from hive_core.risk.portfolio.inputs import (
    RefusedInput,
    checked_decay,
    checked_level,
    checked_pair,
    checked_square,
    checked_vector,
    rows_needed,
)
from hive_core.risk.portfolio.tail import TailRisk, next_risk, weighted_tail_risk

WINDOW = FIRST_ROWS + 500
"""Rows that Hive hands to a forecast where none are named: two years of days behind those that start it."""

AGE_DECAY = 0.98
"""Of the two that the authors try, 0.97 and 0.99, the middle."""


def historical_value_at_risk(exposures: ArrayLike, returns: ArrayLike, level: float) -> TailRisk:
    """Plain historical simulation: the next row is as likely to rank anywhere among the past ones.

    Args:
        exposures: assets; signed, in the account's currency.
        returns: rows x assets; relative returns of the period the risk is told for, oldest first.

    Raises:
        RefusedInput: shapes that do not fit, too few rows, a number that is not finite, a level out of range.
    """
    held, rows = checked_pair(exposures, returns, at_least=rows_needed(level))
    return next_risk(rows @ held, level)


def age_weighted_value_at_risk(
    exposures: ArrayLike, returns: ArrayLike, level: float, *, decay: float = AGE_DECAY
) -> TailRisk:
    """Historical simulation in which a row weighs `decay` of the one after it.

    The hybrid approach of Boudoukh, Richardson and Whitelaw (The Best of Both Worlds, Risk 11(5), 1998),
    without their interpolation between neighbours. With 0.98 the rows weigh as much as 99 equal ones.

    Args: as `historical_value_at_risk`.

    Raises:
        RefusedInput: as `historical_value_at_risk`, or a decay out of range.
    """
    held, rows = checked_pair(exposures, returns, at_least=rows_needed(level))
    ages = np.arange(rows.shape[0] - 1, -1, -1, dtype=np.float64)
    return weighted_tail_risk(rows @ held, checked_decay(decay) ** ages, level)


def filtered_value_at_risk(
    exposures: ArrayLike, returns: ArrayLike, level: float, *, decay: float = DECAY
) -> TailRisk:
    """Historical simulation of the book's own results, scaled to its volatility of today.

    What today's book would have earned on each past row is divided by the deviation that was expected of
    it then and multiplied by the one expected next (Barone-Adesi and Giannopoulos, A simplified approach
    to the conditional estimation of value at risk, Futures and Options World, 1996; Hull and White,
    Incorporating volatility updating into the historical simulation method, Journal of Risk 1(1), 1998).
    The volatility of the whole book rises when its assets begin to move together, that of each asset alone
    does not know. Volatility is EWMA, not a fitted GARCH: no fit that may not converge.

    Args: as `historical_value_at_risk`; the first `FIRST_ROWS` rows only start the volatility.

    Raises:
        RefusedInput: as `historical_value_at_risk`; a decay out of range; a book that did not move.
    """
    held, rows = checked_pair(exposures, returns, at_least=FIRST_ROWS + rows_needed(level))
    residuals, deviation = standardised((rows @ held)[:, None], decay=decay)
    return next_risk(residuals[:, 0] * deviation[0], level)


def filtered_by_asset_value_at_risk(
    exposures: ArrayLike, returns: ArrayLike, level: float, *, decay: float = DECAY
) -> TailRisk:
    """Historical simulation of returns, each scaled to the volatility of its asset today.

    Assets of one row stay together, so that their dependence is that of the row (Hull and White, 1998, and
    Barone-Adesi, Bourgoin and Giannopoulos, Don't look back, Risk 11(8), 1998).

    Args: as `filtered_value_at_risk`.

    Raises:
        RefusedInput: as `filtered_value_at_risk`, or an asset that did not move.
    """
    held, rows = checked_pair(exposures, returns, at_least=FIRST_ROWS + rows_needed(level))
    residuals, deviations = standardised(rows, decay=decay)
    return next_risk(residuals @ (held * deviations), level)


def normal_value_at_risk(
    exposures: ArrayLike, covariance: ArrayLike, level: float, *, means: ArrayLike | None = None
) -> TailRisk:
    """The closed form for normal returns: VaR = z s - m, ES = s x density(z) / (1 - level) - m.

    With s^2 = exposures' covariance exposures, m = exposures' means, z the normal quantile at the level
    (McNeil, Frey and Embrechts, Quantitative Risk Management, 2015, section 2.3).

    Args:
        covariance: assets x assets, of relative returns.
        means: assets; zero where none are given.

    Raises:
        RefusedInput: shapes that do not fit, a number that is not finite, a variance below zero.
    """
    held = checked_vector(exposures, "exposures")
    matrix = checked_square(covariance, "covariance")
    expected = np.zeros(held.size) if means is None else checked_vector(means, "means")
    checked_level(level)
    if not held.size == expected.size == matrix.shape[0]:
        raise RefusedInput(
            f"{held.size} exposures, {expected.size} means and covariances of {matrix.shape[0]} assets "
            "do not fit"
        )
    variance = float(held @ matrix @ held)
    if variance < 0:
        raise RefusedInput("the book's variance is below zero: repair the covariance first")
    deviation, mean, normal = math.sqrt(variance), float(held @ expected), NormalDist()
    quantile = normal.inv_cdf(level)
    return TailRisk(
        level,
        value_at_risk=quantile * deviation - mean,
        expected_shortfall=deviation * normal.pdf(quantile) / (1.0 - level) - mean,
        observations=0,
    )


def ewma_normal_value_at_risk(
    exposures: ArrayLike, returns: ArrayLike, level: float, *, decay: float = DECAY
) -> TailRisk:
    """The closed form with the EWMA covariance of past returns: RiskMetrics' own (1996, section 1.2).

    Args: as `historical_value_at_risk`.

    Raises:
        RefusedInput: as `historical_value_at_risk`, or a decay out of range.
    """
    held, rows = checked_pair(exposures, returns, at_least=FIRST_ROWS)
    return normal_value_at_risk(held, ewma_covariance(rows, decay=decay), level)
