"""Spread, slippage, latency, liquidity and commission, each by figures computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from venue_bench import SECOND, TUESDAY, VenueBench, an_order, told

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.broker_paper import (
    MaintenanceWindow,
    PaperVenueSettings,
    Slippage,
    Spread,
    SpreadHour,
)

D = Decimal


def bar(opened: str, high: str, low: str, close: str, spread: str = "0.00010") -> BarPrices[Decimal]:
    bids = [D(price) for price in (opened, high, low, close)]
    return BarPrices(*bids, *(bid + D(spread) for bid in bids))


# Spread: EURUSD has a pip of 0.0001 and a tick of 0.00001. 1.5 pips are 7.5 ticks on each side, so 8.


@pytest.mark.parametrize(
    ("added", "side", "expected"),
    [
        ("0", "buy", "1.10010"),
        ("1", "buy", "1.10015"),
        ("1.5", "buy", "1.10018"),
        ("1", "sell", "1.09995"),
        ("1.5", "sell", "1.09992"),
    ],
)
def test_the_added_spread_is_half_on_each_side_rounded_against_the_trader(added, side, expected):
    bench = VenueBench(PaperVenueSettings(spread=Spread(added_pips=D(added))))
    bench.submit(an_order(side=side))
    assert told(bench.quote("1.10000", "1.10010")) == [("filled", "ord_1", expected, "market")]


def test_an_hour_of_new_york_s_week_has_a_spread_of_its_own():
    """Tuesday 17:00 in New York is hour 41 of the week; in winter that is 22:00 UTC, in summer 21:00."""
    hours = (SpreadHour(hour_of_week=24 + 17, added_pips=D(10)),)
    settings = PaperVenueSettings(spread=Spread(added_pips=D(1), hours=hours))
    for month, utc_hour, expected in [(1, 22, "1.10060"), (1, 21, "1.10015"), (7, 21, "1.10060")]:
        moment = to_ns(datetime(2024, month, 9, utc_hour, 30, tzinfo=UTC))
        bench = VenueBench(settings, start_ns=moment - SECOND)
        bench.submit(an_order(), ts_ns=moment - SECOND)
        assert told(bench.quote("1.10000", "1.10010", ts_ns=moment)) == [
            ("filled", "ord_1", expected, "market")
        ]


def test_a_wider_spread_reaches_stops_earlier_and_targets_later():
    settings = PaperVenueSettings(spread=Spread(added_pips=D(4)))
    for extra, kinds in [("1.09981", []), ("1.09980", []), ("1.10020", ["closed"])]:
        bench = VenueBench(settings)
        bench.submit(an_order(side="sell", stop="1.10050", target="1.09000"))
        bench.quote("1.10000", "1.10010")
        # The ask is 1.10030 with the added spread at the third price: 1.10020 + 0.00010 + 0.00020.
        assert [kind for kind, *_ in told(bench.quote(extra, str(D(extra) + D("0.00010"))))] == kinds


# Slippage.


@pytest.mark.parametrize(
    ("slippage", "expected"),
    [
        (Slippage(fixed_pips=D("0.7")), "1.10017"),
        (Slippage(share_of_spread=D("0.5")), "1.10015"),  # half of one pip
        (Slippage(fixed_pips=D("0.05")), "1.10011"),  # half a tick is a tick
        (Slippage(fixed_pips=D("0.7"), share_of_spread=D("0.5")), "1.10022"),
    ],
)
def test_a_market_order_slips_by_the_declared_amount(slippage, expected):
    bench = VenueBench(PaperVenueSettings(slippage=slippage))
    bench.submit(an_order())
    assert told(bench.quote("1.10000", "1.10010"))[0][2] == expected


def test_stops_slip_and_limits_and_targets_do_not():
    settings = PaperVenueSettings(slippage=Slippage(fixed_pips=D(1)))
    bench = VenueBench(settings)
    bench.submit(an_order(1, order_type="limit", entry="1.09900", target="1.10200"))
    bench.submit(an_order(2, order_type="stop", entry="1.10100", stop="1.09800"))
    opened = bench.now_ns + SECOND
    assert told(bench.bar(bar("1.10000", "1.10150", "1.09880", "1.10000"), opened, opened + 60 * SECOND)) == [
        ("filled", "ord_1", "1.09900", "limit"),
        ("filled", "ord_2", "1.10110", "stop"),
    ]
    assert told(bench.quote("1.10250", "1.10260")) == [("closed", "ord_1", "1.10200", "target")]
    assert told(bench.quote("1.09750", "1.09760")) == [("closed", "ord_2", "1.09740", "stop_gap")]


def test_a_slipped_stop_inside_a_bar_is_worse_than_its_price():
    bench = VenueBench(PaperVenueSettings(slippage=Slippage(fixed_pips=D(2))))
    bench.submit(an_order(side="sell", stop="1.10100"))
    bench.quote("1.10000", "1.10010")
    opened = bench.now_ns
    (closed,) = bench.bar(bar("1.10000", "1.10200", "1.09990", "1.10000"), opened, opened + 60 * SECOND)
    assert (closed.price, closed.reason) == (D("1.10120"), "stop")
    assert closed.profit == D("-140.00")  # sold at 1.09980, 2 pips worse, and bought back 14 pips higher


def test_slippage_beyond_the_bound_of_the_order_is_refused():
    settings = PaperVenueSettings(slippage=Slippage(fixed_pips=D(3)))
    bench = VenueBench(settings)
    bench.submit(an_order(1, bound="1.10039"))
    bench.submit(an_order(2, order_type="stop", entry="1.10100", bound="1.10129"))
    assert told(bench.quote("1.10000", "1.10010")) == [("rejected", "ord_1", None, "price_beyond_bound")]
    opened = bench.now_ns
    reports = bench.bar(bar("1.10000", "1.10150", "1.09990", "1.10000"), opened, opened + 60 * SECOND)
    assert told(reports) == [("rejected", "ord_2", None, "price_beyond_bound")]


@given(st.integers(0, 2**32), st.sampled_from(["buy", "sell"]))
def test_random_slippage_is_the_seed_s_never_for_the_trader_and_within_its_bound(seed, side):
    settings = PaperVenueSettings(slippage=Slippage(random_pips=D(2)), seed=seed)
    prices = []
    for _ in range(2):
        bench = VenueBench(settings)
        bench.submit(an_order(side=side))
        prices.append(bench.quote("1.10000", "1.10010")[0].price)
    assert prices[0] == prices[1]
    worse = prices[0] - D("1.10010") if side == "buy" else D("1.10000") - prices[0]
    assert 0 <= worse <= D("0.00020")


def test_other_seeds_and_other_executions_slip_otherwise():
    def fills(seed):
        settings = PaperVenueSettings(slippage=Slippage(random_pips=D(20)), seed=seed)
        bench = VenueBench(settings)
        for number in range(1, 9):
            bench.submit(an_order(number))
        return [report.price for report in bench.quote("1.10000", "1.10010")]

    assert len(set(fills(1))) > 4
    assert fills(1) != fills(2)


# Latency.


def test_no_quote_before_the_latency_is_over_fills_and_good_till_still_counts():
    settings = PaperVenueSettings(latency_ms=2_000)
    bench = VenueBench(settings)
    bench.submit(an_order(1), ts_ns=TUESDAY)
    bench.submit(an_order(2, good_till_ns=TUESDAY + 1 * SECOND), ts_ns=TUESDAY)
    assert told(bench.quote("1.1", "1.1001", ts_ns=TUESDAY + SECOND)) == [
        ("expired", "ord_2", None, "good_till_passed")
    ]
    assert bench.quote("1.1", "1.1001", ts_ns=TUESDAY + 2 * SECOND - 1) == []
    assert told(bench.quote("1.2", "1.2001", ts_ns=TUESDAY + 2 * SECOND)) == [
        ("filled", "ord_1", "1.2001", "market")
    ]
    bench.close()
    asked = bench.now_ns
    assert bench.quote("1.3", "1.3001", ts_ns=asked + 2 * SECOND - 1) == []
    assert told(bench.quote("1.3", "1.3001", ts_ns=asked + 2 * SECOND)) == [
        ("closed", "ord_1", "1.3", "closed_by_client")
    ]


def test_a_bar_that_opened_before_a_late_order_arrived_does_not_fill_it():
    bench = VenueBench(PaperVenueSettings(latency_ms=2_000))
    bench.submit(an_order(order_type="limit", entry="1.09900", submitted_ns=TUESDAY), ts_ns=TUESDAY)
    prices = bar("1.10000", "1.10000", "1.09000", "1.10000")
    assert bench.bar(prices, TUESDAY + SECOND, TUESDAY + 60 * SECOND) == []
    assert bench.bar(prices, TUESDAY + 2 * SECOND, TUESDAY + 61 * SECOND)[0].price == D("1.09900")


@given(st.integers(0, 2**32))
def test_random_latency_is_the_seed_s_and_within_its_bound(seed):
    settings = PaperVenueSettings(latency_ms=100, latency_random_ms=400, seed=seed)
    delays = set()
    for _ in range(2):
        bench = VenueBench(settings)
        bench.submit(an_order())
        delays.add(bench.book.working[1].latency_ns)
    (delay,) = delays
    assert 100_000_000 <= delay <= 500_000_000


# Liquidity.


def test_a_quote_fills_what_it_has_in_the_order_of_arrival_and_the_rest_works_on():
    bench = VenueBench(PaperVenueSettings(liquidity_lots=D("0.5")))
    for number, lots in [(1, "0.3"), (2, "0.9")]:
        bench.submit(an_order(number, order_type="limit", entry="1.20000", lots=lots))
    first = bench.quote("1.10000", "1.10010")
    assert [(r.client_order_id, r.lots) for r in first] == [("ord_1", D("0.3")), ("ord_2", D("0.2"))]
    second = bench.quote("1.10100", "1.10110")
    third = bench.quote("1.10200", "1.10210")
    assert [(r.lots, r.price) for r in [*second, *third]] == [
        (D("0.5"), D("1.10110")),
        (D("0.2"), D("1.10210")),
    ]
    assert bench.quote("1.10300", "1.10310") == []
    position = bench.book.open[2]
    assert position.lots == D("0.9")
    assert position.entry == D("1.10110")  # (0.2 x 1.10010 + 0.5 x 1.10110 + 0.2 x 1.10210) / 0.9


def test_a_market_order_takes_what_there_is_and_the_rest_is_cancelled():
    bench = VenueBench(PaperVenueSettings(liquidity_lots=D("0.5")))
    bench.submit(an_order(1, lots="0.8"))
    bench.submit(an_order(2, lots="0.1"))
    reports = bench.quote("1.10000", "1.10010")
    assert [(r.kind.value, r.client_order_id, r.lots, r.reason) for r in reports] == [
        ("filled", "ord_1", D("0.5"), "market"),
        ("cancelled", "ord_1", D("0.3"), "no_liquidity"),
        ("cancelled", "ord_2", D("0.1"), "no_liquidity"),
    ]
    # Both sides have their own: a sell in the same quote would have been filled.
    bench.submit(an_order(3, side="sell", lots="0.5"))
    bench.submit(an_order(4, side="buy", lots="0.5"))
    assert [r.kind.value for r in bench.quote("1.10000", "1.10010")] == ["filled", "filled"]


def test_a_stop_that_is_reached_goes_at_the_market_price_by_price():
    bench = VenueBench(PaperVenueSettings(liquidity_lots=D("0.4")))
    bench.submit(an_order(order_type="limit", entry="1.2", lots="1", stop="1.09000"))
    for _ in range(3):
        bench.quote("1.10000", "1.10010")
    assert bench.book.open[1].lots == D("1")
    first = bench.quote("1.08900", "1.08910")
    back = bench.quote("1.10000", "1.10010")  # the price came back: too late, the stop was reached
    last = bench.quote("1.10100", "1.10110")
    assert [(r.lots, r.price, r.reason) for r in [*first, *back, *last]] == [
        (D("0.4"), D("1.08900"), "stop_gap"),
        (D("0.4"), D("1.10000"), "stop_gap"),
        (D("0.2"), D("1.10100"), "stop_gap"),
    ]
    assert not bench.book.open


def test_an_entry_stop_that_was_reached_fills_its_rest_at_the_market():
    bench = VenueBench(PaperVenueSettings(liquidity_lots=D("0.6")))
    bench.submit(an_order(order_type="stop", entry="1.10100", lots="1"))
    assert bench.quote("1.10000", "1.10010") == []
    assert [r.lots for r in bench.quote("1.10100", "1.10110")] == [D("0.6")]
    (rest,) = bench.quote("1.10000", "1.10010")  # back below the entry
    assert (rest.lots, rest.price) == (D("0.4"), D("1.10010"))


def test_what_still_works_of_an_entry_ends_with_its_position():
    bench = VenueBench(PaperVenueSettings(liquidity_lots=D("0.6")))
    bench.submit(an_order(order_type="limit", entry="1.20000", lots="1", stop="1.09000"))
    bench.quote("1.10000", "1.10010")
    assert told(bench.quote("1.08000", "1.08010")) == [
        ("cancelled", "ord_1", None, "position_closed"),
        ("closed", "ord_1", "1.08000", "stop_gap"),
    ]


# Commission.


def test_commission_is_charged_on_each_side_of_a_trade():
    bench = VenueBench(PaperVenueSettings(commission_per_lot=D("3.50")))
    bench.submit(an_order(lots="0.30"))
    (filled,) = bench.quote("1.10000", "1.10010")
    bench.close()
    (closed,) = bench.quote("1.10110", "1.10120")
    assert (filled.commission, closed.commission) == (D("1.05"), D("1.05"))
    assert closed.profit == D("30.00")  # 10 pips of 0.30 lots at 10 dollars a pip and lot
    assert bench.book.balance == D("100027.90")


# Weekend and maintenance.


def test_the_weekend_fills_nothing_where_it_is_kept():
    friday = to_ns(datetime(2024, 5, 10, 20, 59, 59, tzinfo=UTC))  # 16:59:59 in New York
    sunday = to_ns(datetime(2024, 5, 12, 21, 0, tzinfo=UTC))
    settings = PaperVenueSettings(closes_at_weekends=True)
    bench = VenueBench(settings, start_ns=friday)
    bench.submit(an_order(1), ts_ns=friday)
    assert bench.quote("1.1", "1.1001", ts_ns=friday + SECOND) == []
    assert bench.quote("1.1", "1.1001", ts_ns=sunday - 1) == []
    assert told(bench.quote("1.2", "1.2001", ts_ns=sunday)) == [("filled", "ord_1", "1.2001", "market")]
    crypto = VenueBench(settings, start_ns=friday)
    crypto.submit(an_order(1, symbol="BTCUSD", stop="1", target="900000", bound="800000"), ts_ns=friday)
    quoted = crypto.quote("60000", "60010", symbol="BTCUSD", ts_ns=sunday - 1)
    assert told(quoted) == [("filled", "ord_1", "60010", "market")]


def test_a_maintenance_window_refuses_and_fills_nothing():
    """Tuesday 17:00 to 17:05 in New York."""
    window = MaintenanceWindow(weekday="tuesday", begins="17:00", minutes=5)
    begins = to_ns(datetime(2024, 5, 7, 21, 0, tzinfo=UTC))
    bench = VenueBench(PaperVenueSettings(maintenance=(window,)), start_ns=begins - 5 * SECOND)
    bench.submit(an_order(1, order_type="limit", entry="1.00000"), ts_ns=begins - 2 * SECOND)
    bench.submit(an_order(2), ts_ns=begins - SECOND)
    assert bench.quote("1.10000", "1.10010", ts_ns=begins) == []
    refused = [bench.submit(an_order(3)), bench.cancel(1), bench.modify(1, stop="0.90000")]
    assert [(r.kind.value, r.reason) for (r,) in refused] == [
        ("rejected", "maintenance"),
        ("cancel_rejected", "maintenance"),
        ("modify_rejected", "maintenance"),
    ]
    assert told(bench.quote("1.20000", "1.20010", ts_ns=begins + 300 * SECOND)) == [
        ("filled", "ord_2", "1.20010", "market")
    ]


def test_a_window_may_run_over_the_end_of_the_week():
    window = MaintenanceWindow(weekday="sunday", begins="23:50", minutes=20)
    last, first = 7 * 24 * 60 - 1, 9
    assert window.holds(last)
    assert window.holds(first)
    assert not window.holds(10)
    assert not window.holds(7 * 24 * 60 - 11)
