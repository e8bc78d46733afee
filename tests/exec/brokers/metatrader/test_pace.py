"""No more trade requests than the settings allow: orders come again, what lessens risk waits in front."""

from __future__ import annotations

from decimal import Decimal

import pytest
from metatrader_bench import MetaTraderBench, a_limit, an_order

from hive_exec.brokers.desk import Desk, Guard
from hive_exec.brokers.metatrader.constants import TradeAction
from hive_exec.brokers.port import Throttled
from hive_exec.core.events import Cancel, ClosePosition, Reported, Submit, SubmitNotSent
from hive_exec.simulators.metatrader.faults import Fault, FaultKind

PER_S = 4


class Steady:
    """A clock that stands still but for who sleeps."""

    def __init__(self) -> None:
        self.now_s, self.slept_s = 100.0, []

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(round(seconds, 6))
        self.now_s += seconds


@pytest.fixture
def steady():
    return Steady()


@pytest.fixture
def paced(steady):
    bench = MetaTraderBench(max_requests_per_s=PER_S)
    bench.broker = bench.new_broker(monotonic=lambda: steady.now_s, sleep=steady.sleep)
    yield bench
    bench.close()


def test_an_order_beyond_the_rate_does_not_leave_and_is_told_when_to_come_again(paced, steady):
    assert paced.broker.capabilities.max_requests_per_s == PER_S
    for number in range(PER_S):
        paced.broker.submit(an_order(number))
    with pytest.raises(Throttled, match="more than 4 trade requests a second") as caught:
        paced.broker.submit(an_order(PER_S))
    assert (caught.value.retry_after_s, caught.value.is_passing) == (1, True)
    assert (len(paced.package.sent), steady.slept_s) == (PER_S, [])
    steady.now_s += 0.999
    with pytest.raises(Throttled):
        paced.broker.submit(an_order(PER_S))
    steady.now_s += 0.001
    paced.broker.submit(an_order(PER_S))
    assert len(paced.package.sent) == PER_S + 1


def test_changes_cancels_and_closes_wait_for_their_turn_and_no_order_takes_it(paced, steady):
    paced.broker.submit(an_order(0))
    paced.broker.submit(a_limit(1))
    paced.broker.submit(a_limit(2))
    paced.broker.submit(a_limit(3))
    paced.broker.cancel(a_limit(1))
    paced.broker.modify(a_limit(3), Decimal("1.0900"), None)
    paced.broker.close_position(an_order(0), None, "cls_1")
    paced.broker.cancel(a_limit(2))
    with pytest.raises(Throttled):
        paced.broker.submit(an_order(9))
    assert steady.slept_s == [1], "as many as before may leave a second after them, and no more"
    assert [request["action"] for request in paced.package.sent][4:] == [
        int(one) for one in (TradeAction.REMOVE, TradeAction.MODIFY, TradeAction.DEAL, TradeAction.REMOVE)
    ]


def test_a_second_try_with_another_filling_mode_counts_too(paced, steady):
    for number in range(PER_S - 1):
        paced.broker.submit(an_order(number))
    paced.faults(Fault(FaultKind.RETCODE, 10_030))
    with pytest.raises(Throttled):
        paced.broker.submit(an_order(8))
    assert len(paced.package.sent) == PER_S
    assert len(paced.books.positions) == PER_S - 1
    steady.sleep(1)
    paced.broker.submit(an_order(9))
    assert len(paced.books.positions) == PER_S


def test_no_second_has_more_than_the_rate_also_after_silence(paced, steady):
    steady.now_s += 60
    sent_s = []
    for number in range(200):
        before = len(paced.package.sent)
        try:
            paced.broker.submit(an_order(number))
        except Throttled:
            steady.now_s += 0.03
        sent_s += [steady.now_s] * (len(paced.package.sent) - before)
    assert len(sent_s) > 3 * PER_S
    for first_s in sent_s:
        assert sum(first_s <= at_s < first_s + 0.9999 for at_s in sent_s) <= PER_S


def test_through_the_desk_nothing_is_lost(paced, steady):
    said = []
    guard = Guard(lambda _order: "", lambda: steady.now_s)
    desk = Desk("live", paced.broker, said.append, guard, symbols=(), cursor="", reconcile_every_s=30)
    for number in range(PER_S + 1):
        desk.carry_out(Submit(an_order(number)))
    kinds = [type(one) for one in said]
    assert kinds.count(SubmitNotSent) == 1
    assert (said[-1].retry_after_s, said[-1].client_order_id) == (1, an_order(PER_S).client_order_id)
    said.clear()
    for number in range(PER_S):
        desk.carry_out(ClosePosition(an_order(number), None, f"cls_{number}"))
    assert {type(one) for one in said} == {Reported}
    assert {one.report.kind.value for one in said} == {"closed"}
    assert paced.books.positions == {}
    desk.carry_out(Cancel(an_order(0)))  # nothing works: asked, and no request
    assert len(paced.package.sent) == 2 * PER_S
