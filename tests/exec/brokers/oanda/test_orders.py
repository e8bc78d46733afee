"""Orders through the adapter to the simulated venue: what is sent, what comes back, what the books say."""

from __future__ import annotations

from decimal import Decimal

import pytest
from oanda_bench import ACCOUNT, OandaBench, limit_order, order

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.port import Ambiguous, NotSent

ACCEPTED, FILLED, CLOSED = ReportKind.ACCEPTED, ReportKind.FILLED, ReportKind.CLOSED


def kinds(reports):
    return [one.kind for one in reports]


def test_a_market_order_is_filled_with_stop_and_target_in_the_one_request(bench):
    accepted, filled = bench.broker.submit(order())
    assert (accepted.kind, filled.kind) == (ACCEPTED, FILLED)
    assert filled.client_order_id == order().client_order_id
    assert (filled.price, filled.lots) == (Decimal("1.10010"), Decimal("0.1"))
    assert (filled.stop_loss, filled.take_profit, filled.has_stop) == (
        Decimal("1.09500"),
        Decimal("1.11000"),
        True,
    )
    assert filled.account == ACCOUNT
    assert filled.venue_order_id == accepted.venue_order_id == "2"
    [body] = bench.arrived("POST")
    request = body["order"]
    assert request["units"] == "10000"
    assert request["timeInForce"] == "FOK"
    assert request["priceBound"] == "1.10060"
    assert request["positionFill"] == "DEFAULT"
    assert request["stopLossOnFill"] == {"price": "1.09500", "timeInForce": "GTC"}
    assert request["takeProfitOnFill"] == {"price": "1.11000", "timeInForce": "GTC"}
    assert request["clientExtensions"] == request["tradeClientExtensions"] == {"id": order().client_order_id}
    [position] = bench.broker.snapshot().positions
    assert (position.client_order_id, position.symbol, position.side) == (
        order().client_order_id,
        "EURUSD",
        "buy",
    )
    assert (position.lots, position.entry) == (Decimal("0.1"), Decimal("1.10010"))
    assert (position.stop_loss, position.take_profit) == (Decimal("1.095"), Decimal("1.11"))


def test_a_sell_has_negative_units_and_its_bound_below(bench):
    sell = order(side="sell", price_bound="1.09950", stop_loss="1.10500", take_profit="1.09000")
    assert kinds(bench.broker.submit(sell)) == [ACCEPTED, FILLED]
    [body] = bench.arrived("POST")
    assert body["order"]["units"] == "-10000"
    [position] = bench.broker.snapshot().positions
    assert (position.side, position.lots) == ("sell", Decimal("0.1"))


def test_limit_and_stop_orders_wait_until_their_end(bench):
    stop = order(2, order_type="stop", entry="1.10200", price_bound="1.10250")
    assert kinds(bench.broker.submit(limit_order())) == [ACCEPTED]
    assert kinds(bench.broker.submit(stop)) == [ACCEPTED]
    first, second = (body["order"] for body in bench.arrived("POST"))
    assert first["timeInForce"] == second["timeInForce"] == "GTD"
    assert first["gtdTime"] == "2026-09-21T15:13:20.000000000Z"
    assert "priceBound" not in first
    assert (second["price"], second["priceBound"]) == ("1.10200", "1.10250")
    waiting = {one.client_order_id: one for one in bench.broker.snapshot().orders}
    assert waiting[stop.client_order_id].price == Decimal("1.102")
    assert waiting[limit_order().client_order_id].stop_loss == Decimal("1.095")
    cursor = bench.broker.snapshot().cursor
    bench.clock.move(3_601)
    bench.venue.expire()
    reports, _ = bench.broker.reports_since(cursor)
    assert kinds(reports) == [ReportKind.EXPIRED, ReportKind.EXPIRED]
    assert {one.reason for one in reports} == {"good_till_passed"}


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"price_bound": "1.10005"}, "price_beyond_bound", "BOUNDS_VIOLATION"),
        ({"stop_loss": "1.10005"}, "price_beyond_stop", "STOP_LOSS_ON_FILL_LOSS"),
        (
            {"take_profit": "1.09990", "stop_loss": "1.09000"},
            "price_beyond_target",
            "TAKE_PROFIT_ON_FILL_LOSS",
        ),
        ({"lots": "50"}, "insufficient_margin", "INSUFFICIENT_MARGIN"),
    ],
)
def test_an_order_that_is_created_and_cancelled_in_the_answer_is_rejected(bench, change, reason, words):
    accepted, rejected = bench.broker.submit(order(**change))
    assert (accepted.kind, rejected.kind) == (ACCEPTED, ReportKind.REJECTED)
    assert (rejected.reason, rejected.text) == (reason, words)
    assert not bench.broker.snapshot().positions


def test_a_halted_market_rejects(bench):
    bench.venue.halted.add("EUR_USD")
    _, rejected = bench.broker.submit(order())
    assert (rejected.kind, rejected.reason) == (ReportKind.REJECTED, "market_closed")


