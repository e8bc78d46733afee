"""Files of economic calendars to NEWS_EVENTS: what is declared of one, and its rows one by one.

Read are CSV with a header, and the weekly JSON of Forex Factory
(https://nfs.faireconomy.media/ff_calendar_thisweek.json). What cannot be an event at a known time is
rejected with its reason; nothing is repaired. Which events count at a moment is `news`'s question.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import AfterValidator, Field

from hive_core.calendars.news import NEWS_EVENTS, Impact
from hive_core.calendars.trading_day import from_ns, iso_utc, to_ns
from hive_core.contracts.base import Contract, ContractError, strict_json
from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.evidence.canonical import content_hash
from hive_core.market.declaration import known_zone
from hive_core.market.formats.cells import SHOWN_CHARACTERS
from hive_core.market.unpacking import MAX_UNPACKED_BYTES, text_of, unpack

NewsFormat = Literal["csv", "forexfactory"]

ACCEPTED_NAMES: dict[str, tuple[str, ...]] = {
    "ts": ("time_utc", "ts_utc", "ts", "datetime", "timestamp"),
    "date": ("date",),
    "time": ("time",),
    "currency": ("currency", "country"),
    "impact": ("impact", "importance"),
    "name": ("event", "name", "title"),
    "forecast": ("forecast",),
    "previous": ("previous",),
    "actual": ("actual",),
    "first_seen": ("first_seen_utc", "first_seen"),
    "actual_seen": ("actual_seen_utc", "actual_seen"),
}
IMPACTS = {
    "low": Impact.LOW,
    "moderate": Impact.MEDIUM,
    "medium": Impact.MEDIUM,
    "high": Impact.HIGH,
    # A bank holiday is no announcement; it thins the market out and moves nothing by itself.
    "holiday": Impact.LOW,
    "non-economic": Impact.LOW,
}
MAX_NAME_CHARACTERS = 200
MAX_SEEN_EARLY = timedelta(minutes=2)
"""Two machines' clocks may differ."""
MAX_SEEN_LATE = timedelta(hours=24)
TOLERATED_EARLY_RESULTS = 0.02
"""Of results with a time, the share that may be seen before their event: slips of the publisher. Measured
on two calendars of 2023 to 2025: 0.2 % under the right clock, 55 % under one that is an hour late. A clock
that is early is not found by this: results are seen late anyway."""
ENOUGH_RESULTS = 20

_CURRENCY = re.compile(r"[A-Z]{3}")
_CLOCK_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_COUNTDOWN = re.compile(r"\d+\s*(min|h|hour|sec)\w*", re.IGNORECASE)


