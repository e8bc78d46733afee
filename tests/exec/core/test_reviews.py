"""What a person approves is what he was shown: the same inputs, and a price no worse (R10, O7)."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from broker_bench import FIRST, BrokerBench, account
from exec_bench import a_decision
from risk_bench import set_money

from hive_core.risk.account import Exposure
from hive_core.risk.rules.phases import rules_on
from hive_exec.core.events import BreakerReset, BreakerTrip, Reviewed, Submit, Ticked
from hive_exec.core.folding import apply
from hive_exec.core.records import Kind, Record
from hive_exec.core.state import CellState, with_settings

REVIEWED = {"review_over_headroom": Decimal("0.01"), "review_ttl_s": 100}
SALE = {"side": "sell", "stop": "1.06200", "targets": ("1.05700",)}


def waiting(*, decision=None, **changes):
    """A bench with a decision before a person, and its id."""
    bench = BrokerBench(account(**{**REVIEWED, **changes}))
    assert bench.decide(decision) == [Kind.REVIEW_REQUESTED]
    (decision_id,) = bench.bot.reviews
    return bench, decision_id


def approve(bench, decision_id):
    """Another person says yes; returns records and effects."""
    return bench.take(Reviewed(FIRST, decision_id, True, "ben", "fine"))


def shown(bench):
    """The worst price that the record shows."""
    (asked,) = [r for r in bench.journal.records if r.kind is Kind.REVIEW_REQUESTED]
    return Decimal(asked.body["price_bound"])


def assert_void(bench, decision_id, why):
    """Approving sends nothing and says why."""
    records, effects = approve(bench, decision_id)
    assert [record.kind for record in records] == [Kind.REVIEW_ENDED, Kind.DECISION_DENIED]
    assert [effect for effect in effects if isinstance(effect, Submit)] == []
    assert records[0].body["outcome"] == "void"
    assert records[1].body["reason_code"] == "review_void"
    assert why in records[1].body["checks"][-1]["numbers"]["detail"]
    assert (bench.bot.orders, bench.bot.reviews, bench.bot.pending) == ({}, {}, {})


def test_the_request_shows_the_bound_of_the_gate_and_the_order_leaves_with_it():
    plain = BrokerBench()
    plain.decide()
    bench, decision_id = waiting()
    assert shown(bench) == plain.line.order.price_bound
    assert bench.bot.reviews[decision_id].price_bound == shown(bench)
    _, (submit,) = approve(bench, decision_id)
    assert submit.order.price_bound == shown(bench)


def market(bench, ask):
    bench.quotes(str(Decimal(ask) - Decimal("0.0001")), str(ask))


def test_where_the_market_is_worse_yet_within_it_leaves_with_the_bound_shown_and_with_no_new_one():
    bench, decision_id = waiting()
    market(bench, shown(bench))  # at the bound itself
    _, (submit,) = approve(bench, decision_id)
    assert submit.order.price_bound == shown(bench)


def test_where_the_market_is_better_the_gates_own_tighter_bound_holds():
    bench, decision_id = waiting()
    market(bench, Decimal("1.0595"))
    _, (submit,) = approve(bench, decision_id)
    assert Decimal("1.0595") < submit.order.price_bound < shown(bench)


@pytest.mark.parametrize("is_sale", [False, True])
def test_with_the_price_nearer_to_the_stop_no_more_lots_leave_than_were_shown(is_sale):
    decision = a_decision(**SALE) if is_sale else a_decision()
    bench, decision_id = waiting(decision=decision)
    (asked,) = [r for r in bench.journal.records if r.kind is Kind.REVIEW_REQUESTED]
    lots = sum(Decimal(leg["lots"]) for leg in asked.body["legs"])
    assert bench.bot.reviews[decision_id].lots == lots > 0
    quote = bench.bot.account.quotes[decision.symbol]
    middle = (quote.ask + decision.stop_loss) / 2
    plain = BrokerBench()
    market(plain, middle)
    plain.decide(decision)
    assert sum(line.order.lots for line in plain.bot.orders.values()) > lots, (
        "the same risk allows more there"
    )
    market(bench, middle)
    _, effects = approve(bench, decision_id)
    assert sum(effect.order.lots for effect in effects) == lots


def test_a_tick_beyond_the_bound_is_void():
    bench, decision_id = waiting()
    market(bench, shown(bench) + Decimal("0.00001"))
    assert_void(bench, decision_id, f"beyond the {shown(bench)} that was shown")


def test_a_sale_is_bound_from_below():
    bench, decision_id = waiting(decision=a_decision(**SALE))
    bench.quotes(str(shown(bench)), str(shown(bench) + Decimal("0.0001")))
    _, (submit,) = approve(bench, decision_id)
    assert submit.order.price_bound == shown(bench)
    bench, decision_id = waiting(decision=a_decision(**SALE))
    bid = shown(bench) - Decimal("0.00001")
    bench.quotes(str(bid), str(bid + Decimal("0.0001")))
    assert_void(bench, decision_id, "beyond the")


def test_a_limit_order_waits_for_its_own_price_whatever_the_market_is():
    limit = a_decision(order_type="limit", entry="1.0590")
    bench, decision_id = waiting(decision=limit)
    assert shown(bench) == Decimal("1.0590")
    _, (submit,) = approve(bench, decision_id)
    assert submit.order.price_bound == Decimal("1.0590")


def test_without_a_quote_it_is_void():
    bench, decision_id = waiting()
    bench.bot.account.quotes.clear()
    assert_void(bench, decision_id, "no quote of EURUSD")


@pytest.mark.parametrize("is_limit", [False, True])
def test_by_a_stale_quote_it_is_void(is_limit):
    bench, decision_id = waiting(
        decision=a_decision(order_type="limit", entry="1.0590") if is_limit else None
    )
    late_s = bench.bot.settings.quote_age_limit_s + 1
    bench.at = (bench.at[0] + late_s * 10**9, *bench.at[1:])
    assert_void(bench, decision_id, f"is {late_s} s old")


def test_a_quote_as_old_as_it_may_be_will_do_and_one_of_the_future_will_not():
    bench, decision_id = waiting()
    bench.at = (bench.at[0] + bench.bot.settings.quote_age_limit_s * 10**9, *bench.at[1:])
    assert [type(effect) for effect in approve(bench, decision_id)[1]] == [Submit]
    bench, decision_id = waiting()
    quote = bench.bot.account.quotes["EURUSD"]
    bench.bot.account.quotes["EURUSD"] = replace(quote, ts_ns=quote.ts_ns + 10**9)
    assert_void(bench, decision_id, "is -1 s old")


def test_one_that_was_held_before_is_shown_with_the_bound_of_its_plan():
    bench = BrokerBench(account(**REVIEWED))
    bench.health("broker", "down")
    bench.decide(a_decision(valid_s=600))
    (planned,) = bench.bot.held.values()
    bench.health("broker", "ok")
    market(bench, planned)
    bench.take(Ticked())
    assert shown(bench) == planned
    (decision_id,) = bench.bot.reviews
    _, (submit,) = approve(bench, decision_id)
    assert submit.order.price_bound == planned


def test_one_that_was_held_leaves_with_the_bound_of_its_plan():
    bench = BrokerBench()
    bench.health("broker", "down")
    bench.decide(a_decision(valid_s=600))
    (planned,) = bench.bot.held.values()
    bench.health("broker", "ok")
    market(bench, planned)
    _, (submit,) = bench.take(Ticked())
    assert submit.order.price_bound == planned


# What a journal of before the bound was kept says.


def test_a_request_that_shows_no_bound_is_read_and_its_approval_is_void():
    bench, decision_id = waiting()
    again = BrokerBench(account(**REVIEWED))
    again.state = again.engine.state = CellState("local", again.execution)
    for record in bench.journal.records:
        body = {key: value for key, value in record.body.items() if key != "price_bound"}
        again.engine.write(Record.from_data(json.loads(json.dumps(replace(record, body=body).as_data()))))
    again.quotes()
    assert again.bot.reviews[decision_id].price_bound is None
    again.journal.records.clear()
    assert_void(again, decision_id, "does not say which worst price was shown")


# Each of the inputs.


def _exposed(bench, **changes):
    """What the account holds, changed."""
    told = {
        "client_order_id": "external/p1",
        "symbol": "EURUSD",
        "side": "buy",
        "lots": Decimal("0.1"),
        "entry": Decimal("1.06"),
        "stop_loss": Decimal("1.055"),
        "take_profit": Decimal("1.07"),
        "is_open": True,
    }
    bench.bot.account.exposures["external/p1"] = Exposure(**{**told, **changes})


def _settings(bench):
    settings = bench.bot.settings.model_copy(update={"commission_per_lot": Decimal(7)})
    bench.state.bots[FIRST] = with_settings(bench.bot, settings)


def _rules(bench):
    rules = bench.bot.rules
    assert rules_on(rules.name, rules.day) == rules
    bench.bot.rules = rules.model_copy(update={"phase": "another"})


def _content(bench):
    """The same id, another content: it cannot be, and is not believed."""
    (decision_id, pending) = next(iter(bench.bot.pending.items()))
    decision = pending.delivery.decision.model_copy(update={"stop_loss": Decimal("1.0570")})
    delivery = pending.delivery.model_copy(update={"decision": decision})
    bench.bot.pending[decision_id] = replace(pending, delivery=delivery)


CHANGES = {
    "content": _content,
    "settings": _settings,
    "rules": _rules,
    "balance": lambda bench: set_money(bench.bot.account, 99_999),
    "balance at the reset": lambda bench: set_money(bench.bot.account, at_reset=99_999),
    "breach": lambda bench: setattr(bench.bot.account, "breached_rule", "daily_loss_limit"),
    "a position without a stop": lambda bench: bench.bot.account.unprotected.update(
        {"external/p9": "no stop"}
    ),
    "less size is left": lambda bench: bench.take(BreakerTrip("cell", "reduced", "trouble", "anna")),
    "nothing shall be sent": lambda bench: bench.take(BreakerTrip("cell", "shadow", "trouble", "anna")),
    "a position more": lambda bench: _exposed(bench, client_order_id="external/p2"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_an_approval_after_an_input_changed_is_void(what):
    bench, decision_id = waiting()
    CHANGES[what](bench)
    bench.quotes()
    assert_void(bench, decision_id, "what it was judged by has changed")


EXPOSURES = {
    "symbol": "GBPUSD",
    "side": "sell",
    "lots": Decimal("0.2"),
    "entry": Decimal("1.061"),
    "stop_loss": Decimal("1.054"),
    "is_open": False,
}


@pytest.mark.parametrize("what", EXPOSURES)
def test_an_approval_after_a_position_changed_is_void(what):
    bench = BrokerBench(account(**REVIEWED))
    _exposed(bench)
    bench.decide()
    (decision_id,) = bench.bot.reviews
    _exposed(bench, **{what: EXPOSURES[what]})
    assert_void(bench, decision_id, "what it was judged by has changed")


def test_what_was_shown_at_a_share_of_size_does_not_leave_at_the_whole():
    bench = BrokerBench(account(**{**REVIEWED, "review_over_headroom": Decimal("0.001")}))
    bench.take(BreakerTrip("cell", "reduced", "trouble", "anna"))
    bench.decide()
    (decision_id,) = bench.bot.reviews
    bench.take(BreakerReset("cell", "fine", "ben"))
    assert_void(bench, decision_id, "what it was judged by has changed")


def test_where_nothing_changed_but_the_price_within_its_bound_it_is_sent():
    bench = BrokerBench(account(**REVIEWED))
    _exposed(bench)
    bench.decide()
    (decision_id,) = bench.bot.reviews
    _exposed(bench)
    bench.quotes("1.06005", "1.06015")
    assert [type(effect) for effect in approve(bench, decision_id)[1]] == [Submit]


def test_the_bound_survives_a_restart():
    bench, _ = waiting()
    again = CellState("local", bench.execution)
    for record in bench.journal.records:
        apply(again, record)
    assert again.bots[FIRST].reviews == bench.bot.reviews
