"""The adapter at a simulated venue that works as published: requests, reports, books, quotes."""

from __future__ import annotations

import socket
from decimal import Decimal

import pytest
from fix_venue_bench import ATTACHED, LIST, bracket_order, fix_settings, wait_until

from hive_core.contracts.broker import ReportKind
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.fix.decoding import decode
from hive_exec.brokers.fix.orders import OrderForms, carries_stop, changed_id, parts_of
from hive_exec.brokers.fix.wire import encode
from hive_exec.brokers.port import Broker, NotSent, Throttled, Unavailable

D = Decimal


def test_the_adapter_fits_the_port(plain):
    broker: Broker = plain.ready()
    assert broker.capabilities.kind == "fix"
    assert broker.capabilities.has_price_bound
    assert not broker.capabilities.has_reports_since


def test_a_market_order_is_filled_within_its_bound_and_closed_at_its_stop(bench):
    broker = bench.ready()
    (accepted,) = broker.submit(bracket_order())
    assert accepted.kind is ReportKind.ACCEPTED
    wait_until(lambda: ReportKind.FILLED in bench.sink.kinds(), "the fill")
    filled = next(r for r in bench.sink.reports if r.kind is ReportKind.FILLED)
    assert (filled.price, filled.lots, filled.has_stop) == (D("1.1001"), D("0.2"), True)
    bench.server.quote("EUR/USD", "1.0949", "1.0951")
    wait_until(lambda: ReportKind.CLOSED in bench.sink.kinds(), "the stop")
    closed = next(r for r in bench.sink.reports if r.kind is ReportKind.CLOSED)
    assert (closed.price, closed.lots) == (D("1.0949"), D("0.2"))
    assert bench.server.venue.book.positions == {}
    assert bench.sink.troubles == []


def test_a_market_order_beyond_its_bound_is_not_filled(bench):
    broker = bench.ready()
    broker.submit(bracket_order(price_bound=D("1.0999")))
    wait_until(lambda: ReportKind.CANCELLED in bench.sink.kinds(), "the cancel")
    assert ReportKind.FILLED not in bench.sink.kinds()


def test_a_target_closes_and_the_stop_goes(bench):
    broker = bench.ready()
    broker.submit(
        bracket_order(side="sell", price_bound=D("1.0990"), stop_loss=D("1.1050"), take_profit=D("1.0900"))
    )
    wait_until(lambda: ReportKind.FILLED in bench.sink.kinds(), "the fill")
    bench.server.quote("EUR/USD", "1.0898", "1.0899")
    wait_until(lambda: ReportKind.CLOSED in bench.sink.kinds(), "the target")
    wait_until(lambda: broker.snapshot().orders == (), "no order left")
    assert broker.snapshot().positions == ()


def test_a_pending_order_is_in_the_books_until_it_is_cancelled(bench):
    broker = bench.ready()
    order = bracket_order(order_type="limit", entry=D("1.0980"))
    (accepted,) = broker.submit(order)
    assert accepted.kind is ReportKind.ACCEPTED
    (working,) = broker.snapshot().orders
    assert (working.client_order_id, working.lots, working.price) == ("ord_1", D("0.2"), D("1.098"))
    assert working.stop_loss == D("1.095")
    (cancelled,) = broker.cancel(order)
    assert cancelled.kind is ReportKind.CANCELLED
    (again,) = broker.cancel(order)
    assert again.kind is ReportKind.CANCEL_REJECTED
    assert broker.snapshot().orders == ()


def test_a_pending_order_ends_by_the_venues_own_clock(bench):
    broker = bench.ready()
    order = bracket_order(order_type="limit", entry=D("1.0980"))
    broker.submit(order.model_copy(update={"good_till_ns": order.submitted_ns + 1}))
    bench.server.quote("EUR/USD", "1.0970", "1.0971")
    wait_until(lambda: ReportKind.EXPIRED in bench.sink.kinds(), "the end")
    assert ReportKind.FILLED not in bench.sink.kinds()


