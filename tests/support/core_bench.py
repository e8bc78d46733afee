"""A bot in the hands of a test: opened, quoted, and taken to any state, without a cell or a disk."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from exec_bench import READ_UP, a_decision, delivery_bytes
from risk_bench import DAY, NOW_NS, QUOTES, RATES, RESET, SETTINGS

from hive_core.configuration.model import Execution
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.decision import Decision
from hive_core.contracts.order import OrderState
from hive_exec.core.events import DecisionDue, Event, Reported, SubmitUnknown
from hive_exec.core.folding import apply_to_bot
from hive_exec.core.records import RANK_DECISION, FeedPosition, Kind, Record
from hive_exec.core.state import Bot, CellState, observe_quote, observe_rate, open_bot
from hive_exec.core.step import Outcome, step

AT: FeedPosition = (NOW_NS, RANK_DECISION, "")


def a_bot(**changes: Any) -> Bot:
    """A bot that knows every quote and rate and holds nothing."""
    settings = SETTINGS.model_copy(update={"accepted_unknowns": READ_UP, **changes})
    day_start = RESET.start_ns(DAY)
    body = {"settings": settings.model_dump(mode="json"), "trading_day": "2017-03-06"}
    bot = open_bot(Record("samples", Kind.ACCOUNT_OPENED, (day_start, -2, ""), body))
    for symbol, (bid, ask) in QUOTES.items():
        observe_quote(bot, symbol, Decimal(bid), Decimal(ask), NOW_NS)
    for currency, rate in RATES.items():
        observe_rate(bot, currency, Decimal(rate), NOW_NS)
    return bot


def receive(bot: Bot, decision: Decision | None = None) -> str:
    """Put a decision before the bot; returns its id."""
    decision = decision or a_decision()
    body = {"decision_id": decision.decision_id, "delivery": json.loads(delivery_bytes(decision))}
    apply_to_bot(bot, Record("samples", Kind.DECISION_RECEIVED, AT, body))
    return decision.decision_id


def state_of(bot: Bot) -> CellState:
    """A daemon that has only this bot."""
    return CellState("local", Execution(), {bot.name: bot})


def ask(bot: Bot, event: Event, at: FeedPosition = AT, environment: str = "local") -> Outcome:
    """Step, and apply nothing."""
    state = state_of(bot)
    state.environment = environment
    return step(state, event, at)


def do(bot: Bot, event: Event, at: FeedPosition = AT) -> Outcome:
    """Step, and apply what follows."""
    records, effects = ask(bot, event, at)
    for record in records:
        apply_to_bot(bot, record)
    return records, effects


def report(
    bot: Bot,
    order_id: str,
    kind: str,
    *,
    price: str | None = None,
    venue_seq: int | None = None,
    **changes: Any,
) -> Reported:
    """The next report of the venue in this process."""
    lots = bot.orders[order_id].order.lots if order_id in bot.orders else None
    told: dict[str, Any] = {
        "account": bot.name,
        "client_order_id": order_id,
        "kind": ReportKind(kind),
        "ts_ns": AT[0],
        "execution_id": f"paper-{bot.last_venue_seq + 1}",
        "price": None if price is None else Decimal(price),
        "lots": lots,
        "reason": "because",
    }
    return Reported(
        BrokerReport(**{**told, **changes}), bot.last_venue_seq + 1 if venue_seq is None else venue_seq
    )


WAYS: dict[OrderState, tuple[str, ...]] = {
    OrderState.INTENDED: (),
    OrderState.ACCEPTED: ("accepted",),
    OrderState.FILLED: ("accepted", "filled"),
    OrderState.CLOSED: ("accepted", "filled", "closed"),
    OrderState.REJECTED: ("rejected",),
    OrderState.EXPIRED: ("accepted", "expired"),
    OrderState.CANCELLED: ("accepted", "cancelled"),
}
PRICES = {"filled": "1.06010", "closed": "1.06300"}


def with_order(state: OrderState, decision: Decision | None = None, **changes: Any) -> tuple[Bot, str]:
    """A bot with one order in a state, and the order's id."""
    bot = a_bot(**changes)
    do(bot, DecisionDue(bot.name, receive(bot, decision)))
    (order_id,) = bot.orders
    if state is OrderState.NOT_ACCEPTED:
        apply_to_bot(bot, Record("samples", Kind.ORDER_NOT_ACCEPTED, AT, {"client_order_id": order_id}))
        return bot, order_id
    if state is OrderState.UNRESOLVED:
        do(bot, SubmitUnknown(bot.name, order_id, "time-out"))
        return bot, order_id
    if state is OrderState.PARTIALLY_FILLED:
        do(bot, report(bot, order_id, "accepted"))
        do(bot, report(bot, order_id, "filled", price=PRICES["filled"], lots=Decimal("0.01")))
        return bot, order_id
    for kind in WAYS[state]:
        do(bot, report(bot, order_id, kind, price=PRICES.get(kind)))
    return bot, order_id
