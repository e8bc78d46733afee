"""A desk believes in an order's absence only when its request can no longer be under way, counted from when
it left and not from when it was intended."""

from __future__ import annotations

import pytest
from broker_bench import BrokerBench

from hive_core.contracts.broker import Capabilities, Lookup
from hive_exec.brokers.desk import Desk, Guard
from hive_exec.brokers.port import Ambiguous
from hive_exec.core.events import LookedUp, LookUp, Submit

SETTLE_S = 30


class Venue:
    """It lost the order on its way, and says at once that it has none."""

    capabilities = Capabilities("test", True, False, True, True, True, SETTLE_S, 10)

    def submit(self, order):
        raise Ambiguous(f"{order.client_order_id}: the connection broke")

    def look_up(self, order, since_cursor):
        return Lookup(order.client_order_id, (), is_proof=True, text=since_cursor)


@pytest.mark.parametrize("is_sent_here", [True, False])
@pytest.mark.parametrize(("after_s", "is_proof"), [(0, False), (29, False), (30, True)])
def test_absence_is_proof_once_the_request_has_settled(is_sent_here, after_s, is_proof):
    bench = BrokerBench()
    bench.decide()
    order, now_s, said = bench.line.order, [1_000.0], []
    guard = Guard(lambda _order: "", lambda: now_s[0])
    desk = Desk("first", Venue(), said.append, guard, symbols=(), cursor="", reconcile_every_s=30)
    desk.carry_out(Submit(order) if is_sent_here else LookUp(order, ""))
    now_s[0] += after_s
    desk.carry_out(LookUp(order, ""))
    last = said[-1]
    assert isinstance(last, LookedUp)
    assert last.lookup.is_proof is is_proof
    assert bool(desk._left_s) is not is_proof  # what is settled is forgotten