def test_a_stop_order_is_triggered_and_filled_within_its_bound(bench):
    broker = bench.ready()
    broker.submit(bracket_order(order_type="stop", entry=D("1.1005"), price_bound=D("1.1008")))
    bench.server.quote("EUR/USD", "1.1009", "1.1010")
    bench.server.quote("EUR/USD", "1.1006", "1.1007")
    wait_until(lambda: ReportKind.FILLED in bench.sink.kinds(), "the fill")
    filled = next(r for r in bench.sink.reports if r.kind is ReportKind.FILLED)
    assert filled.price == D("1.1007")


def test_an_open_position_is_in_the_books_with_its_stop_and_can_be_closed_in_parts(bench):
    broker = bench.ready()
    order = bracket_order()
    broker.submit(order)
    wait_until(lambda: ReportKind.FILLED in bench.sink.kinds(), "the fill")
    (position,) = broker.snapshot().positions
    assert (position.symbol, position.side, position.lots) == ("EURUSD", "buy", D("0.2"))
    assert (position.entry, position.stop_loss) == (D("1.1001"), D("1.095"))
    (half,) = [r for r in broker.close_position(order, D("0.1"), "close_1") if r.kind is ReportKind.CLOSED]
    assert (half.client_order_id, half.lots, half.reason) == ("ord_1", D("0.1"), "close")
    assert broker.snapshot().positions[0].lots == D("0.1")
    broker.close_position(order, D("0.1"), "close_2")
    assert broker.snapshot().positions == ()


def test_a_close_never_opens_the_other_way(plain):
    broker = plain.ready()
    order = bracket_order()
    broker.submit(order)
    wait_until(lambda: ReportKind.FILLED in plain.sink.kinds(), "the fill")
    broker.close_position(order, None, "close_1")
    refused = broker.close_position(order, None, "close_2")
    assert [(r.kind, r.reason) for r in refused] == [(ReportKind.MODIFY_REJECTED, "close_ended")]
    assert broker.snapshot().positions == ()
    assert plain.server.venue.book.positions == {}


def test_stop_and_target_move_as_often_as_asked(bench):
    broker = bench.ready()
    order = bracket_order()
    broker.submit(order)
    wait_until(lambda: ReportKind.FILLED in bench.sink.kinds(), "the fill")
    (moved,) = broker.modify(order, D("1.0970"), None)
    assert (moved.kind, moved.stop_loss) == (ReportKind.MODIFIED, D("1.097"))
    assert all(r.kind is ReportKind.MODIFIED for r in broker.modify(order, D("1.0980"), D("1.1200")))
    assert broker.snapshot().positions[0].stop_loss == D("1.098")
    bench.server.quote("EUR/USD", "1.0979", "1.0981")
    wait_until(lambda: ReportKind.CLOSED in bench.sink.kinds(), "the moved stop")


def test_a_list_whose_stop_no_longer_works_cannot_be_modified(plain):
    broker = plain.ready()
    order = bracket_order()
    with pytest.raises(NotSent, match="ord_1~s does not work"):
        broker.modify(order, D("1.0970"), None)


def test_quotes_are_heard_by_our_names(plain):
    plain.ready()
    plain.server.quote("XAU/USD", "2400.1", "2400.4")
    wait_until(lambda: ("XAUUSD", D("2400.1"), D("2400.4")) in plain.sink.quotes, "the quote")
    wait_until(lambda: ("EURUSD", D("1.1"), D("1.1001")) in plain.sink.quotes, "the quote")


