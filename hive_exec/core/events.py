"""Events: what reaches the core. And effects: what it wants done once its records are durable."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.order import BracketOrder
from hive_exec.core.records import FeedPosition


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The account's clock reached an instant; a new trading day may have begun."""


@dataclass(frozen=True, slots=True)
class DecisionDue:
    """A received decision's time has come."""

    decision_id: str


@dataclass(frozen=True, slots=True)
class BarBegan:
    """A bar opened at this quote; a gap may have gone through stops and floors."""

    symbol: str
    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class BarRanged:
    """A bar closed: the range that its instrument went through. A quote is a bar of one price."""

    symbol: str
    bar: BarPrices[Decimal]


VenueReportKind = Literal["accepted", "rejected", "expired", "cancelled", "filled", "closed"]


@dataclass(frozen=True, slots=True)
class VenueReport:
    """What a venue says of an order. `venue_seq` counts its reports for an account from 1."""

    venue_seq: int
    account: str
    client_order_id: str
    kind: VenueReportKind
    at: FeedPosition
    execution_id: str
    price: Decimal | None
    lots: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class VenueReported:
    """A report of the venue arrived."""

    report: VenueReport


@dataclass(frozen=True, slots=True)
class SubmitProvenAbsent:
    """After a restart the venue's own log shows that an intended order never reached it."""

    client_order_id: str


Event = TimePassed | DecisionDue | BarBegan | BarRanged | VenueReported | SubmitProvenAbsent


@dataclass(frozen=True, slots=True)
class Submit:
    """Send an order to the venue. Its intent is durable by then."""

    order: BracketOrder


@dataclass(frozen=True, slots=True)
class Flatten:
    """Close every position and cancel every order of an account."""

    account: str


Effect = Submit | Flatten
