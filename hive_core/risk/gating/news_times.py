"""Scheduled news as the gate asks for it: is an event of these currencies near this instant.

Made from a calendar as it was known at a moment (`hive_core.calendars.news`). Outside of what the calendar is
known to cover, in time and in currencies, nothing is known, and no answer is given.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from hive_core.calendars.news import CURRENCY_MEMORY, REACH_BACK, SAME_AREA, known_news
from hive_core.calendars.trading_day import to_ns


@dataclass(frozen=True, slots=True)
class NewsEvent:
    """An announcement: when, of which currency, how much it may move it."""

    ts_ns: int
    currency: str
    impact: str
    name: str


@dataclass(frozen=True, slots=True)
class NewsTimes:
    """Events in order of time, whole from `known_from_ns` up to `known_until_ns`, of the currency areas that
    the calendar follows."""

    events: tuple[NewsEvent, ...]
    times_ns: tuple[int, ...]
    known_from_ns: int
    known_until_ns: int
    currencies: frozenset[str]

    @classmethod
    def of(
        cls,
        events: Iterable[NewsEvent],
        known_from_ns: int,
        known_until_ns: int,
        currencies: Iterable[str],
    ) -> NewsTimes:
        """From events in any order."""
        held = tuple(sorted(events, key=lambda event: (event.ts_ns, event.currency, event.name)))
        times_ns = tuple(event.ts_ns for event in held)
        return cls(held, times_ns, known_from_ns, known_until_ns, frozenset(currencies))

    def covers(self, first_ns: int, last_ns: int, currencies: Iterable[str]) -> bool:
        """Whether every event of these currencies between two instants is known."""
        is_followed = all(SAME_AREA.get(one, one) in self.currencies for one in currencies)
        return is_followed and self.known_from_ns <= first_ns and last_ns <= self.known_until_ns

    def first(
        self, first_ns: int, last_ns: int, currencies: Iterable[str] | None, impacts: Iterable[str]
    ) -> NewsEvent | None:
        """The first event between two instants, both included, of these currencies (None: of any) and
        impacts."""
        wanted = None if currencies is None else {SAME_AREA.get(one, one) for one in currencies}
        of_impact = tuple(impacts)
        for number in range(bisect_left(self.times_ns, first_ns), len(self.events)):
            event = self.events[number]
            if event.ts_ns > last_ns:
                return None
            if event.impact in of_impact and (wanted is None or event.currency in wanted):
                return event
        return None


def news_times(events: pl.DataFrame, at: datetime) -> NewsTimes:
    """What a calendar showed at a moment, as the gate asks for it.

    Args:
        events: NEWS_EVENTS, in any order; what was first seen later than `at` is left out.
        at: an aware moment.

    Returns:
        the events, known to be whole from the end of the last hole in the calendar (no event at all for
        `REACH_BACK`) before `at` up to the last event that it shows, of the areas of which it shows an event
        within `CURRENCY_MEMORY` before `at`. Without any event nothing is known.
    """
    shown = known_news(events, pl.lit(at, dtype=pl.Datetime("us", "UTC"))).sort("ts_event")
    times: list[datetime] = shown["ts_event"].to_list()
    known_from, last = at, None
    for moment in (one for one in reversed(times) if one <= at):
        if (last or at) - moment > REACH_BACK:
            break
        known_from = last = moment
    recent = shown.filter(pl.col("ts_event").is_between(at - CURRENCY_MEMORY, at))
    until = max(times, default=at - timedelta(days=1))
    return NewsTimes.of(
        (
            NewsEvent(to_ns(moment), currency, impact, name)
            for moment, currency, impact, name in shown.select(
                "ts_event", "currency", "impact", "name"
            ).iter_rows()
        ),
        to_ns(known_from),
        to_ns(until),
        recent["currency"].unique().to_list(),
    )
