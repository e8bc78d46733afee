"""Entries, changes, closings and cancellations at a venue that does what it is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from metatrader_bench import START_NS, MetaTraderBench, a_limit, a_sale, an_order

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.port import Ambiguous, NotSent
from hive_exec.simulators.metatrader.package import manual


def kinds(reports):
    return [report.kind.value for report in reports]


def test_a_market_order_is_one_request_with_stop_and_target_in_it(mt5):
    order = an_order()
    accepted, filled = mt5.broker.submit(order)
    assert (accepted.kind, filled.kind) == (ReportKind.ACCEPTED, ReportKind.FILLED)
    assert (filled.price, filled.lots) == (Decimal("1.10010"), Decimal("0.10"))
    assert (filled.stop_loss, filled.take_profit) == (order.stop_loss, order.take_profit)
    assert filled.has_stop
    assert filled.commission == Decimal("0.35")  # a cost, told as a positive amount
    assert filled.ts_ns == START_NS
    (request,) = mt5.package.sent
    assert request["comment"] == order.client_order_id
    assert request["deviation"] == 90  # points between 1.10010 and the bound 1.10100
    assert request["type_filling"] == 0


def test_what_was_answered_and_what_the_records_say_have_the_same_execution_ids(mt5):
    cursor = mt5.broker.snapshot().cursor
    answered = {report.execution_id for report in mt5.broker.submit(an_order())}
    told, later = mt5.broker.reports_since(cursor)
    assert answered == {report.execution_id for report in told}
    again, _ = mt5.broker.reports_since(later)
    assert answered == {report.execution_id for report in again}  # the overlap


def test_a_stop_that_the_venue_executes_is_a_closing_of_the_order_that_opened(mt5):
    mt5.broker.submit(an_order())
    mt5.wait(5)
    mt5.quote("1.09480", "1.09490")
    reports, _ = mt5.new_broker().reports_since(str(mt5.server_ms() // 1000))
    closed = reports[-1]
    assert (closed.kind, closed.reason) == (ReportKind.CLOSED, "stop")
    assert closed.client_order_id == an_order().client_order_id
    assert (closed.price, closed.profit) == (Decimal("1.09480"), Decimal("-53.00"))


def test_a_target_far_from_the_window_of_its_entry_still_finds_its_order(mt5):
    """The entry lies days before the window that is read: the position is asked for by its identifier."""
    mt5.broker.submit(an_order())
    mt5.wait(3 * 86_400)
    mt5.quote("1.11020", "1.11030")
    reports, _ = mt5.new_broker().reports_since(str(mt5.server_ms() // 1000))
    assert [(report.kind, report.reason) for report in reports] == [(ReportKind.CLOSED, "target")]
    assert reports[0].client_order_id == an_order().client_order_id


def test_a_pending_order_works_until_its_own_end(mt5):
    order = a_limit()
    (accepted,) = mt5.broker.submit(order)
    assert accepted.kind is ReportKind.ACCEPTED
    (working,) = mt5.broker.snapshot().orders
    assert (working.client_order_id, working.price) == (order.client_order_id, order.entry)
    assert (working.symbol, working.side, working.stop_loss) == ("EURUSD", "buy", order.stop_loss)
    mt5.wait(3_601)
    reports, _ = mt5.broker.reports_since("0")
    assert kinds(reports) == ["accepted", "expired"]


def test_a_pending_order_that_is_reached_fills_once(mt5):
    mt5.broker.submit(a_limit())
    mt5.quote("1.09780", "1.09790")
    reports, _ = mt5.broker.reports_since("0")
    assert kinds(reports) == ["accepted", "filled"]
    assert reports[1].price == Decimal("1.09790")
    (held,) = mt5.broker.snapshot().positions
    assert held.client_order_id == a_limit().client_order_id


def test_a_change_of_the_stop_keeps_the_target(mt5):
    mt5.broker.submit(an_order())
    (report,) = mt5.broker.modify(an_order(), Decimal("1.09700"), None)
    assert (report.kind, report.stop_loss, report.take_profit) == (
        ReportKind.MODIFIED,
        Decimal("1.09700"),
        Decimal("1.11"),
    )
    (held,) = mt5.broker.snapshot().positions
    assert (held.stop_loss, held.take_profit) == (Decimal("1.09700"), Decimal("1.11000"))
    assert kinds(mt5.broker.modify(an_order(), Decimal("1.09700"), None)) == ["modified"]  # no changes


def test_the_stop_of_a_working_order_moves_and_its_end_stays(mt5):
    mt5.broker.submit(a_limit())
    end = next(iter(mt5.books.orders.values())).expiration_s
    assert kinds(mt5.broker.modify(a_limit(), Decimal("1.09600"), Decimal("1.10500"))) == ["modified"]
    (row,) = mt5.books.orders.values()
    assert (row.stop_loss, row.take_profit, row.expiration_s) == (
        Decimal("1.09600"),
        Decimal("1.10500"),
        end,
    )


def test_a_cancelled_order_and_the_same_again(mt5):
    mt5.broker.submit(a_limit())
    (report,) = mt5.broker.cancel(a_limit())
    assert report.kind is ReportKind.CANCELLED
    again = mt5.broker.cancel(a_limit())
    assert report.execution_id in {said.execution_id for said in again}
    with pytest.raises(NotSent, match="do not know it"):
        mt5.broker.cancel(a_limit(2))


def test_a_part_and_then_the_rest_of_a_position_is_closed(mt5):
    mt5.broker.submit(an_order())
    (part,) = mt5.broker.close_position(an_order(), Decimal("0.04"), "cls_1")
    assert (part.kind, part.lots, part.price) == (ReportKind.CLOSED, Decimal("0.04"), Decimal("1.10000"))
    (rest,) = mt5.broker.close_position(an_order(), None, "cls_2")
    assert rest.lots == Decimal("0.06")
    assert mt5.broker.snapshot().positions == ()
    assert mt5.books.deals[-1].comment == "cls_2"
    # Once more: what closed it is told, and nothing is opened.
    assert kinds(mt5.broker.close_position(an_order(), None, "cls_3"))[-1] == "closed"
    assert len(mt5.package.sent) == 3


def test_no_more_than_the_position_is_closed(mt5):
    mt5.broker.submit(an_order())
    with pytest.raises(NotSent, match="the position has"):
        mt5.broker.close_position(an_order(), Decimal("0.20"), "cls_1")


def test_an_order_that_stands_at_the_venue_is_not_sent_again(mt5):
    mt5.broker.submit(an_order())
    with pytest.raises(Ambiguous, match="already"):
        mt5.new_broker().submit(an_order())
    assert len(mt5.package.sent) == 1


def test_an_order_whose_time_has_passed_is_not_sent(mt5):
    mt5.wait(3_600)
    with pytest.raises(NotSent, match="time has passed"):
        mt5.broker.submit(an_order())


def test_books_of_the_account(mt5):
    mt5.broker.submit(a_sale())
    books = mt5.broker.snapshot()
    assert books.balance == Decimal("99999.65")
    assert books.equity == Decimal("99998.65")
    assert books.margin_used == Decimal("110.00")
    (held,) = books.positions
    assert (held.side, held.lots, held.entry) == ("sell", Decimal("0.10"), Decimal("1.10000"))


def test_positions_of_a_person_are_shown_without_an_id(mt5):
    manual(mt5.venue, action=1, symbol="EURUSD.m", volume=Decimal(1), kind=1)
    (held,) = mt5.broker.snapshot().positions
    assert (held.client_order_id, held.side) == ("", "sell")
    assert mt5.broker.reports_since("0")[0] == ()


def test_a_position_closed_by_hand_is_reported_as_such(mt5):
    mt5.broker.submit(an_order())
    (ticket,) = mt5.books.positions
    manual(mt5.venue, action=1, symbol="EURUSD.m", volume=Decimal("0.10"), kind=1, position=ticket)
    reports, _ = mt5.broker.reports_since("0")
    assert (reports[-1].kind, reports[-1].reason) == (ReportKind.CLOSED, "manual")
    assert reports[-1].client_order_id == an_order().client_order_id


def test_two_positions_closed_by_each_other_are_both_reported(mt5):
    mt5.broker.submit(an_order(1))
    mt5.broker.submit(a_sale(2))
    one, other = mt5.books.positions
    manual(mt5.venue, action=10, position=one, position_by=other)
    reports, _ = mt5.broker.reports_since("0")
    closed = {report.client_order_id for report in reports if report.kind is ReportKind.CLOSED}
    assert closed == {an_order(1).client_order_id, a_sale(2).client_order_id}


def test_swap_and_stop_gaps_are_told_as_the_venue_counts_them(mt5):
    mt5.instrument.swap_long = Decimal("-5")
    mt5.broker.submit(an_order())
    mt5.wait(2 * 86_400)  # Wednesday's night counts three times
    mt5.quote("1.09400", "1.09410")
    closed = mt5.broker.reports_since("0")[0][-1]
    assert (closed.swap, closed.price) == (Decimal("2.00"), Decimal("1.09400"))


def test_a_netting_account_takes_one_order_a_symbol(netting):
    netting.broker.submit(an_order(1))
    with pytest.raises(NotSent, match="netting account merges"):
        netting.broker.submit(an_order(2))
    (closed,) = netting.broker.close_position(an_order(1), None, "cls_1")
    assert closed.client_order_id == an_order(1).client_order_id
    netting.broker.submit(an_order(2))


def test_a_netting_position_turned_round_by_hand_is_closed_with_what_was_ours(netting):
    netting.broker.submit(an_order())
    manual(netting.venue, action=1, symbol="EURUSD.m", volume=Decimal("0.30"), kind=1)
    reports, _ = netting.broker.reports_since("0")
    (closed,) = [report for report in reports if report.kind is ReportKind.CLOSED]
    assert closed.lots == Decimal("0.10")
    # What stands now is the other way: it is not closed in the name of our order.
    netting.broker.close_position(an_order(), None, "cls_1")
    assert len(netting.package.sent) == 1


def test_capabilities_say_what_the_venue_cannot_do(mt5, netting):
    able = mt5.broker.capabilities
    assert able.is_hedging
    assert not netting.broker.capabilities.is_hedging
    assert not able.deduplicates_client_ids
    assert not able.has_price_bound
    assert able.has_good_till
    assert able.settle_s == 300


def test_a_symbol_hidden_from_market_watch_is_shown_first(mt5):
    mt5.instrument.visible = False
    mt5.broker.submit(an_order())
    assert mt5.instrument.visible


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"login": 5_002}, "logged in to 5001"),
        ({"server": "Other-Live"}, "Other-Live"),
        ({"accounting": "netting"}, "is a hedging account"),
    ],
)
def test_another_account_than_the_settings_mean_trades_nothing(changes, expected):
    bench = MetaTraderBench(**{key: value for key, value in changes.items() if key != "accounting"})
    bench.settings = bench.settings.model_copy(update=changes)
    with pytest.raises(NotSent, match=expected):
        bench.new_broker().submit(an_order())
    assert bench.package.sent == []
    bench.close()
