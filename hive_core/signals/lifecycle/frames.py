"""Frames in and out: MESSAGES and PARSED to versions, lives and updates to their tables.

The life itself stands in `lifecycle` and `fold`; what a text asks, in `updates`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from hive_core.configuration.model import Configuration
from hive_core.contracts.signal_update import update_id
from hive_core.signals.lifecycle.events import REACH, Alert, MessageVersion, PostedSignal
from hive_core.signals.lifecycle.fold import LifecycleSettings, Told
from hive_core.signals.lifecycle.lifecycle import fold_until, midnight
from hive_core.signals.lifecycle.states import Life, SignalState
from hive_core.signals.lifecycle.tables import SIGNAL_STATES, SIGNAL_UPDATES
from hive_core.signals.parse import update_of
from hive_core.signals.reasons import SignalReason
from hive_core.signals.tables import PARSED, conform
from hive_core.signals.updates.taken_back import takes_back
from hive_core.signals.verdicts import ParsedUpdate, Refused

_UNCLEAR = frozenset({SignalReason.UNCLEAR_UPDATE.value, SignalReason.CONDITIONAL_UPDATE.value})
_ONE_DAY = timedelta(days=1)
_ONE_MICROSECOND = timedelta(microseconds=1)


def signal_lives(
    messages: pl.DataFrame,
    parsed: pl.DataFrame,
    settings: LifecycleSettings,
    *,
    first_ts: datetime,
    last_ts: datetime,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The updates of each UTC day from the first moment's to the last's, and the states at its end.

    Args:
        messages: MESSAGES, in any order; those of `REACH` before `first_ts` are context.
        parsed: PARSED of these messages.

    Returns:
        (SIGNAL_UPDATES, SIGNAL_STATES). The states of a day are of the signals that were open at its end,
        and of those posted, changed or expired on it. Each day hangs on its own window and on nothing
        else: a day alone gives what all together give.
    """
    events = sorted(versions_of(messages, parsed), key=_ts_event)
    updates: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = []
    day = first_ts.date()
    while day <= last_ts.date():
        begins = midnight(day)
        as_of = begins + _ONE_DAY - _ONE_MICROSECOND
        first = bisect_left(events, begins - REACH, key=_ts_event)
        window = events[first : bisect_right(events, as_of, key=_ts_event)]
        lives, told = fold_until(window, as_of, settings)
        updates += [update_row(one) for one in told]
        states += [state_row(life, as_of) for life in lives if _is_of_day(life, begins, as_of)]
        day += _ONE_DAY
    return (
        pl.DataFrame(updates, schema=SIGNAL_UPDATES, orient="row").sort(
            "ts_event", "source", "message_id", "version", "signal_id", "action_number", maintain_order=True
        ),
        pl.DataFrame(states, schema=SIGNAL_STATES, orient="row"),
    )


def _ts_event(event: MessageVersion) -> datetime:
    return event.ts_event


def settings_of(configuration: Configuration) -> LifecycleSettings:
    """What the configuration says of updates."""
    told = configuration.updates
    return LifecycleSettings(told.vague_share, timedelta(seconds=told.repeat_window_s))


def versions_of(messages: pl.DataFrame, parsed: pl.DataFrame) -> Iterator[MessageVersion]:
    """Every message version with what was parsed of it."""
    rows_of: dict[str, list[dict[str, Any]]] = {}
    for row in conform(parsed, PARSED).iter_rows(named=True):
        rows_of.setdefault(row["message_sha256"], []).append(row)
    for message in messages.iter_rows(named=True):
        rows = rows_of.get(message["message_sha256"], [])
        alert = next((row for row in rows if _is_alert(row)), None)
        signals = [row for row in rows if row["kind"] == "signal"]
        is_edit = message["version"] > 1
        yield MessageVersion(
            source=message["source"],
            message_id=message["message_id"],
            version=message["version"],
            ts_event=message["ts_event"],
            message_sha256=message["message_sha256"],
            reply_to=message["reply_to"],
            is_deleted=message["is_deleted"],
            signals=tuple(_posted(row, number) for number, row in enumerate(signals)),
            update=next((found for row in rows if (found := _update(row)) is not None), None),
            alert=None if alert is None else Alert(alert["symbol"], alert["side"]),
            refused_call=next((_refusal(row) for row in rows if _is_refused_call(row)), None),
            is_taken_back=is_edit and not signals and takes_back(message["text"]),
        )


