"""Swap by figures computed by hand: days, triples, units, and both changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from venue_bench import SECOND, VenueBench, an_order

from hive_core.backtest.venue.facts import SwapBooked
from hive_core.backtest.venue.swap import rollovers
from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.broker_paper import PaperVenueSettings, SwapRate

D = Decimal


def utc(*when: int) -> int:
    return to_ns(datetime(*when, tzinfo=UTC))


def holding(rate: SwapRate, *, opened: int, side: str = "buy", lots: str = "1", symbol: str = "EURUSD"):
    bench = VenueBench(PaperVenueSettings(swap=(rate,)), start_ns=opened - 9 * SECOND)
    bench.rate("USD", "1.08")
    bench.rate("JPY", "162")
    bench.submit(an_order(side=side, lots=lots, symbol=symbol), ts_ns=opened)
    prices = ("150.000", "150.010") if symbol == "USDJPY" else ("1.08000", "1.08010")
    bench.quote(*prices, symbol=symbol, ts_ns=opened + SECOND)
    return bench


def booked(bench) -> list[Decimal]:
    return [fact.amount for fact in bench.facts if isinstance(fact, SwapBooked)]


def test_a_week_costs_seven_days_with_three_on_wednesday():
    """-7.2 points of 0.00001 on 100,000 units are 7.20 dollars a lot and day."""
    bench = holding(SwapRate(symbol="EURUSD", long=D("-7.2"), short=D(1)), opened=utc(2024, 5, 6, 12))
    bench.wait(utc(2024, 5, 13, 12))
    assert booked(bench) == [D("-7.20"), D("-7.20"), D("-21.60"), D("-7.20"), D("-7.20")]
    assert bench.book.open[1].swap == D("-50.40")
    assert bench.book.balance == D(100_000)  # settled when the position closes
    bench.close()
    (closed,) = bench.quote("1.08010", "1.08020")
    assert (closed.swap, closed.profit) == (D("50.40"), D("0.00"))  # a cost is positive
    assert bench.book.balance == D("99949.60")


@pytest.mark.parametrize(
    ("side", "unit", "expected"),
    [
        ("buy", "points", "-3.60"),
        ("sell", "points", "0.75"),
        ("buy", "money", "-3.60"),
        ("sell", "money", "0.75"),
    ],
)
def test_side_lots_and_unit_count(side, unit, expected):
    rate = SwapRate(symbol="EURUSD", long=D("-7.2"), short=D("1.5"), unit=unit)
    bench = holding(rate, opened=utc(2024, 5, 6, 12), side=side, lots="0.5")
    bench.wait(utc(2024, 5, 6, 21))
    assert booked(bench) == [D(expected)]


def test_points_of_a_yen_pair_are_converted():
    """10 points of 0.001 on 100,000 units are 1,000 yen; at 162 / 1.08 = 150 yen a dollar that is 6.67."""
    bench = holding(
        SwapRate(symbol="USDJPY", long=D(10), short=D(-10)), opened=utc(2024, 5, 6, 12), symbol="USDJPY"
    )
    bench.wait(utc(2024, 5, 6, 21))
    assert booked(bench) == [D("6.67")]


@pytest.mark.parametrize(
    ("triple_on", "expected"),
    [("friday", [1, 1, 1, 1, 3]), (None, [1, 1, 1, 1, 1, 1, 1]), ("wednesday", [1, 1, 3, 1, 1])],
)
def test_the_weekend_is_charged_on_the_day_of_the_instrument(triple_on, expected):
    rate = SwapRate(symbol="EURUSD", long=D(-1), short=D(0), unit="money", triple_on=triple_on)
    bench = holding(rate, opened=utc(2024, 5, 6, 12))
    bench.wait(utc(2024, 5, 13, 12))
    assert booked(bench) == [D(-days).quantize(D("0.01")) for days in expected]


def test_only_what_is_open_at_the_rollover_is_charged():
    rate = SwapRate(symbol="EURUSD", long=D(-1), short=D(0), unit="money")
    bench = holding(rate, opened=utc(2024, 5, 6, 21))  # filled a second after the rollover of Monday
    bench.wait(utc(2024, 5, 7, 20, 59))
    assert booked(bench) == []
    bench.close()
    bench.quote("1.08000", "1.08010", ts_ns=utc(2024, 5, 7, 20, 59, 59))
    bench.wait(utc(2024, 5, 9, 0))
    assert booked(bench) == []


@pytest.mark.parametrize(
    ("after", "until", "expected"),
    [
        # New York's clock goes forward on 10 March 2024, Europe's on the 31st: 21:00 UTC already.
        (utc(2024, 3, 7, 23), utc(2024, 3, 8, 22), [(date(2024, 3, 8), utc(2024, 3, 8, 22))]),
        (utc(2024, 3, 10, 22), utc(2024, 3, 11, 21), [(date(2024, 3, 11), utc(2024, 3, 11, 21))]),
        (utc(2024, 3, 11, 21), utc(2024, 3, 12, 20, 59), []),
        # Europe's goes back on 27 October, New York's on 3 November: 21:00 UTC still, then 22:00.
        (utc(2024, 10, 27, 22), utc(2024, 10, 28, 21), [(date(2024, 10, 28), utc(2024, 10, 28, 21))]),
        (utc(2024, 11, 3, 23), utc(2024, 11, 4, 21, 59), []),
        (utc(2024, 11, 3, 23), utc(2024, 11, 4, 22), [(date(2024, 11, 4), utc(2024, 11, 4, 22))]),
    ],
)
def test_the_rollover_keeps_new_york_s_clock(after, until, expected):
    assert list(rollovers(after, until)) == expected


@pytest.mark.parametrize("monday", [(2024, 3, 4), (2024, 3, 11), (2024, 10, 28), (2024, 11, 4)])
def test_a_week_in_which_the_clocks_differ_costs_seven_days_too(monday):
    rate = SwapRate(symbol="EURUSD", long=D(-1), short=D(0), unit="money")
    bench = holding(rate, opened=utc(*monday, 12))
    bench.wait(utc(*monday, 12) + 7 * 86_400 * SECOND)
    assert sum(booked(bench)) == -7


def test_a_part_that_closes_settles_its_part_and_nothing_is_lost():
    rate = SwapRate(symbol="EURUSD", long=D("-1.00"), short=D(0), unit="money")
    bench = holding(rate, opened=utc(2024, 5, 6, 12), lots="0.03")
    for day in (7, 8):
        bench.wait(utc(2024, 5, day, 12))
    settled = []
    for number in range(3):
        bench.close(lots="0.01", request_id=f"part-{number}")
        settled += [report.swap for report in bench.quote("1.08000", "1.08010")]
    assert settled == [D("0.02"), D("0.02"), D("0.02")]
    assert sum(settled) == -sum(booked(bench))
