"""A covariance shrunk towards equal correlations, so that few days do not make strategies look unlike.

scikit-learn and skfolio shrink towards no correlation, which understates what strategies share, and
neither is part of a plain install: hence our own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput, checked_matrix


@dataclass(frozen=True, slots=True)
class ShrunkCovariance:
    """Variances as in the sample, covariances by `intensity` (0 to 1) nearer to those of equal correlations.

    Of two columns the target is the sample, and nothing moves.
    """

    covariance: FloatArray
    intensity: float
    average_correlation: float


def shrunk_covariance(results: ArrayLike) -> ShrunkCovariance:
    """The covariance of rows x columns, shrunk towards the constant-correlation matrix.

    Ledoit and Wolf, Honey, I shrunk the sample covariance matrix, Journal of Portfolio Management 30(4),
    2004: the intensity is (pi - rho) / gamma / rows, with the estimates of the paper's appendix B, cut to
    0..1. Divided by the number of rows, as there.

    Raises:
        RefusedInput: fewer than 3 rows or 2 columns, a number that is not finite, a column that does not
            vary.
    """
    rows = checked_matrix(results, "results", at_least=3)
    count, columns = rows.shape
    if columns < 2:
        raise RefusedInput("results: two columns are needed for a correlation")
    centred = rows - rows.mean(axis=0)
    sample: FloatArray = centred.T @ centred / count
    variances = np.diag(sample)
    if (variances <= np.finfo(np.float64).eps * np.abs(rows).max(axis=0) ** 2).any():
        raise RefusedInput(f"results: column {int(np.argmin(variances))} does not vary")
    deviations = np.sqrt(variances)
    scale = np.outer(deviations, deviations)
    off = ~np.eye(columns, dtype=np.bool_)
    average = float((sample / scale)[off].mean())
    target = average * scale
    np.fill_diagonal(target, variances)

    squares = centred**2
    # pi: how uncertain each covariance is; rho: how it errs together with the target.
    uncertainty = squares.T @ squares / count - sample**2
    third = (centred**3).T @ centred / count - variances[:, None] * sample
    shared = average * (deviations[None, :] / deviations[:, None] * third)
    together = float(np.trace(uncertainty)) + float(shared[off].sum())
    distance = float(((target - sample) ** 2).sum())
    spread = float(uncertainty.sum()) - together
    intensity = 1.0 if distance == 0 else min(max(spread / distance / count, 0.0), 1.0)
    return ShrunkCovariance(intensity * target + (1 - intensity) * sample, intensity, average)
