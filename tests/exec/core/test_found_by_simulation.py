"""What the simulation found, each as a test of the core by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_bench import AT, do, report, state_of, with_order

from hive_core.contracts.broker import BrokerSnapshot, VenueOrder
from hive_core.contracts.order import OrderState
from hive_exec.core.commanding import Refused
from hive_exec.core.controls import Condition
from hive_exec.core.events import BreakerTrip, Reported, Reviewed, SnapshotTaken
from hive_exec.core.folding import apply
from hive_exec.core.last_look import reason_not_to_send
from hive_exec.core.reconciling import HEARD_AFTER_NS
from hive_exec.core.records import Kind
from hive_exec.core.step import step
from hive_exec.core.waiting import Review

BROKER = {"mode": "broker", "broker": "any", "symbols": ("EURUSD",)}


def said(bot, order_id, kind, **changes):
    told = report(bot, order_id, kind, **changes)
    return Reported(told.report)


def books(bot, at, orders=()):
    snapshot = BrokerSnapshot(bot.name, at[0], "7", None, None, None, orders, ())
    return SnapshotTaken(snapshot, is_hedging=True)


def take(state, event, at=AT):
    records, effects = step(state, event, at)
    for record in records:
        apply(state, record)
    return records, effects


def at_broker(state_wanted=OrderState.INTENDED):
    bot, order_id = with_order(state_wanted)
    bot.settings = bot.settings.model_copy(update=BROKER)
    state = state_of(bot)
    state.controls.conditions[bot.name] = {
        name: Condition("ok", "well") for name in ("broker", "reconciliation")
    }
    return state, bot, order_id


@pytest.mark.parametrize("end", ["cancelled", "expired"])
def test_an_end_that_overtook_a_fill_counts_until_the_books_are_compared(end):
    state, bot, order_id = at_broker()
    do(bot, said(bot, order_id, end, lots=None))
    assert bot.account.exposures[order_id].lots == bot.orders[order_id].order.lots
    early = (AT[0] + HEARD_AFTER_NS - 1, *AT[1:])
    take(state, books(bot, early), early)
    assert order_id in bot.account.exposures
    later = (AT[0] + HEARD_AFTER_NS, *AT[1:])
    records, _ = take(state, books(bot, later), later)
    assert records[0].body["heard"] == [order_id]
    assert bot.account.exposures == {}
    assert take(state, books(bot, later), later)[0] == []


def test_the_rest_of_an_order_that_ended_counts_as_well_and_its_late_fill_once():
    state, bot, order_id = at_broker(OrderState.PARTIALLY_FILLED)
    lots = bot.orders[order_id].order.lots
    do(bot, said(bot, order_id, "cancelled", lots=None, execution_id="end"))
    counted = {key: one.lots for key, one in bot.account.exposures.items()}
    assert counted == {order_id: Decimal("0.01"), f"{order_id}/rest": lots - Decimal("0.01")}
    take(state, said(bot, order_id, "filled", price="1.0601", lots=Decimal("0.02"), execution_id="late"))
    assert sum(one.lots for one in bot.account.exposures.values()) == lots
    later = (AT[0] + HEARD_AFTER_NS, *AT[1:])
    take(state, books(bot, later), later)
    assert {key: one.lots for key, one in bot.account.exposures.items()} == {order_id: Decimal("0.03")}


def test_the_venue_in_this_process_says_everything_in_order():
    bot, order_id = with_order(OrderState.ACCEPTED)
    do(bot, report(bot, order_id, "cancelled"))
    assert bot.account.exposures == {}


@pytest.mark.parametrize("fallback", ["safe", "halt"])
def test_nobody_can_approve_while_the_account_stands_stopped(fallback):
    state, bot, order_id = at_broker()
    decision_id = bot.orders[order_id].order.decision_id
    bot.pending[decision_id] = type("P", (), {"submitters": ("anna",)})()
    bot.reviews[decision_id] = Review(decision_id, "x", AT[0], AT[0] + 1, "why")
    take(state, BreakerTrip("cell", fallback, "trouble", "ben"))
    with pytest.raises(Refused, match="approve once it may send again: breaker cell"):
        step(state, Reviewed(bot.name, decision_id, True, "ben", "fine"), AT)


def test_a_breaker_that_trips_again_keeps_the_stricter_fallback():
    state, bot, _ = at_broker()
    scope = f"bot:{bot.name}"
    order = ("reduced", "shadow", "safe", "halt")
    for fallback in (*order, *order[::-1]):
        take(state, BreakerTrip(scope, fallback, "trouble", "ben"))
    assert state.controls.breakers[scope].fallback == "halt"


def test_a_breaker_stops_what_waits_to_be_sent():
    state, bot, order_id = at_broker()
    order = bot.orders[order_id].order
    assert reason_not_to_send(state, bot, order, AT[0]) == ""
    take(state, BreakerTrip("cell", "safe", "trouble", "ben"))
    assert "trouble" in reason_not_to_send(state, bot, order, AT[0])


def test_a_foreign_order_is_said_once_and_again_after_a_reset():
    state, bot, _ = at_broker()
    foreign = (VenueOrder(f"ord_{1:024x}", "v1", "EURUSD", "buy", Decimal(1), None, None),)
    first, _ = take(state, books(bot, AT, foreign))
    assert [record.kind for record in first][:2] == [Kind.DIVERGENCE_FOUND, Kind.BREAKER_TRIPPED]
    assert take(state, books(bot, AT, foreign))[0] == []
    state.controls.breakers.clear()
    assert len(take(state, books(bot, AT, foreign))[0]) == 2
