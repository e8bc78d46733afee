"""The lives of all sources' signals, as of any moment.

A day's lives are folded from the versions posted since `REACH` before its midnight, and from nothing
older: so what a day tells hangs on a bounded past, whoever asks and in whatever order messages came. A
version of a message has one content, as `messages.merge_messages` sees to.
"""

from __future__ import annotations

from collections.abc import Iterable
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
