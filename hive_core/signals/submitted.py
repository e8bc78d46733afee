"""What was submitted to the daemon, as the message that both lanes read.

A raw message is itself. A signal that was read elsewhere becomes the message that its record in a file of
signals becomes (`feeds.records`): the same text, under the same id. What may be submitted is the contract's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hive_core.calendars.trading_day import iso_utc
from hive_core.contracts.message import Message
from hive_core.evidence.canonical import canonical_bytes
from hive_core.signals.feeds.json_signal import canonical_text

_NS_PER_MS = 1_000_000


def message_of_record(body: Mapping[str, Any]) -> Message:
    """The message of a journalled `signal_received`.

    Raises:
        ValidationError, KeyError: the record holds none.
    """
    submission = body["submission"]
    if submission.get("message") is not None:
        return Message.model_validate_json(canonical_bytes(submission["message"]))
    return message_of_signal(submission["signal"])


def message_of_signal(signal: Mapping[str, Any]) -> Message:
    """The message of a submitted signal: the fields of ParsedSignal version 2, prices as text."""
    low, high = signal.get("entry_low"), signal.get("entry_high")
    entry: dict[str, Any] = {}
    if not signal.get("is_entry_at_market"):
        entry = {"entry": _number(signal["entry"])}
        if low is not None:
            entry = {"entry_low": _number(low), "entry_high": _number(high)}
    targets = [signal["take_profit"], *signal.get("further_targets", ())]
    order_type = signal.get("order_type", "unstated")
    until_ms = signal.get("valid_until")
    call = entry | {
        "symbol": signal["symbol"],
        "side": signal["direction"],
        "order_type": None if order_type == "unstated" else order_type,
        "stop_loss": _number(signal["stop_loss"]),
        "take_profits": [_number(target) for target in targets],
        "target_shares": [_number(share) for share in signal.get("target_shares", ())] or None,
        "has_runner": signal.get("has_runner") or None,
        "valid_until": None if until_ms is None else iso_utc(until_ms * _NS_PER_MS),
        "confidence": _number(signal.get("confidence", "1")),
        "message_sha256": signal.get("message_sha256"),
    }
    return Message(
        source=signal["source"],
        message_id=signal["signal_id"],
        ts_event_ns=signal["timestamp"] * _NS_PER_MS,
        text=canonical_text(call),
    )


def _number(value: Any) -> float:
    # As the file of signals has it: its numbers are doubles, and texts are compared byte for byte.
    return float(value)
