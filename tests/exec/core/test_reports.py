"""What follows from a report: every state of an order, every kind of report, pair by pair."""

from __future__ import annotations

from decimal import Decimal

import pytest
from broker_bench import BrokerBench

from hive_core.contracts.broker import ReportKind
from hive_core.contracts.order import OrderState as S
from hive_exec.core.events import Cancel, ClosePosition
from hive_exec.core.records import Kind

STATES = [S.INTENDED, S.UNRESOLVED, S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED, S.CLOSED, S.REJECTED, S.EXPIRED]
STATES += [S.CANCELLED, S.NOT_ACCEPTED]
# One row a kind of report; in it, state by state as above, what the journal says next.
# . noted   + applied   ! applied, and the account stops   h held   - what remained is over
TABLE = {
    "accepted": "+ + . . . . . . . !",
    "rejected": "+ + + - . . . . . .",
    "expired": "+ + + - . . . . . .",
    "cancelled": "+ + + - . . . . . .",
    "filled": "+ + + + ! ! ! + + !",
    "modified": ". . + + + . . . . .",
    "modify_rejected": ". . . . . . . . . .",
    "cancel_rejected": ". . . . . . . . . .",
    "closed": "h h h + + . h h h h",
}
PAIRS = [
    (state, kind, mark)
    for kind, row in TABLE.items()
    for state, mark in zip(STATES, row.split(), strict=True)
]
APPLIED = {
    "accepted": Kind.ORDER_ACCEPTED,
    "rejected": Kind.ORDER_REJECTED,
    "expired": Kind.ORDER_EXPIRED,
    "cancelled": Kind.ORDER_CANCELLED,
    "filled": Kind.ORDER_FILLED,
    "modified": Kind.ORDER_MODIFIED,
    "closed": Kind.POSITION_CLOSED,
}


def test_the_table_names_every_pair():
    assert {(state, kind) for state, kind, _ in PAIRS} == {(s, k.value) for s in S for k in ReportKind}


@pytest.mark.parametrize(("state", "kind", "mark"), PAIRS)
def test_each_pair_of_state_and_report(state, kind, mark):
    bench = BrokerBench()
    line = bench.ordered(state)
    changes = {}
    if state is S.PARTIALLY_FILLED and kind == "filled":
        changes = {"lots": line.order.lots - line.filled_lots}
    if kind == "closed" and not line.open_lots:
        changes = {"lots": line.order.lots}
    event = bench.report(kind, **changes)
    kinds = bench.kinds(event)
    refused = {"modify_rejected", "cancel_rejected"}
    if mark == ".":
        assert kinds == [Kind.REQUEST_REFUSED if kind in refused else Kind.REPORT_IGNORED]
        assert line.state is state
    elif mark == "h":
        assert kinds == [Kind.REPORT_HELD]
        assert [early.execution_id for early in line.early] == [event.report.execution_id]
    elif mark == "-":
        assert kinds == [Kind.ORDER_REST_ENDED]
        assert line.state is S.FILLED
        assert line.working_lots == 0
    else:
        partly = state is S.PARTIALLY_FILLED and kind == "closed"
        assert kinds[0] is (Kind.POSITION_REDUCED if partly else APPLIED[kind])
        assert (Kind.BREAKER_TRIPPED in kinds) == (mark == "!")
        assert ("bot:first" in bench.state.controls.breakers) == (mark == "!")
    assert bench.kinds(event) == []  # said twice counts once


def test_an_exit_before_its_entry_counts_once_the_entry_is_known():
    bench = BrokerBench()
    line = bench.ordered(S.UNRESOLVED)
    lots = line.order.lots
    assert bench.kinds(bench.report("closed", lots=lots)) == [Kind.REPORT_HELD]
    assert bench.kinds(bench.report("filled")) == [Kind.ORDER_FILLED, Kind.POSITION_CLOSED]
    assert (line.state, line.early, line.open_lots) == (S.CLOSED, [], 0)


def test_an_exit_larger_than_what_is_open_waits_while_the_rest_works_and_is_noted_after():
    bench = BrokerBench()
    line = bench.ordered(S.PARTIALLY_FILLED)
    assert bench.kinds(bench.report("closed", lots=line.order.lots)) == [Kind.REPORT_HELD]
    assert bench.kinds(bench.report("filled", lots=line.order.lots - line.filled_lots)) == [
        Kind.ORDER_FILLED,
        Kind.POSITION_CLOSED,
    ]
    full = BrokerBench()
    line = full.ordered(S.FILLED)
    assert full.kinds(full.report("closed", lots=line.order.lots + 1)) == [Kind.REPORT_IGNORED]
    assert line.open_lots == line.order.lots


def test_an_exit_in_parts():
    bench = BrokerBench()
    line = bench.ordered(S.FILLED)
    assert bench.kinds(bench.report("closed", lots=Decimal("0.3"))) == [Kind.POSITION_REDUCED]
    assert bench.bot.account.exposures[line.order.client_order_id].lots == line.order.lots - Decimal("0.3")
    assert bench.kinds(bench.report("closed")) == [Kind.POSITION_CLOSED]
    assert bench.bot.account.exposures == {}


