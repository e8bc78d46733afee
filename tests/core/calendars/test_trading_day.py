"""Trading days by the clock of their zone: days of 23 and 25 hours, skipped midnights, the weekend."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.calendars.trading_day import (
    NS_PER_SECOND,
    TradingDay,
    from_ns,
    iso_utc,
    market_is_closed,
    to_ns,
)

HOUR_NS = 3_600 * NS_PER_SECOND
PRAGUE = TradingDay("Europe/Prague")


def utc(*moment: int) -> int:
    return to_ns(datetime(*moment, tzinfo=UTC))


def last_sunday(year: int, month: int) -> date:
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


@pytest.mark.parametrize("year", range(2017, 2031))
def test_pragues_days_have_23_and_25_hours_when_the_clock_changes(year):
    lengths = {}
    day = date(year, 1, 1)
    while day.year == year:
        lengths[day] = (PRAGUE.start_ns(day + timedelta(days=1)) - PRAGUE.start_ns(day)) // HOUR_NS
        day += timedelta(days=1)
    odd = {day: hours for day, hours in lengths.items() if hours != 24}
    assert odd == {last_sunday(year, 3): 23, last_sunday(year, 10): 25}


def test_the_day_begins_an_hour_earlier_in_utc_in_summer():
    assert PRAGUE.start_ns(date(2017, 3, 26)) == utc(2017, 3, 25, 23)
    assert PRAGUE.start_ns(date(2017, 3, 27)) == utc(2017, 3, 26, 22)
    assert PRAGUE.day_of(utc(2017, 3, 26, 21, 59, 59)) == date(2017, 3, 26)
    assert PRAGUE.day_of(utc(2017, 3, 26, 22)) == date(2017, 3, 27)
    assert PRAGUE.next_reset_ns(utc(2017, 3, 26, 22)) == utc(2017, 3, 27, 22)


def test_a_day_is_counted_to_the_nanosecond():
    start = PRAGUE.start_ns(date(2017, 3, 7))
    assert PRAGUE.day_of(start - 1) == date(2017, 3, 6)
    assert PRAGUE.day_of(start) == date(2017, 3, 7)
    assert PRAGUE.next_reset_ns(start - 1) == start
    assert PRAGUE.next_reset_ns(start) == utc(2017, 3, 7, 23)


moments = st.integers(utc(2010, 1, 1), utc(2035, 12, 31))
zones = st.sampled_from(
    ["Europe/Prague", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "America/Havana", "Pacific/Apia"]
)
resets = st.sampled_from([time(0), time(0, 30), time(2, 30), time(17), time(23, 59)])


@given(moments, zones, resets)
def test_every_instant_lies_in_exactly_the_day_it_is_said_to(ts_ns, zone, reset):
    days = TradingDay(zone, reset)
    day = days.day_of(ts_ns)
    assert days.start_ns(day) <= ts_ns < days.next_reset_ns(ts_ns)
    assert days.next_reset_ns(ts_ns) == days.start_ns(day + timedelta(days=1))
    assert days.day_of(days.next_reset_ns(ts_ns) - 1) == day
    assert days.day_of(days.next_reset_ns(ts_ns)) > day


@given(moments, moments, zones, resets)
def test_a_later_instant_is_never_in_an_earlier_day(one, other, zone, reset):
    days = TradingDay(zone, reset)
    assert days.day_of(min(one, other)) <= days.day_of(max(one, other))


def test_a_reset_in_the_evening_names_the_day_by_its_beginning():
    days = TradingDay("America/New_York", time(17))
    assert days.day_of(utc(2017, 1, 10, 21, 59)) == date(2017, 1, 9)
    assert days.day_of(utc(2017, 1, 10, 22)) == date(2017, 1, 10)
    assert days.day_of(utc(2017, 7, 10, 20, 59)) == date(2017, 7, 9)
    assert days.day_of(utc(2017, 7, 10, 21)) == date(2017, 7, 10)


def test_a_skipped_midnight_begins_at_the_shift():
    """Brazil: on 2017-10-15 the clock went from 23:59:59 straight to 01:00."""
    days = TradingDay("America/Sao_Paulo")
    start = days.start_ns(date(2017, 10, 15))
    assert start == utc(2017, 10, 15, 3)
    assert from_ns(start).astimezone(ZoneInfo("America/Sao_Paulo")).time() == time(1)
    assert days.start_ns(date(2017, 10, 16)) - start == 23 * HOUR_NS
    assert days.day_of(start - 1) == date(2017, 10, 14)


def test_a_skipped_reset_inside_the_night_counts_by_the_offset_before_the_shift():
    days = TradingDay("Europe/Prague", time(2, 30))
    assert days.start_ns(date(2017, 3, 26)) == utc(2017, 3, 26, 1, 30)


def test_a_midnight_that_comes_twice_counts_the_first_time():
    """Cuba: on 2017-11-05 the clock went from 01:00 back to 00:00."""
    days = TradingDay("America/Havana")
    assert days.start_ns(date(2017, 11, 5)) == utc(2017, 11, 5, 4)
    assert days.day_of(utc(2017, 11, 5, 5, 30)) == date(2017, 11, 5)  # 00:30 for the second time
    assert days.next_reset_ns(utc(2017, 11, 5, 4)) == utc(2017, 11, 6, 5)


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        # winter: New York is five hours behind
        ((2017, 1, 20, 21, 59, 59), False),
        ((2017, 1, 20, 22, 0), True),
        ((2017, 1, 21, 12, 0), True),
        ((2017, 1, 22, 21, 59, 59), True),
        ((2017, 1, 22, 22, 0), False),
        # summer: four
        ((2017, 7, 21, 20, 59, 59), False),
        ((2017, 7, 21, 21, 0), True),
        ((2017, 7, 23, 20, 59, 59), True),
        ((2017, 7, 23, 21, 0), False),
        # the weekends on which New York changes its clock
        ((2017, 3, 10, 22, 0), True),
        ((2017, 3, 12, 20, 59, 59), True),
        ((2017, 3, 12, 21, 0), False),
        ((2017, 11, 3, 21, 0), True),
        ((2017, 11, 5, 21, 59, 59), True),
        ((2017, 11, 5, 22, 0), False),
        # the middle of the week, also at its breaks
        ((2017, 1, 19, 22, 0), False),
        ((2017, 1, 16, 0, 0), False),
    ],
)
def test_the_market_is_closed_from_friday_to_sunday_17_in_new_york(moment, closed):
    assert market_is_closed(utc(*moment)) is closed


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        to_ns(datetime(2017, 3, 6))  # noqa: DTZ001


@given(st.datetimes(datetime(1970, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_nanoseconds_and_datetimes_are_exact_both_ways(moment):
    assert from_ns(to_ns(moment)) == moment
    assert to_ns(moment.astimezone(timezone(timedelta(hours=5, minutes=30)))) == to_ns(moment)


def test_times_are_shown_in_utc():
    assert iso_utc(utc(2017, 3, 1, 9, 59)) == "2017-03-01T09:59:00Z"
    assert iso_utc(utc(2017, 3, 1, 9, 59) + 5_000_999) == "2017-03-01T09:59:00.005000Z"