class _RowFault(ValueError):
    """A cell that cannot be used: its column, how it stood, and why."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason

    def at(self, row: int) -> RejectedRow:
        return RejectedRow(row, self.column, self.value[:SHOWN_CHARACTERS], self.reason)


class NewsDeclaration(Contract):
    """What a user says of a calendar's file.

    `time_zone` (IANA) is the clock of times that carry no zone. `known_ahead_h` says of events whose
    first sight is not in the file that they had been published that many hours before: the schedules of
    statistical offices and central banks are. Without it they count from when the file was received.
    """

    format: NewsFormat
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    known_ahead_h: Annotated[int, Field(ge=0, le=24 * 366, strict=False)] | None = None

    def as_text(self) -> dict[str, str]:
        """The declaration as flat text, as a receipt keeps it."""
        return {name: str(value) for name, value in self.model_dump(exclude_none=True).items()}


@dataclass(frozen=True, slots=True)
class ParsedNews:
    """What a file holds: NEWS_EVENTS in order of time, the rows not used in the file's order, and counts
    (`rows`, `high_impact`, `currencies`, `duplicate_rows` where there are any, `first_ts`, `last_ts`)."""

    frame: pl.DataFrame
    rejected: tuple[RejectedRow, ...]
    facts: Mapping[str, str | int]


def event_id_of(currency: str, name: str, ts_event: datetime) -> str:
    """The identity of an event: its currency, its name without case and spacing, and its time."""
    words = " ".join(name.casefold().split())
    return f"evt_{content_hash({'currency': currency, 'name': words, 'ts': ts_event.isoformat()})[:20]}"


def parse_news_file(
    payload: bytes, declaration: NewsDeclaration, *, landing_sha256: str, received_ns: int
) -> ParsedNews:
    """Read a calendar as it was declared; gzip and a zip of one CSV are unpacked.

    A row that stands twice counts once; two rows of one event that say different things are rejected
    both.

    Args:
        received_ns: when the file came, in nanoseconds since 1970 UTC. Nothing in it can have been seen
            later.

    Raises:
        RefusedFile: not such a file, without a usable row, or its clock is not the declared one.
    """
    content = unpack(payload)
    records = _json_records(content) if declaration.format == "forexfactory" else _csv_records(content)
    rows: list[dict[str, Any]] = []
    rejected: list[RejectedRow] = []
    for number, record in records:
        try:
            if isinstance(record, _RowFault):
                raise record
            rows.append({"_row": number, **_event(record, declaration, received_ns, landing_sha256)})
        except _RowFault as fault:
            rejected.append(fault.at(number))
    read = pl.DataFrame(rows, schema={"_row": pl.Int64(), **NEWS_EVENTS}, orient="row")
    once, differing, repeated = _each_once(read)
    _refuse_wrong_clock(once, declaration)
    frame, misdated = _in_time(once)
    rejected += [*differing, *misdated]
    rejected.sort(key=lambda each: each.row)
    if frame.is_empty():
        first = rejected[0] if rejected else None
        why = (
            f"row {first.row}, {first.column} {first.value!r}: {first.reason}" if first else "it has no rows"
        )
        raise RefusedFile(f"no event in it can be used; {why}")
    facts: dict[str, str | int] = {
        "rows": frame.height,
        "first_ts": iso_utc(to_ns(frame["ts_event"][0])),
        "last_ts": iso_utc(to_ns(frame["ts_event"][-1])),
        "high_impact": frame.filter(pl.col("impact") == Impact.HIGH.value).height,
        "currencies": frame["currency"].n_unique(),
        **({"duplicate_rows": repeated} if repeated else {}),
    }
    return ParsedNews(frame, tuple(rejected), facts)


def _each_once(read: pl.DataFrame) -> tuple[pl.DataFrame, list[RejectedRow], int]:
    """Every event once, the rows of events that differ, and how many rows repeated another."""
    unique = read.unique(list(NEWS_EVENTS), keep="first", maintain_order=True)
    differs = unique["event_id"].is_duplicated()
    differing = [
        RejectedRow(
            row, "event", name[:SHOWN_CHARACTERS], "the same event stands in another row with other values"
        )
        for row, name in unique.filter(differs).select("_row", "name").iter_rows()
    ]
    return unique.filter(~differs), differing, read.height - unique.height


def _in_time(read: pl.DataFrame) -> tuple[pl.DataFrame, list[RejectedRow]]:
    """NEWS_EVENTS in order of time, without the rows whose own times contradict each other."""
    early = pl.col("actual_seen") < pl.col("ts_event") - MAX_SEEN_EARLY
    late = ~pl.col("first_seen_assumed") & (pl.col("first_seen") > pl.col("ts_event") + MAX_SEEN_LATE)
    told = read.with_columns(
        pl.when(early)
        .then(pl.lit("its result was seen before it happened: its time is another one"))
        .when(late)
        .then(pl.lit("first seen more than a day after it happened: filed under another date"))
        .alias("_fault")
    )
    misdated = [
        RejectedRow(row, "ts", f"{ts:%Y-%m-%d %H:%M} UTC", fault)
        for row, ts, fault in told.drop_nulls("_fault").select("_row", "ts_event", "_fault").iter_rows()
    ]
    kept = told.filter(pl.col("_fault").is_null()).select(NEWS_EVENTS.keys())
    return kept.sort("ts_event", "currency", "name", "event_id"), misdated


def _refuse_wrong_clock(frame: pl.DataFrame, declaration: NewsDeclaration) -> None:
    """A result cannot be seen before its event: where many are, the clock is another one."""
    results = frame.filter(pl.col("actual_seen").is_not_null())
    early = results.filter(pl.col("actual_seen") < pl.col("ts_event"))
    if results.height >= ENOUGH_RESULTS and early.height > TOLERATED_EARLY_RESULTS * results.height:
        first = early.sort("ts_event").row(0, named=True)
        raise RefusedFile(
            f"the declared time zone {declaration.time_zone} cannot be right: {early.height} of "
            f"{results.height} results were seen before their event, such as {first['currency']} "
            f"{first['name'][:SHOWN_CHARACTERS]} of {first['ts_event']:%Y-%m-%d %H:%M} UTC, seen at "
            f"{first['actual_seen']:%H:%M}. Declare the zone of the file's clock with --time-zone"
        )


def _event(
    record: Mapping[str, Any], declaration: NewsDeclaration, received_ns: int, landing_sha256: str
) -> dict[str, Any]:
    """One row as an event.

    Raises:
        _RowFault: naming the column at fault.
    """
    column = {
        field: next((name for name in names if name in record), names[0])
        for field, names in ACCEPTED_NAMES.items()
    }
    text = {field: _cell(record.get(name)) for field, name in column.items()}
    currency, name = text["currency"].upper(), " ".join(text["name"].split())
    if not _CURRENCY.fullmatch(currency):
        raise _RowFault(column["currency"], text["currency"], "not a currency, such as USD")
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise _RowFault(column["name"], name, f"not a name of 1 to {MAX_NAME_CHARACTERS} characters")
    impact = IMPACTS.get(text["impact"].lower())
    if impact is None:
        raise _RowFault(column["impact"], text["impact"], "not low, medium or high")
    ts_event = _time_of_event(record, column, text, declaration)
    received = from_ns(received_ns)
    seen = _optional_time(column["first_seen"], text["first_seen"], received)
    assumed = (
        received
        if declaration.known_ahead_h is None
        else min(received, ts_event - timedelta(hours=declaration.known_ahead_h))
    )
    actual = text["actual"] or None
    actual_seen = _optional_time(column["actual_seen"], text["actual_seen"], received)
    if actual is not None and actual_seen is None:
        # Nobody says when the result was seen: it was there when the file came.
        actual_seen = received
    return {
        "event_id": event_id_of(currency, name, ts_event),
        "ts_event": ts_event,
        "currency": currency,
        "impact": impact.value,
        "name": name,
        "forecast": text["forecast"] or None,
        "previous": text["previous"] or None,
        "actual": actual,
        "first_seen": seen or assumed,
        "first_seen_assumed": seen is None,
        "actual_seen": actual_seen if actual is not None else None,
        "landing_sha256": landing_sha256,
    }


def _cell(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _time_of_event(
    record: Mapping[str, Any],
    column: Mapping[str, str],
    text: Mapping[str, str],
    declaration: NewsDeclaration,
) -> datetime:
    zone = declaration.time_zone
    if column["ts"] in record:
        zone = "UTC" if column["ts"].endswith("_utc") else zone
        return _time(column["ts"], text["ts"], zone)
    if column["time"] not in record:
        return _time(column["date"], text["date"], zone)
    clock = text["time"]
    if _COUNTDOWN.fullmatch(clock):
        raise _RowFault(column["time"], clock, "a countdown, not a time: when it was read is not known")
    if not _CLOCK_TIME.fullmatch(clock):
        raise _RowFault(column["time"], clock, "no time of day is set")
    return _time(column["date"], f"{text['date']} {clock.zfill(5)}", zone)


def _time(column: str, value: str, zone: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _RowFault(column, value, "not a time, such as 2024-05-06T12:30:00Z") from None
    if len(value) <= len("2024-05-06"):
        raise _RowFault(column, value, "a date without a time of day")
    if moment.tzinfo is None:
        if zone is None:
            raise _RowFault(column, value, "a time without a zone: declare the time zone of the file")
        before, after = (moment.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
        if before.utcoffset() != after.utcoffset():
            raise _RowFault(column, value, f"not one moment in {zone}: the clock was changed then")
        moment = before
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _RowFault(column, value, "not a time on this calendar") from None


def _optional_time(column: str, value: str, received: datetime) -> datetime | None:
    """When something was seen, in UTC where it does not say its zone; not later than the file came."""
    if not value:
        return None
    moment = _time(column, value, "UTC")
    if moment > received:
        raise _RowFault(column, value, "later than the file was received")
    return moment


def _csv_records(content: bytes) -> Iterator[tuple[int, Mapping[str, Any] | _RowFault]]:
    """Every record by its header, and the line at which it begins.

    Raises:
        RefusedFile: the header lacks a needed column, or a quote never closes.
    """
    reader = csv.reader(io.StringIO(text_of(content), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader)]
        _refuse_wrong_header(header)
        start = reader.line_num + 1
        for record in reader:
            number, start = start, reader.line_num + 1
            if not record:
                continue
            if len(record) == len(header):
                yield number, dict(zip(header, record, strict=True))
            else:
                reason = f"{len(record)} cells, the header has {len(header)}"
                yield number, _RowFault("", ",".join(record), reason)
    except csv.Error as error:
        raise RefusedFile(f"row {reader.line_num}: not CSV ({error}); export it again") from None


def _refuse_wrong_header(header: list[str]) -> None:
    def has(field: str) -> bool:
        return any(name in header for name in ACCEPTED_NAMES[field])

    lacking = [field for field in ("currency", "impact", "name") if not has(field)]
    if not (has("ts") or (has("date") and has("time"))):
        lacking.insert(0, "ts")
    if lacking:
        wanted = "; ".join(" or ".join(ACCEPTED_NAMES[field]) for field in lacking)
        raise RefusedFile(
            f"the header lacks a needed column ({wanted}); it is {', '.join(header)[:SHOWN_CHARACTERS]!r}"
        )
    if len(set(header)) != len(header):
        raise RefusedFile(f"the header names a column twice: {', '.join(header)[:SHOWN_CHARACTERS]}")


def _json_records(content: bytes) -> Iterator[tuple[int, Mapping[str, Any] | _RowFault]]:
    """Every object of the list, and its place in it from 1.

    Raises:
        RefusedFile: not a JSON list.
    """
    try:
        found = strict_json(content, max_bytes=MAX_UNPACKED_BYTES)
    except ContractError as error:
        raise RefusedFile(f"not JSON as this format has it: {error}") from None
    if not isinstance(found, list):
        raise RefusedFile("a JSON list of events is expected")
    for number, record in enumerate(found, start=1):
        if isinstance(record, dict):
            yield number, record
        else:
            yield number, _RowFault("", str(record), "not a JSON object")
