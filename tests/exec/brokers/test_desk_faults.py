"""A desk whose broker does what no broker should: nothing is lost in silence, and nothing is sent twice."""

from __future__ import annotations

import threading
import time

import pytest
from broker_bench import BrokerBench

from hive_core.contracts.broker import BrokerReport, Capabilities
from hive_exec.brokers.desk import Desk, Guard
from hive_exec.core.events import (
    BreakerTrip,
    Cancel,
    HealthObserved,
    LookUp,
    Reported,
    RequestFailed,
    Submit,
    SubmitNotSent,
    SubmitUnknown,
)


class Venue:
    """Answers each call with what a test puts into `answers`; counts submissions."""

    capabilities = Capabilities("test", True, False, True, True, True, 30, 10)

    def __init__(self, **answers):
        self.answers, self.submitted, self.asked = answers, [], []

    def submit(self, order):
        self.submitted.append(order.client_order_id)
        return self.answers["submit"]

    def cancel(self, order):
        return self.answers["cancel"]

    def look_up(self, order, since_cursor):
        self.asked.append(order.client_order_id)
        return self.answers["look_up"]

    def snapshot(self):
        return self.answers["snapshot"]

    def listen(self, symbols, sink, stopping):
        stopping.wait()

    def close(self):
        pass


def a_desk(venue, said, guard=None, **more):
    guard = guard or Guard(lambda _order: "", time.monotonic)
    settings = {"symbols": (), "cursor": "", "reconcile_every_s": 30} | more
    return Desk("first", venue, said.append, guard, **settings)


def an_order():
    bench = BrokerBench()
    bench.decide()
    return bench.line.order


def a_report(order, account="first"):
    return BrokerReport(account, order.client_order_id, "accepted", "exec_1", 1)


@pytest.mark.parametrize("answer", [None, 5])
def test_a_submission_that_answers_nonsense_may_have_been_sent(answer):
    order, said = an_order(), []
    a_desk(Venue(submit=answer), said).carry_out(Submit(order))
    assert [type(one) for one in said] == [SubmitUnknown]


def test_a_request_that_answers_nonsense_has_failed_and_the_books_are_compared():
    order, said = an_order(), []
    desk = a_desk(Venue(cancel=None), said, reconcile_every_s=3_600)
    desk.carry_out(Cancel(order))
    assert [type(one) for one in said] == [RequestFailed]


@pytest.mark.parametrize("answer", [None, "gone"])
def test_a_look_up_that_answers_nonsense_is_no_answer(answer):
    order, said = an_order(), []
    a_desk(Venue(look_up=answer), said).carry_out(LookUp(order, ""))
    assert [(type(one), one.health) for one in said] == [(HealthObserved, "suspect")]


def test_books_that_are_nonsense_are_no_books():
    said = []
    desk = a_desk(Venue(snapshot=None), said)
    for _ in range(3):
        desk.compare_books()
    assert [(type(one), one.health) for one in said] == [
        (HealthObserved, health) for health in ("suspect", "suspect", "down")
    ]


def test_a_report_for_another_account_is_none_of_ours_and_stops_the_account():
    order, said = an_order(), []
    desk = a_desk(Venue(submit=(a_report(order, "other"), a_report(order))), said)
    desk.carry_out(Submit(order))
    assert [type(one) for one in said] == [BreakerTrip, Reported]
    assert (said[0].scope, said[0].fallback, "other" in said[0].reason) == ("bot:first", "halt", True)


def test_an_answer_for_another_account_alone_says_nothing_of_the_order():
    order, said = an_order(), []
    a_desk(Venue(submit=(a_report(order, "other"),)), said).carry_out(Submit(order))
    assert [type(one) for one in said] == [SubmitUnknown, BreakerTrip]


def test_an_order_does_not_leave_when_the_last_look_fails():
    order, said = an_order(), []

    def forbids(_order):
        raise RuntimeError("a fault of ours")

    desk = a_desk(Venue(submit=()), said, Guard(forbids, time.monotonic))
    desk.carry_out(Submit(order))
    assert [type(one) for one in said] == [SubmitNotSent]
    assert "the last look failed: RuntimeError: a fault of ours" in said[0].reason
    assert desk.broker.submitted == []


def test_a_fault_of_ours_is_told_and_the_desk_goes_on(monkeypatch):
    said, looked = [], threading.Event()
    desk = a_desk(Venue(), said)

    def compare_books():
        if not said:
            raise RuntimeError("a fault of ours")
        looked.set()

    monkeypatch.setattr(desk, "compare_books", compare_books)
    desk.start()
    try:
        assert looked.wait(10)
    finally:
        desk.stop()
    assert (type(said[0]), said[0].health) == (HealthObserved, "suspect")
    assert said[0].reason == "the desk failed: RuntimeError: a fault of ours"


def test_a_question_waits_once_however_long_the_venue_is_silent():
    order, now_s = an_order(), [1_000.0]
    desk = a_desk(Venue(look_up=None), [], Guard(lambda _order: "", lambda: now_s[0]))
    for _ in range(100):
        desk.send(LookUp(order, ""))
        now_s[0] += 60
    assert desk.waiting == 1
    assert len(desk._looked_up) <= 1
