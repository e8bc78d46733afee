"""Lines of JSON in, lines of JSON out: messages and what they say, one each, in one pass of any length.

The shapes of `hive parse`. Files, progress and the terminal belong to the command.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals.file_rows import BYTE_ORDER_MARK, json_row
from hive_core.signals.line_rows import LineRows
from hive_core.signals.parse import valid_until
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.room import Room
from hive_core.signals.posts import FieldFault
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import ParsedSignal, ParsedUpdate, Refused, Verdict


@dataclass(slots=True)
class LineReader:
    """Reads line after line, and counts the kinds and the lines that are no messages.

    Memory is bounded by the sources: what is old is forgotten (`room`).

    A line that is no message gives a line of kind refused with reason `unreadable_record`, and the next
    line is read as ever. A time without a zone is taken in the source's declared zone, else as UTC; a text
    without id or time is read too. What was taken or lacking so, `warnings` tells.
    """

    configuration: Configuration
    counts: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    _rows: LineRows = field(init=False)
    _rooms: dict[str, Room] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows = LineRows(self.configuration)

    def read(self, lines: Iterable[str | bytes]) -> Iterator[str]:
        """One line of JSON, without its line break, for each line that is not empty; bytes are UTF-8."""
        for number, line in enumerate(lines, start=1):
            if number == 1 and isinstance(line, bytes):
                line = line.removeprefix(BYTE_ORDER_MARK)
            if line.strip():
                raw = line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass")
                told = self._one(number, raw)
                self.counts[told["kind"]] += 1
                yield json.dumps(told, allow_nan=False)

    def warnings(self) -> list[str]:
        """What the messages lacked that were read all the same, a sentence each."""
        return self._rows.warnings()

    def _one(self, number: int, line: bytes) -> dict[str, Any]:
        identity = None
        try:
            row = json_row(line)
            names = self._rows.names(row)
            identity = self._rows.identity(row, names)
            source, text, ts, message_id, reply_to = self._rows.message(row, names)
        except FieldFault as fault:
            return self._unreadable(identity, number, fault)
        if ts is None:
            verdicts = read_text(text, self._profile(source))
        else:
            verdicts = self._room(source).read(ts, message_id, text, reply_to)
        return {"id": identity, **self._told(verdicts, ts)}

    def _profile(self, source: str) -> SourceProfile:
        return self.configuration.sources.get(source, SourceProfile())

    def _room(self, source: str) -> Room:
        room = self._rooms.get(source)
        if room is None:
            room = Room(self._profile(source))
            self._rooms[source] = room
        return room

    def _unreadable(self, identity: Any, number: int, fault: FieldFault) -> dict[str, Any]:
        self.unreadable += 1
        place = f"line {number}: {fault.column}: " if fault.column else f"line {number}: "
        reason = SignalReason.UNREADABLE_RECORD.value
        return {"id": identity, **_line("refused"), "reason": reason, "detail": place + fault.reason}

    def _told(self, verdicts: list[Verdict], ts: datetime | None) -> dict[str, Any]:
        signals = [verdict for verdict in verdicts if isinstance(verdict, ParsedSignal)]
        updates = [verdict for verdict in verdicts if isinstance(verdict, ParsedUpdate)]
        refusals = [verdict for verdict in verdicts if isinstance(verdict, Refused)]
        if signals:
            line = _line("signal")
            line["signals"] = [self._signal(signal, ts) for signal in signals]
            line["confidence"] = min(signal.confidence for signal in signals)
            line["grounds"] = [ground for signal in signals for ground in signal.grounds]
            if updates:  # of the trades before, and to be done first
                line["update"] = _update(updates[0])
        elif updates:
            line = _line("update")
            line["update"] = _update(updates[0])
            line["confidence"] = updates[0].confidence
            line["grounds"] = list(updates[0].grounds)
        if signals or updates:
            if refusals:
                line["also_refused"] = [f"{each.reason.value}: {each.detail}" for each in refusals]
            return line
        if refusals:
            first = refusals[0]
            line = _line("refused")
            line["reason"], line["detail"] = first.reason.value, f"{first.field}: {first.detail}"
            line["span"] = [first.span.start, first.span.end]
            return line
        return _line("noise")

    def _signal(self, signal: ParsedSignal, ts: datetime | None) -> dict[str, Any]:
        low, high = signal.entry if signal.entry is not None else (None, None)
        until = None if ts is None else valid_until(ts, signal, self.configuration.resolution)
        return {
            "symbol": signal.symbol,
            "side": signal.side,
            "order_type": signal.order_type,
            "entry_low": None if low is None else float(low),
            "entry_high": None if high is None else float(high),
            "stop_loss": float(signal.stop_loss),
            "take_profits": [float(target) for target in signal.take_profits],
            "valid_until": None if until is None else until.isoformat(),
        }


def _line(kind: str) -> dict[str, Any]:
    return {"kind": kind, "signals": [], "update": None, "reason": None, "confidence": None}


def _update(update: ParsedUpdate) -> dict[str, Any]:
    return {
        "symbol": update.symbol,
        "side": update.side,
        "is_for_all": update.is_for_all,
        "actions": [
            {
                "action": action.kind.value,
                "price": None if action.price is None else float(action.price),
                "share": None if action.share is None else float(action.share),
                "target_number": action.target_number,
                "entry_price": None if action.entry_price is None else float(action.entry_price),
            }
            for action in update.actions
        ],
    }
