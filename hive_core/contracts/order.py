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
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NOT_ACCEPTED = "not_accepted"
    FILLED = "filled"
    CLOSED = "closed"


TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.INTENDED: frozenset(
        {OrderState.ACCEPTED, OrderState.REJECTED, OrderState.NOT_ACCEPTED, OrderState.EXPIRED}
    ),
    OrderState.ACCEPTED: frozenset(
        {OrderState.FILLED, OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REJECTED}
    ),
    OrderState.FILLED: frozenset({OrderState.CLOSED}),
    OrderState.REJECTED: frozenset(),
    OrderState.EXPIRED: frozenset(),
    OrderState.CANCELLED: frozenset(),
    OrderState.NOT_ACCEPTED: frozenset(),
    OrderState.CLOSED: frozenset(),
}
"""Every state and what may follow it; what is not listed is an error, never a guess."""

LIVE_STATES = frozenset({OrderState.INTENDED, OrderState.ACCEPTED, OrderState.FILLED})
"""States that carry risk."""
