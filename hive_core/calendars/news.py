"""Scheduled economic news, point in time: which events were known at a moment, and how far away they are.

An event counts at a moment only if it had been seen by then, and its result only from when that was seen.
No row of a calendar means that nothing is known, never that there is no news. Files belong in `news_file`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hive_core.instruments.specification import instruments
from hive_core.market.bars import UTC_DATETIME

NEWS_EVENTS: dict[str, pl.DataType] = {
    "event_id": pl.String(),
    "ts_event": UTC_DATETIME,
    "currency": pl.String(),
    "impact": pl.String(),
    "name": pl.String(),
    "forecast": pl.String(),
    "previous": pl.String(),
    "actual": pl.String(),
    "first_seen": UTC_DATETIME,
    "first_seen_assumed": pl.Boolean(),
    "actual_seen": UTC_DATETIME,
    "landing_sha256": pl.String(),
}
"""One row an announcement of a currency area at a time. `event_id` covers currency, name and time: an
event that is moved is another row from when that was seen. `first_seen` is when the calendar first showed
it; `first_seen_assumed` where nobody wrote that down and the declaration says it. `actual` counts from
`actual_seen`; `forecast` and `previous` are as last seen and belong in no feature of a moment."""


class Impact(StrEnum):
    """How much an event may move its currency, by the calendar's publisher."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


NEWS_WINDOW = timedelta(minutes=30)
"""An order this near to a high-impact event, before or after, is in its window."""
NEWS_HORIZON = timedelta(days=7)
"""An event further away than this, on either side, is told as none."""
REACH_AHEAD = timedelta(hours=24)
"""A calendar is known to be whole up to the last event that it shows; a day ahead it is looked for."""
REACH_BACK = timedelta(hours=96)
"""A calendar without any event for so long (a weekend with a holiday on either side) has a hole."""
CURRENCY_MEMORY = timedelta(days=35)
"""Every currency area that a calendar follows has an event a month, of whatever impact."""

SAME_AREA = {"CNH": "CNY"}
"""A currency that calendars list under another name."""

NEWS_COLUMNS: dict[str, pl.DataType] = {
    "news_known": pl.Boolean(),
    "minutes_to_news": pl.Float64(),
    "minutes_since_news": pl.Float64(),
    "next_news": pl.String(),
    "in_news_window": pl.Boolean(),
}
"""`news_known`: the calendar is known to be whole around the moment for every currency of the instrument.
`minutes_to_news` and `minutes_since_news`: to the next and since the last high-impact event of either
currency, null where none is known within `NEWS_HORIZON`; `next_news` names the next one.
`in_news_window`: one of them is within `NEWS_WINDOW`; null where none is and the calendar is not known."""

_Moments = NDArray[np.int64]
_FAR = 2**62
"""Microseconds: further away than any time, and still without overflow when a time is added."""
_US = timedelta(microseconds=1)


