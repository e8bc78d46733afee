"""Inputs: what a venue is asked, and what it sees of market and time. Every one has its instant."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue.book import Instant
from hive_core.contracts.order import BracketOrder


@dataclass(frozen=True, slots=True)
class Submit:
    """A new order with its stop and target."""

    at: Instant
    order: BracketOrder


@dataclass(frozen=True, slots=True)
class Modify:
    """Another stop or target of an order and of what it opened; None leaves it."""

    at: Instant
    client_order_id: str
    stop_loss: Decimal | None
    take_profit: Decimal | None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel what of an order still works."""

    at: Instant
    client_order_id: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close what an order opened, or `lots` of it, at the market. A `request_id` is carried out once."""

    at: Instant
    client_order_id: str
    lots: Decimal | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Flatten:
    """Cancel everything that works, close everything that is open."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote; the first price of a bar is one."""

    at: Instant
    symbol: str
    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class BarRanged:
    """A bar closed: the range that its instrument went through since `opened_ns`. Its first price came before
    it, as `Quoted`."""

    at: Instant
    symbol: str
    bar: BarPrices[Decimal]
    opened_ns: int


@dataclass(frozen=True, slots=True)
class RatePublished:
    """A reference rate: units of `currency` for one euro."""

    at: Instant
    currency: str
    per_eur: Decimal


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing but time: rollovers are charged, orders expire."""

    at: Instant


Request = Submit | Modify | Cancel | Close | Flatten
Observation = Quoted | BarRanged | RatePublished | TimePassed
Input = Request | Observation
