"""Where a netting venue shows nothing of what is open here, two persons end it, and the books agree."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from broker_bench import FIRST, BrokerBench, account
from exec_bench import a_decision

from hive_core.contracts.order import OrderState as S
from hive_exec.core.commanding import Refused
from hive_exec.core.controls import Mode
from hive_exec.core.events import BooksAccepted, BreakerReset, BreakerTrip, Started
from hive_exec.core.folding import apply
from hive_exec.core.records import Kind
from hive_exec.core.snapshot import state_as_data, state_digest, state_from_data
from hive_exec.core.state import CellState

SCOPE = f"bot:{FIRST}"


@pytest.fixture
def bench():
    """An account that stands halted, for the venue shows nothing of an open position."""
    made = BrokerBench()
    made.ordered(S.FILLED)
    halted(made)
    return made


def halted(bench):
    for _ in range(2):
        bench.books(is_hedging=False)
    assert bench.mode is Mode.HALT


def says(bench, who, symbol="EURUSD"):
    return bench.kinds(BooksAccepted(FIRST, symbol, who, "seen on its screen"))


def test_two_persons_end_it_and_the_books_are_quiet(bench):
    line, balance = bench.line, bench.bot.account.balance
    assert says(bench, "anna") == [Kind.BOOKS_ACCEPTANCE_PROPOSED]
    assert line.open_lots == line.order.lots, "one person ends nothing"
    assert says(bench, "ben") == [Kind.POSITION_GIVEN_UP]
    body = bench.journal.records[-1].body
    assert (body["reason"], body["is_profit_known"]) == ("broker_evidence_by_person", False)
    assert (body["principals"], body["because"]) == (["anna", "ben"], "seen on its screen")
    assert (line.state, line.open_lots, line.is_over) == (S.CLOSED, 0, True)
    assert (line.exit_reason, line.profit, line.is_profit_known) == ("broker_evidence_by_person", None, False)
    assert bench.bot.account.exposures == {}
    assert bench.bot.account.balance == balance, "no profit is made up"
    records, effects = bench.books(is_hedging=False, balance="98765")
    assert [one.kind for one in records] == [Kind.RECONCILED, Kind.HEALTH_CHANGED]
    assert (records[1].body["health"], effects) == ("ok", [])
    assert bench.bot.account.balance == Decimal(98_765), "the venue's own counts"
    assert bench.books(is_hedging=False, balance="98765") == ([], [])
    assert bench.mode is Mode.HALT, "the breaker is closed by a person, as ever"
    bench.take(BreakerReset(SCOPE, "looked into", "anna"))
    assert bench.books(is_hedging=False, balance="98765") == ([], [])
    assert (bench.mode, bench.state.controls.breakers) == (Mode.NORMAL, {})


def test_without_them_a_closed_breaker_opens_again(bench):
    bench.take(BreakerReset(SCOPE, "looked into", "anna"))
    kinds = [one.kind for one in bench.books(is_hedging=False)[0]]
    assert kinds == [Kind.DIVERGENCE_FOUND, Kind.BREAKER_TRIPPED]


def test_one_person_is_not_two(bench):
    says(bench, "anna")
    with pytest.raises(Refused, match="anna has said so already; another person must"):
        says(bench, "anna")


def test_before_it_was_asked_and_halted_nobody_ends_it():
    bench = BrokerBench()
    bench.ordered(S.FILLED)
    with pytest.raises(Refused, match="the last comparison of books does not say that"):
        says(bench, "anna")
    bench.books(is_hedging=False)
    with pytest.raises(Refused, match="is still being asked"):
        says(bench, "anna")
    bench.take(BreakerTrip(SCOPE, "safe", "trouble", "anna"))
    with pytest.raises(Refused, match="is still being asked"):
        says(bench, "anna")


def test_what_the_books_agree_on_nobody_ends(bench):
    bench.books(positions=(bench.venue_position(),), is_hedging=False)
    with pytest.raises(Refused, match="does not say that"):
        says(bench, "anna")


def test_an_agreement_in_between_takes_the_first_word_back(bench):
    says(bench, "anna")
    bench.books(positions=(bench.venue_position(),), is_hedging=False)
    assert bench.bot.accepting == {}
    halted(bench)
    assert says(bench, "ben") == [Kind.BOOKS_ACCEPTANCE_PROPOSED]


def test_both_must_mean_the_same_difference(bench):
    says(bench, "anna")
    bench.take(bench.report("closed", lots=Decimal("0.1")))
    with pytest.raises(Refused, match="does not say that"):
        says(bench, "ben")
    bench.books(is_hedging=False)
    assert says(bench, "ben") == [Kind.BOOKS_ACCEPTANCE_PROPOSED]
    assert says(bench, "anna") == [Kind.POSITION_GIVEN_UP]
    assert bench.journal.records[-1].body["principals"] == ["ben", "anna"]
    assert (bench.line.closed_lots, bench.line.profit is None) == (bench.line.order.lots, False)


def test_a_difference_that_only_ends_alike_is_another():
    """0.78 lots are not what "10.78 lots are open" says."""
    bench = BrokerBench()
    bench.decide()
    bench.take(bench.report("filled", lots=Decimal("10.78")))
    halted(bench)
    bench.take(bench.report("closed", lots=Decimal(10)))
    with pytest.raises(Refused, match=r"does not say that 0\.78 lots of EURUSD"):
        says(bench, "anna")


def test_another_instrument_is_not_ours(bench):
    with pytest.raises(Refused, match="nothing of ours is open in GBPUSD at first"):
        says(bench, "anna", "GBPUSD")


def test_every_position_of_the_instrument_is_closed_and_no_other():
    bench = BrokerBench()
    bench.ordered(S.FILLED)
    bench.quotes()
    bench.decide(a_decision(stop="1.05790"))
    bench.take(bench.report("filled"))
    halted(bench)
    says(bench, "anna")
    assert says(bench, "ben") == [Kind.POSITION_GIVEN_UP] * 2
    assert [line.state for line in bench.bot.orders.values()] == [S.CLOSED] * 2
    assert bench.bot.accepting == {}


def test_while_a_part_still_works_it_must_be_cancelled_first():
    bench = BrokerBench()
    bench.ordered(S.PARTIALLY_FILLED)
    halted(bench)
    with pytest.raises(Refused, match="still works in part: cancel it first"):
        says(bench, "anna")
    bench.take(bench.report("cancelled"))
    says(bench, "anna")
    assert says(bench, "ben") == [Kind.POSITION_GIVEN_UP]


def test_what_the_venue_tells_at_last_is_kept_and_changes_nothing(bench):
    says(bench, "anna")
    says(bench, "ben")
    assert bench.kinds(bench.report("closed", lots=bench.line.order.lots)) == [Kind.REPORT_IGNORED]
    assert bench.bot.account.exposures == {}


def test_a_fill_after_it_halts_the_account(bench):
    says(bench, "anna")
    says(bench, "ben")
    bench.take(BreakerReset(SCOPE, "looked into", "anna"))
    assert Kind.BREAKER_TRIPPED in bench.kinds(bench.report("filled"))


def test_the_first_word_survives_a_restart_and_wants_the_books_anew(bench):
    says(bench, "anna")
    again = CellState("local", bench.execution)
    for record in bench.journal.records:
        apply(again, record)
    assert state_digest(again) == state_digest(bench.state)
    data = json.loads(json.dumps(state_as_data(bench.state)))
    assert state_from_data(data, bench.execution).bots[FIRST].accepting == bench.bot.accepting
    bench.take(Started(2, "build-2"))
    with pytest.raises(Refused, match="does not say that"):
        says(bench, "ben")
    bench.health("broker", "ok")
    bench.books(is_hedging=False)
    assert says(bench, "ben") == [Kind.POSITION_GIVEN_UP]


def test_an_account_without_a_broker_has_no_books():
    paper = BrokerBench(account(mode="paper", broker=None, symbols=()))
    paper.decide()
    paper.take(paper.report("filled"))
    with pytest.raises(Refused, match="does not say that"):
        says(paper, "anna")
