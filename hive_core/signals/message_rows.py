"""Messages in rows: JSON lines, and CSV with a header, as posts.

A row has these columns, each under any of the accepted names; other columns are not read:

- id: `id`, `message_id` or `seq`
- ts: `ts`, `ts_utc`, `timestamp`, `date` or `time`: ISO 8601, or seconds since 1970. Without a zone it
  is read on the declared clock; `ts_utc` says its zone in its name
- text: `text` or `message`
- optional: source (`source`, `channel`), reply_to (`reply_to`, `reply_to_message_id`), edit_of
  (`edit_of`: the id whose text this row replaces), quoted (`quoted`: the text it answers), deleted
  (`deleted`: true when the message of this id, or of `edit_of`, is gone; ts is when that was seen, and
  there is no text), ts_init (`ts_init`: when a live reader saw the message; with a zone, or seconds
  since 1970)

One file is one room: a row whose source is another than the first row's is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hive_core.signals.file_rows import csv_rows, json_rows
from hive_core.signals.posts import (
    CLOCK_SKEW_S,
    FieldFault,
    Post,
    Reading,
    identifier,
    message_text,
    optional_identifier,
    time_ns,
)

ACCEPTED_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "message_id", "seq"),
    "ts": ("ts", "ts_utc", "timestamp", "date", "time"),
    "text": ("text", "message"),
    "source": ("source", "channel"),
    "reply_to": ("reply_to", "reply_to_message_id"),
    "edit_of": ("edit_of",),
    "quoted": ("quoted",),
    "deleted": ("deleted",),
    "ts_init": ("ts_init",),
}
NEEDED = ("id", "ts", "text")

Row = Mapping[str, Any]


class _RowReader:
    """Rows to posts, holding what one row must share with the others: the room."""

    def __init__(self, time_zone: str | None, received_ns: int | None) -> None:
        self.time_zone, self.received_ns = time_zone, received_ns
        self.room: Any = None
        self.reading = Reading()

    def take(self, number: int, row: Row | FieldFault) -> None:
        try:
            if isinstance(row, FieldFault):
                raise row
            self.reading.posts.append(self._post(number, row))
        except FieldFault as fault:
            self.reading.rejected.append(fault.at(number))

    def _post(self, number: int, row: Row) -> Post:
        name = {column: name_in(row, column) for column in ACCEPTED_NAMES}
        zone = "UTC" if name["ts"] == "ts_utc" else self.time_zone
        own_id = identifier(name["id"], row.get(name["id"]))
        edit_of = optional_identifier(name["edit_of"], row.get(name["edit_of"]))
        is_deleted = _flag(name["deleted"], row.get(name["deleted"]))
        text = row.get(name["text"])
        if is_deleted and text not in (None, ""):
            raise FieldFault(name["text"], text, "a deleted message leaves no text")
        ts_ns = time_ns(name["ts"], row.get(name["ts"]), time_zone=zone, received_ns=self.received_ns)
        post = Post(
            row=number,
            message_id=edit_of or own_id,
            ts_ns=ts_ns,
            text="" if is_deleted else message_text(name["text"], text),
            reply_to=optional_identifier(name["reply_to"], row.get(name["reply_to"])),
            is_edit=is_deleted or edit_of is not None,
            quoted=message_text(name["quoted"], row.get(name["quoted"]) or ""),
            is_deleted=is_deleted,
            ts_init_ns=self._ts_init_ns(name["ts_init"], row.get(name["ts_init"]), ts_ns),
        )
        room = row.get(name["source"])
        self.room = self.room or room
        if room and room != self.room:
            raise FieldFault(name["source"], room, f"another room than {self.room!r}: import it on its own")
        return post

    def _ts_init_ns(self, column: str, value: Any, ts_ns: int) -> int | None:
        """When the message was seen. Its zone is said by itself: the declared clock is of the posts."""
        if value in (None, ""):
            return None
        seen_ns = time_ns(column, value, time_zone=None, received_ns=self.received_ns)
        if seen_ns < ts_ns - CLOCK_SKEW_S * 1_000_000_000:
            raise FieldFault(column, value, "seen before it was posted: one of the two clocks is wrong")
        return seen_ns


def name_in(row: Row, column: str) -> str:
    """The accepted name of a column that a row has; the column's own where it has none."""
    return next((name for name in ACCEPTED_NAMES[column] if name in row), column)


def _flag(column: str, value: Any) -> bool:
    told = value.strip().lower() if isinstance(value, str) else value
    if told is None or told is False or told in ("", "false"):
        return False
    if told is True or told == "true":
        return True
    raise FieldFault(column, value, "not true or false")


def read_jsonl(payload: bytes, *, time_zone: str | None, received_ns: int | None) -> Reading:
    """One JSON object a line; `row` is the line. A line that is not UTF-8 or not JSON is rejected."""
    reader = _RowReader(time_zone, received_ns)
    for number, row in json_rows(payload):
        reader.take(number, row)
    return reader.reading


def read_csv(payload: bytes, *, time_zone: str | None, received_ns: int | None) -> Reading:
    """CSV with a header, separated by comma, semicolon or tab; `row` is the line where a record begins.

    Raises:
        RefusedFile: the header lacks a needed column, or has one twice.
    """
    reader = _RowReader(time_zone, received_ns)
    _, rows = csv_rows(payload, _missing)
    for number, row in rows:
        reader.take(number, row)
    return reader.reading


def _missing(header: list[str]) -> str:
    """What a header must name and does not."""
    if all(any(name in header for name in ACCEPTED_NAMES[column]) for column in NEEDED):
        return ""
    return "; ".join(f"{column}: {' or '.join(ACCEPTED_NAMES[column])}" for column in NEEDED)
