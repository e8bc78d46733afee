"""Messages to the PARSED table: one pass over each source's messages in order of time.

What a text says is the parser's matter (`parser`); here verdicts become rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from hive_core.configuration.model import Configuration, Resolution, SourceProfile
from hive_core.contracts.base import strict_json
from hive_core.evidence.canonical import canonical_bytes, short_id
from hive_core.signals.parser.room import Room
from hive_core.signals.tables import PARSED
from hive_core.signals.verdicts import (
    Action,
    ActionKind,
    Noise,
    ParsedSignal,
    ParsedUpdate,
    Refused,
    Verdict,
)


class SignalReader:
    """Reads messages one after the other, each source's in order of time: `parse_signals`, message by
    message. It remembers what a next message may lean on, at most `room.MEMORY` of it."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._rooms: dict[str, Room] = {}

    def rows(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of PARSED that a row of MESSAGES gives, which is no earlier than its source's last."""
        source = message["source"]
        if source not in self._rooms:
            self._rooms[source] = Room(self._configuration.sources.get(source, SourceProfile()))
        verdicts = self._rooms[source].read(
            message["ts_event"], message["message_id"], message["text"], message["reply_to"]
        )
        resolution = self._configuration.resolution
        return [_row(message, index, verdict, resolution) for index, verdict in enumerate(verdicts)]


def parse_signals(messages: pl.DataFrame, configuration: Configuration) -> pl.DataFrame:
    """Parse a MESSAGES frame to a PARSED frame, in the order of the frame.

    A message gives a row for every signal, update and refused call in it, or one row of noise. It leans on
    messages of its source that stood at most `room.MEMORY` before it (an alert that it completes, the one
    instrument of the room), and on no later one: the same messages and settings give the same rows.
    """
    reader = SignalReader(configuration)
    rows_of: dict[int, list[dict[str, Any]]] = {}
    ordered = messages.with_row_index("_row").sort("ts_event", "message_id", "version", "_row")
    for message in ordered.iter_rows(named=True):
        rows_of[message["_row"]] = reader.rows(message)
    rows = [row for number in sorted(rows_of) for row in rows_of[number]]
    return pl.DataFrame(rows, schema=PARSED, orient="row")


def update_text(update: ParsedUpdate) -> str:
    """An update as canonical JSON: its actions in order, its symbol and side, whether it is for all."""
    return canonical_bytes(
        {
            "actions": [
                {
                    "action": action.kind.value,
                    "price": action.price,
                    "share": action.share,
                    "target_number": action.target_number,
                    "entry_price": action.entry_price,
                }
                for action in update.actions
            ],
            "symbol": update.symbol,
            "side": update.side,
            "is_for_all": update.is_for_all,
        }
    ).decode()


def update_of(text: str) -> ParsedUpdate:
    """The update that `update_text` wrote; confidence, grounds and span are not in it.

    Raises:
        ContractError: no strict JSON.
    """
    body = strict_json(text.encode())

    def price(value: str | None) -> Decimal | None:
        return None if value is None else Decimal(value)

    return ParsedUpdate(
        tuple(
            Action(
                ActionKind(each["action"]),
                price(each["price"]),
                price(each["share"]),
                each["target_number"],
                price(each["entry_price"]),
            )
            for each in body["actions"]
        ),
        body["symbol"],
        body["side"],
        body["is_for_all"],
    )


def _row(message: Mapping[str, Any], index: int, verdict: Verdict, resolution: Resolution) -> dict[str, Any]:
    identity = {
        "source": message["source"],
        "message_id": message["message_id"],
        "version": message["version"],
        "index": index,
    }
    row: dict[str, Any] = dict.fromkeys(PARSED)
    for name in ("source", "message_id", "version", "ts_event", "message_sha256"):
        row[name] = message[name]
    row["signal_id"] = short_id("sig", identity)
    if not isinstance(verdict, Noise):
        row |= {"span_start": verdict.span.start, "span_end": verdict.span.end}
        row |= {"symbol": verdict.symbol, "side": verdict.side}
    if isinstance(verdict, ParsedSignal | ParsedUpdate):
        row |= {"confidence": verdict.confidence, "grounds": list(verdict.grounds)}
    match verdict:
        case Noise():
            row["kind"] = "noise"
        case Refused():
            row |= {"kind": "refused", "field": verdict.field, "reason": verdict.reason.value}
            row["detail"] = verdict.detail
        case ParsedUpdate():
            row |= {"kind": "update", "update_json": update_text(verdict)}
        case ParsedSignal():
            row |= {"kind": "signal", "order_type": verdict.order_type, "has_runner": verdict.has_runner}
            row["entry_low"], row["entry_high"] = map(float, verdict.entry) if verdict.entry else (None, None)
            row["stop_loss"] = float(verdict.stop_loss)
            row["take_profits"] = [float(target) for target in verdict.take_profits]
            row["target_shares"] = [float(share) for share in verdict.target_shares]
            row["valid_until"] = valid_until(message["ts_event"], verdict, resolution)
    return row


def valid_until(ts_event: datetime, signal: ParsedSignal, resolution: Resolution) -> datetime:
    """Until when a signal holds: as its text says, else as the settings say for its kind of order."""
    if signal.valid_until is not None:
        return signal.valid_until
    lifetime_s = resolution.market_valid_s if signal.order_type == "market" else resolution.pending_valid_s
    return ts_event + timedelta(seconds=lifetime_s)