def test_look_up_says_what_became_of_an_order_and_never_proves_absence(bench):
    broker = bench.ready()
    order = bracket_order()
    found = broker.look_up(order, "")
    assert (found.reports, found.is_proof) == ((), False)
    broker.submit(order)
    wait_until(lambda: ReportKind.FILLED in bench.sink.kinds(), "the fill")
    kinds = [report.kind for report in broker.look_up(order, "").reports]
    assert kinds == [ReportKind.ACCEPTED, ReportKind.FILLED]
    heard = {report.execution_id for report in bench.sink.reports}
    assert broker.look_up(order, "").reports[1].execution_id in heard


def test_there_is_no_log_to_read_again(plain):
    with pytest.raises(Unavailable, match="no log"):
        plain.ready().reports_since("0")


def test_without_a_session_nothing_is_sent(tmp_path, plain):
    plain.server.is_in_maintenance = True
    broker = plain.begin()
    with pytest.raises(NotSent, match="no FIX session"):
        broker.submit(bracket_order())
    assert plain.sent() == 0


def test_an_instrument_that_the_settings_do_not_name_is_not_sent(plain):
    with pytest.raises(NotSent, match="GBPUSD is not among"):
        plain.ready().submit(bracket_order(symbol="GBPUSD"))


@pytest.mark.parametrize("style", [LIST, ATTACHED])
def test_an_order_without_a_stop_never_leaves(style, tmp_path, plain):
    plain.settings = plain.settings.model_copy(update={"bracket": style})
    broker = plain.ready()
    naked = BracketOrder.model_construct(**{**dict(bracket_order()), "stop_loss": None})
    if style is ATTACHED:
        with pytest.raises(NotSent, match="no stop"):
            broker.submit(naked)
    fields = OrderForms(plain.settings).new(bracket_order(), 0)[1]
    assert carries_stop(fields, style)
    without = [pair for pair in fields if pair[0] != 1002 and "~s" not in pair[1]]
    assert not carries_stop(without, style)
    assert plain.sent() == 0


@pytest.mark.parametrize("style", [LIST, ATTACHED])
@pytest.mark.parametrize("kind", ["market", "limit", "stop"])
def test_every_create_request_is_whole_and_holds_stop_bound_and_end(style, kind):
    order = bracket_order(order_type=kind, entry=None if kind == "market" else D("1.1"))
    msg_type, fields = OrderForms(fix_settings(style)).new(order, order.submitted_ns)
    head = [(8, "FIX.4.4"), (35, msg_type), (34, "1"), (49, "a"), (56, "b"), (52, "20260921-13:33:20.000")]
    message = decode(encode([*head, *fields]))
    assert message is not None
    assert message.fault is None
    entry = message.groups[73][0] if style is LIST else message.body
    assert entry[59] == ("3" if kind == "market" else "6")
    assert (126 in entry) == (kind != "market")
    assert carries_stop(fields, style)
    if kind != "limit":
        assert entry[44] == "1.101"


def test_the_rate_is_held_by_us_before_the_venue_holds_it(plain):
    plain.settings = plain.settings.model_copy(update={"max_requests_per_s": 2})
    broker = plain.ready()
    for name in ("a", "b"):
        broker.submit(bracket_order(name))
    with pytest.raises(Throttled):
        broker.submit(bracket_order("c"))
    assert plain.sent("c") == 0


@pytest.mark.parametrize(
    ("current", "changed", "parts"),
    [
        ("x", "x~7", ("x", "")),
        ("x~3", "x~7", ("x", "")),
        ("x~s", "x~s~7", ("x", "s")),
        ("x~t~3", "x~t~7", ("x", "t")),
    ],
)
def test_ids_say_what_they_belong_to(current, changed, parts):
    assert changed_id(current, 7) == changed
    assert parts_of(changed) == parts_of(current) == parts


def test_1b_a_second_connection_of_the_same_identity_is_closed_and_the_first_goes_on(plain):
    broker = plain.ready()
    with socket.create_connection(("127.0.0.1", plain.server.port)) as second:
        second.settimeout(5)
        assert second.recv(10) == b""
    assert broker.submit(bracket_order())[0].kind is ReportKind.ACCEPTED
