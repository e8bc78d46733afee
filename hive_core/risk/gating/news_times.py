"""Scheduled news as the gate asks for it: is an event of these currencies near this instant.

Made from a calendar that was known at the time (`hive_core.calendars.news`). Outside of what the calendar is
known to cover nothing is known, and no answer is given.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewsEvent:
    """An announcement: when, of which currency, how much it may move it."""

    ts_ns: int
    currency: str
    impact: str
    name: str


@dataclass(frozen=True, slots=True)
class NewsTimes:
    """Events in order of time, whole from `known_from_ns` up to `known_until_ns`."""

    events: tuple[NewsEvent, ...]
    times_ns: tuple[int, ...]
    known_from_ns: int
    known_until_ns: int

    @classmethod
    def of(cls, events: Iterable[NewsEvent], known_from_ns: int, known_until_ns: int) -> NewsTimes:
        """From events in any order."""
        held = tuple(sorted(events, key=lambda event: (event.ts_ns, event.currency, event.name)))
        return cls(held, tuple(event.ts_ns for event in held), known_from_ns, known_until_ns)

    def covers(self, first_ns: int, last_ns: int) -> bool:
        """Whether every event between two instants is known."""
        return self.known_from_ns <= first_ns and last_ns <= self.known_until_ns

    def first(
        self, first_ns: int, last_ns: int, currencies: Iterable[str] | None, impacts: Iterable[str]
    ) -> NewsEvent | None:
        """The first event between two instants, both included, of these currencies (None: of any) and
        impacts."""
        wanted, of_impact = None if currencies is None else tuple(currencies), tuple(impacts)
        for number in range(bisect_left(self.times_ns, first_ns), len(self.events)):
            event = self.events[number]
            if event.ts_ns > last_ns:
                return None
            if event.impact in of_impact and (wanted is None or event.currency in wanted):
                return event
        return None
