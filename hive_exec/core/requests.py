"""Requests that lessen risk: cancel and close. They may be repeated; none can open a position."""

from __future__ import annotations

from decimal import Decimal

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.base import decimal_text
from hive_core.evidence.canonical import short_id
from hive_exec.core.events import Alarm, BreakerTrip, Cancel, ClosePosition, Effect, Fallback
from hive_exec.core.orders import OrderLine
from hive_exec.core.records import CELL, FeedPosition, Kind, Record
from hive_exec.core.state import Bot

Outcome = tuple[list[Record], list[Effect]]

REPEAT_AFTER_NS = 10 * NS_PER_SECOND
"""How long a request is given before it is made again."""


def is_due(line: OrderLine, now_ns: int) -> bool:
    """Whether a request for this order may be made (again) now."""
    return line.requested_ns is None or now_ns - line.requested_ns >= REPEAT_AFTER_NS


def cancel(bot: Bot, line: OrderLine, at: FeedPosition, reason: str) -> Outcome:
    """Cancel what works of an order, if something does and it was not asked for just now."""
    if not line.working_lots or not is_due(line, at[0]):
        return [], []
    body = {"client_order_id": line.order.client_order_id, "request": "cancel", "cause": reason}
    return [Record(bot.name, Kind.REQUEST_SENT, at, body)], [Cancel(line.order)]


def close(bot: Bot, line: OrderLine, at: FeedPosition, reason: str) -> Outcome:
    """Close what an order opened, if something is open and it was not asked for just now."""
    if not line.open_lots or not is_due(line, at[0]):
        return [], []
    record, request = close_request(bot, line, line.open_lots, at, reason)
    return [record], [request]


def close_request(
    bot: Bot, line: OrderLine, lots: Decimal, at: FeedPosition, reason: str
) -> tuple[Record, ClosePosition]:
    """The next request to close `lots` of what an order opened. Each has an id of its own at the venue."""
    order = line.order
    request_id = short_id("cls", {"order": order.client_order_id, "request": line.requests + 1})
    body = {
        "client_order_id": order.client_order_id,
        "request": "close",
        "request_id": request_id,
        "lots": decimal_text(lots),
        "cause": reason,
    }
    return Record(bot.name, Kind.REQUEST_SENT, at, body), ClosePosition(order, lots, request_id)


def trip(account: str, fallback: Fallback, reason: str, at: FeedPosition) -> Outcome:
    """Open the breaker of an account by the daemon's own judgement."""
    return tripped(BreakerTrip(f"bot:{account}", fallback, reason, "hive"), at)


def tripped(event: BreakerTrip, at: FeedPosition) -> Outcome:
    """Open a breaker."""
    body = {
        "scope": event.scope,
        "fallback": event.fallback,
        "reason": event.reason,
        "principal": event.principal,
    }
    text = f"breaker {event.scope} ({event.fallback}): {event.reason}"
    return [Record(CELL, Kind.BREAKER_TRIPPED, at, body)], [Alarm(event.scope, text)]
