"""Requests: duplicates, modifications, cancels, closes and flattening; and netting, part by part."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from venue_bench import SECOND, TUESDAY, VenueBench, an_order, told

from hive_core.backtest.venue.money import equity
from hive_core.backtest.venue.views import snapshot_of
from hive_core.configuration.broker_paper import PaperVenueSettings

D = Decimal


def opened(side: str = "buy", **settings) -> VenueBench:
    bench = VenueBench(PaperVenueSettings(**settings))
    bench.submit(an_order(side=side, stop="1.09000" if side == "buy" else "1.11000"))
    bench.quote("1.10000", "1.10010")
    return bench


def kinds(reports) -> list[tuple[str, str]]:
    return [(report.kind.value, report.reason) for report in reports]


@pytest.mark.parametrize(
    ("rule", "while_it_works", "afterwards"),
    [
        ("always", "rejected", "rejected"),
        ("working", "rejected", "accepted"),  # a filled order does not work: OANDA fills a second one
        ("never", "accepted", "accepted"),
    ],
)
def test_a_second_order_with_an_id(rule, while_it_works, afterwards):
    bench = VenueBench(deduplication=rule)
    bench.submit(an_order())
    assert bench.submit(an_order())[0].kind == while_it_works
    bench.quote("1.10000", "1.10010")
    again = bench.submit(an_order())[0]
    assert again.kind == afterwards
    if afterwards == "rejected":
        assert again.reason == "duplicate_client_order_id"
        assert again.venue_order_id == ""
    else:
        bench.quote("1.10000", "1.10010")
        assert len(bench.book.open) == (2 if rule == "working" else 3)


@pytest.mark.parametrize(
    ("side", "stop", "target", "expected"),
    [
        ("buy", "1.09990", None, "modified"),
        ("buy", "1.10000", None, "stop_too_close"),  # at the bid it would be reached
        ("buy", "1.10005", None, "stop_too_close"),  # inside the spread
        ("buy", None, "1.10001", "modified"),
        ("buy", None, "1.09999", "stop_too_close"),
        ("sell", "1.10020", None, "modified"),
        ("sell", "1.10010", None, "stop_too_close"),
        ("sell", None, "1.10009", "modified"),
        ("sell", None, "1.10011", "stop_too_close"),
    ],
)
def test_levels_are_moved_on_their_own_side_of_the_closing_price(side, stop, target, expected):
    bench = opened(side)
    (report,) = bench.modify(stop=stop, target=target)
    assert (report.reason or report.kind) == expected
    position = bench.book.open[1]
    if expected == "modified":
        assert stop is None or position.stop_loss == D(stop) == report.stop_loss
        assert target is None or position.take_profit == D(target) == report.take_profit
    else:
        assert (position.stop_loss, report.kind) == (
            D("1.09" if side == "buy" else "1.11"),
            "modify_rejected",
        )


@pytest.mark.parametrize(("stop", "expected"), [("1.09950", "modified"), ("1.09951", "stop_too_close")])
def test_the_least_distance_of_a_stop_counts_from_the_closing_price(stop, expected):
    (report,) = opened(minimum_stop_pips=D(5)).modify(stop=stop)
    assert (report.reason or report.kind) == expected


def test_the_least_distance_counts_at_the_submission_and_at_the_price_found():
    settings = PaperVenueSettings(minimum_stop_pips=D(5))
    bench = VenueBench(settings)
    near = {"order_type": "limit", "entry": "1.09000"}
    assert kinds(bench.submit(an_order(1, **near, stop="1.08951"))) == [("rejected", "stop_too_close")]
    assert kinds(bench.submit(an_order(2, **near, target="1.09049"))) == [("rejected", "stop_too_close")]
    assert kinds(bench.submit(an_order(3, **near, stop="1.08950"))) == [("accepted", "")]
    bench.submit(an_order(4, stop="1.09951"))
    bench.submit(an_order(5, stop="1.09950"))
    assert kinds(bench.quote("1.10000", "1.10010")) == [("rejected", "stop_too_close"), ("filled", "market")]


def test_a_moved_stop_is_what_is_reached():
    bench = opened()
    bench.modify(stop="1.09900", target="1.10300")
    assert told(bench.quote("1.09900", "1.09910")) == [("closed", "ord_1", "1.09900", "stop")]


def test_a_working_order_is_modified_from_its_own_entry_and_takes_it_along():
    bench = VenueBench()
    bench.submit(an_order(order_type="limit", entry="1.09000"))
    assert kinds(bench.modify(stop="1.09000")) == [("modify_rejected", "stop_too_close")]
    assert kinds(bench.modify(stop="1.08900")) == [("modified", "")]
    bench.quote("1.08990", "1.09000")
    assert bench.book.open[1].stop_loss == D("1.08900")


def test_nothing_is_modified_without_a_price_to_measure_from():
    bench = VenueBench()
    bench.submit(an_order())
    assert kinds(bench.modify(stop="1.09000")) == [("modify_rejected", "no_fresh_quote")]


def test_what_is_not_there_cannot_be_changed():
    bench = VenueBench()
    assert kinds(bench.modify(stop="1.0")) == [("modify_rejected", "unknown_order")]
    assert kinds(bench.cancel()) == [("cancel_rejected", "unknown_order")]
    assert kinds(bench.close()) == [("modify_rejected", "unknown_order")]
    assert bench.book.last_seq == 3


def test_a_cancelled_order_does_not_fill_and_a_filled_one_is_not_cancelled():
    bench = VenueBench()
    bench.submit(an_order(1, order_type="limit", entry="1.20000"))
    assert kinds(bench.cancel()) == [("cancelled", "cancelled_by_client")]
    assert bench.quote("1.10000", "1.10010") == []
    assert kinds(opened().cancel()) == [("cancel_rejected", "unknown_order")]


def test_a_close_takes_its_lots_once_and_never_more_than_is_open():
    bench = opened()
    bench.close(lots="0.4", request_id="a")
    bench.close(lots="0.4", request_id="a")
    (part,) = bench.quote("1.10010", "1.10020")
    assert (part.lots, part.profit, part.reason) == (D("0.4"), D("0.00"), "closed_by_client")
    assert bench.close(lots="0.4", request_id="a") == []
    assert bench.quote("1.10010", "1.10020") == []
    bench.close(lots="5", request_id="b")
    (rest,) = bench.quote("1.10020", "1.10030")
    assert (rest.lots, rest.profit) == (D("0.6"), D("6.00"))
    assert not bench.book.open


def test_two_closes_before_a_price_add_up():
    bench = opened()
    bench.close(lots="0.3", request_id="a")
    bench.close(lots="0.3", request_id="b")
    assert [report.lots for report in bench.quote("1.10010", "1.10020")] == [D("0.6")]
    assert bench.book.open[1].lots == D("0.4")


def test_a_stop_comes_before_a_close_that_waits_for_its_price():
    bench = opened(latency_ms=60_000)
    assert not bench.book.open  # the order itself is late too
    bench.quote("1.10000", "1.10010", ts_ns=bench.now_ns + 60 * SECOND)
    bench.close()
    assert told(bench.quote("1.08000", "1.08010")) == [("closed", "ord_1", "1.08000", "stop_gap")]


def test_flattening_cancels_at_once_and_closes_at_the_next_price():
    bench = opened()
    bench.submit(an_order(2, order_type="limit", entry="1.05000"))
    bench.close(lots="0.1", request_id="part")
    assert kinds(bench.flatten()) == [("cancelled", "cancelled_by_client")]
    assert bench.flatten() == []
    closed = bench.quote("1.10020", "1.10030")
    assert [(r.lots, r.reason) for r in closed] == [(D(1), "flatten")]


def test_time_alone_expires_orders():
    bench = VenueBench()
    bench.submit(an_order(order_type="limit", entry="1.0", good_till_ns=TUESDAY + 10 * SECOND))
    assert bench.wait(TUESDAY + 10 * SECOND - 1) == []
    assert kinds(bench.wait(TUESDAY + 10 * SECOND)) == [("expired", "good_till_passed")]


def test_a_venue_that_refuses_stops_says_so_and_the_position_has_none():
    bench = VenueBench()
    bench.terms = type(bench.terms)(bench.terms.settings, "USD", D(100_000), attaches_stops=False)
    bench.submit(an_order(stop="1.09000"))
    (filled,) = bench.quote("1.10000", "1.10010")
    assert (filled.has_stop, filled.stop_loss) == (False, None)
    assert snapshot_of(bench.book, bench.terms).positions[0].stop_loss is None
    assert bench.quote("1.00000", "1.00010") == []  # nothing stops it
    assert kinds(bench.modify(stop="0.99000")) == [("modified", "")]
    assert told(bench.quote("0.98000", "0.98010")) == [("closed", "ord_1", "0.98000", "stop_gap")]


# Netting.


def netting() -> VenueBench:
    return VenueBench(PaperVenueSettings(is_hedging=False))


def test_an_opposite_order_reduces_the_oldest_part_first_and_opens_only_the_rest():
    bench = netting()
    for number, lots in [(1, "0.5"), (2, "0.4")]:
        bench.submit(an_order(number, lots=lots))
    bench.quote("1.10000", "1.10000")
    bench.submit(an_order(3, side="sell", lots="0.7"))
    reports = bench.quote("1.10100", "1.10100")
    assert [(r.kind.value, r.client_order_id, r.lots, r.profit) for r in reports] == [
        ("filled", "ord_3", D("0.7"), None),
        ("closed", "ord_1", D("0.5"), D("50.00")),
        ("closed", "ord_3", D("0.5"), D("0.00")),
        ("closed", "ord_2", D("0.2"), D("20.00")),
        ("closed", "ord_3", D("0.2"), D("0.00")),
    ]
    (position,) = snapshot_of(bench.book, bench.terms).positions
    assert (position.side, position.lots, position.client_order_id) == ("buy", D("0.2"), "ord_2")
    bench.submit(an_order(4, side="sell", lots="0.5"))
    bench.quote("1.10200", "1.10200")
    (position,) = snapshot_of(bench.book, bench.terms).positions
    assert (position.side, position.lots, position.entry) == ("sell", D("0.3"), D("1.10200"))


def test_each_part_of_a_netting_position_keeps_its_own_bracket():
    bench = netting()
    bench.submit(an_order(1, lots="0.5", stop="1.09000", target="1.12000"))
    bench.submit(an_order(2, lots="0.5", stop="1.08000", target="1.13000"))
    bench.quote("1.10000", "1.10000")
    (position,) = snapshot_of(bench.book, bench.terms).positions
    # Parts with different stops cannot be told as one.
    assert (position.lots, position.stop_loss, position.client_order_id) == (D("1.0"), None, "")
    assert told(bench.quote("1.08500", "1.08500")) == [("closed", "ord_1", "1.08500", "stop_gap")]
    assert told(bench.quote("1.13000", "1.13000")) == [("closed", "ord_2", "1.13000", "target")]


def test_netting_pays_commission_once_an_execution():
    bench = VenueBench(PaperVenueSettings(is_hedging=False, commission_per_lot=D(2)))
    bench.submit(an_order(1))
    bench.submit(an_order(2, side="sell"))
    reports = bench.quote("1.10000", "1.10000")
    assert sum(report.commission for report in reports) == 4
    assert bench.book.balance == D(99_996)


trades = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 300).map(lambda cents: str(D(cents) / 100)),
        st.integers(-400, 400).map(lambda ticks: D("1.10000") + ticks * D("0.00001")),
    ),
    min_size=1,
    max_size=25,
)


@given(trades)
def test_without_costs_netting_and_hedging_are_worth_the_same_at_every_price(deals):
    netted, hedged = netting(), VenueBench()
    for number, (side, lots, price) in enumerate(deals, start=1):
        for bench in (netted, hedged):
            bench.submit(an_order(number, side=side, lots=lots))
            bench.quote(str(price), str(price))
            assert len({held.order.side for held in netted.book.open.values()}) <= 1
        assert equity(netted.book, netted.terms) == equity(hedged.book, hedged.terms)
    for bench in (netted, hedged):
        bench.flatten()
        bench.quote("1.10777", "1.10777")
        assert not bench.book.open
    assert netted.book.balance == hedged.book.balance
