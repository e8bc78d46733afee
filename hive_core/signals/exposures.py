"""One exposure an idea: which of the signals that can decide do, for a whole history at once.

The same as `resolver` does with its books, one side of an account and instrument after the other. Only
signals beyond the window of the last decision are looked at one by one: hardly more than decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hive_core.signals.fixed_point import IntArray
from hive_core.signals.ideas import ALIKE

_US_PER_DAY = 86_400_000_000
_NONE = -1

Pairs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Exposures:
    """By signal: `decides`; `confirms` and `held_by` are the place of another one, or -1."""

    decides: npt.NDArray[np.bool_]
    confirms: IntArray
    held_by: IntArray


def exposures(
    lane: IntArray,
    ts: IntArray,
    idea: IntArray,
    voice: IntArray,
    has_the_votes: npt.NDArray[np.bool_],
    has_plan: npt.NDArray[np.bool_],
    window_us: int,
    exposure_us: int,
) -> Exposures:
    """What stands in the way of each signal that has the votes.

    Args:
        lane: each signal's account, instrument and side, as one number. ts: in microseconds, rising
            within a lane. idea: of `ideas.ideas_of`. voice: as a number. window_us: in which a side makes
            one decision. exposure_us: in which an idea that several voices have makes one.
    """
    nobody = np.full(lane.size, _NONE, np.int64)
    found = Exposures(np.zeros(lane.size, np.bool_), nobody, nobody.copy())
    strong = np.flatnonzero(has_the_votes)
    if not strong.size:
        return found
    strong = strong[np.argsort(lane[strong], kind="stable")]
    lanes, times = lane[strong], ts[strong]
    days = times // _US_PER_DAY
    places = np.arange(strong.size)
    is_first = np.concatenate([[True], (lanes[1:] != lanes[:-1]) | (days[1:] != days[:-1])])
    run = np.maximum.accumulate(np.where(is_first, places, 0))
    deciders, confirmed, held = _one_by_one(
        lanes, times, idea[strong], voice[strong], has_plan[strong], is_first, window_us, exposure_us
    )

    last = np.full(strong.size, _NONE, np.int64)
    last[deciders] = deciders
    last = np.maximum.accumulate(last)
    confirms = (last >= run) & (last < places) & (times - times[last] <= window_us)
    found.decides[strong[deciders]] = True
    found.confirms[strong] = np.where(confirms, strong[last], _NONE)
    for where, pairs in ((found.confirms, confirmed), (found.held_by, held)):
        at, other = np.array(pairs, np.intp).reshape(-1, 2).T
        where[strong[at]] = strong[other]
    return found


class _Ideas:
    """Of each idea the last signal, and the last one of another voice than that one."""

    __slots__ = ("last", "other", "said_by")

    def __init__(self, said_by: list[int]) -> None:
        self.said_by = said_by
        self.last: dict[int, int] = {}
        self.other: dict[int, int] = {}

    def add(self, place: int, idea: int) -> None:
        """One more signal, later than all so far."""
        last = self.last.get(idea, _NONE)
        self.last[idea] = place
        if last != _NONE and self.said_by[last] != self.said_by[place]:
            self.other[idea] = last

    def latest_of_another(self, place: int, idea: int) -> int:
        """The last signal of the same idea by another voice than that of the one at `place`, or -1."""
        latest = _NONE
        for step in ALIKE:
            found = self.last.get(idea + step, _NONE)
            if found > latest and self.said_by[found] == self.said_by[place]:
                found = self.other.get(idea + step, _NONE)
            if found > latest:
                latest = found
        return latest


def _one_by_one(
    lanes: IntArray,
    times: IntArray,
    ideas: IntArray,
    voices: IntArray,
    able: npt.NDArray[np.bool_],
    is_first: npt.NDArray[np.bool_],
    window_us: int,
    exposure_us: int,
) -> tuple[npt.NDArray[np.intp], Pairs, Pairs]:
    """Who decides; and of those beyond the window of every decision of their day, who confirms which one of
    the same idea, and who is held back by whom.

    Args:
        is_first: whether a run, the day of a lane, begins.
    """
    begins = np.flatnonzero(is_first)
    ends = np.append(begins[1:], able.size)
    is_new = np.diff(lanes[begins], prepend=lanes[0] - 1) != 0
    # Only the ideas of the day's end, as long as an exposure, reach over midnight.
    late = np.flatnonzero(able & (times % _US_PER_DAY + exposure_us >= _US_PER_DAY))
    late_ends = np.searchsorted(late, ends)
    late_places, late_ideas = late.tolist(), ideas[late].tolist()
    beyond = _beyond(lanes, times, window_us)
    moments, names, can_decide, said_by = times.tolist(), ideas.tolist(), able.tolist(), voices.tolist()
    deciders: list[int] = []
    confirmed: Pairs = []
    held: Pairs = []
    before = _Ideas(said_by)
    heard = 0
    runs = (begins, ends, late_ends, _last_before(lanes, able, begins), is_new)
    for place, end, late_end, last_before, begins_lane in zip(*map(np.ndarray.tolist, runs), strict=True):
        if begins_lane:
            before = _Ideas(said_by)
        made = _Ideas(said_by)
        while place < end:
            now, idea = moments[place], names[place]
            other = made.latest_of_another(place, idea) if made.last else _NONE
            if other != _NONE and now - moments[other] <= exposure_us:
                confirmed.append((place, other))
                place += 1
                continue
            other = last_before
            if other != _NONE and now - moments[other] > window_us:
                # The last of the idea is no later than the last of all.
                is_near = now - moments[other] <= exposure_us
                other = before.latest_of_another(place, idea) if is_near else _NONE
                if other != _NONE and now - moments[other] > exposure_us:
                    other = _NONE
            if other != _NONE:
                held.append((place, other))
                place += 1
            elif can_decide[place]:
                deciders.append(place)
                made.add(place, idea)
                place = min(beyond[place], end)
            else:
                place += 1
        for at in range(heard, late_end):
            before.add(late_places[at], late_ideas[at])
        heard = late_end
    return np.array(deciders, np.intp), confirmed, held


def _last_before(
    lanes: IntArray, able: npt.NDArray[np.bool_], begins: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Before each run the last signal of its lane that could decide, or -1."""
    last = np.maximum.accumulate(np.where(able, np.arange(able.size), _NONE))
    found = np.where(begins > 0, last[begins - 1], _NONE)
    return np.where((found != _NONE) & (lanes[found] == lanes[begins]), found, _NONE)


def _beyond(lanes: IntArray, times: IntArray, window_us: int) -> list[int]:
    """After each signal the first of its lane beyond its window."""
    edges = np.flatnonzero(np.concatenate([[True], lanes[1:] != lanes[:-1], [True]]))
    beyond = np.empty(times.size, np.intp)
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = times[begin:end]
        beyond[begin:end] = begin + np.searchsorted(part, part + window_us, "right")
    return beyond.tolist()
