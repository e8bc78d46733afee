"""Records of signals as posts: from JSON lines, CSV, Avro, and alerts on lines.

A record needs the time when it was sent: `ts`, `timestamp` or `time`. Its id is `id` or `signal_id`;
without one it is made from the record's content. `source` may say the room. Everything else is the
post's text, as canonical JSON. What is wrong with a record in itself (an unknown field, text in place of
a number) is rejected with its row at the door; whether the call is complete is the parser's question.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hive_core.calendars.trading_day import iso_utc
from hive_core.contracts.parsed_signal import AvroFault, read_records
from hive_core.contracts.rejection import RefusedFile
from hive_core.evidence.canonical import short_id
from hive_core.signals.feeds.fields import ACCEPTED_NAMES, is_known
from hive_core.signals.feeds.json_signal import canonical_text, read_json
from hive_core.signals.feeds.tradingview import value_of
from hive_core.signals.file_rows import bytes_shown, csv_rows, json_rows, lines_of
from hive_core.signals.posts import (
    EARLIEST,
    FieldFault,
    Post,
    Reading,
    identifier,
    message_text,
    nanoseconds,
    shown,
    time_ns,
)
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Refused

IDS, TIMES, ROOMS = ("id", "signal_id"), ("ts", "timestamp", "time"), ("source",)
_AT_THE_DOOR = frozenset(
    {
        SignalReason.UNREADABLE_RECORD,
        SignalReason.UNREADABLE_FIELD,
        SignalReason.UNKNOWN_FIELD,
        SignalReason.REPEATED_FIELD,
        SignalReason.UNCLEAR_NUMBER,
        SignalReason.NOT_A_PRICE,
        SignalReason.RELATIVE_PRICE,
    }
)
"""Faults of a record in itself, whatever else it says."""
_LIST_CELL = re.compile(r"\s*[| ]\s*")
_MS_PER_S, _NS_PER_MS = 1_000, 1_000_000
_FIRST_MS, _LAST_MS = nanoseconds(EARLIEST) // _NS_PER_MS, 4_102_444_800_000
_TIMED_LINE = re.compile(r"(\S+)\s+(\S.*)", re.DOTALL)


class _RecordReader:
    """Records to posts, holding what one must share with the others: the room."""

    def __init__(self, time_zone: str | None, received_ns: int | None) -> None:
        self.time_zone, self.received_ns = time_zone, received_ns
        self.room: object = None
        self.reading = Reading()

    def take(self, row: int, record: Mapping[str, Any] | FieldFault) -> None:
        """One record, its names in lower case."""
        try:
            if isinstance(record, FieldFault):
                raise record
            self.reading.posts.append(self._post(row, record))
        except FieldFault as fault:
            self.reading.rejected.append(fault.at(row))

    def _post(self, row: int, record: Mapping[str, Any]) -> Post:
        told = {name for name in (*IDS, *TIMES, *ROOMS) if record.get(name) not in (None, "")}
        for names in (IDS, TIMES):
            if len(told & set(names)) > 1:
                raise FieldFault(names[0], "", f"{' and '.join(sorted(told & set(names)))}: give one of them")
        clock = next((name for name in TIMES if name in told), TIMES[0])
        ts_ns = time_ns(clock, record.get(clock), time_zone=self.time_zone, received_ns=self.received_ns)
        room = record.get("source")
        self.room = self.room or room
        if room and room != self.room:
            raise FieldFault("source", room, f"another room than {self.room!r}: import it on its own")
        call = {name: value for name, value in record.items() if name not in (*IDS, *TIMES, *ROOMS)}
        text = message_text("record", _text_of(call))
        for verdict in read_json(text):
            if isinstance(verdict, Refused) and verdict.reason in _AT_THE_DOOR:
                raise FieldFault(verdict.field, record.get(verdict.field, ""), verdict.detail)
        own_id = next((name for name in IDS if name in told), None)
        return Post(
            row=row,
            message_id=identifier(own_id, record[own_id]) if own_id else _id_of(ts_ns, text),
            ts_ns=ts_ns,
            text=text,
        )


def read_signal_lines(payload: bytes, *, time_zone: str | None, received_ns: int | None) -> Reading:
    """One JSON object a line; `row` is the line."""
    reader = _RecordReader(time_zone, received_ns)
    for row, record in json_rows(payload):
        reader.take(row, record if isinstance(record, FieldFault) else _in_lower_case(record))
    return reader.reading


def read_signal_csv(payload: bytes, *, time_zone: str | None, received_ns: int | None) -> Reading:
    """One signal a row; `row` is the line where it begins. An empty cell says nothing; several targets
    stand in columns `tp1`, `tp2`, ... or in one cell with `|` between.

    Raises:
        RefusedFile: no column of times or of symbols, a column that is not known, or one twice.
    """
    reader = _RecordReader(time_zone, received_ns)
    header, rows = csv_rows(payload, _missing)
    if unknown := [name for name in header if not is_known(name)]:
        raise RefusedFile(f"The header has columns that no signal has: {shown(', '.join(unknown))}.")
    for row, record in rows:
        reader.take(row, record if isinstance(record, FieldFault) else _typed(record))
    return reader.reading


def read_signal_avro(payload: bytes, *, received_ns: int | None) -> Reading:
    """The ParsedSignals of an Avro container file, or of one single object; `row` counts them.

    Raises:
        RefusedFile: not Avro, another schema, compressed, or broken off.
    """
    reader = _RecordReader(None, received_ns)
    try:
        for row, record in enumerate(read_records(payload), start=1):
            reader.take(row, _from_avro(record))
    except AvroFault as fault:
        raise RefusedFile(f"Not a file of ParsedSignals: {fault}.") from None
    return reader.reading


def read_alert_lines(payload: bytes, *, time_zone: str | None, received_ns: int | None) -> Reading:
    """One alert a line, after the time when it came: `2026-01-05T10:00:00Z SYMBOL=EURUSD;SIGNAL=BUY;...`.
    An alert is a message as it was sent; its id is made from its time and text."""
    reading = Reading()
    for row, line in lines_of(payload):
        try:
            written = _decoded(line)
            timed = _TIMED_LINE.fullmatch(written.strip())
            if timed is None:
                raise FieldFault("", written, "a time and an alert are expected")
            ts_ns = time_ns("ts", timed[1], time_zone=time_zone, received_ns=received_ns)
            text = message_text("alert", timed[2])
            reading.posts.append(Post(row=row, message_id=_id_of(ts_ns, text), ts_ns=ts_ns, text=text))
        except FieldFault as fault:
            reading.rejected.append(fault.at(row))
    return reading


def _missing(header: list[str]) -> str:
    """What a header must name and does not."""
    if set(ACCEPTED_NAMES["symbol"]) & set(header) and set(TIMES) & set(header):
        return ""
    return f"symbol: {' or '.join(ACCEPTED_NAMES['symbol'])}; ts: {' or '.join(TIMES)}"


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FieldFault("", bytes_shown(line), f"not UTF-8 at byte {error.start}") from None


def _id_of(ts_ns: int, text: str) -> str:
    return short_id("rec", {"ts_ns": ts_ns, "text": text})


def _in_lower_case(record: Mapping[str, Any]) -> dict[str, Any] | FieldFault:
    found: dict[str, Any] = {}
    for name, value in record.items():
        if name.lower() in found:
            return FieldFault(name, value, "the column stands twice")
        found[name.lower()] = value
    return found


def _typed(record: Mapping[str, str]) -> dict[str, Any]:
    """Cells as values: an empty one is none, several numbers are a list."""
    found: dict[str, Any] = {}
    for name, cell in record.items():
        written = cell.strip()
        if written and name in {"take_profits", "targets", "target_shares"}:
            found[name] = [value_of("take_profit", part) for part in _LIST_CELL.split(written)]
        elif written:
            found[name] = value_of(name, written)
    return found


def _text_of(call: Mapping[str, Any]) -> str:
    for name, value in call.items():
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, dict):
                raise FieldFault(name, number, "an object where a value is expected")
            if isinstance(number, float) and not math.isfinite(number):
                raise FieldFault(name, number, "not a number")
    return canonical_text(call)


def _from_avro(record: Mapping[str, Any]) -> dict[str, Any] | FieldFault:
    """A ParsedSignal of version 2 as a record of `fields`."""
    low, high = record["entry_low"], record["entry_high"]
    if (low is None) != (high is None):
        return FieldFault("entry_low", low, "one edge of a zone without the other")
    if record["is_entry_at_market"]:
        entry: dict[str, Any] = {}
    elif low is None:
        entry = {"entry": record["entry"]}
    else:
        entry = {"entry_low": low, "entry_high": high}
    if not _FIRST_MS <= record["timestamp"] <= _LAST_MS:
        return FieldFault("timestamp", record["timestamp"], "no milliseconds since 1970, of 2013 to 2100")
    until_ms = record["valid_until"]
    if until_ms is not None and not 0 <= until_ms <= _LAST_MS:
        return FieldFault("valid_until", until_ms, "no milliseconds since 1970, up to 2100")
    return entry | {
        "signal_id": record["signal_id"],
        "timestamp": Decimal(record["timestamp"]) / _MS_PER_S,
        "source": record["source"],
        "symbol": record["symbol"],
        "side": record["direction"],
        "order_type": None if record["order_type"] == "unstated" else record["order_type"],
        "stop_loss": record["stop_loss"],
        "take_profits": [record["take_profit"], *record["further_targets"]],
        "target_shares": record["target_shares"] or None,
        "has_runner": record["has_runner"] or None,
        "valid_until": None if until_ms is None else iso_utc(until_ms * _NS_PER_MS),
        "confidence": record["confidence"],
        "message_sha256": record["message_sha256"],
    }
