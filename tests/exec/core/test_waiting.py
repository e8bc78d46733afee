"""Decisions that do not become orders at once: held, simulated, shown to a person, handed over, throttled."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from broker_bench import FIRST, OTHER, BrokerBench, account
from exec_bench import MONDAY, a_decision

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.order import OrderState as S
from hive_exec.core.commanding import Refused
from hive_exec.core.events import BarRanged, BreakerTrip, DecisionDue, Reviewed, Submit, Ticked
from hive_exec.core.folding import apply
from hive_exec.core.records import Kind
from hive_exec.core.snapshot import state_digest
from hive_exec.core.state import CellState

REVIEWED = {"review_over_headroom": Decimal("0.01"), "review_ttl_s": 100}


def held(**changes):
    bench = BrokerBench(account(**changes))
    bench.health("broker", "down")
    assert bench.decide(a_decision(valid_s=600)) == [Kind.DECISION_HELD]
    return bench


def reviewed(**changes):
    bench = BrokerBench(account(**{**REVIEWED, **changes}))
    assert bench.decide() == [Kind.REVIEW_REQUESTED]
    (decision_id,) = bench.bot.reviews
    return bench, decision_id


def last(bench):
    return bench.journal.records[-1].body


def test_a_decision_waits_for_its_venue_and_is_sent_within_its_bound():
    bench = held()
    assert list(bench.bot.simulated) == [f"{next(iter(bench.bot.held))}/1"]
    assert bench.kinds(DecisionDue(FIRST, next(iter(bench.bot.held)))) == []
    bench.passes(400)  # older than a fresh decision may be: it waited, and ends by its own time
    bench.health("broker", "ok")
    _, effects = bench.take(Ticked())
    assert [type(effect) for effect in effects] == [Submit]
    assert bench.bot.held == {}


def test_one_that_waited_too_long_is_denied():
    bench = held()
    bench.passes(600)
    assert last(bench)["reason_code"] in {"expired", "stale"}
    assert bench.bot.pending == {}


@pytest.mark.parametrize(("ask", "goes"), [("1.06110", True), ("1.06250", False)])
def test_one_that_waited_is_not_sent_beyond_its_price(ask, goes):
    bench = held()
    bench.health("broker", "ok")
    bench.quotes(str(Decimal(ask) - Decimal("0.0001")), ask)
    records, _ = bench.take(Ticked())
    kind = Kind.ORDER_INTENDED if goes else Kind.DECISION_DENIED
    assert kind in [record.kind for record in records]
    if not goes:
        assert last(bench)["reason_code"] == "beyond_price_bound"


def test_a_sale_that_waited_is_not_sent_beyond_its_price():
    bench = BrokerBench()
    bench.health("broker", "down")
    sale = a_decision(side="sell", stop="1.06200", targets=("1.05700",), valid_s=600)
    assert bench.decide(sale) == [Kind.DECISION_HELD]
    bench.health("broker", "ok")
    bench.quotes("1.05800", "1.05810")
    bench.take(Ticked())
    assert last(bench)["reason_code"] == "beyond_price_bound"


def test_one_without_a_quote_is_held_without_a_plan():
    bench = BrokerBench()
    bench.health("broker", "down")
    bench.bot.account.quotes.clear()
    assert bench.decide() == [Kind.DECISION_HELD]
    assert (last(bench)["legs"], last(bench)["price_bound"]) == ([], None)
    assert bench.bot.held[next(iter(bench.bot.pending))] is None


def test_an_open_breaker_denies_and_a_shadow_simulates_to_the_end():
    bench = BrokerBench()
    bench.take(BreakerTrip("cell", "safe", "trouble", "anna"))
    assert bench.decide() == [Kind.DECISION_DENIED]
    assert last(bench)["reason_code"] == "breaker_open"
    shadow = BrokerBench()
    shadow.take(BreakerTrip("cell", "shadow", "trouble", "anna"))
    decision = a_decision()
    assert shadow.decide(decision) == [Kind.DECISION_SHADOWED]
    assert last(shadow)["is_simulated"]
    assert shadow.bot.account.exposures == {}
    bids = [Decimal("1.0600"), Decimal("1.0640"), Decimal("1.0600"), Decimal("1.0640")]
    other = BarPrices(*bids, *(bid + Decimal("0.0001") for bid in bids))
    assert shadow.kinds(BarRanged(FIRST, "GBPUSD", other)) == []
    (closed,), effects = shadow.take(BarRanged(FIRST, "EURUSD", other))
    assert (closed.kind, closed.body["reason"], effects) == (Kind.SIMULATION_CLOSED, "target", [])
    assert closed.body["is_simulated"]
    assert shadow.bot.simulated == {}
    assert shadow.take(BarRanged(FIRST, "EURUSD", other)) == ([], [])


def test_reduced_takes_a_share_of_size_and_rate():
    full, less = BrokerBench(), BrokerBench()
    less.take(BreakerTrip("global", "reduced", "trouble", "anna"))
    full.decide()
    less.decide()
    assert less.line.order.lots == full.line.order.lots / 2
    bench = BrokerBench(account(max_orders_per_hour=2))
    bench.take(BreakerTrip("global", "reduced", "trouble", "anna"))
    assert bench.decide() == [Kind.ORDER_INTENDED]
    assert bench.decide(a_decision(stop="1.05790")) == [Kind.DECISION_DENIED]


def test_the_rate_survives_a_restart():
    bench = BrokerBench(account(max_orders_per_hour=1))
    bench.ordered(S.CLOSED)
    again = CellState("local", bench.execution)
    for record in bench.journal.records:
        apply(again, record)
    assert state_digest(again) == state_digest(bench.state)
    assert [(one.ts_ns, one.orders) for one in again.bots[FIRST].account.sent] == [(bench.at[0], 1)]
    assert bench.decide(a_decision(stop="1.05790")) == [Kind.DECISION_DENIED]
    assert last(bench)["reason_code"] == "too_many_orders"
    bench.passes(3_600)
    late = a_decision(ts=MONDAY + timedelta(minutes=119))
    assert bench.decide(late) == [Kind.ORDER_INTENDED]


def test_another_person_approves_what_is_doubtful():
    bench, decision_id = reviewed()
    assert "of the room that is left" in last(bench)["reason"]
    with pytest.raises(Refused, match="another person"):
        bench.take(Reviewed(FIRST, decision_id, True, "anna", "mine"))
    with pytest.raises(Refused, match="no decision dec_none"):
        bench.take(Reviewed(FIRST, "dec_none", True, "ben", "what"))
    assert bench.kinds(Reviewed(FIRST, decision_id, True, "ben", "fine")) == [
        Kind.REVIEW_ENDED,
        Kind.ORDER_INTENDED,
    ]


def test_a_person_refuses_or_comes_too_late():
    bench, decision_id = reviewed()
    bench.take(Reviewed(FIRST, decision_id, False, "ben", "no"))
    assert last(bench)["reason_code"] == "review_refused"
    bench, decision_id = reviewed()
    bench.at = (bench.at[0] + 100 * 10**9, *bench.at[1:])
    bench.take(Reviewed(FIRST, decision_id, True, "ben", "fine"))
    assert last(bench)["reason_code"] == "review_timed_out"


def test_nobody_looks():
    bench, decision_id = reviewed()
    assert bench.kinds(DecisionDue(FIRST, decision_id)) == []
    bench.passes(99)
    assert bench.bot.reviews
    bench.passes(1)
    assert last(bench)["reason_code"] == "review_timed_out"
    assert (bench.bot.reviews, bench.bot.pending) == ({}, {})


def test_an_approval_is_void_when_what_was_judged_has_changed():
    bench, decision_id = reviewed()
    bench.books(positions=(bench.venue_position("", Decimal(1)),))
    bench.take(Reviewed(FIRST, decision_id, True, "ben", "fine"))
    assert last(bench)["reason_code"] == "review_void"


def test_dissent_is_shown_to_a_person():
    decision = a_decision()
    against = decision.votes[0].model_copy(update={"source": "sample_other", "side": "sell"})
    divided = decision.model_copy(update={"votes": (*decision.votes, against)})
    bench = BrokerBench(account(review_over_dissent=Decimal("0.4")))
    assert bench.decide(divided) == [Kind.REVIEW_REQUESTED]
    assert "stands against it" in last(bench)["reason"]
    agreed = BrokerBench(account(review_over_dissent=Decimal("0.6"), review_over_headroom=Decimal(1)))
    assert agreed.decide(divided) == [Kind.ORDER_INTENDED]


def test_another_account_takes_over_what_has_no_intent():
    bench = BrokerBench(account(failover_to=OTHER), account(OTHER))
    bench.well(OTHER)
    bench.health("broker", "down")
    kinds = bench.decide()
    assert kinds == [Kind.DECISION_FAILED_OVER, Kind.DECISION_RECEIVED, Kind.ORDER_INTENDED]
    assert bench.journal.records[-1].account == OTHER
    assert (bench.bot.orders, bench.bot.pending, len(bench.state.bots[OTHER].orders)) == ({}, {}, 1)


def test_what_is_intended_stays_and_what_the_other_has_is_not_given_twice():
    bench = BrokerBench(account(failover_to=OTHER), account(OTHER))
    bench.well(OTHER)
    bench.decide()
    bench.health("broker", "down")
    bench.passes(1)
    assert bench.state.bots[OTHER].orders == {}
    known = BrokerBench(account(failover_to=OTHER), account(OTHER))
    known.well(OTHER)
    known.decide(name=OTHER)
    known.health("broker", "down")
    assert known.decide() == [Kind.DECISION_FAILED_OVER]


@pytest.mark.parametrize("trouble", ["down", "shadow"])
def test_an_account_that_cannot_send_takes_nothing_over(trouble):
    bench = BrokerBench(account(failover_to=OTHER), account(OTHER))
    bench.well(OTHER)
    if trouble == "down":
        bench.health("broker", "down", OTHER)
    else:
        bench.take(BreakerTrip(f"bot:{OTHER}", "shadow", "trouble", "anna"))
    bench.health("broker", "down")
    assert bench.decide() == [Kind.DECISION_HELD]
    assert [record.kind for record in bench.passes(1)[0]] == [Kind.MODE_CHANGED] * (1 + (trouble == "down"))
    assert bench.passes(1) == ([], [])


def test_a_failover_to_an_account_that_there_is_not_waits():
    bench = BrokerBench(account(failover_to="gone"))
    bench.health("broker", "down")
    assert bench.decide() == [Kind.DECISION_HELD]
