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

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from hive_core.contracts.base import ContractError, strict_json
from hive_core.contracts.rejection import RefusedFile
from hive_core.signals.posts import (
    CLOCK_SKEW_S,
    FieldFault,
    Post,
    Reading,
    identifier,
    message_text,
    optional_identifier,
    shown,
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
MAX_LINE_BYTES = 256 * 1024
_MAX_HEADER_CHARACTERS = 4_096
_DELIMITERS = (",", ";", "\t")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Row = Mapping[str, Any]


class _RowReader:
    """Rows to posts, holding what one row must share with the others: the room."""

    def __init__(self, time_zone: str | None, received_ns: int | None) -> None:
        self.time_zone, self.received_ns = time_zone, received_ns
        self.room: Any = None
        self.reading = Reading()

    def take(self, number: int, row: Row) -> None:
        try:
            self.reading.posts.append(self._post(number, row))
        except FieldFault as fault:
            self.reading.rejected.append(fault.at(number))

    def reject(self, number: int, fault: FieldFault) -> None:
        self.reading.rejected.append(fault.at(number))

    def _post(self, number: int, row: Row) -> Post:
        name = {column: _name_in(row, column) for column in ACCEPTED_NAMES}
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


def _name_in(row: Row, column: str) -> str:
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
    for number, line in enumerate(payload.removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            value = strict_json(line, max_bytes=MAX_LINE_BYTES)
        except ContractError as error:
            reader.reject(number, FieldFault(error.field, _bytes_shown(line), error.reason))
            continue
        except ValueError as error:  # Python refuses integers of thousands of digits
            reader.reject(number, FieldFault("", _bytes_shown(line), str(error)))
            continue
        if isinstance(value, dict):
            reader.take(number, value)
        else:
            reader.reject(number, FieldFault("", _bytes_shown(line), "not a JSON object"))
    return reader.reading


def read_csv(payload: bytes, *, time_zone: str | None, received_ns: int | None) -> Reading:
    """CSV with a header, separated by comma, semicolon or tab; `row` is the line where a record begins.

    Raises:
        RefusedFile: the header lacks a needed column, or has one twice.
    """
    reader = _RowReader(time_zone, received_ns)
    # Bytes that are not UTF-8 pass through as surrogates, so that only their own record is lost.
    lines = payload.removeprefix(_BYTE_ORDER_MARK).decode("utf-8", "surrogateescape").split("\n")
    delimiter, header = _header(lines)
    for number, record in _records(lines, delimiter):
        if isinstance(record, FieldFault):
            reader.reject(number, record)
        elif len(record) != len(header):
            reason = f"{len(record)} cells, the header has {len(header)}"
            reader.reject(number, FieldFault("", delimiter.join(record), reason))
        elif fault := _undecoded(header, record):
            reader.reject(number, fault)
        else:
            reader.take(number, dict(zip(header, record, strict=True)))
    return reader.reading


def _header(lines: list[str]) -> tuple[str, list[str]]:
    first = lines[0][:_MAX_HEADER_CHARACTERS].replace("\r", "")
    for delimiter in _DELIMITERS:
        header = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        if all(any(name in header for name in ACCEPTED_NAMES[column]) for column in NEEDED):
            if len(set(header)) != len(header):
                raise RefusedFile(f"The header names a column twice: {shown(', '.join(header))}.")
            return delimiter, header
    wanted = "; ".join(f"{column}: {' or '.join(ACCEPTED_NAMES[column])}" for column in NEEDED)
    raise RefusedFile(f"The header lacks a needed column. It must name {wanted}; it is {first[:80]!r}.")


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | FieldFault]]:
    """Every record after the header with the line it begins at. A record that is not CSV (a quote
    that never closes) costs its first line only: reading begins again at the next one."""
    start = 1
    while start < len(lines):
        ahead = (lines[index] + "\n" for index in range(start, len(lines)))
        reader = csv.reader(ahead, delimiter=delimiter, strict=True)
        done = 0
        try:
            for record in reader:
                if record:
                    yield start + done + 1, record
                done = reader.line_num
            return
        except csv.Error as error:
            first = start + done
            yield first + 1, FieldFault("", lines[first], f"not CSV: {error}")
            start = first + 1


def _undecoded(header: list[str], record: list[str]) -> FieldFault | None:
    for column, cell in zip(header, record, strict=True):
        raw = cell.encode("utf-8", "surrogateescape")
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            return FieldFault(column, _bytes_shown(raw), f"not UTF-8 at byte {error.start} of the cell")
    return None


def _bytes_shown(raw: bytes) -> str:
    return raw[:200].decode("utf-8", "backslashreplace").strip()
