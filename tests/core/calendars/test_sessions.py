"""Sessions follow each city's own clock, through both daylight-saving changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.calendars.sessions import market_closed_at, session_of
from hive_core.calendars.trading_day import market_is_closed, to_ns


def session_at(*moment: int) -> str:
    frame = pl.DataFrame({"at": [datetime(*moment, tzinfo=UTC)]})
    return frame.select(session_of(pl.col("at"))).item()


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ((2017, 1, 18, 3, 0), "tokyo"),
        ((2017, 1, 18, 7, 59), "tokyo"),
        ((2017, 1, 18, 8, 0), "london"),
        ((2017, 1, 18, 12, 59), "london"),
        ((2017, 1, 18, 13, 0), "overlap"),
        ((2017, 1, 18, 17, 0), "new_york"),
        ((2017, 1, 18, 22, 30), "between"),
        ((2017, 1, 21, 12, 0), "closed"),
    ],
)
def test_a_winter_day_passes_through_every_session(moment: tuple[int, ...], session: str) -> None:
    assert session_at(*moment) == session


def test_london_opens_an_hour_earlier_in_utc_in_summer() -> None:
    assert session_at(2017, 7, 19, 7, 0) == "london"
    assert session_at(2017, 1, 18, 7, 0) == "tokyo"


def test_the_overlap_moves_in_the_weeks_when_only_new_york_has_changed_its_clock() -> None:
    # New York changed on 2017-03-12, London on 2017-03-26.
    assert session_at(2017, 3, 10, 12, 30) == "london"
    assert session_at(2017, 3, 15, 12, 30) == "overlap"
    assert session_at(2017, 3, 29, 12, 30) == "overlap"
    assert session_at(2017, 3, 29, 16, 30) == "new_york"


def test_an_unknown_moment_has_no_session() -> None:
    frame = pl.DataFrame({"at": [None]}, schema={"at": pl.Datetime("us", "UTC")})
    assert frame.select(session_of(pl.col("at"))).item() is None


@given(st.integers(0, 40 * 366 * 24 * 4))
def test_the_weekend_is_the_same_as_the_daemons(quarters: int) -> None:
    moment = datetime(1999, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarters)
    frame = pl.DataFrame({"at": [moment]})
    assert frame.select(market_closed_at(pl.col("at"))).item() == market_is_closed(to_ns(moment))
