"""Executions told one by one and as a sum: every unit is told once, at what it cost."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest
from fix_venue_bench import bracket_order, wait_until

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.fix.executions import Executions
from hive_exec.simulators.fix.faults import Fault

D = Decimal
PARTS = {
    "first": (D(50), D(50), D("1.1")),
    "second": (D(80), D(30), D("1.2")),
    "third": (D(100), D(20), D(2)),
}
AVERAGE = (50 * D("1.1") + 30 * D("1.2") + 20 * D(2)) / 100


def once(told):
    """As the core counts them: one of an end is one."""
    return {one.end: one for one in reversed(told)}.values()


@pytest.mark.parametrize("order", list(permutations([*PARTS, "sum"])), ids="-".join)
def test_in_whatever_order_parts_and_sum_come_each_unit_is_told_once(order):
    executions, told = Executions(), []
    for name in order:
        told += executions.all("V1", D(100), AVERAGE) if name == "sum" else executions.one("V1", *PARTS[name])
    assert sum(one.end - one.begin for one in once(told)) == 100
    spent = sum((one.end - one.begin) * one.price for one in once(told))
    assert abs(spent - 100 * AVERAGE) < D("1e-7")


@pytest.mark.parametrize("known", [["V1@50"], ["V1@80", "V1@50"]])
def test_what_was_applied_before_a_restart_is_not_told_in_the_sum(known):
    executions = Executions([*known, "V1@accepted", "V2@7", "V1-x", "seen-working-V1"])
    applied = max(D(name.rpartition("@")[2]) for name in known)
    told = executions.all("V1", D(100), AVERAGE)
    assert [(one.begin, one.end) for one in told] == [(applied, 100)]
    assert [(one.begin, one.end) for one in executions.one("V1", *PARTS["first"])] in ([], [(0, 50)])


def test_a_repeated_execution_has_the_same_id_and_a_covered_one_is_silent():
    executions = Executions()
    assert executions.one("V1", *PARTS["first"]) == executions.one("V1", *PARTS["first"])
    other = Executions()
    other.all("V1", D(100), AVERAGE)
    assert other.one("V1", *PARTS["second"]) == []


def test_a_sum_after_a_part_tells_the_rest_only(bench):
    """The venue's last execution is told by the answer to a question first, and by itself later."""
    broker = bench.ready()
    bench.arm(Fault.PARTIAL_FILL)
    broker.submit(bracket_order())
    wait_until(lambda: bench.sink.lots(ReportKind.FILLED) == D("0.1"), "half is filled")
    with bench.server._lock:
        last = bench.server.venue.quote("EUR/USD", D("1.0999"), D("1.1000"))
    found = [one for one in broker.look_up(bracket_order(), "").reports if one.kind is ReportKind.FILLED]
    bench.sink.reports += found
    with bench.server._lock:
        bench.server._say(last)
    wait_until(lambda: bench.sink.quotes[-1:] == [("EURUSD", D("1.0999"), D("1.1000"))], "the last was heard")
    assert bench.sink.lots(ReportKind.FILLED) == D("0.2")


def test_a_restart_between_a_part_and_the_rest_counts_the_rest_only(bench):
    broker = bench.ready()
    bench.arm(Fault.PARTIAL_FILL)
    broker.submit(bracket_order())
    wait_until(lambda: bench.sink.lots(ReportKind.FILLED) == D("0.1"), "half is filled")
    applied = [one.execution_id for one in bench.sink.reports]
    bench.end()
    bench.server.quote("EUR/USD", "1.1000", "1.1001")
    again = bench.begin(listens=False, known_execution_ids=applied)
    assert again._trading.wait_logged_on(5)
    found = [one for one in again.look_up(bracket_order(), "").reports if one.kind is ReportKind.FILLED]
    assert [one.lots for one in found] == [D("0.1")]
