"""Order: a bracket of entry, stop and one target, its states, and the transitions between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hive_core.contracts.base import AccountName, Contract, Identifier, Lots, Price, Symbol, TimestampNs
from hive_core.contracts.decision import OrderType, Side
from hive_core.evidence.canonical import short_id


class BracketOrder(Contract):
    """One leg of a decision: the stop and the target travel with the entry, never after it.

    `entry` is None for a market order. `price_bound` is the worst price at which the venue may fill the
    entry: with it a late or slipped fill cannot multiply the risk. `good_till_ns` is the venue's own
    bound in time: an entry that has not happened by then does not happen.
    """

    client_order_id: Identifier
    account: AccountName
    decision_id: Identifier
    leg: Annotated[int, Field(ge=1, le=16)]
    attempt: Annotated[int, Field(ge=1)]
    symbol: Symbol
    side: Side
    order_type: OrderType
    lots: Lots
    entry: Price | None
    price_bound: Price
    stop_loss: Price
    take_profit: Price
    submitted_ns: TimestampNs
    good_till_ns: TimestampNs


def client_order_id(environment: str, account: str, decision_id: str, leg: int, attempt: int) -> str:
    """The id of an order at the venue: the same leg and attempt have the same id, always."""
    return short_id(
        "ord",
        {"env": environment, "account": account, "decision": decision_id, "leg": leg, "attempt": attempt},
    )


class OrderState(StrEnum):
    """Where an order stands. INTENDED is durable before anything is sent."""

    INTENDED = "intended"
    UNRESOLVED = "unresolved"
    """It may have reached the venue, and nobody knows. It counts as filled at its worst until the venue's own
    evidence or two people end it."""
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    """Nothing works any more; the position that it opened is open."""
    CLOSED = "closed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NOT_ACCEPTED = "not_accepted"
    """It provably never reached the venue."""


_FILLS = frozenset({OrderState.PARTIALLY_FILLED, OrderState.FILLED})
_ANSWERS = _FILLS | {OrderState.ACCEPTED, OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED}

TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.INTENDED: _ANSWERS | {OrderState.UNRESOLVED, OrderState.NOT_ACCEPTED},
    OrderState.UNRESOLVED: _ANSWERS | {OrderState.NOT_ACCEPTED},
    OrderState.ACCEPTED: _ANSWERS - {OrderState.ACCEPTED},
    OrderState.PARTIALLY_FILLED: _FILLS | {OrderState.CLOSED},
    OrderState.FILLED: frozenset({OrderState.FILLED, OrderState.CLOSED}),
    # A fill is a fact, also where it comes after the venue said that none would come.
    OrderState.CLOSED: frozenset({OrderState.FILLED}),
    OrderState.REJECTED: _FILLS,
    OrderState.EXPIRED: _FILLS,
    OrderState.CANCELLED: _FILLS,
    OrderState.NOT_ACCEPTED: _FILLS | {OrderState.ACCEPTED},
}
"""Every state and what may follow it; what is not listed is an error, never a guess."""

WAITING_STATES = frozenset({OrderState.INTENDED, OrderState.UNRESOLVED})
"""Sent or about to be, and not answered."""

LIVE_STATES = WAITING_STATES | _FILLS | {OrderState.ACCEPTED}
"""States that carry risk."""
