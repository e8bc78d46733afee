"""Which signals an update means: by what it replies to, or the latest open one that fits.

Two that fit equally are refused, and so is an update that fits none: an update never falls on a signal
by guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hive_core.signals.lifecycle.prices import layers_named
from hive_core.signals.lifecycle.states import Life, SignalState
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import ActionKind, ParsedUpdate

_REPEATABLE = frozenset({ActionKind.CLOSE, ActionKind.CANCEL, ActionKind.STOP_HIT})


class FoundBy(StrEnum):
    """How an update's signal was found."""

    REPLY = "reply"
    LATEST = "latest"
    ALL = "all"
    REPEAT = "repeat"
    """It says again, without a reply, what ended the latest signal a moment before."""
    OWN_MESSAGE = "own_message"
    """A signal's message was edited into an update of it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The lives that an update means, or the reason why none can be named."""

    lives: tuple[Life, ...] = ()
    found_by: FoundBy | None = None
    reason: SignalReason | None = None
    detail: str = ""


def of_reply(update: ParsedUpdate, lives: Sequence[Life], found_by: FoundBy) -> Reference:
    """The signals of the message that an update replies to, narrowed by what it names."""
    fitting = tuple(life for life in lives if _fits(update, life))
    if fitting:
        return Reference(fitting, found_by)
    named = " ".join(name for name in (update.symbol, update.side) if name) or "another entry"
    detail = f"it replies to {lives[0].signal.side} {lives[0].signal.symbol} and names {named}"
    return Reference(reason=SignalReason.AMBIGUOUS_REFERENCE, detail=detail)


def of_edit(update: ParsedUpdate, lives: Sequence[Life], found_by: FoundBy) -> Reference | None:
    """The signals that an earlier version of the update's message was of, where they still fit: a slip of
    the pen that is mended does not fall on other signals."""
    if update.is_for_all or not all(_fits(update, life) for life in lives):
        return None
    return Reference(tuple(lives), found_by)


def without_reply(
    update: ParsedUpdate,
    groups: Iterable[list[Life]],
    now: datetime,
    repeat_window: timedelta,
) -> Reference:
    """The latest open signal that fits, or every one where the update speaks of all.

    Args:
        groups: the lives of a source, a list for each symbol and side, each in the order of posting.
            Lives at the end of a list that have ended longer ago than `repeat_window` are dropped from
            it here: that keeps the look-up as fast as it is with few.
    """
    wanted = [group for group in groups if _may_fit(update, group)]
    for group in wanted:
        while group and not _is_live(group[-1], now, repeat_window):
            group.pop()
    if update.is_for_all:
        open_lives = [life for group in wanted for life in group if life.is_open_at(now)]
        fitting = tuple(sorted((life for life in open_lives if _fits(update, life)), key=_order))
        return Reference(fitting, FoundBy.ALL) if fitting else _nothing(update)
    latest = [life for group in wanted if (life := _latest(update, group, now)) is not None]
    ended = [life for group in wanted if (life := _just_ended(update, group, now, repeat_window)) is not None]
    if ended and all(action.kind in _REPEATABLE for action in update.actions):
        last = max(ended, key=_order)
        if len(ended) == 1 and all(_order(life) < _order(last) for life in latest):
            return Reference((last,), FoundBy.REPEAT)
    if not latest:
        return _nothing(update)
    twin = _twin(update, latest[0], wanted, now) if len(latest) == 1 else None
    if len(latest) > 1 or twin is not None:
        rivals = [*latest, *([twin] if twin else [])]
        told = " or ".join(
            f"{life.signal.side} {life.signal.symbol} ({life.signal.signal_id})" for life in rivals
        )
        return Reference(reason=SignalReason.AMBIGUOUS_REFERENCE, detail=f"it may be of {told}")
    return Reference((latest[0],), FoundBy.LATEST)


def _order(life: Life) -> tuple[object, ...]:
    return life.order


def _nothing(update: ParsedUpdate) -> Reference:
    named = " ".join(name for name in (update.side, update.symbol) if name)
    detail = f"no signal{' ' + named if named else ''} of this source is open"
    return Reference(reason=SignalReason.NOTHING_OPEN, detail=detail)


def _may_fit(update: ParsedUpdate, group: Sequence[Life]) -> bool:
    return bool(group) and (
        update.symbol in (None, group[0].signal.symbol) and update.side in (None, group[0].signal.side)
    )


def _fits(update: ParsedUpdate, life: Life) -> bool:
    """Whether all that an update names is of this life: symbol, side, and layers."""
    if update.symbol not in (None, life.signal.symbol) or update.side not in (None, life.signal.side):
        return False
    named = (action.entry_price for action in update.actions if action.entry_price is not None)
    return all(len(layers_named(price, life.layers)) == 1 for price in named)


def _is_live(life: Life, now: datetime, repeat_window: timedelta) -> bool:
    return life.is_open_at(now) or (life.ended is not None and now - life.ts_changed <= repeat_window)


def _latest(update: ParsedUpdate, group: Sequence[Life], now: datetime) -> Life | None:
    """The latest open life of a group that fits."""
    return next((life for life in reversed(group) if life.is_open_at(now) and _fits(update, life)), None)


def _twin(update: ParsedUpdate, life: Life, groups: Sequence[list[Life]], now: datetime) -> Life | None:
    """Another open life that fits and was posted at the same moment: nothing tells the two apart."""
    for group in groups:
        for other in reversed(group):
            if other.order[0] < life.order[0]:
                break
            if (
                other is not life
                and other.order[0] == life.order[0]
                and other.is_open_at(now)
                and _fits(update, other)
            ):
                return other
    return None


def _just_ended(
    update: ParsedUpdate, group: Sequence[Life], now: datetime, repeat_window: timedelta
) -> Life | None:
    """The latest life of a group that fits, if it was ended a moment ago."""
    for life in reversed(group):
        if not _fits(update, life):
            continue
        is_ended = life.ended in (SignalState.CLOSED, SignalState.CANCELLED)
        return life if is_ended and now - life.ts_changed <= repeat_window else None
    return None
