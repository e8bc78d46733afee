"""The lives of all sources' signals, message by message, and as of any moment.

A day's lives are folded from the versions posted since `REACH` before its midnight, and from nothing
older: so what a day tells hangs on a bounded past, whoever asks and in whatever order messages came. A
version of a message has one content, as `messages.merge_messages` sees to.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time

from hive_core.signals.lifecycle.events import REACH, MessageVersion
from hive_core.signals.lifecycle.fold import LifecycleSettings, SourceFold, Told
from hive_core.signals.lifecycle.states import Life


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime.combine(day, time(), tzinfo=UTC)


def in_order(events: Iterable[MessageVersion]) -> list[MessageVersion]:
    """Each version once, in the order in which they are folded."""
    seen: set[tuple[str, str, int]] = set()
    kept = []
    for event in sorted(events, key=lambda event: event.order):
        name = (event.source, event.message_id, event.version)
        if name not in seen:
            seen.add(name)
            kept.append(event)
    return kept


def fold_until(
    events: Iterable[MessageVersion], as_of: datetime, settings: LifecycleSettings
) -> tuple[list[Life], list[Told]]:
    """The lives as of a moment, by id, and what the updates of its UTC day were made of.

    Only versions posted up to then, and since `REACH` before its midnight, count.
    """
    begins = midnight(as_of.date())
    known = in_order(event for event in events if begins - REACH <= event.ts_event <= as_of)
    folds: dict[str, SourceFold] = {}
    told: list[Told] = []
    for event in known:
        fold = folds.setdefault(event.source, SourceFold(settings))
        made = fold.step(event)
        if event.ts_event >= begins:
            told += made
    lives = [life for fold in folds.values() for life in fold.lives()]
    return sorted(lives, key=lambda life: life.signal.signal_id), told


class Lifecycle:
    """The lives as of the latest message of each source, kept message by message.

    A message in its place costs the same with a million stored as with none: older ones than `REACH`
    are let go as their source's days pass. One that comes late is put in its place, and its source's
    window is folded again.
    """

    def __init__(self, settings: LifecycleSettings | None = None) -> None:
        self._settings = settings or LifecycleSettings()
        self._sources: dict[str, _Source] = {}

    def apply(self, event: MessageVersion) -> list[Told]:
        """Take one version; gives what its update was made of. The same version twice changes nothing."""
        source = self._sources.get(event.source)
        if source is None:
            source = self._sources[event.source] = _Source(self._settings)
        return source.apply(event)

    def lives(self) -> Iterator[Life]:
        """The lives of every source, superseded ones too."""
        for source in self._sources.values():
            yield from source.fold.lives()


class _Source:
    def __init__(self, settings: LifecycleSettings) -> None:
        self._settings = settings
        self._events: list[MessageVersion] = []
        self._names: set[tuple[str, int]] = set()
        self._day = date.min
        self.fold = SourceFold(settings)

    def apply(self, event: MessageVersion) -> list[Told]:
        day = event.ts_event.date()
        begins = midnight(max(day, self._day)) - REACH
        if event.ts_event < begins:
            return []
        name = (event.message_id, event.version)
        if name in self._names:
            return []
        self._names.add(name)
        if day > self._day:
            self._day = day
            return self._refolded(event, begins)
        if not self._events or event.order > self._events[-1].order:
            self._events.append(event)
            return self.fold.step(event)
        return self._refolded(event, begins)

    def _refolded(self, event: MessageVersion, begins: datetime) -> list[Told]:
        """Fold the window again with the event in its place; gives what the event's update was made of."""
        insort(self._events, event, key=lambda kept: kept.order)
        first = bisect_left(self._events, begins, key=lambda kept: kept.ts_event)
        for gone in self._events[:first]:
            self._names.discard((gone.message_id, gone.version))
        self._events = self._events[first:]
        self.fold = SourceFold(self._settings)
        told: list[Told] = []
        for kept in self._events:
            made = self.fold.step(kept)
            if kept is event:
                told = made
        return told
