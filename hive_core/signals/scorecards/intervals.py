"""How sure a measured record is: intervals for a rate, for a mean and for the difference of two means."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""

RESAMPLES = 2_000
SEED = 20_170_101
"""Any fixed number: the same record gives the same interval on every machine."""

_DRAWS_AT_ONCE = 1_000_000


def wilson_interval(wins: int, trials: int) -> tuple[float, float] | None:
    """The 95 % score interval of a proportion, or None without trials.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal of the
    American Statistical Association 22, 1927: for p = wins / n,
    (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n).
    """
    if trials == 0:
        return None
    share, z_squared = wins / trials, Z_95 * Z_95
    middle = share + z_squared / (2 * trials)
    half = Z_95 * sqrt(share * (1 - share) / trials + z_squared / (4 * trials * trials))
    scale = 1 + z_squared / trials
    # Without wins, or without losses, an end is the share itself but for the last binary digit.
    return min(share, max(0.0, (middle - half) / scale)), max(share, min(1.0, (middle + half) / scale))


def bootstrap_mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % percentile interval of a mean, or None of fewer than two values. It holds `fmean`.

    B. Efron, Bootstrap Methods: Another Look at the Jackknife, Annals of Statistics 7, 1979: the mean
    is taken of `RESAMPLES` samples drawn from the values with replacement, and the interval holds the
    middle 95 % of these means. It is too narrow for a handful of values, and it takes them as
    independent.
    """
    if len(values) < 2:
        return None
    return _middle(_resampled_means(values, np.random.default_rng(SEED)), fmean(values))


def bootstrap_difference_interval(
    before: Sequence[float], after: Sequence[float]
) -> tuple[float, float] | None:
    """The 95 % percentile interval of how much the mean of `after` is above that of `before`, or None
    where either has fewer than two values. It holds that difference.

    As `bootstrap_mean_interval`, each sample drawn from its own values (B. Efron and R. Tibshirani, An
    Introduction to the Bootstrap, 1993, chapter 8).
    """
    if len(before) < 2 or len(after) < 2:
        return None
    generator = np.random.default_rng(SEED)
    means_before = _resampled_means(before, generator)
    return _middle(_resampled_means(after, generator) - means_before, fmean(after) - fmean(before))


def _resampled_means(values: Sequence[float], generator: np.random.Generator) -> NDArray[np.float64]:
    pool = np.asarray(values, dtype=np.float64)
    at_once = max(1, _DRAWS_AT_ONCE // len(pool))
    return np.concatenate(
        [
            pool[generator.integers(0, len(pool), (min(at_once, RESAMPLES - done), len(pool)))].mean(axis=1)
            for done in range(0, RESAMPLES, at_once)
        ]
    )


def _middle(estimates: NDArray[np.float64], measured: float) -> tuple[float, float]:
    low, high = np.percentile(estimates, [2.5, 97.5])
    # Of equal values every mean is the same but for the last binary digit.
    return min(measured, float(low)), max(measured, float(high))
