"""What counts as proof that an order never arrived: rarely anything, and each condition is needed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from metatrader_bench import Heard, a_limit, an_order

from hive_exec.brokers.metatrader.constants import OrderState
from hive_exec.brokers.port import Ambiguous, Unavailable
from hive_exec.simulators.metatrader.faults import Fault, FaultKind
from hive_exec.simulators.metatrader.package import manual


@pytest.fixture
def lost(mt5):
    """An order that was answered with "time-out" and never done; the cursor from before it."""
    cursor = mt5.broker.snapshot().cursor
    mt5.faults(Fault(FaultKind.RETCODE, 10012))
    with pytest.raises(Ambiguous):
        mt5.broker.submit(an_order())
    return cursor


def test_read_whole_and_long_enough_after_absence_is_proven(mt5, lost):
    mt5.wait(301)
    found = mt5.new_broker().look_up(an_order(), lost)
    assert (found.reports, found.is_proof, found.text) == ((), True, "")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda mt5, cursor: (mt5.wait(290), cursor)[1], "under way"),
        (lambda mt5, cursor: (mt5.wait(301), "")[1], "no cursor"),
        (lambda mt5, cursor: (mt5.wait(301), str(int(cursor) + 60))[1], "after the order"),
    ],
)
def test_too_early_or_without_a_cursor_it_is_not(mt5, lost, spoil, why):
    cursor = spoil(mt5, lost)
    found = mt5.broker.look_up(an_order(), cursor)
    assert not found.is_proof
    assert why in found.text


def test_without_a_quote_from_after_it_is_not(mt5, lost):
    mt5.now_ns += 301 * 10**9  # time passes, and no quote comes through
    found = mt5.broker.look_up(an_order(), lost)
    assert not found.is_proof
    assert "no quote" in found.text


def test_beside_an_order_of_nobody_that_looks_like_it_it_is_not(mt5, lost):
    manual(mt5.venue, action=1, symbol="EURUSD.m", volume=Decimal("0.10"), kind=0)
    mt5.wait(301)
    found = mt5.broker.look_up(an_order(), lost)
    assert not found.is_proof
    assert "names nobody" in found.text


@pytest.mark.parametrize("changes", [{"kind": 1}, {"volume": Decimal("0.20")}])
def test_beside_an_order_of_nobody_that_is_another_it_is(mt5, lost, changes):
    manual(mt5.venue, **{"action": 1, "symbol": "EURUSD.m", "volume": Decimal("0.10"), "kind": 0} | changes)
    mt5.wait(301)
    assert mt5.broker.look_up(an_order(), lost).is_proof


def test_beside_an_order_that_is_not_taken_yet_it_is_not(mt5, lost):
    mt5.broker.submit(a_limit(2))
    next(iter(mt5.books.orders.values())).state = OrderState.STARTED
    mt5.wait(301)
    found = mt5.broker.look_up(an_order(), lost)
    assert not found.is_proof
    assert "not taken yet" in found.text


def test_our_own_other_orders_do_not_stand_in_the_way(mt5, lost):
    mt5.broker.submit(an_order(2))
    mt5.wait(301)
    assert mt5.new_broker().look_up(an_order(), lost).is_proof


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣"])
def test_a_cursor_of_another_venue_is_not_read(mt5, cursor):
    with pytest.raises(Unavailable, match="no cursor"):
        mt5.broker.reports_since(cursor)


def test_a_row_that_is_not_understood_is_no_answer(mt5, monkeypatch):
    mt5.broker.submit(an_order())
    rows = mt5.package.positions_get()
    monkeypatch.setattr(mt5.package, "positions_get", lambda: (rows[0]._replace(type=7),))
    for question in (mt5.broker.snapshot, lambda: mt5.broker.reports_since("0")):
        with pytest.raises(Unavailable, match="no documented PositionKind"):
            question()


def test_a_symbol_that_is_not_understood_is_trouble(mt5, monkeypatch):
    row = mt5.package.symbol_info("EURUSD.m")
    for changes in ({"trade_exemode": 9}, {"volume_step": 0.0}, {"digits": 12}, {"point": True}):
        broken = row._replace(**changes)
        monkeypatch.setattr(mt5.package, "symbol_info", lambda _, broken=broken: broken)
        heard = Heard()
        mt5.broker._sink = heard
        with pytest.raises(Exception, match="symbol_info"):
            mt5.broker.submit(an_order())
        assert heard.troubles
    assert mt5.package.sent == []


def test_an_answer_of_order_send_that_is_not_understood_is_ambiguous_and_trouble(mt5, monkeypatch):
    answer = mt5.package.order_send

    def odd(request):
        return answer(request)._replace(retcode="10009")

    monkeypatch.setattr(mt5.package, "order_send", odd)
    mt5.broker._sink = Heard()
    with pytest.raises(Ambiguous, match="whole number"):
        mt5.broker.submit(an_order())
    assert mt5.broker._sink.troubles


def test_books_that_keep_changing_are_not_told(mt5, monkeypatch):
    counted = []

    def restless():
        counted.append(1)
        mt5.broker_rows = rows[: len(counted) % 2]
        return mt5.broker_rows

    mt5.broker.submit(a_limit())
    rows = mt5.package.orders_get()
    monkeypatch.setattr(mt5.package, "orders_get", restless)
    with pytest.raises(Unavailable, match="kept changing"):
        mt5.broker.snapshot()