def test_what_remained_of_an_order_whose_position_is_closed_ends_it():
    bench = BrokerBench()
    line = bench.ordered(S.PARTIALLY_FILLED)
    bench.take(bench.report("closed", lots=line.open_lots))
    assert bench.kinds(bench.report("cancelled")) == [Kind.ORDER_REST_ENDED]
    assert line.state is S.CLOSED


def test_a_fill_of_more_than_was_ordered_is_a_fact_and_stops_the_account():
    bench = BrokerBench()
    line = bench.ordered(S.ACCEPTED)
    kinds = bench.kinds(bench.report("filled", lots=line.order.lots + 1))
    assert kinds == [Kind.ORDER_FILLED, Kind.BREAKER_TRIPPED]
    assert bench.bot.account.exposures[line.order.client_order_id].lots == line.order.lots + 1


def test_a_fill_without_a_stop_is_closed_at_once_and_stops_the_account():
    bench = BrokerBench()
    line = bench.ordered(S.ACCEPTED)
    records, effects = bench.take(bench.report("filled", has_stop=False, text="stop refused"))
    assert [r.kind for r in records] == [Kind.ORDER_FILLED, Kind.BREAKER_TRIPPED, Kind.REQUEST_SENT]
    assert effects == [ClosePosition(line.order, line.order.lots, records[2].body["request_id"])]
    assert "filled without a stop" in bench.bot.account.unprotected[line.order.client_order_id]


def test_a_second_fill_that_says_nothing_of_a_stop_does_not_bring_it_back():
    bench = BrokerBench()
    line = bench.ordered(S.ACCEPTED)
    half = line.order.lots / 2
    bench.take(bench.report("filled", lots=half, has_stop=False, text="stop refused"))
    bench.take(bench.report("filled", lots=half))
    assert not line.has_stop
    assert "filled without a stop" in bench.bot.account.unprotected[line.order.client_order_id]
    bench.take(bench.report("modified", stop_loss=Decimal("1.059")))
    assert line.has_stop
    assert bench.bot.account.unprotected == {}


def test_a_stop_that_is_gone_closes_the_position_and_one_that_moved_counts():
    bench = BrokerBench()
    line = bench.ordered(S.FILLED)
    moved = bench.report("modified", stop_loss=Decimal("1.059"), take_profit=Decimal("1.07"))
    assert bench.kinds(moved) == [Kind.ORDER_MODIFIED]
    assert (line.stop, line.target) == (Decimal("1.059"), Decimal("1.07"))
    records, effects = bench.take(bench.report("modified", has_stop=False))
    assert [r.kind for r in records] == [Kind.ORDER_MODIFIED, Kind.BREAKER_TRIPPED, Kind.REQUEST_SENT]
    assert [type(effect) for effect in effects] == [ClosePosition]


def test_an_order_that_was_given_up_and_works_is_cancelled():
    bench = BrokerBench()
    line = bench.ordered(S.NOT_ACCEPTED)
    records, effects = bench.take(bench.report("accepted"))
    assert [r.kind for r in records] == [Kind.ORDER_ACCEPTED, Kind.BREAKER_TRIPPED, Kind.REQUEST_SENT]
    assert effects == [Cancel(line.order)]


def test_a_report_of_an_order_that_the_journal_lacks_stops_the_account():
    bench = BrokerBench()
    bench.decide()
    event = bench.report("filled", order_id=f"ord_{7:024x}", lots=Decimal(1))
    records, _ = bench.take(event)
    assert [r.kind for r in records] == [Kind.DIVERGENCE_FOUND, Kind.BREAKER_TRIPPED]
    assert records[0].body["report"]["lots"] == "1"


@pytest.mark.parametrize(("kind", "state"), [("filled", S.ACCEPTED), ("closed", S.FILLED)])
def test_an_execution_without_its_price_is_no_execution_and_stops_the_account(kind, state):
    bench = BrokerBench()
    line = bench.ordered(state)
    event = bench.report(kind, price=None)
    (tripped,), _ = bench.take(event)
    assert "without its price or lots" in tripped.body["reason"]
    assert line.state is state
    assert bench.take(event) == ([], [])


def test_rejections_in_a_row_open_the_breaker_and_an_answer_counts_anew():
    bench = BrokerBench()
    bench.bot.settings = bench.bot.settings.model_copy(update={"rejections_before_breaker": 2})
    bench.ordered(S.REJECTED)
    assert bench.bot.rejections == 1
    bench.bot.rejections = 1
    other = BrokerBench()
    other.bot.settings = bench.bot.settings
    other.bot.rejections = 1
    other.decide()
    assert other.kinds(other.report("rejected")) == [Kind.ORDER_REJECTED, Kind.BREAKER_TRIPPED]
    assert other.state.controls.breakers["bot:first"].fallback == "safe"
    third = BrokerBench()
    third.bot.rejections = 4
    third.ordered(S.ACCEPTED)
    assert third.bot.rejections == 0


