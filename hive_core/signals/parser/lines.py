"""Lines of JSON in, lines of JSON out: messages and what they say, one each, in one pass of any length.

The shapes of `hive parse`. Files, progress and the terminal belong to the command.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals.parse import valid_until
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.room import Room
from hive_core.signals.posts import MAX_TEXT_CHARACTERS
from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import ParsedSignal, ParsedUpdate, Refused, Verdict

_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Before and after these no room posted: a wrong unit or clock."""


@dataclass(slots=True)
class LineReader:
    """Reads line after line, and counts the kinds and the lines that are no messages.

    Memory is bounded by the sources: what is old is forgotten (`room`).

    A line that is no message gives a line of kind refused with reason `unreadable_record`, and the next
    line is read as ever. A time without a zone is taken in the source's declared zone, else as UTC; a text
    without any time is read too, and has no `valid_until`.
    """

    configuration: Configuration
    counts: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    _rooms: dict[str, Room] = field(default_factory=dict)

    def read(self, lines: Iterable[str | bytes]) -> Iterator[str]:
        """One line of JSON, without its line break, for each line that is not empty; bytes are UTF-8."""
        for number, line in enumerate(lines, start=1):
            if line.strip():
                told = self._one(number, line)
                self.counts[told["kind"]] += 1
                yield json.dumps(told, allow_nan=False)

    def _one(self, number: int, line: str | bytes) -> dict[str, Any]:
        try:
            message = json.loads(line, parse_constant=_no_number)
        except RecursionError:
            return self._unreadable(None, number, "not JSON that anybody wrote: nested beyond reason")
        except ValueError as error:
            what = "UTF-8" if isinstance(error, UnicodeDecodeError) else "JSON"
            return self._unreadable(None, number, f"not {what}: {error}")
        if not isinstance(message, dict):
            return self._unreadable(None, number, "not a JSON object")
        identity, text, source = message.get("id"), message.get("text"), message.get("source", "")
        if not (identity is None or isinstance(identity, str | int)):
            return self._unreadable(None, number, "id must be text or a whole number")
        if not isinstance(text, str) or not isinstance(source, str):
            return self._unreadable(identity, number, "text and source must be text")
        if len(text) > MAX_TEXT_CHARACTERS:
            detail = f"{len(text)} characters, at most {MAX_TEXT_CHARACTERS}"
            return self._unreadable(identity, number, detail)
        try:
            ts = self._moment(message.get("ts"), source)
        except (ValueError, OverflowError, OSError):
            return self._unreadable(identity, number, f"ts: {str(message.get('ts'))[:40]!r} is no time")
        if ts is None:  # nothing can be before or after it
            return {"id": identity, **self._told(read_text(text, self._profile(source)), None)}
        edited, reply = message.get("edit_of"), message.get("reply_to")
        verdicts = self._room(source).read(
            ts,
            str(identity if edited is None else edited),
            text,
            None if reply is None else str(reply),
        )
        return {"id": identity, **self._told(verdicts, ts)}

    def _profile(self, source: str) -> SourceProfile:
        return self.configuration.sources.get(source, SourceProfile())

    def _room(self, source: str) -> Room:
        room = self._rooms.get(source)
        if room is None:
            room = Room(self._profile(source))
            self._rooms[source] = room
        return room

    def _moment(self, value: Any, source: str) -> datetime | None:
        if value is None or value == "":
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _plausible(datetime.fromtimestamp(value if value < 1e11 else value / 1000, UTC))
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            raise ValueError("not a time")
        if moment.tzinfo is None:
            zone = self._profile(source).time_zone
            moment = moment.replace(tzinfo=UTC if zone is None else ZoneInfo(zone))
        return _plausible(moment.astimezone(UTC))

    def _unreadable(self, identity: Any, number: int, detail: str) -> dict[str, Any]:
        self.unreadable += 1
        reason = SignalReason.UNREADABLE_RECORD.value
        return {"id": identity, **_line("refused"), "reason": reason, "detail": f"line {number}: {detail}"}

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


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _plausible(moment: datetime) -> datetime:
    if not _EARLIEST < moment < _LATEST:
        raise ValueError("not a time of a room")
    return moment


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
