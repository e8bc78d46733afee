"""Exponentially weighted variances and covariances of returns, each from earlier rows only.

RiskMetrics' recursion with a mean of zero. Volatility of a single series of bars is
`hive_core.market.volatility`'s.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput, checked_decay, checked_matrix

DECAY = 0.94
"""For daily returns (RiskMetrics Technical Document, 4th edition, 1996, section 5.3.2)."""

FIRST_ROWS = 74
"""Rows that the first variance is made of: with 0.94 those left out weigh one per cent (ibid., table 5.7)."""

_LARGEST_POWER = 60 * math.log(10)
"""Powers of the decay are taken this far in one go, so that none leaves the range of a double."""


def ewma_variances(returns: ArrayLike, *, decay: float = DECAY, first_rows: int = FIRST_ROWS) -> FloatArray:
    """The variance that was expected of each row, from the rows before it.

    v(t + 1) = decay x v(t) + (1 - decay) x r(t)^2 (RiskMetrics, 1996, section 5.2). The first one is the
    mean of the first rows' squares, weighted alike. A row's variance does not change with what follows.

    Args:
        returns: rows x assets, oldest first.

    Returns:
        (rows - first_rows + 1) x assets: for row `first_rows`, each row after it, and the one that comes
        next.

    Raises:
        RefusedInput: fewer rows than `first_rows`, a number that is not finite, a decay out of range.
    """
    rows = checked_matrix(returns, "returns", at_least=max(first_rows, 1))
    checked_decay(decay)
    if first_rows < 1:
        raise RefusedInput("the first variance needs at least one row")
    squares = rows**2
    weights = decay ** np.arange(first_rows - 1, -1, -1, dtype=np.float64)
    found = np.empty((rows.shape[0] - first_rows + 1, rows.shape[1]))
    found[0] = weights @ squares[:first_rows] / weights.sum()
    later = squares[first_rows:]
    step = max(int(_LARGEST_POWER / -math.log(decay)), 1)
    for begin in range(0, later.shape[0], step):
        part = later[begin : begin + step]
        # v(b + j) = decay^j x (v(b) + (1 - decay) x sum of decay^-i x r(b + i)^2): no loop over rows.
        powers = decay ** np.arange(1, part.shape[0] + 1, dtype=np.float64)[:, None]
        summed = np.cumsum(part / powers, axis=0)
        found[begin + 1 : begin + part.shape[0] + 1] = powers * (found[begin] + (1 - decay) * summed)
    return found


def ewma_covariance(returns: ArrayLike, *, decay: float = DECAY) -> FloatArray:
    """The covariance matrix that is expected of the row after the last, assets x assets.

    The mean of the products of returns, weighted by powers of the decay that sum to one; positive
    semidefinite by construction.

    Raises:
        RefusedInput: fewer rows than `FIRST_ROWS`, a number that is not finite, a decay out of range.
    """
    rows = checked_matrix(returns, "returns", at_least=FIRST_ROWS)
    weights = checked_decay(decay) ** np.arange(rows.shape[0] - 1, -1, -1, dtype=np.float64)
    found: FloatArray = (rows * (weights / weights.sum())[:, None]).T @ rows
    return (found + found.T) / 2


def standardised(
    returns: ArrayLike, *, decay: float = DECAY, first_rows: int = FIRST_ROWS
) -> tuple[FloatArray, FloatArray]:
    """Returns in units of the deviation that was expected of them, and the deviation expected next.

    Returns:
        (rows - first_rows) x assets, and assets: the residuals, and the deviations for the next row.

    Raises:
        RefusedInput: as `ewma_variances`; no row behind the first ones; an asset that does not move, so
            that nothing can be expected of it.
    """
    rows = checked_matrix(returns, "returns", at_least=first_rows + 1)
    deviations = np.sqrt(ewma_variances(rows, decay=decay, first_rows=first_rows))
    if (still := np.flatnonzero((deviations == 0).any(axis=0))).size:
        raise RefusedInput(f"returns: column {int(still[0])} does not move, its volatility is unknown")
    return rows[first_rows:] / deviations[:-1], deviations[-1]
