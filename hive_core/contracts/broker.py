"""What a venue says: reports on orders, and its books at one instant. Frozen data, shared by every adapter.

How it is asked belongs to `hive_exec.brokers`; what follows from an answer to `hive_exec.core`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hive_core.contracts.decision import Side


class ReportKind(StrEnum):
    """What a venue can say of an order or of the position that it opened."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FILLED = "filled"
    """An execution of the entry: all of it, or a part (`lots` is this execution's)."""
    MODIFIED = "modified"
    """Stop or target of an order or a position are other ones now."""
    MODIFY_REJECTED = "modify_rejected"
    CANCEL_REJECTED = "cancel_rejected"
    CLOSED = "closed"
    """An execution against the position: all of it, or a part (`lots` is this execution's)."""


@dataclass(frozen=True, slots=True)
class BrokerReport:
    """One thing that a venue says of one of our orders.

    `execution_id` is unique at the venue for what it says, and the same whenever it says it again; it is
    applied once. `ts_ns` is the venue's time. `price` and `lots` are of this execution; `stop_loss` and
    `take_profit` are what the venue now holds for the order or its position (None: it does not say), and
    `has_stop` is False only where it is known that the position stands without a stop. `commission`,
    `profit` and `swap` are in the account's currency, None where the venue does not say; a cost is positive.
    `reason` is ours (`RejectionReason`, or why a position closed), `text` the venue's own words.
    """

    account: str
    client_order_id: str
    kind: ReportKind
    execution_id: str
    ts_ns: int
    venue_order_id: str = ""
    price: Decimal | None = None
    lots: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    has_stop: bool = True
    commission: Decimal | None = None
    profit: Decimal | None = None
    swap: Decimal | None = None
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order that works at the venue. `client_order_id` is "" where it carries none."""

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    lots: Decimal
    price: Decimal | None
    stop_loss: Decimal | None


@dataclass(frozen=True, slots=True)
class VenuePosition:
    """An open position at the venue. `client_order_id` is that of the order which opened it, or "".

    A netting venue has one a symbol and cannot say which of our orders a part belongs to.
    """

    position_id: str
    client_order_id: str
    symbol: str
    side: Side
    lots: Decimal
    entry: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None


@dataclass(frozen=True, slots=True)
class BrokerSnapshot:
    """The venue's books of one account at one instant.

    `cursor` is the place in the venue's log of what has happened (a transaction id, a sequence number, a
    time) up to which the snapshot counts; reports after it come from `Broker.reports_since`. Amounts are
    in the account's currency, None where the venue does not say.
    """

    account: str
    ts_ns: int
    cursor: str
    balance: Decimal | None
    equity: Decimal | None
    margin_used: Decimal | None
    orders: tuple[VenueOrder, ...]
    positions: tuple[VenuePosition, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to "what became of this order".

    Reports are evidence of what it became. Without any, `is_proof` says whether their absence proves that
    the order never arrived and never will: the venue's log was read whole from before the request up to a
    moment at which the request could no longer be under way. Not found is not proof.
    """

    client_order_id: str
    reports: tuple[BrokerReport, ...]
    is_proof: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a venue can do.

    `deduplicates_client_ids`: a second request with an id it has seen is refused, for ever, filled orders
    included. `settle_s`: how long after a request was cut off it may still be acted upon.
    `has_price_bound`, `has_good_till`: the order itself carries its worst price, its end.
    `has_reports_since`: it keeps a log that can be read again from a cursor.
    """

    kind: str
    is_hedging: bool
    deduplicates_client_ids: bool
    has_price_bound: bool
    has_good_till: bool
    has_reports_since: bool
    settle_s: int
    max_requests_per_s: int
