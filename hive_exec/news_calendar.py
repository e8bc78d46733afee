"""The economic calendar of the lake, as it was known at a moment: what the gate asks where a firm forbids to
trade on news. What it shows is `hive_core.risk.gating.news_times`'s; without a file nothing is known.
"""

from __future__ import annotations

import logging

import fsspec
import polars as pl

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.calendars.trading_day import NS_PER_SECOND, from_ns
from hive_core.risk.gating.news_times import NewsTimes, news_times

MINUTE_NS = 60 * NS_PER_SECOND
_log = logging.getLogger("hive_exec.news")


class NewsCalendar:
    """Reads the table again when its file is another, and tells what it showed at the minute's beginning."""

    def __init__(self, lake: str) -> None:
        self._files, root = fsspec.core.url_to_fs(lake)
        self._path = f"{root.rstrip('/')}/news_events/all.parquet"
        self._stamp: tuple[object, ...] | None = None
        self._events: pl.DataFrame | None = None
        self._shown: tuple[int, NewsTimes | None] = (-1, None)
        self._fault = ""

    def shown_at(self, now_ns: int) -> NewsTimes | None:
        """What was known at the beginning of this minute; None where there is no calendar, or none that can
        be read, which is logged once."""
        minute_ns = now_ns - now_ns % MINUTE_NS
        try:
            is_new = self._read_again()
        except (OSError, pl.exceptions.PolarsError) as error:
            self._events, self._stamp = None, None
            if str(error) != self._fault:
                self._fault = str(error)
                _log.error("the calendar of news cannot be read: %s", error)
            return None
        if is_new or self._shown[0] != minute_ns:
            found = None if self._events is None else news_times(self._events, from_ns(minute_ns))
            self._shown = (minute_ns, found)
        return self._shown[1]

    def _read_again(self) -> bool:
        if not self._files.exists(self._path):
            is_new = self._events is not None
            self._events, self._stamp = None, None
            return is_new
        info = self._files.info(self._path)
        stamp = tuple(info.get(name) for name in ("size", "mtime", "LastModified", "ETag", "ino"))
        if stamp == self._stamp:
            return False
        with self._files.open(self._path, "rb") as file:
            events = pl.read_parquet(file, columns=list(NEWS_EVENTS))
        self._events, self._stamp, self._fault = events, stamp, ""
        return True