def _update(row: dict[str, Any]) -> ParsedUpdate | Refused | None:
    """The update that a PARSED row holds, or the refusal of one that is not clear."""
    if row["kind"] == "update":
        return update_of(row["update_json"])
    if row["kind"] == "refused" and row["reason"] in _UNCLEAR:
        return _refusal(row)
    return None


def _refusal(row: dict[str, Any]) -> Refused:
    return Refused(row["field"], SignalReason(row["reason"]), row["detail"], row["symbol"], row["side"])


def _is_refused_call(row: dict[str, Any]) -> bool:
    return row["kind"] == "refused" and row["reason"] not in _UNCLEAR


def _is_alert(row: dict[str, Any]) -> bool:
    """Whether a PARSED row is a call that names symbol and side and has no stop."""
    is_bare = row["kind"] == "refused" and row["reason"] == SignalReason.MISSING_STOP.value
    return is_bare and row["symbol"] is not None and row["side"] is not None


def _posted(row: dict[str, Any], number: int) -> PostedSignal:
    low, high = row["entry_low"], row["entry_high"]
    return PostedSignal(
        signal_id=row["signal_id"],
        number=number,
        symbol=row["symbol"],
        side=row["side"],
        order_type=row["order_type"],
        entry=None if low is None else (_decimal(low), _decimal(high)),
        stop_loss=_decimal(row["stop_loss"]),
        take_profits=tuple(_decimal(price) for price in row["take_profits"]),
        valid_until=row["valid_until"],
        has_runner=bool(row["has_runner"]),
    )


def update_row(told: Told) -> dict[str, Any]:
    """A row of SIGNAL_UPDATES."""
    event, action, applied = told.event, told.action, told.applied
    return {
        "update_id": update_id(event.source, event.message_id, event.version, told.signal_id),
        "source": event.source,
        "message_id": event.message_id,
        "version": event.version,
        "ts_event": event.ts_event,
        "message_sha256": event.message_sha256,
        "action_number": told.number,
        "action": None if action is None else action.kind.value,
        "signal_id": told.signal_id,
        "found_by": None if told.found_by is None else told.found_by.value,
        "has_effect": applied.has_effect,
        "price": _float(applied.price),
        "share": _float(applied.share),
        "target_number": None if action is None else action.target_number,
        "entry_price": _float(applied.entry_price),
        "is_for_all": told.is_for_all,
        "field": applied.field or None,
        "reason": None if applied.reason is None else applied.reason.value,
        "detail": applied.detail or None,
    }


def state_row(life: Life, as_of: datetime) -> dict[str, Any]:
    """A row of SIGNAL_STATES."""
    signal = life.signal
    state = life.state_at(as_of)
    low, high = life.entry or (None, None)
    return {
        "ts_as_of": as_of,
        "signal_id": signal.signal_id,
        "first_signal_id": life.first_signal_id,
        "source": life.source,
        "message_id": life.message_id,
        "version": life.version,
        "ts_event": life.ts_event,
        "symbol": signal.symbol,
        "side": signal.side,
        "order_type": signal.order_type,
        "state": state.value,
        "is_active": life.is_active,
        "entry_low": _float(low),
        "entry_high": _float(high),
        "effective_stop": _float(life.effective_stop()),
        "effective_targets": [float(price) for price in life.targets],
        "is_at_breakeven": life.is_at_breakeven,
        "closed_share": float(life.closed_share),
        "targets_hit": life.targets_hit,
        "amendments": life.amendments,
        "history": life.history,
        "ts_changed": signal.valid_until if state is SignalState.EXPIRED else life.ts_changed,
        "superseded_by": life.superseded_by,
        "valid_until": signal.valid_until,
    }


def _is_of_day(life: Life, begins: datetime, as_of: datetime) -> bool:
    """Whether a life is open at the end of a day, or was posted, changed or expired on it."""
    state = life.state_at(as_of)
    if state is SignalState.EXPIRED:
        return life.signal.valid_until >= begins
    return life.is_open_at(as_of) or life.ts_changed >= begins


def _decimal(price: float) -> Decimal:
    """The price as it was written: the shortest decimal that is this float, to eight places."""
    return Decimal(str(round(price, 8)))


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