# Late fills (O10): after the end of an order, or of its rest, and within its size.


def rest_ended(kind):
    """An order that was filled in part, and whose rest has ended so."""
    bench = BrokerBench()
    line = bench.ordered(S.PARTIALLY_FILLED)
    assert bench.kinds(bench.report(kind)) == [Kind.ORDER_REST_ENDED]
    return bench, line, line.order.lots - line.filled_lots


def is_stopped(bench):
    return "bot:first" in bench.state.controls.breakers


@pytest.mark.parametrize("kind", ["cancelled", "expired"])
@pytest.mark.parametrize("is_closed", [False, True])
def test_a_fill_that_the_end_of_the_rest_overtook_is_applied_and_stops_nothing(kind, is_closed):
    bench, line, rest = rest_ended(kind)
    if is_closed:
        bench.take(bench.report("closed", lots=line.open_lots))
        assert line.state is S.CLOSED
    before = line.open_lots
    late = bench.report("filled", lots=rest)
    assert bench.kinds(late) == [Kind.ORDER_FILLED]
    assert (line.state, line.filled_lots, line.open_lots) == (S.FILLED, line.order.lots, before + rest)
    assert not is_stopped(bench)
    assert bench.bot.account.exposures[line.order.client_order_id].lots == line.open_lots
    assert bench.kinds(late) == [], "each execution is applied once"


def test_late_fills_in_parts_are_applied_up_to_the_size_and_one_more_stops_the_account():
    bench, line, rest = rest_ended("cancelled")
    assert bench.kinds(bench.report("filled", lots=rest / 2)) == [Kind.ORDER_FILLED]
    assert bench.kinds(bench.report("filled", lots=rest / 2)) == [Kind.ORDER_FILLED]
    assert not is_stopped(bench)
    kinds = bench.kinds(bench.report("filled", lots=Decimal("0.01")))
    assert kinds[0] is Kind.ORDER_FILLED
    assert is_stopped(bench)
    assert line.filled_lots == line.order.lots + Decimal("0.01"), "a fact all the same"


def test_a_late_fill_of_more_than_the_rest_stops_the_account():
    bench, _, rest = rest_ended("cancelled")
    assert Kind.BREAKER_TRIPPED in bench.kinds(bench.report("filled", lots=rest + Decimal("0.01")))


def test_a_second_late_fill_of_an_order_that_was_cancelled_whole_is_applied():
    bench = BrokerBench()
    line = bench.ordered(S.CANCELLED)
    for lots in (Decimal("0.1"), line.order.lots - Decimal("0.1")):
        assert bench.kinds(bench.report("filled", lots=lots)) == [Kind.ORDER_FILLED]
    assert not is_stopped(bench)


def test_a_fill_after_the_rest_was_rejected_is_a_contradiction():
    bench, line, rest = rest_ended("rejected")
    assert line.was_rest_rejected
    assert Kind.BREAKER_TRIPPED in bench.kinds(bench.report("filled", lots=rest))
    assert line.filled_lots == line.order.lots


def test_a_late_fill_without_its_lots_or_its_stop_stops_the_account():
    bench, line, rest = rest_ended("cancelled")
    bench.take(bench.report("filled", lots=None))
    assert (is_stopped(bench), line.filled_lots) == (True, line.order.lots - rest)
    bench, _, rest = rest_ended("cancelled")
    _, effects = bench.take(bench.report("filled", lots=rest, has_stop=False))
    assert is_stopped(bench)
    assert [type(effect) for effect in effects] == [ClosePosition]


@pytest.mark.parametrize("is_closed", [False, True])
def test_an_exit_that_overtook_a_late_fill_of_the_rest_waits_for_it(is_closed):
    """A venue closes what it filled; what it says of the last fill may come after the word of the exit."""
    bench, line, rest = rest_ended("cancelled")
    exited = line.open_lots + rest
    if is_closed:
        bench.take(bench.report("closed", lots=line.open_lots))
        exited = rest
    early = bench.report("closed", lots=exited)
    assert bench.kinds(early) == [Kind.REPORT_HELD]
    assert bench.kinds(early) == [], "held once"
    late = bench.report("filled", lots=rest)
    assert bench.kinds(late) == [Kind.ORDER_FILLED, Kind.POSITION_CLOSED]
    assert (line.state, line.open_lots, line.early) == (S.CLOSED, 0, [])
    assert bench.bot.account.exposures == {}
    assert not is_stopped(bench)


@pytest.mark.parametrize("kind", ["cancelled", "rejected"])
def test_an_exit_that_no_fill_can_explain_is_noted(kind):
    bench, line, rest = rest_ended(kind)
    too_much = line.open_lots + (rest + Decimal("0.01") if kind == "cancelled" else rest)
    assert bench.kinds(bench.report("closed", lots=too_much)) == [Kind.REPORT_IGNORED]
    assert line.early == []
