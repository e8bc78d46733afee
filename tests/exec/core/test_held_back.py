"""What holds an account back holds everything back: approvals, trips, second kills, odd reports, failover."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from core_bench import AT, a_bot, receive, with_order
from exec_bench import a_decision, delivery_bytes
from risk_bench import NOW_NS

from hive_core.configuration.model import Execution
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import OrderState
from hive_exec.core.events import (
    BreakerTrip,
    DecisionDue,
    Event,
    HealthObserved,
    Kill,
    Reported,
    Resume,
    Submit,
    SubmitProvenAbsent,
    Ticked,
)
from hive_exec.core.folding import apply
from hive_exec.core.records import Kind, Record
from hive_exec.core.state import CellState
from hive_exec.core.step import step

AT_BROKER: dict[str, Any] = {"mode": "broker", "broker": "venue"}


def a_state(*bots: Any) -> CellState:
    return CellState("local", Execution(), {bot.name: bot for bot in bots})


def do(state: CellState, event: Event) -> list[Any]:
    """Step and fold; returns the effects."""
    records, effects = step(state, event, AT)
    for record in records:
        apply(state, record)
    return effects


@pytest.mark.parametrize(("first", "second"), [("halt", "shadow"), ("halt", "reduced"), ("safe", "shadow")])
def test_no_trip_makes_an_open_breaker_weaker(first, second):
    state = a_state(a_bot(mode="paper"))
    do(state, BreakerTrip("global", first, "it burns", "ann"))
    do(state, BreakerTrip("global", second, "let it trade", "bob"))
    assert state.controls.breakers["global"].fallback == first


def test_a_stricter_trip_takes_the_place_of_a_weaker():
    state = a_state(a_bot(mode="paper"))
    do(state, BreakerTrip("global", "reduced", "careful", "ann"))
    do(state, BreakerTrip("global", "halt", "it burns", "bob"))
    assert state.controls.breakers["global"].fallback == "halt"


def test_a_kill_thrown_again_takes_back_who_agreed_to_resume():
    state = a_state(a_bot(mode="paper"))
    do(state, Kill("first", "ann"))
    do(state, Resume("it is over", "bob"))
    do(state, Kill("it is not", "ann"))
    do(state, Resume("it is over", "cid"))
    assert state.controls.kill is not None


def a_report(bot: Any, order_id: str, kind: ReportKind, **changes: Any) -> Reported:
    told = BrokerReport(bot.name, order_id, kind, "e-1", NOW_NS, lots=Decimal("0.01"))
    return Reported(replace(told, **changes))


@pytest.mark.parametrize("state_before", [OrderState.INTENDED, OrderState.UNRESOLVED])
def test_a_fill_of_a_broker_without_its_price_stops_the_account_and_not_the_daemon(state_before):
    bot, order_id = with_order(state_before)
    bot.settings = bot.settings.model_copy(update=AT_BROKER)
    state, odd = a_state(bot), a_report(bot, order_id, ReportKind.FILLED)
    do(state, odd)
    assert state.controls.breakers["bot:samples"].fallback == "halt"
    assert bot.orders[order_id].state is state_before
    assert step(state, odd, AT) == ([], [])  # said again


def test_a_report_of_a_broker_in_a_currency_without_rate_stops_the_account_and_not_the_daemon():
    bot, order_id = with_order(OrderState.FILLED)
    bot.settings = bot.settings.model_copy(update=AT_BROKER)
    bot.account.rates_per_eur.clear()
    state = a_state(bot)
    lots = bot.orders[order_id].open_lots
    do(state, a_report(bot, order_id, ReportKind.CLOSED, price=None, lots=lots))
    assert "bot:samples" in state.controls.breakers


def test_what_two_accounts_hand_over_at_one_tick_is_judged_one_after_the_other():
    bots = {}
    for name in ("first", "second", "third"):
        bot = a_bot(mode="paper", failover_to=None if name == "third" else "third")
        bot.account.name = name
        bot.settings = bot.settings.model_copy(update={"name": name})
        bots[name] = bot
    state = CellState("local", Execution(), bots)
    for name in ("first", "second"):
        decision = a_decision(account=name)
        body = {"decision_id": decision.decision_id, "delivery": json.loads(delivery_bytes(decision))}
        apply(state, Record(name, Kind.DECISION_RECEIVED, AT, body))
        do(state, HealthObserved(name, "prices", "down", "none"))
    once = [effect for effect in do(state, Ticked()) if isinstance(effect, Submit)]
    assert len({effect.order.decision_id for effect in once}) == 1


def test_no_second_attempt_is_made_at_a_start_under_a_kill():
    bot, order_id = with_order(OrderState.INTENDED)
    bot.settings = bot.settings.model_copy(update={"mode": "paper"})
    state = a_state(bot)
    do(state, Kill("stop", "ann"))
    assert not do(state, SubmitProvenAbsent(bot.name, order_id))
    assert bot.orders[order_id].state is OrderState.NOT_ACCEPTED


def test_a_clock_that_was_set_today_does_not_hold_a_replay():
    bot = a_bot()
    state, decision_id = a_state(bot), receive(bot)
    do(state, HealthObserved("cell", "clock", "down", "it was set"))
    assert [type(effect) for effect in do(state, DecisionDue(bot.name, decision_id))] == [Submit]


def test_no_other_command_takes_back_a_kill_that_still_waits(bench):
    bench.cell.kill_now()
    bench.cell.call(lambda: bench.cell.command(BreakerTrip("cell", "reduced", "why not", "bob"))).result(10)
    assert bench.cell.is_killed_at_once
    bench.cell.call(lambda: bench.cell.command(Kill("stop", "ann"))).result(10)
    assert not bench.cell.is_killed_at_once
    assert bench.cell.state.controls.kill is not None