def test_an_order_past_its_end_is_refused_with_a_transaction(bench):
    bench.clock.move(3_601)
    [rejected] = bench.broker.submit(limit_order())
    assert (rejected.kind, rejected.reason) == (ReportKind.REJECTED, "good_till_passed")
    assert rejected.text == "TIME_IN_FORCE_GTD_TIMESTAMP_IN_PAST"


def test_a_waiting_order_is_cancelled_once_and_then_there_is_nothing_to_cancel(bench):
    bench.broker.submit(limit_order())
    [cancelled] = bench.broker.cancel(limit_order())
    assert (cancelled.kind, cancelled.reason) == (ReportKind.CANCELLED, "cancelled_by_client")
    [again] = bench.broker.cancel(limit_order())
    assert (again.kind, again.reason) == (ReportKind.CANCEL_REJECTED, "unknown_order")


def test_stop_and_target_of_a_position_move_each_alone(bench):
    bench.broker.submit(order())
    [moved] = bench.broker.modify(order(), Decimal("1.09800"), None)
    assert (moved.kind, moved.stop_loss, moved.take_profit) == (ReportKind.MODIFIED, Decimal("1.098"), None)
    [moved] = bench.broker.modify(order(), None, Decimal("1.12"))
    assert moved.take_profit == Decimal("1.12")
    [position] = bench.broker.snapshot().positions
    assert (position.stop_loss, position.take_profit) == (Decimal("1.098"), Decimal("1.12"))


def test_a_waiting_order_is_replaced_in_one_and_keeps_what_was_not_named(bench):
    bench.broker.submit(limit_order())
    [moved] = bench.broker.modify(limit_order(), Decimal("1.09400"), None)
    assert (moved.kind, moved.stop_loss, moved.take_profit) == (
        ReportKind.MODIFIED, Decimal("1.094"), Decimal("1.11"),
    )  # fmt: skip
    [moved] = bench.broker.modify(limit_order(), None, Decimal("1.12"))
    assert (moved.stop_loss, moved.take_profit) == (Decimal("1.094"), Decimal("1.12"))
    [waiting] = bench.broker.snapshot().orders
    assert waiting.venue_order_id == moved.venue_order_id
    reports, _ = bench.broker.reports_since("1")
    assert kinds(reports) == [ACCEPTED, ReportKind.MODIFIED, ReportKind.MODIFIED]


def test_nothing_to_modify_is_said(bench):
    [said] = bench.broker.modify(order(), Decimal("1.098"), None)
    assert (said.kind, said.reason) == (ReportKind.MODIFY_REJECTED, "unknown_order")
    bench.broker.submit(order())
    with pytest.raises(NotSent, match="neither a stop nor a target"):
        bench.broker.modify(order(), None, None)


def test_a_position_is_closed_in_parts_and_never_beyond(bench):
    bench.broker.submit(order())
    [part] = bench.broker.close_position(order(), Decimal("0.04"), "req_1")
    assert (part.kind, part.lots, part.reason) == (CLOSED, Decimal("0.04"), "flatten")
    assert part.profit == Decimal("-0.4")
    [refused] = bench.broker.close_position(order(), Decimal("0.07"), "req_2")
    assert (refused.client_order_id, refused.kind) == (order().client_order_id, ReportKind.MODIFY_REJECTED)
    assert (refused.reason, refused.text) == (
        "size_refused", "close req_2: CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE",
    )  # fmt: skip
    [rest] = bench.broker.close_position(order(), None, "req_3")
    assert rest.lots == Decimal("0.06")
    [gone] = bench.broker.close_position(order(), None, "req_4")
    assert (gone.kind, gone.reason) == (ReportKind.MODIFY_REJECTED, "unknown_order")
    assert not bench.broker.snapshot().positions
    assert part.execution_id != rest.execution_id


def test_a_close_takes_the_position_that_is_meant_and_no_older_one(bench):
    bench.broker.submit(order(1))
    bench.broker.submit(order(2))
    bench.broker.close_position(order(2), None, "req_1")
    [left] = bench.broker.snapshot().positions
    assert left.client_order_id == order(1).client_order_id
    bench.venue.halted.add("EUR_USD")
    [refused] = bench.broker.close_position(order(1), None, "req_2")
    assert (refused.client_order_id, refused.kind) == (order(1).client_order_id, ReportKind.MODIFY_REJECTED)
    assert refused.reason == "market_closed"


def test_stop_and_target_close_at_the_venue_and_are_told_by_the_log(bench):
    bench.broker.submit(order(1))
    bench.broker.submit(order(2, stop_loss="1.09000", take_profit="1.10500"))
    cursor = bench.broker.snapshot().cursor
    bench.venue.set_price("EUR_USD", "1.09480", "1.09490")
    bench.venue.set_price("EUR_USD", "1.10520", "1.10530")
    stopped, taken = bench.broker.reports_since(cursor)[0]
    assert (stopped.client_order_id, stopped.reason) == (order(1).client_order_id, "stop")
    assert (stopped.price, stopped.profit) == (Decimal("1.0948"), Decimal("-53.0000"))
    assert (taken.client_order_id, taken.reason) == (order(2).client_order_id, "target")
    assert taken.profit > 0


