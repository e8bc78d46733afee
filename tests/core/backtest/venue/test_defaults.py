"""Without settings the venue fills exactly by the plain rules, on any stream of orders and prices."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from venue_bench import SECOND, TUESDAY, PlainVenue, VenueBench, an_order, told

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue.inputs import BarRanged, Flatten, Quoted, Submit

TICKS = st.integers(0, 40)


def price(ticks: int) -> Decimal:
    return Decimal("1.10000") + Decimal(ticks) * Decimal("0.00010")


@st.composite
def brackets(draw, number: int, now_ns: int):
    side = draw(st.sampled_from(["buy", "sell"]))
    order_type = draw(st.sampled_from(["market", "limit", "stop"]))
    ticks = draw(TICKS)
    room = draw(st.integers(1, 15)), draw(st.integers(1, 15))
    sign = 1 if side == "buy" else -1
    return an_order(
        number,
        side=side,
        order_type=order_type,
        symbol=draw(st.sampled_from(["EURUSD", "GBPUSD"])),
        entry=None if order_type == "market" else str(price(ticks)),
        stop=str(price(ticks - sign * room[0])),
        target=str(price(ticks + sign * room[1])),
        bound=str(price(ticks + sign * draw(st.integers(0, 8)))),
        submitted_ns=now_ns - draw(st.integers(0, 2)),
        good_till_ns=now_ns + draw(st.integers(1, 40)),
    )


@st.composite
def streams(draw):
    now_ns, given, opened = TUESDAY, [], TUESDAY
    for number in range(draw(st.integers(1, 40))):
        now_ns += draw(st.integers(0, 3))
        symbol = draw(st.sampled_from(["EURUSD", "GBPUSD"]))
        kind = draw(st.sampled_from(["submit", "submit", "quote", "quote", "bar", "bar", "flatten"]))
        spread = draw(st.integers(0, 3))
        if kind == "submit":
            given.append(Submit((now_ns, 3, f"{number}"), draw(brackets(number, now_ns))))
        elif kind == "flatten":
            given.append(Flatten((now_ns, 3, f"{number}")))
        elif kind == "quote":
            ticks = draw(TICKS)
            given.append(Quoted((now_ns, 4, symbol), symbol, price(ticks), price(ticks + spread)))
        else:
            low, high = sorted((draw(TICKS), draw(TICKS)))
            start, end = (draw(st.integers(low, high)) for _ in range(2))
            bid = [price(ticks) for ticks in (start, high, low, end)]
            ask = [price(ticks + spread) for ticks in (start, high, low, end)]
            given.append(BarRanged((now_ns, 0, symbol), symbol, BarPrices(*bid, *ask), opened))
            opened = now_ns
    return given


@settings(max_examples=400, deadline=None)
@given(streams())
def test_the_defaults_are_the_plain_rules(stream):
    bench, plain = VenueBench(currency=None), PlainVenue()
    said = []
    for given_input in stream:
        said += told(bench.give(given_input))
        plain.give(given_input)
        assert said == plain.said
        assert bench.book.instant == plain.position
    assert {held.order.client_order_id for held in bench.book.open.values()} == {
        order.client_order_id for order in plain.open
    }


def test_without_a_currency_reports_tell_no_money_and_whole_lots():
    bench = VenueBench(currency=None)
    bench.submit(an_order(lots="0.30"))
    (filled,) = bench.quote("1.10000", "1.10010")
    bench.close()
    (closed,) = bench.quote("1.10100", "1.10110")
    assert (filled.price, filled.lots, filled.commission) == (Decimal("1.10010"), Decimal("0.30"), None)
    assert (closed.price, closed.profit, closed.swap) == (Decimal("1.10100"), None, None)
    assert bench.book.balance is None


def test_a_price_that_was_seen_before_changes_nothing():
    bench = VenueBench(currency=None)
    bench.quote("1.10000", "1.10010")
    bench.submit(an_order())
    assert bench.quote("1.10000", "1.10010", ts_ns=TUESDAY + SECOND) == []
    assert told(bench.quote("1.10000", "1.10010", ts_ns=TUESDAY + 9 * SECOND)) == [
        ("filled", "ord_1", "1.10010", "market")
    ]
