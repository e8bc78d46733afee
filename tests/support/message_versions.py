"""Builders of message versions: a call, an update, chat, an edit, a deletion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hive_core.evidence.canonical import sha256_hex
from hive_core.signals.lifecycle.events import Alert, MessageVersion, PostedSignal
from hive_core.signals.reasons import SignalReason
from hive_core.signals.updates.reading import read_update
from hive_core.signals.verdicts import Refused

MONDAY = datetime(2024, 3, 4, 9, tzinfo=UTC)


_BARE = Refused("stop_loss", SignalReason.MISSING_STOP, "no stop is named")


def moment(minutes: float) -> datetime:
    """So many minutes after Monday morning."""
    return MONDAY + timedelta(minutes=minutes)


def call(
    message_id: str,
    minutes: float,
    *,
    side: str = "buy",
    symbol: str = "XAUUSD",
    entry: tuple[str, str] | None = ("2331", "2333"),
    stop: str | None = None,
    targets: tuple[str, ...] | None = None,
    order_type: str = "limit",
    valid_minutes: float = 24 * 60,
    version: int = 1,
    source: str = "room",
    count: int = 1,
    **more: Any,
) -> MessageVersion:
    """A version of a message that gives `count` equal signals."""
    upward = 1 if side == "buy" else -1
    middle = Decimal(entry[0]) if entry else Decimal("2331")
    signals = tuple(
        PostedSignal(
            signal_id=f"sig_{source}.{message_id}.{version}.{number}",
            number=number,
            symbol=symbol,
            side=side,
            order_type=order_type,
            entry=None if entry is None else (Decimal(entry[0]), Decimal(entry[1])),
            stop_loss=Decimal(stop) if stop else middle - upward * 8,
            take_profits=tuple(map(Decimal, targets))
            if targets
            else (middle + upward * 9, middle + upward * 19),
            valid_until=moment(minutes + valid_minutes),
        )
        for number in range(count)
    )
    return _version(message_id, minutes, version, source, signals=signals, **more)


def said(
    message_id: str, minutes: float, text: str, *, version: int = 1, source: str = "room", **more: Any
) -> MessageVersion:
    """A version of a message with a text that is no call."""
    return _version(message_id, minutes, version, source, update=read_update(text), said=text, **more)


def alert(message_id: str, minutes: float, symbol: str, side: str) -> MessageVersion:
    """A call without prices."""
    return _version(message_id, minutes, 1, "room", alert=Alert(symbol, side), refused_call=_BARE)


def deleted(message_id: str, minutes: float, *, version: int = 2, source: str = "room") -> MessageVersion:
    """The deletion of a message."""
    return _version(message_id, minutes, version, source, is_deleted=True)


def _version(
    message_id: str, minutes: float, version: int, source: str, *, said: str = "", **fields: Any
) -> MessageVersion:
    content = f"{source} {message_id} {version} {minutes} {said} {fields!r}"
    return MessageVersion(
        source=source,
        message_id=message_id,
        version=version,
        ts_event=moment(minutes),
        message_sha256=sha256_hex(content.encode()),
        **fields,
    )
