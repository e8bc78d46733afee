"""Whether a source gets worse: its newest trades against those before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from hive_core.signals.scorecards.intervals import bootstrap_difference_interval

NEWEST_SHARE = 0.25
LEAST_TRADES = 20
"""In either part: fewer say nothing of a mean whose single values go from -1 to several R."""


@dataclass(frozen=True, slots=True)
class Decay:
    """The mean R of the `recent` newest trades less that of all before them, with its 95 % interval."""

    recent: int
    earlier: int
    difference_r: float
    low_r: float
    high_r: float

    @property
    def in_words(self) -> str:
        """What the interval says: worse, better, or neither."""
        if self.high_r < 0:
            return "it got worse"
        return "it got better" if self.low_r > 0 else "no change is shown"


def decay_of(r_multiples: Sequence[float]) -> Decay | None:
    """How the newest trades differ, or None of fewer than two times `LEAST_TRADES`.

    The newest quarter, at least `LEAST_TRADES`, is set against everything before:
    mean(newest) - mean(before), with the bootstrap interval of that difference. One cut, fixed
    beforehand: cuts that are searched for find a break in any noise.

    Args:
        r_multiples: R of each trade, in the order in which they ended.
    """
    if len(r_multiples) < 2 * LEAST_TRADES:
        return None
    recent = max(LEAST_TRADES, round(NEWEST_SHARE * len(r_multiples)))
    before, after = r_multiples[:-recent], r_multiples[-recent:]
    interval = bootstrap_difference_interval(before, after)
    if interval is None:
        return None
    return Decay(recent, len(before), fmean(after) - fmean(before), *interval)
