"""Two real calendars, with the defects that they have. Needs HIVE_REAL_DATA."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hive_core.calendars.news_file import NewsDeclaration, ParsedNews, parse_news_file
from hive_core.calendars.trading_day import to_ns
from hive_core.contracts.rejection import RefusedFile

REAL_DATA = os.environ.get("HIVE_REAL_DATA")

pytestmark = pytest.mark.skipif(
    REAL_DATA is None, reason="HIVE_REAL_DATA is not set to a folder of real calendars"
)

RECEIVED_NS = to_ns(datetime(2026, 6, 1, tzinfo=UTC))


def read(name: str, **declared: Any) -> ParsedNews:
    declaration = NewsDeclaration.model_validate({"format": "csv", **declared})
    payload = Path(str(REAL_DATA), "calendar", name).read_bytes()
    return parse_news_file(payload, declaration, landing_sha256="0" * 64, received_ns=RECEIVED_NS)


def reasons(parsed: ParsedNews) -> Counter[str]:
    return Counter(fault.reason.split(":")[0] for fault in parsed.rejected)


def test_the_point_in_time_calendar_is_read_but_for_results_before_their_events() -> None:
    parsed = read("events_2023-08_2025-12.csv.gz")
    assert (parsed.facts["rows"], parsed.facts["high_impact"], parsed.facts["currencies"]) == (
        42_461,
        1_788,
        18,
    )
    assert reasons(parsed) == {"its result was seen before it happened": 76}
    payrolls = parsed.frame.filter(
        pl.col("name") == "Nonfarm Payrolls (Jun)", pl.col("ts_event").dt.year() == 2024
    )
    assert payrolls["ts_event"].to_list() == [datetime(2024, 7, 5, 12, 30, tzinfo=UTC)]


def test_the_calendar_as_it_was_scraped_needs_its_own_clock() -> None:
    name = "events_raw_as_seen_2025H2.csv.gz"
    parsed = read(name, time_zone="Europe/London")
    assert parsed.facts["rows"] == 8_818
    assert reasons(parsed) == {
        "a countdown, not a time": 7_398,
        "first seen more than a day after it happened": 592,
        "its result was seen before it happened": 8,
        "no time of day is set": 4,
    }
    with pytest.raises(RefusedFile, match="the declared time zone UTC cannot be right: 3936 of 7212 results"):
        read(name, time_zone="UTC")


def test_events_that_both_calendars_have_stand_at_the_same_time() -> None:
    clean, raw = (
        frame.filter(pl.col("impact") == "high").select("event_id", "currency", "name")
        for frame in (
            read("events_2023-08_2025-12.csv.gz").frame.filter(
                pl.col("ts_event") >= datetime(2025, 7, 1, tzinfo=UTC)
            ),
            read("events_raw_as_seen_2025H2.csv.gz", time_zone="Europe/London").frame,
        )
    )
    shared = raw.join(clean, on="event_id", how="semi").height
    assert shared / raw.height > 0.9
