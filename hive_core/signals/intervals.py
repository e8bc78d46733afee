"""How sure a measured record is: intervals for a hit rate and for a mean, and the worst fall of a sum."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean

import numpy as np

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
    generator = np.random.default_rng(SEED)
    pool = np.asarray(values, dtype=np.float64)
    at_once = max(1, _DRAWS_AT_ONCE // len(pool))
    means = np.concatenate(
        [
            pool[generator.integers(0, len(pool), (min(at_once, RESAMPLES - done), len(pool)))].mean(axis=1)
            for done in range(0, RESAMPLES, at_once)
        ]
    )
    low, high = np.percentile(means, [2.5, 97.5])
    # Of equal values every mean is the same but for the last binary digit.
    mean = fmean(values)
    return min(mean, float(low)), max(mean, float(high))


def max_drawdown(values: Sequence[float]) -> float:
    """The deepest fall of the running sum below its highest point so far, zero counted as its start."""
    running = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=np.float64))])
    return float(np.max(np.maximum.accumulate(running) - running))
