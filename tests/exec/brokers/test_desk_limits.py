"""A desk with more to do than it may hold: orders are refused with a reason, what lessens risk passes."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

from broker_bench import FIRST, BrokerBench

from hive_core.contracts.broker import Capabilities
from hive_exec.brokers import desk as desks
from hive_exec.brokers.desk import MAX_ORDERS, Desk, Guard
from hive_exec.core.events import Cancel, ClosePosition, DecisionDue, LookUp, Modify, Submit, SubmitNotSent
from hive_exec.core.records import Kind


class SlowVenue:
    """Holds the first submission until `go_on`; notes every call."""

    capabilities = Capabilities("test", True, False, True, True, True, 30, 10)

    def __init__(self):
        self.calls, self.began, self.go_on = [], threading.Event(), threading.Event()

    def submit(self, order):
        self.calls.append(("submit", order.client_order_id))
        self.began.set()
        self.go_on.wait(10)
        return ()

    def cancel(self, order):
        self.calls.append(("cancel", order.client_order_id))
        return ()

    def close_position(self, order, lots, request_id):
        self.calls.append(("close", order.client_order_id, request_id))
        return ()

    def snapshot(self):
        return None

    def listen(self, symbols, sink, stopping):
        stopping.wait()

    def close(self):
        pass


def a_desk(venue, said):
    guard = Guard(lambda _order: "", time.monotonic)
    return Desk(FIRST, venue, said.append, guard, symbols=(), cursor="", reconcile_every_s=3_600)


def orders(count):
    bench = BrokerBench()
    bench.decide()
    made = bench.line.order
    return [made.model_copy(update={"client_order_id": f"ord_{number}"}) for number in range(count)]


def test_orders_beyond_the_limit_are_refused_and_the_others_wait():
    said, more = [], 7
    desk = a_desk(SlowVenue(), said)
    made = orders(MAX_ORDERS + more)
    for order in made:
        desk.send(Submit(order))
    assert desk.waiting == MAX_ORDERS
    assert [(type(one), one.client_order_id) for one in said] == [
        (SubmitNotSent, order.client_order_id) for order in made[MAX_ORDERS:]
    ]
    assert {(one.reason, one.retry_after_s) for one in said} == {
        (f"{MAX_ORDERS} orders wait for the venue", None)
    }


def test_the_refusal_is_journalled_and_the_order_over(monkeypatch):
    monkeypatch.setattr(desks, "MAX_ORDERS", 1)
    said, bench = [], BrokerBench()
    desk = a_desk(SlowVenue(), said)
    desk.send(Submit(orders(1)[0]))
    _, (effect,) = bench.take(DecisionDue(FIRST, bench.receive()))
    desk.send(effect)
    records, effects = bench.take(said.pop())
    assert ([record.kind for record in records], effects) == ([Kind.ORDER_NOT_ACCEPTED], [])
    assert "1 orders wait for the venue" in records[0].body["reason"]
    assert bench.bot.account.exposures == {}


def test_a_full_desk_takes_what_lessens_risk_and_does_it_first():
    said, venue = [], SlowVenue()
    desk = a_desk(venue, said)
    made = orders(MAX_ORDERS + 1)
    desk._next_books_s = time.monotonic() + 3_600
    desk.start()
    try:
        desk.send(Submit(made[0]))
        assert venue.began.wait(10)
        for order in made[1:]:
            desk.send(Submit(order))
        assert desk.waiting == MAX_ORDERS
        for order in made:
            desk.send(Cancel(order))
            desk.send(ClosePosition(order, Decimal("0.1"), f"cls_{order.client_order_id}"))
        assert (desk.waiting, said) == (3 * MAX_ORDERS + 2, [])
        venue.go_on.set()
        end = time.monotonic() + 10
        while len(venue.calls) < 3 * (MAX_ORDERS + 1):
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        venue.go_on.set()
        desk.stop()
    first, *rest = [call[0] for call in venue.calls]
    assert first == "submit"
    assert set(rest[: 2 * (MAX_ORDERS + 1)]) == {"cancel", "close"}
    assert set(rest[2 * (MAX_ORDERS + 1) :]) == {"submit"}


def test_however_often_a_request_is_repeated_one_of_a_kind_waits_for_an_order():
    said = []
    desk = a_desk(SlowVenue(), said)
    first, other = orders(2)
    for number in range(1_000):
        desk.send(Cancel(first))
        desk.send(ClosePosition(first, Decimal("0.1") * (number + 1), f"cls_{number}"))
        desk.send(Modify(first, Decimal("1.05"), Decimal("1.09")))
        desk.send(LookUp(first, ""))
    assert (desk.waiting, said) == (4, [])
    (close,) = [task.effect for task in desk._tasks if isinstance(task.effect, ClosePosition)]
    assert (close.lots, close.request_id) == (Decimal(100), "cls_999")  # the newest says it all
    desk.send(Cancel(other))
    assert desk.waiting == 5
    assert desk._next() == Cancel(first)  # its place in the line is that of the first time
    desk.send(Cancel(first))  # the one before has left: this is another
    assert desk.waiting == 5
