"""A line of `hive parse` as a message: the JSON and the names are those of imported rows (`file_rows`,
`message_rows`).

An import keeps what it takes as evidence and so rejects a message without id or time. Here a person or a
program asks what a text says: such a message is read all the same, and what it lacks is counted.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals.message_rows import ACCEPTED_NAMES, Row, name_in
from hive_core.signals.posts import FieldFault, message_text, shown

COLUMNS = ("id", "ts", "source", "text", "reply_to", "edit_of")
KNOWN_IDS = 50_000
"""At least so many of the last ids are known, to see that one comes again with another text."""
_SHOWN_KEYS = 10
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Before and after these no room posted: a wrong unit or clock."""
_MILLISECONDS_FROM = 100_000_000_000
"""As seconds this is the year 5138."""

_OWN_NAMES = {column: column for column in COLUMNS}
_COLUMN_SET = frozenset(COLUMNS)
_ALL_NAMES = frozenset(name for column in COLUMNS for name in ACCEPTED_NAMES[column])


class Message(NamedTuple):
    """One message of a room. Without a time nothing can be before or after it."""

    source: str
    text: str
    ts: datetime | None
    message_id: str
    reply_to: str | None


@dataclass(slots=True)
class LineRows:
    """Takes row after row, and counts what messages lack that are read all the same."""

    configuration: Configuration
    _counts: Counter[str] = field(default_factory=Counter)
    _keys: dict[str, str] = field(default_factory=dict)
    _texts: dict[int, int] = field(default_factory=dict)
    _texts_before: dict[int, int] = field(default_factory=dict)

    def warnings(self) -> list[str]:
        """What was counted so far, a sentence each."""
        told = [
            f"{self._counts[what]:,} {what}"
            for what in (_WITHOUT_ID, _WITHOUT_TS, _WITHOUT_ZONE, _SAID_OTHERWISE)
            if self._counts[what]
        ]
        if self._keys:
            more = ", and others" if len(self._keys) > _SHOWN_KEYS else ""
            told.append(f"keys that are not read: {', '.join(list(self._keys.values())[:_SHOWN_KEYS])}{more}")
        return told

    def names(self, row: Row) -> dict[str, str]:
        """The name under which a row has each column."""
        if _COLUMN_SET.issuperset(row):
            return _OWN_NAMES
        for key in row:
            if key not in _ALL_NAMES and key not in self._keys and len(self._keys) <= _SHOWN_KEYS:
                near = difflib.get_close_matches(key.lower(), COLUMNS, n=1)
                self._keys[key] = shown(key) + (f" (did you mean {near[0]}?)" if near else "")
        return {column: name_in(row, column) for column in COLUMNS}

    def identity(self, row: Row, names: dict[str, str]) -> str | int | None:
        """The id as it was written; None where there is none.

        Raises:
            FieldFault: neither text nor a whole number.
        """
        value = row.get(names["id"])
        return None if _identifier(names["id"], value) is None else value

    def message(self, row: Row, names: dict[str, str]) -> Message:
        """The message of a row.

        Raises:
            FieldFault: a field cannot be used; which one, and why.
        """
        source = row.get(names["source"])
        if source is None:
            source = ""
        elif not isinstance(source, str):
            raise FieldFault(names["source"], source, "not text")
        text = message_text(names["text"], row.get(names["text"]))
        reply_to, edit_of, own_id = (
            row.get(names["reply_to"]),
            row.get(names["edit_of"]),
            row.get(names["id"]),
        )
        if reply_to is not None:
            reply_to = _identifier(names["reply_to"], reply_to)
        if edit_of is not None:
            edit_of = _identifier(names["edit_of"], edit_of)
        own_id = _identifier(names["id"], own_id)
        ts = self._moment(names["ts"], row.get(names["ts"]), source)
        if ts is None:
            self._counts[_WITHOUT_TS] += 1
        if own_id is None:
            self._counts[_WITHOUT_ID] += 1
        elif edit_of is None:
            self._compare(source, own_id, text)
        return Message(source, text, ts, edit_of or own_id or "", reply_to)

    def _compare(self, source: str, own_id: str, text: str) -> None:
        # Numbers only: a hundred thousand pairs of texts would be walked by every collection of garbage.
        known, message, said = self._texts, hash((source, own_id)), hash(text)
        before = known.get(message, self._texts_before.get(message))
        known[message] = said
        if before is not None and before != said:
            self._counts[_SAID_OTHERWISE] += 1
        if len(known) >= KNOWN_IDS:
            self._texts, self._texts_before = {}, known

    def _moment(self, name: str, value: Any, source: str) -> datetime | None:
        if value is None or value == "":
            return None
        try:
            moment = _time(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone(name, source))
            moment = moment.astimezone(UTC)
        except (ValueError, ArithmeticError, OSError):
            raise FieldFault(name, value, f"{shown(value)[:40]!r} is no time") from None
        if not _EARLIEST < moment < _LATEST:
            raise FieldFault(name, value, f"{shown(value)[:40]!r} is no time of a room")
        return moment

    def _zone(self, name: str, source: str) -> tzinfo:
        if name == "ts_utc":
            return UTC
        declared = self.configuration.sources.get(source, SourceProfile()).time_zone
        if declared is not None:
            return ZoneInfo(declared)
        self._counts[_WITHOUT_ZONE] += 1
        return UTC


_WITHOUT_ID = "lines without id: no reply or edit finds them"
_WITHOUT_TS = "lines without ts: no valid_until, and nothing said before completes them"
_WITHOUT_ZONE = "times without a zone: read as UTC; [sources.<name>] time_zone in hive.toml says another"
_SAID_OTHERWISE = "lines with an id that stood there with another text, and without edit_of"


def _identifier(name: str, value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise FieldFault(name, value, "neither text nor a whole number")


def _time(value: Any) -> datetime:
    """A time as it is written: ISO 8601, or seconds or milliseconds since 1970."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a time")
    return datetime.fromtimestamp(float(value if value < _MILLISECONDS_FROM else value / 1000), UTC)
