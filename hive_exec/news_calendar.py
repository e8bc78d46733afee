"""The economic calendar of the lake, as it was known at a moment: what the gate asks where a firm forbids to
trade on news. What it shows is `hive_core.risk.gating.news_times`'s; without a file nothing is known.
"""

from __future__ import annotations

import logging

import polars as pl

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.calendars.trading_day import NS_PER_SECOND, from_ns
from hive_core.risk.gating.news_times import NewsTimes, news_times
from hive_exec.lake_table import LakeTable

MINUTE_NS = 60 * NS_PER_SECOND
_log = logging.getLogger("hive_exec.news")


class NewsCalendar:
    """Reads the table again when its file is another, and tells what it showed at the minute's beginning."""

    def __init__(self, lake: str) -> None:
        self._events = LakeTable(lake, "news_events/all.parquet", list(NEWS_EVENTS))
        self._shown: tuple[int, NewsTimes | None] = (-1, None)
        self._fault = ""

    def shown_at(self, now_ns: int) -> NewsTimes | None:
        """What was known at the beginning of this minute; None where there is no calendar, or none that can
        be read, which is logged once."""
        minute_ns = now_ns - now_ns % MINUTE_NS
        try:
            is_new = self._events.read_again()
        except (OSError, pl.exceptions.PolarsError) as error:
            self._shown = (-1, None)
            if str(error) != self._fault:
                self._fault = str(error)
                _log.error("the calendar of news cannot be read: %s", error)
            return None
        self._fault = ""
        if is_new or self._shown[0] != minute_ns:
            rows = self._events.rows
            self._shown = (minute_ns, None if rows is None else news_times(rows, from_ns(minute_ns)))
        return self._shown[1]