def test_what_nets_is_told_of_both_orders_so_that_the_sums_are_the_venues(bench):
    """The fill algebra: for every order, what it opened less what was closed is what stands at the venue."""
    bench.broker.submit(order(1, lots="0.1"))
    bench.broker.submit(order(2, lots="0.05"))
    sell = order(3, side="sell", lots="0.2", price_bound="1.0990", stop_loss="1.105", take_profit="1.09")
    reports = bench.broker.submit(sell)
    assert kinds(reports) == [ACCEPTED, FILLED, CLOSED, CLOSED, CLOSED]
    open_lots: dict[str, Decimal] = {}
    for one in bench.broker.reports_since("1")[0]:
        if one.kind in {FILLED, CLOSED}:
            sign = 1 if one.kind is FILLED else -1
            open_lots[one.client_order_id] = open_lots.get(one.client_order_id, Decimal(0)) + sign * one.lots
    [position] = bench.broker.snapshot().positions
    assert (position.client_order_id, position.side, position.lots) == (
        sell.client_order_id,
        "sell",
        Decimal("0.05"),
    )
    assert {key: lots for key, lots in open_lots.items() if lots} == {sell.client_order_id: Decimal("0.05")}
    assert {one.reason for one in reports if one.kind is CLOSED} == {"netted"}


def test_the_same_report_has_the_same_id_in_the_answer_and_in_the_log(bench):
    answered = [
        *bench.broker.submit(order(1)),
        *bench.broker.submit(order(2, price_bound="1.10005")),
        *bench.broker.submit(limit_order(3)),
        *bench.broker.modify(limit_order(3), Decimal("1.094"), None),
        *bench.broker.cancel(limit_order(3)),
        *bench.broker.close_position(order(1), None, "req_1"),
    ]
    logged, cursor = bench.another().reports_since("1")
    assert list(logged) == answered
    assert bench.broker.reports_since(cursor) == ((), cursor)
    assert len({one.execution_id for one in logged}) == len(logged)


def test_a_log_of_many_pages_is_read_whole():
    with OandaBench(page=3) as bench:
        for number in range(1, 8):
            bench.broker.submit(order(number))
        reports, cursor = bench.broker.reports_since("0")
        assert kinds(reports) == [ACCEPTED, FILLED] * 7
        assert cursor == bench.venue.last


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"symbol": "GBPSEK"}, "has no GBP_SEK"),
        ({"symbol": "QQQXYZ"}, "no instrument that Hive has at OANDA"),
        ({"lots": "0.0000015"}, "takes multiples of 1"),
        ({"lots": "0.000005", "symbol": "XAUUSD"}, "takes multiples of 1"),
        ({"lots": "2000"}, "at most 100000000"),
        ({"order_type": "limit", "entry": "1.09950", "price_bound": "1.09900"}, "no other bound"),
        ({"account": "another"}, "is of account another"),
        ({"client_order_id": "foreign-1"}, "does not begin with ord_"),
    ],
)
def test_what_the_venue_cannot_be_asked_for_is_not_sent(bench, change, reason):
    with pytest.raises(NotSent, match=reason):
        bench.broker.submit(order(**change))
    assert not bench.arrived("POST")


def test_an_account_linked_to_metatrader_4_is_read_and_never_traded(bench):
    broker = bench.another(mt4_linked=True)
    for ask in (
        lambda: broker.submit(order()),
        lambda: broker.modify(order(), Decimal("1.09"), None),
        lambda: broker.close_position(order(), None, "req_1"),
    ):
        with pytest.raises(NotSent, match="linked to MetaTrader 4"):
            ask()
    assert broker.snapshot().balance == Decimal(100_000)
    assert not [one for one in bench.server.requests if one[0] != "GET"]


def test_an_id_in_use_is_never_taken_for_a_refusal(bench):
    """The venue's words are of the id, not of the order: the first request with it may have filled."""
    bench.broker.submit(limit_order())
    with pytest.raises(Ambiguous, match="CLIENT_ORDER_ID_ALREADY_EXISTS"):
        bench.broker.submit(limit_order())
    bench.broker.submit(order(2))
    with pytest.raises(Ambiguous, match="CLIENT_TRADE_ID_ALREADY_EXISTS"):
        bench.broker.submit(order(2))
    # The log tells of the orders that are there, and nowhere that they were rejected.
    assert ReportKind.REJECTED not in kinds(bench.broker.reports_since("1")[0])
    assert len(bench.broker.snapshot().positions) == 1


def test_the_fence_holds_while_the_trade_is_open_and_no_longer(bench):
    """Why a client id is no idempotency key: after the trade is closed, the same id fills again."""
    bench.broker.submit(order())
    bench.broker.close_position(order(), None, "req_1")
    assert kinds(bench.broker.submit(order())) == [ACCEPTED, FILLED]
    assert bench.broker.capabilities.deduplicates_client_ids is False
