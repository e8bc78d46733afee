"""How bad it got on the way: the worst fall of summed R, and the longest run of losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def drawdowns(values: Sequence[float]) -> NDArray[np.float64]:
    """After each value, how far the running sum stands below its highest point so far (0 or more), zero
    counted as its start."""
    running = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=np.float64))])
    below: NDArray[np.float64] = np.maximum.accumulate(running) - running
    return below[1:]


def max_drawdown(values: Sequence[float]) -> float:
    """The deepest fall of the running sum below its highest point so far, zero counted as its start."""
    return float(drawdowns(values).max(initial=0.0))


def longest_losing_run(values: Sequence[float]) -> int:
    """The most values below zero that stand one after the other."""
    longest = current = 0
    for value in values:
        current = current + 1 if value < 0 else 0
        longest = max(longest, current)
    return longest
