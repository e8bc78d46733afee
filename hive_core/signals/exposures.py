"""One exposure an idea: which of the signals that can decide do, for a whole history at once.

The same as `resolver` does with its books, one side of an account and instrument after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hive_core.signals.fixed_point import IntArray

_US_PER_DAY = 86_400_000_000
_NONE = -1


@dataclass(frozen=True, slots=True)
class Exposures:
    """By signal: `decides`; `confirms` and `held_by` are the place of another one, or -1."""

    decides: npt.NDArray[np.bool_]
    confirms: IntArray
    held_by: IntArray


def exposures(
    lane: IntArray,
    ts: IntArray,
    has_the_votes: npt.NDArray[np.bool_],
    has_plan: npt.NDArray[np.bool_],
    window_us: int,
) -> Exposures:
    """What stands in the way of each signal that has the votes.

    Args:
        lane: each signal's account, instrument and side, as one number. ts: in microseconds, rising
            within a lane.
    """
    nobody = np.full(lane.size, _NONE, np.int64)
    found = Exposures(np.zeros(lane.size, np.bool_), nobody, nobody.copy())
    strong = np.flatnonzero(has_the_votes)
    if not strong.size:
        return found
    strong = strong[np.argsort(lane[strong], kind="stable")]
    lanes, times, able = lane[strong], ts[strong], has_plan[strong]
    days = times // _US_PER_DAY
    places = np.arange(strong.size)
    is_first = np.concatenate([[True], (lanes[1:] != lanes[:-1]) | (days[1:] != days[:-1])])
    run = np.maximum.accumulate(np.where(is_first, places, 0))

    able_so_far = np.maximum.accumulate(np.where(able, places, _NONE))
    before = np.where(run > 0, able_so_far[run - 1], _NONE)
    is_held = (before >= 0) & (lanes[before] == lanes) & (times - times[before] <= window_us)

    decides = np.zeros(strong.size, np.bool_)
    decides[_first_of_each_window(np.flatnonzero(able & ~is_held), lanes, times, run, window_us)] = True
    last = np.maximum.accumulate(np.where(decides, places, _NONE))
    confirms = (last >= run) & (last < places) & (times - times[last] <= window_us)
    is_held &= ~confirms
    found.decides[strong] = decides
    found.confirms[strong] = np.where(confirms, strong[last], _NONE)
    found.held_by[strong] = np.where(is_held, strong[before], _NONE)
    return found


def _first_of_each_window(
    candidates: npt.NDArray[np.intp], lanes: IntArray, times: IntArray, run: IntArray, window_us: int
) -> npt.NDArray[np.intp]:
    """In each run (a lane's day) the first candidate, and after each the first beyond its window."""
    if not candidates.size:
        return candidates
    lane, time, day = lanes[candidates], times[candidates], run[candidates]
    edges = np.flatnonzero(np.concatenate([[True], lane[1:] != lane[:-1], [True]]))
    beyond = np.empty(candidates.size, np.intp)
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = time[begin:end]
        beyond[begin:end] = begin + np.searchsorted(part, part + window_us, "right")
    current = np.flatnonzero(np.concatenate([[True], day[1:] != day[:-1]]))
    chosen = []
    while current.size:
        chosen.append(current)
        following = beyond[current]
        inside = following < candidates.size
        current, following = current[inside], following[inside]
        current = following[day[following] == day[current]]
    return candidates[np.concatenate(chosen)]
