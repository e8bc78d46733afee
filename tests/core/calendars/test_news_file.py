"""A calendar's file is read as it was declared; what is no event at a known time is rejected by name."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hive_core.calendars.news import NEWS_EVENTS
from hive_core.calendars.news_file import NewsDeclaration, ParsedNews, event_id_of, parse_news_file
from hive_core.calendars.news_importing import import_news, news_of_receipt
from hive_core.calendars.trading_day import to_ns
from hive_core.contracts.rejection import RefusedFile
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import receipts

RECEIVED = datetime(2024, 6, 1, tzinfo=UTC)
HEADER = "time_utc,currency,importance,event,actual,forecast,previous,first_seen_utc,actual_seen_utc"
GOOD = (
    "2024-05-08T12:30:00Z,USD,High,Own Price Index (Apr),3.1%,3.0%,2.9%,"
    "2024-05-07T20:00:00Z,2024-05-08T12:31:00Z"
)
LOCAL_HEADER = "date,time,currency,impact,name"


def read(content: str | bytes, **declared: Any) -> ParsedNews:
    payload = content.encode() if isinstance(content, str) else content
    declaration = NewsDeclaration.model_validate({"format": "csv", **declared})
    return parse_news_file(payload, declaration, landing_sha256="ab" * 32, received_ns=to_ns(RECEIVED))


def lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def test_a_point_in_time_row_becomes_an_event() -> None:
    parsed = read(lines(HEADER, GOOD))
    assert parsed.rejected == ()
    assert dict(parsed.frame.schema) == NEWS_EVENTS
    at = datetime(2024, 5, 8, 12, 30, tzinfo=UTC)
    assert parsed.frame.row(0, named=True) == {
        "event_id": event_id_of("USD", "own price  index (apr)", at),
        "ts_event": at,
        "currency": "USD",
        "impact": "high",
        "name": "Own Price Index (Apr)",
        "forecast": "3.0%",
        "previous": "2.9%",
        "actual": "3.1%",
        "first_seen": datetime(2024, 5, 7, 20, tzinfo=UTC),
        "first_seen_assumed": False,
        "actual_seen": at + timedelta(minutes=1),
        "landing_sha256": "ab" * 32,
    }
    assert parsed.facts == {
        "rows": 1,
        "first_ts": "2024-05-08T12:30:00Z",
        "last_ts": "2024-05-08T12:30:00Z",
        "high_impact": 1,
        "currencies": 1,
    }


def test_gzip_is_unpacked() -> None:
    assert read(gzip.compress(lines(HEADER, GOOD).encode())).frame.equals(read(lines(HEADER, GOOD)).frame)


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("2024-05-08,53 min,USD,High,Index", "time", "a countdown, not a time"),
        ("2024-05-08,2 hours,USD,High,Index", "time", "a countdown, not a time"),
        ("2024-05-08,Tentative,USD,High,Index", "time", "no time of day is set"),
        ("2024-05-08,All Day,USD,Low,Index", "time", "no time of day is set"),
        ("2024-05-08,,USD,Low,Index", "time", "no time of day is set"),
        ("2024-05-08,25:10,USD,Low,Index", "time", "no time of day is set"),
        ("8 May,13:30,USD,Low,Index", "date", "not a time"),
        ("2024-03-31,01:30,USD,Low,Index", "date", "not one moment in Europe/London"),
        ("2023-10-29,01:30,USD,Low,Index", "date", "not one moment in Europe/London"),
        ("2024-05-08,13:30,dollar,Low,Index", "currency", "not a currency"),
        ("2024-05-08,13:30,USD,severe,Index", "impact", "not low, medium or high"),
        ("2024-05-08,13:30,USD,High, ", "name", "not a name"),
        ("2024-05-08,13:30,USD,High", "", "4 cells, the header has 5"),
    ],
)
def test_a_row_that_is_no_event_at_a_known_time_is_rejected(row: str, column: str, reason: str) -> None:
    good = "2024-05-09,13:30,GBP,Moderate,Own Rate"
    parsed = read(lines(LOCAL_HEADER, row, good), time_zone="Europe/London")
    assert parsed.frame.select("ts_event", "impact").rows() == [
        (datetime(2024, 5, 9, 12, 30, tzinfo=UTC), "medium")
    ]
    (fault,) = parsed.rejected
    assert (fault.row, fault.column) == (2, column)
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("2024-05-08T12:31:00Z", "2024-05-08T12:20:00Z"), "its result was seen before it happened"),
        (("2024-05-07T20:00:00Z", "2024-05-09T20:00:00Z"), "first seen more than a day after it happened"),
        (("2024-05-07T20:00:00Z", "2024-07-01T20:00:00Z"), "later than the file was received"),
        (("2024-05-08T12:30:00Z,USD", "2024-05-08,USD"), "a date without a time of day"),
        (("2024-05-08T12:30:00Z,USD", "9999-12-31T23:00:00-12:00,USD"), "not a time on this calendar"),
    ],
)
def test_times_that_contradict_each_other_are_rejected(change: tuple[str, str], reason: str) -> None:
    other = "2024-05-09T12:30:00Z,USD,Low,Other,,,,,"
    parsed = read(lines(HEADER, GOOD.replace(*change), other))
    assert parsed.frame["name"].to_list() == ["Other"]
    (fault,) = parsed.rejected
    assert fault.row == 2
    assert reason in fault.reason


def test_without_a_zone_a_local_time_names_no_moment() -> None:
    with pytest.raises(RefusedFile, match="a time without a zone: declare the time zone"):
        read(lines(LOCAL_HEADER, "2024-05-08,13:30,USD,High,Index"))


def test_where_nobody_says_when_an_event_was_seen_the_declaration_does() -> None:
    row = lines(LOCAL_HEADER, "2024-05-08,13:30,USD,High,Index")
    unsaid = read(row, time_zone="UTC").frame.row(0, named=True)
    assert (unsaid["first_seen"], unsaid["first_seen_assumed"]) == (RECEIVED, True)
    ahead = read(row, time_zone="UTC", known_ahead_h=48).frame.row(0, named=True)
    assert ahead["first_seen"] == datetime(2024, 5, 6, 13, 30, tzinfo=UTC)
    assert ahead["first_seen_assumed"] is True
    # What the file says counts before what is declared, row by row.
    said = read(lines(HEADER, GOOD), known_ahead_h=48).frame.row(0, named=True)
    assert (said["first_seen"].hour, said["first_seen_assumed"]) == (20, False)
    # Nothing is known before the file came that shows an event still further away.
    soon = "2024-06-01,10:00,USD,High,Index"
    assert (
        read(lines(LOCAL_HEADER, soon), time_zone="UTC", known_ahead_h=1).frame["first_seen"][0] == RECEIVED
    )


def test_a_result_without_its_time_counts_from_when_the_file_came() -> None:
    row = read(lines(HEADER, "2024-05-08T12:30:00Z,USD,High,Index,3.1%,,,2024-05-07T20:00:00Z,")).frame
    assert row["actual_seen"][0] == RECEIVED
    none = read(lines(HEADER, "2024-05-08T12:30:00Z,USD,High,Index,,,,2024-05-07T20:00:00Z,")).frame
    assert none.select("actual", "actual_seen").row(0) == (None, None)


def test_rows_that_repeat_count_once_and_rows_that_differ_not_at_all() -> None:
    other = "2024-05-09T12:30:00Z,USD,Low,Other,,,,2024-05-07T20:00:00Z,"
    parsed = read(lines(HEADER, GOOD, GOOD, other))
    assert parsed.frame.height == 2
    assert parsed.facts["duplicate_rows"] == 1
    parsed = read(lines(HEADER, GOOD, GOOD.replace("3.1%", "3.2%"), other))
    assert parsed.frame["name"].to_list() == ["Other"]
    assert [(fault.row, fault.reason) for fault in parsed.rejected] == [
        (2, "the same event stands in another row with other values"),
        (3, "the same event stands in another row with other values"),
    ]


def seen_results(hour: int) -> str:
    """Events at 13:30 in July, whose results were seen at that hour UTC."""
    return lines(
        "date,time,currency,impact,name,actual,first_seen_utc,actual_seen_utc",
        *(
            f"2023-07-{day:02d},13:30,GBP,High,Own Rate {day},1,2023-07-{day:02d}T00:10:00,"
            f"2023-07-{day:02d}T{hour}:31:00"
            for day in range(3, 29)
        ),
    )


def test_a_clock_under_which_results_come_before_their_events_is_refused() -> None:
    assert read(seen_results(12), time_zone="Europe/London").frame.height == 26
    with pytest.raises(RefusedFile, match=r"declared time zone UTC cannot be right: 26 of 26 results"):
        read(seen_results(12), time_zone="UTC")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        (HEADER, "it has no rows"),
        ("a,b,c\n1,2,3\n", "lacks a needed column"),
        ("date,currency,impact,event\n2024-05-08,USD,High,Index\n", "time_utc or ts_utc"),
        (f"{HEADER},event\n", "names a column twice"),
        (f'{HEADER}\n"2024', "not CSV"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (gzip.compress(HEADER.encode(), mtime=0)[:20], "not a whole gzip"),
    ],
)
def test_what_is_no_calendar_is_refused(content: str | bytes, reason: str) -> None:
    with pytest.raises(RefusedFile, match=reason):
        read(content)


def test_the_weekly_json_of_forex_factory_is_read() -> None:
    listed = [
        {"title": "Own CPI y/y", "country": "USD", "date": "2024-05-08T08:30:00-04:00", "impact": "High",
         "forecast": "3.0%", "previous": ""},
        {"title": "Own Holiday", "country": "JPY", "date": "2024-05-06T00:00:00-04:00", "impact": "Holiday",
         "forecast": "", "previous": ""},
        "no event",
    ]  # fmt: skip
    parsed = read(json.dumps(listed), format="forexfactory")
    assert parsed.frame.select("currency", "impact", "name", "forecast", "previous").rows() == [
        ("JPY", "low", "Own Holiday", None, None),
        ("USD", "high", "Own CPI y/y", "3.0%", None),
    ]
    assert parsed.frame["ts_event"][1] == datetime(2024, 5, 8, 12, 30, tzinfo=UTC)
    assert parsed.frame["first_seen"].unique().to_list() == [RECEIVED]
    assert [(fault.row, fault.reason) for fault in parsed.rejected] == [(3, "not a JSON object")]
    for wrong in ("{}", "[", "[]"):
        with pytest.raises(RefusedFile):
            read(wrong, format="forexfactory")


@pytest.mark.parametrize("wrong", [{"format": "xml"}, {"time_zone": "London"}, {"known_ahead_h": -1}])
def test_a_wrong_declaration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NewsDeclaration.model_validate({"format": "csv", **wrong})


def test_a_calendar_lands_once_and_reads_the_same_again(tmp_path: Any) -> None:
    home = HiveHome(tmp_path)
    declaration = NewsDeclaration(format="csv", time_zone="Europe/London", known_ahead_h=24)
    payload = lines(LOCAL_HEADER, "2024-05-08,13:30,USD,High,Index", "2024-05-08,5 min,USD,High,B").encode()
    arguments = (home, "calendar.csv", payload, declaration)
    first = import_news(*arguments, received_ns=to_ns(RECEIVED))
    again = import_news(*arguments, received_ns=to_ns(RECEIVED) + 1)
    assert (first.is_new, again.is_new, first.accepted_rows) == (True, False, 1)
    (receipt,) = receipts(home)
    assert receipt.kind == "news"
    assert receipt.declaration == {"format": "csv", "time_zone": "Europe/London", "known_ahead_h": "24"}
    assert [fault.value for fault in receipt.rejected] == ["5 min"]
    parsed = news_of_receipt(home, receipt)
    assert parsed.rejected == receipt.rejected
    assert parsed.frame["landing_sha256"].to_list() == [receipt.payload_sha256]
    with pytest.raises(RefusedFile):
        import_news(home, "x.csv", b"x", declaration, received_ns=0)
    assert len(list(receipts(home))) == 1


@settings(max_examples=60)
@given(cells=st.lists(st.text(max_size=20), min_size=5, max_size=5))
def test_any_row_is_an_event_or_a_fault(cells: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', "").replace("\r", "").replace("\n", "") + '"' for cell in cells)
    payload = lines(LOCAL_HEADER, quoted, "2024-05-09,13:30,GBP,Low,Own Rate")
    parsed = read(payload.encode("utf-8", "backslashreplace"), time_zone="UTC")
    assert parsed.frame.filter(pl.col("name") == "Own Rate").height == 1
    assert parsed.frame.height + len(parsed.rejected) == 2
