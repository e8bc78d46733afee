"""A post as a file tells it: its fields checked one by one, before versions and hashes.

Here stand the checks that every file format shares: identifiers, times, texts. How a format is cut
into posts stands in `telegram` and `message_rows`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hive_core.contracts.rejection import RejectedRow

MAX_TEXT_CHARACTERS = 16_384
EARLIEST = datetime(2013, 1, 1, tzinfo=UTC)
"""Telegram began in 2013; a message before it is a wrong clock or a wrong unit."""
CLOCK_SKEW_S = 120
"""Two machines' clocks may differ; a message this little ahead of its arrival is no mistake."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_EPOCH_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Post:
    """One post of a file. `is_edit`: its text replaces an earlier one of the same message; `ts_ns`
    is then the time of the edit, for nobody could read that text before. `quoted` is the text of the
    post it answers, where the file has that instead of an id. `is_deleted`: the post is gone since `ts_ns`;
    it is an edit that leaves no text. `ts_init_ns` is when a live reader saw it, None where nobody says."""

    row: int
    message_id: str
    ts_ns: int
    text: str
    reply_to: str | None = None
    is_edit: bool = False
    quoted: str = ""
    is_deleted: bool = False
    ts_init_ns: int | None = None


@dataclass(slots=True)
class Reading:
    """What a reader found in a file: posts in file order, rows it could not use, counts by name."""

    posts: list[Post] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    facts: dict[str, str | int] = field(default_factory=dict)


class FieldFault(ValueError):
    """A field of a row that cannot be used."""

    def __init__(self, column: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason

    def at(self, row: int) -> RejectedRow:
        """The same, with the row it stands in."""
        return RejectedRow(row, self.column, shown(self.value), self.reason)


def shown(value: object) -> str:
    """A value as a report shows it: short, one line, and always valid UTF-8."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    text = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
    return text.replace("\n", " ").encode("utf-8", "backslashreplace").decode("utf-8")


def identifier(column: str, value: Any) -> str:
    """A message id as text.

    Raises:
        FieldFault: it is missing, or not letters, digits and `._:-`.
    """
    if value is None or value == "":
        raise FieldFault(column, value, "missing")
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _IDENTIFIER.fullmatch(text):
        raise FieldFault(column, value, "not an identifier (letters, digits and ._:- up to 128)")
    return text


def optional_identifier(column: str, value: Any) -> str | None:
    """As `identifier`; nothing at all is None."""
    return None if value is None or value == "" else identifier(column, value)


def message_text(column: str, value: Any) -> str:
    """A text that can be stored. An empty one is right: a picture without a caption.

    Raises:
        FieldFault: missing, not text, too long, or not Unicode that can be written down.
    """
    if value is None:
        raise FieldFault(column, value, "missing")
    if not isinstance(value, str):
        raise FieldFault(column, value, "not text")
    if len(value) > MAX_TEXT_CHARACTERS:
        raise FieldFault(column, value, f"{len(value)} characters, at most {MAX_TEXT_CHARACTERS}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FieldFault(column, value, f"not valid Unicode at character {error.start}") from None
    return value


def time_ns(column: str, value: Any, *, time_zone: str | None, received_ns: int | None) -> int:
    """Nanoseconds since 1970 UTC, whole microseconds, of an ISO time or of seconds since 1970.

    Raises:
        FieldFault: missing, not a time, without a zone where none is declared, not one moment on the
            declared clock (summer time), before 2013, or later than the file was received.
    """
    if value is None or value == "":
        raise FieldFault(column, value, "missing")
    moment = _moment(column, value, time_zone)
    if moment < EARLIEST:
        raise FieldFault(column, value, "before 2013: a wrong clock, or a unit other than seconds")
    ns = nanoseconds(moment)
    if received_ns is not None and ns > received_ns + CLOCK_SKEW_S * 1_000_000_000:
        raise FieldFault(column, value, "later than the file was received")
    return ns


def nanoseconds(moment: datetime) -> int:
    """Nanoseconds since 1970 UTC of an aware time."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _moment(column: str, value: Any, time_zone: str | None) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise FieldFault(column, value, "not a time")
    text = str(value).strip()
    try:
        if _EPOCH_SECONDS.fullmatch(text):
            return _EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000))
        moment = datetime.fromisoformat(text)
        if "T" not in text and " " not in text:
            raise FieldFault(column, value, "a date without a time of day")
        if moment.tzinfo is None:
            return _with_zone(column, value, moment, time_zone)
        return moment.astimezone(UTC)
    except OverflowError:
        raise FieldFault(column, value, "not a time on this calendar: a unit other than seconds?") from None
    except FieldFault:
        raise
    except ValueError:
        raise FieldFault(column, value, "not a time (ISO 8601, or seconds since 1970)") from None


def _with_zone(column: str, value: Any, naive: datetime, time_zone: str | None) -> datetime:
    if time_zone is None:
        raise FieldFault(column, value, "a time without a zone: declare the time zone of the file")
    zone = ZoneInfo(time_zone)
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise FieldFault(column, value, f"not one moment in {time_zone}: the clock was changed then")
    return first.astimezone(UTC)