def merge_news(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """NEWS_EVENTS frames in the order they landed, as one: every event once, in order of time.

    The row that was seen first stands, so that what was known earlier does not change; an actual that is
    missing in it is taken from the row that saw one first.
    """
    rows = pl.concat([pl.DataFrame(schema=NEWS_EVENTS), *frames])
    first = rows.sort("first_seen", maintain_order=True).unique("event_id", keep="first", maintain_order=True)
    results = (
        rows.filter(pl.col("actual").is_not_null() & pl.col("actual_seen").is_not_null())
        .sort("actual_seen", maintain_order=True)
        .unique("event_id", keep="first", maintain_order=True)
        .select("event_id", pl.col("actual").alias("_actual"), pl.col("actual_seen").alias("_seen"))
    )
    return (
        first.join(results, on="event_id", how="left")
        .with_columns(pl.col("_actual").alias("actual"), pl.col("_seen").alias("actual_seen"))
        .select(NEWS_EVENTS.keys())
        .sort("ts_event", "currency", "name", "event_id")
    )


def known_news(events: pl.DataFrame, moment: pl.Expr) -> pl.DataFrame:
    """The events that were known at a moment, without results that were not."""
    result_known = pl.col("actual_seen") <= moment
    return events.filter(pl.col("first_seen") <= moment).with_columns(
        pl.when(result_known).then("actual").alias("actual"),
        pl.when(result_known).then("actual_seen").alias("actual_seen"),
    )


@dataclass(frozen=True, slots=True)
class _Series:
    """Events in order of time: when they are, and when they were first seen."""

    times: _Moments
    seen: _Moments

    @classmethod
    def of(cls, events: pl.DataFrame) -> _Series:
        return cls(_microseconds(events["ts_event"]), _microseconds(events["first_seen"]))


class KnownNews:
    """A calendar, kept: for who asks of the same events again and again."""

    def __init__(self, events: pl.DataFrame) -> None:
        self._events = events.sort("ts_event", "currency", "name", "event_id")
        self.whole = _Series.of(self._events)
        self._areas: dict[str, _Series] = {}
        self._high: dict[tuple[str, ...], tuple[_Series, pl.Series]] = {}

    def of_area(self, area: str) -> _Series:
        """The events of a currency area."""
        if area not in self._areas:
            self._areas[area] = _Series.of(self._events.filter(pl.col("currency") == area))
        return self._areas[area]

    def high(self, areas: tuple[str, ...]) -> tuple[_Series, pl.Series]:
        """The high-impact events of some areas, and their names with a null behind them."""
        if areas not in self._high:
            of_areas = pl.col("currency").is_in(areas) & (pl.col("impact") == Impact.HIGH.value)
            found = self._events.filter(of_areas)
            text = pl.concat_str("currency", "name", separator=" ").alias("text")
            self._high[areas] = _Series.of(found), found.select(text)["text"].extend_constant(None, 1)
        return self._high[areas]


def news_as_of(moments: pl.DataFrame, events: pl.DataFrame | KnownNews) -> pl.DataFrame:
    """The news around each moment, as they were known then.

    Args:
        moments: any frame with `symbol` (String) and `ts_event` (UTC Datetime); no `NEWS_COLUMNS`.
        events: NEWS_EVENTS, in any order, or the same, kept; none at all leaves everything unknown.

    Returns:
        `moments`, row for row in its order, with `NEWS_COLUMNS`. An unknown instrument has no news known.
    """
    news = events if isinstance(events, KnownNews) else KnownNews(events)
    rows = moments.with_row_index("_moment")
    asked = rows.select("_moment", "symbol", "ts_event").drop_nulls()
    at = _microseconds(asked["ts_event"])
    is_whole = _is_whole(at, news)
    symbols = asked["symbol"].to_numpy()
    found = [pl.DataFrame(schema={**NEWS_COLUMNS, "_moment": rows.schema["_moment"]})]
    for symbol in asked["symbol"].unique().sort():
        facts = instruments().get(symbol)
        if facts is not None:
            areas = tuple(SAME_AREA.get(currency, currency) for currency in facts.currencies)
            mine = np.flatnonzero(symbols == symbol)
            around = _around(at[mine], is_whole[mine], areas, news)
            found.append(around.with_columns(asked["_moment"].gather(mine)))
    return (
        rows.join(pl.concat(found), on="_moment", how="left", maintain_order="left")
        .with_columns(pl.col("news_known").fill_null(False))
        .drop("_moment")
    )


def _is_whole(at: _Moments, news: KnownNews) -> NDArray[np.bool_]:
    """Whether the calendar shows an event behind the window that follows each moment, and one before it."""
    beyond, _ = _next_known(at, news.whole, REACH_AHEAD, beyond=NEWS_WINDOW)
    before, _ = _last_known(at, news.whole, REACH_BACK)
    return (beyond < _FAR) & (before > -_FAR)


def _around(
    at: _Moments, is_whole: NDArray[np.bool_], areas: tuple[str, ...], news: KnownNews
) -> pl.DataFrame:
    """`NEWS_COLUMNS` of moments of one instrument."""
    is_known = is_whole.copy()
    for area in areas:
        last, _ = _last_known(at, news.of_area(area), CURRENCY_MEMORY)
        is_known &= last > -_FAR
    high, texts = news.high(areas)
    next_ts, place = _next_known(at, high, NEWS_HORIZON)
    last_ts, _ = _last_known(at, high, NEWS_HORIZON)
    names = texts.gather(np.where(next_ts < _FAR, place, len(high.times)))
    to_next, since = pl.col("_next") - pl.col("_at"), pl.col("_at") - pl.col("_last")
    minute, window = timedelta(minutes=1) // _US, NEWS_WINDOW // _US
    return pl.DataFrame({"_at": at, "_next": next_ts, "_last": last_ts, "news_known": is_known}).select(
        "news_known",
        pl.when(pl.col("_next") < _FAR).then(to_next / minute).alias("minutes_to_news"),
        pl.when(pl.col("_last") > -_FAR).then(since / minute).alias("minutes_since_news"),
        names.alias("next_news"),
        pl.when((to_next <= window) | (since <= window))
        .then(True)
        .when("news_known")
        .then(False)
        .alias("in_news_window"),
    )


def _next_known(
    at: _Moments, events: _Series, reach: timedelta, *, beyond: timedelta = timedelta(0)
) -> tuple[_Moments, _Moments]:
    """Time and place of the first event of those known at each moment, from `beyond` to `reach` after it;
    `_FAR` where there is none."""
    place = np.searchsorted(events.times, at + beyond // _US, side="left")
    return _walked(at, events.times, events.seen, place, reach, step=1)


def _last_known(at: _Moments, events: _Series, reach: timedelta) -> tuple[_Moments, _Moments]:
    """Time and place of the last event of those known at each moment, up to it and within `reach` before;
    minus `_FAR` where there is none."""
    place = np.searchsorted(events.times, at, side="right") - 1
    return _walked(at, events.times, events.seen, place, reach, step=-1)


def _walked(
    at: _Moments, times: _Moments, seen: _Moments, place: _Moments, reach: timedelta, *, step: int
) -> tuple[_Moments, _Moments]:
    """From a place each, past the events that were not known yet. Each step is taken for all the moments
    together that are still without an event; nearly all have theirs at the first."""
    place = place.astype(np.int64)
    found = np.full(len(at), step * _FAR, dtype=np.int64)
    left = np.arange(len(at))
    while len(left):
        left = left[(place[left] >= 0) & (place[left] < len(times))]
        left = left[np.abs(times[place[left]] - at[left]) <= reach // _US]
        is_known = seen[place[left]] <= at[left]
        found[left[is_known]] = times[place[left[is_known]]]
        left = left[~is_known]
        place[left] += step
    return found, place


def _microseconds(moments: pl.Series) -> _Moments:
    return moments.cast(pl.Int64).to_numpy()
