"""A decision that comes before the first quote of its instrument waits for it, and no longer than its own
time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from broker_bench import FIRST, OTHER, SECOND_NS, BrokerBench, account
from exec_bench import MONDAY, a_decision

from hive_core.contracts.order import OrderState as S
from hive_exec.core import deciding
from hive_exec.core.events import BreakerTrip, DecisionDue, Kill, Reviewed, Submit, Ticked
from hive_exec.core.folding import apply
from hive_exec.core.records import Kind
from hive_exec.core.snapshot import state_digest
from hive_exec.core.state import CellState

PAPER = {"mode": "paper", "broker": None, "symbols": ()}
BOTH = pytest.mark.parametrize("bench", [{}, PAPER], ids=["broker", "paper"], indirect=True)


@pytest.fixture
def bench(request):
    """A daemon that has just begun: well, and without a quote."""
    made = BrokerBench(account(**getattr(request, "param", {})))
    made.bot.account.quotes.clear()
    return made


def later(bench, seconds):
    """Time passes without a quote, and the daemon looks."""
    bench.at = (bench.at[0] + seconds * SECOND_NS, *bench.at[1:])
    return bench.take(Ticked())


def last(bench):
    return bench.journal.records[-1].body


@BOTH
def test_it_waits_and_leaves_once_there_is_a_quote(bench):
    assert bench.decide() == []
    assert (len(bench.bot.pending), bench.bot.held) == (1, {})
    for _ in range(3):
        assert later(bench, 1) == ([], [])
    bench.quotes()
    records, (submit,) = later(bench, 1)
    assert [record.kind for record in records] == [Kind.ORDER_INTENDED]
    assert isinstance(submit, Submit)
    assert later(bench, 1) == ([], [])
    assert bench.line.state is S.INTENDED


@BOTH
def test_a_quote_of_another_instrument_is_none_of_its_own(bench):
    bench.decide()
    bench.quotes()
    del bench.bot.account.quotes["EURUSD"]
    assert later(bench, 1) == ([], [])
    assert bench.bot.pending


@BOTH
def test_it_is_judged_by_a_fresh_quote_or_not_at_all(bench):
    bench.decide()
    bench.quotes()
    late_s = bench.bot.settings.quote_age_limit_s + 1
    records, effects = later(bench, late_s)
    assert (records[0].body["reason_code"], effects) == ("quote_too_old", [])
    assert bench.bot.pending == {}


@BOTH
@pytest.mark.parametrize(("valid_s", "ends_after_s", "reason"), [(90, 90, "expired"), (3_600, 301, "stale")])
def test_it_ends_with_its_own_time_whichever_is_first(bench, valid_s, ends_after_s, reason):
    bench.decide(a_decision(valid_s=valid_s))
    decided_ns = next(iter(bench.bot.pending.values())).delivery.decision.ts_decided_ns
    waited_s = ends_after_s - (bench.at[0] - decided_ns) // SECOND_NS
    assert later(bench, waited_s - 1) == ([], [])
    records, effects = later(bench, 1)
    assert [(one.kind, one.body["reason_code"]) for one in records] == [(Kind.DECISION_DENIED, reason)]
    assert effects == []
    bench.quotes()
    assert later(bench, 1) == ([], []), "a quote that comes after brings nothing back"


@BOTH
def test_the_kill_switch_ends_what_waits(bench):
    bench.decide()
    bench.take(Kill("trouble", "anna"))
    assert later(bench, 1)[1] == []
    assert last(bench)["reason_code"] == "kill_switch"
    bench.quotes()
    assert [one.kind for one in later(bench, 1)[0]] == []


@BOTH
@pytest.mark.parametrize("fallback", ["halt", "safe"])
def test_a_breaker_that_stops_the_account_ends_what_waits(bench, fallback):
    bench.decide()
    bench.take(BreakerTrip("cell", fallback, "trouble", "anna"))
    later(bench, 1)
    assert last(bench)["reason_code"] == "breaker_open"


def test_a_venue_that_goes_away_meanwhile_holds_it_until_both_are_there(bench):
    bench.decide(a_decision(valid_s=600))
    bench.health("broker", "down")
    bench.quotes()
    assert later(bench, 1)[1] == []
    assert len(bench.bot.pending) == 1
    bench.health("broker", "ok")
    bench.bot.account.quotes.clear()
    assert later(bench, 1)[1] == []
    bench.quotes()
    assert [type(one) for one in later(bench, 1)[1]] == [Submit]


@BOTH
def test_a_shadow_simulates_it_once_there_is_a_quote(bench):
    bench.take(BreakerTrip("cell", "shadow", "trouble", "anna"))
    bench.decide()
    bench.quotes()
    records, effects = later(bench, 1)
    assert (records[-1].kind, effects) == (Kind.DECISION_SHADOWED, [])


@BOTH
def test_after_a_restart_it_waits_on(bench):
    bench.decide()
    again = BrokerBench(is_well=False)
    again.state = again.engine.state = CellState("local", again.execution)
    for record in bench.journal.records:
        apply(again.state, record)
    assert state_digest(again.state) == state_digest(bench.state)
    again.journal.records = list(bench.journal.records)
    (decision_id,) = again.bot.pending
    assert again.kinds(DecisionDue(FIRST, decision_id)) == []
    again.quotes()
    assert [type(one) for one in later(again, 1)[1]] == [Submit]
    assert later(again, 1)[1] == []


def test_after_a_restart_within_its_life_what_was_known_of_the_market_is_not(bench):
    """Quotes are not journalled: a decision that was received, and not judged, is not judged by old ones."""
    bench.quotes()
    decision_id = bench.receive()
    again = CellState("local", bench.execution)
    for record in bench.journal.records:
        apply(again, record)
    bench.state = bench.engine.state = again
    assert bench.kinds(DecisionDue(FIRST, decision_id)) == []


def test_one_that_another_account_takes_over_waits_there_for_its_quote():
    bench = BrokerBench(account(failover_to=OTHER), account(OTHER))
    bench.well(OTHER)
    for bot in bench.state.bots.values():
        bot.account.quotes.clear()
    bench.health("broker", "down")
    assert bench.decide() == [Kind.DECISION_FAILED_OVER, Kind.DECISION_RECEIVED]
    assert later(bench, 1)[1] == []
    bench.quotes()
    (submit,) = later(bench, 1)[1]
    assert submit.order.account == OTHER


def test_it_still_goes_to_a_person_first():
    bench = BrokerBench(account(review_over_headroom=Decimal("0.01")))
    bench.bot.account.quotes.clear()
    assert bench.decide() == []
    bench.quotes()
    assert Kind.REVIEW_REQUESTED in [one.kind for one in later(bench, 1)[0]]
    (decision_id,) = bench.bot.reviews
    bench.bot.account.quotes.clear()
    assert bench.kinds(Reviewed(FIRST, decision_id, True, "ben", "fine"))[-1] is Kind.DECISION_DENIED
    assert last(bench)["reason_code"] == "review_void"


def test_an_unknown_instrument_and_a_replay_do_not_wait(bench):
    assert bench.decide(a_decision(symbol="XXXYYY")) == [Kind.DECISION_DENIED]
    assert last(bench)["reason_code"] == "unknown_instrument"
    replay = BrokerBench(account(mode="replay", broker=None, symbols=()))
    replay.bot.account.quotes.clear()
    assert replay.decide() == [Kind.DECISION_DENIED]
    assert last(replay)["reason_code"] == "no_quote"


def test_so_many_wait_and_no_more(bench, monkeypatch):
    monkeypatch.setattr(deciding, "MAX_AWAITING_QUOTE", 3)
    decisions = [a_decision(stop=f"1.0579{number}") for number in range(5)]
    assert [bench.decide(one) for one in decisions] == [[], [], [], *[[Kind.DECISION_DENIED]] * 2]
    assert last(bench)["reason_code"] == "no_quote"
    assert later(bench, 1) == ([], [])
    bench.quotes()
    sent = [later(bench, 1)[1] for _ in range(4)]
    assert [len(effects) for effects in sent] == [1, 1, 1, 0], "one at a tick, each knowing of those before"


def test_one_decided_later_does_not_overtake_for_want_of_a_quote(bench):
    """Those of one account are judged in the order in which they came."""
    first = a_decision(stop="1.05790")
    second = a_decision(stop="1.05791", ts=MONDAY + timedelta(minutes=59))
    bench.decide(first)
    bench.decide(second)
    bench.quotes()
    later(bench, 1)
    assert bench.line.order.decision_id == first.decision_id


def test_all_that_the_kill_switch_ends_end_at_one_tick(bench):
    for number in range(3):
        bench.decide(a_decision(stop=f"1.0579{number}"))
    bench.take(Kill("now", "ben"))
    records, effects = later(bench, 1)
    denied = [record.body["reason_code"] for record in records if record.kind is Kind.DECISION_DENIED]
    assert (denied, effects, bench.bot.pending) == (["kill_switch"] * 3, [], {})


def test_what_is_denied_takes_no_turn_from_what_may_leave(bench):
    for number, valid_s in enumerate((90, 90, 300, 300)):
        bench.decide(a_decision(stop=f"1.0579{number}", valid_s=valid_s))
    bench.at = (bench.at[0] + 90 * SECOND_NS, *bench.at[1:])
    bench.quotes()
    records, effects = bench.take(Ticked())
    kinds = [record.kind for record in records]
    assert kinds == [Kind.DECISION_DENIED, Kind.DECISION_DENIED, Kind.ORDER_INTENDED]
    assert len(effects) == 1
