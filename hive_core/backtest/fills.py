"""Fills of bracket orders on one bar of bid and ask prices.

Buying happens at the ask, selling at the bid, on both sides of a trade. Inside a bar the path is
unknown, so the rule is declared and pessimistic:

- a stop and a target touched in the same bar count as the stop;
- a bar that opens beyond the stop fills at its open (the gap is the trader's);
- a target fills at its own price, never better;
- an entry inside the bar may be stopped in that bar, but reaches its target in a later one at best.

The functions are generic over Decimal (the daemon) and float (scoring). A single quote is a bar
whose four prices are equal. Nothing here knows orders, accounts or time.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from hive_core.contracts.decision import OrderType, Side

Number = TypeVar("Number", Decimal, float)

ExitReason = Literal["stop", "target"]


@dataclass(frozen=True, slots=True)
class BarPrices(Generic[Number]):
    """Bid and ask, open to close, of one instrument over one bar."""

    bid_open: Number
    bid_high: Number
    bid_low: Number
    bid_close: Number
    ask_open: Number
    ask_high: Number
    ask_low: Number
    ask_close: Number

    @classmethod
    def of_quote(cls, bid: Number, ask: Number) -> BarPrices[Number]:
        """A single quote as a bar."""
        return cls(bid, bid, bid, bid, ask, ask, ask, ask)

    @property
    def is_quote(self) -> bool:
        """Whether nothing moved in it."""
        return self.bid_low == self.bid_high and self.ask_low == self.ask_high


@dataclass(frozen=True, slots=True)
class EntryFill(Generic[Number]):
    """An entry: its price, and whether it happened at the bar's open or somewhere inside."""

    price: Number
    at_open: bool


@dataclass(frozen=True, slots=True)
class ExitFill(Generic[Number]):
    """An exit: its price, why, and whether the bar opened beyond the stop."""

    price: Number
    reason: ExitReason
    gapped: bool = False


def price_bound(planned: Number, stop_loss: Number, slippage_r: Number) -> Number:
    """The worst price at which an entry may fill: `slippage_r` times the planned risk beyond the plan.

    A position that was sized for the planned distance to its stop loses in proportion when it is
    entered farther away; without a bound a late fill multiplies the risk.
    """
    return planned + (planned - stop_loss) * slippage_r


def is_beyond_bound(side: Side, price: Number, bound: Number) -> bool:
    """Whether a fill at `price` would be worse than `bound`."""
    return price > bound if side == "buy" else price < bound


def entry_fill(
    side: Side, order_type: OrderType, price: Number | None, bar: BarPrices[Number]
) -> EntryFill[Number] | None:
    """Where an order that is working from the bar's open on gets filled, or None.

    A market order fills at the open. A limit order fills at its price or at a better open, a stop
    order at its price or at a worse open.

    Raises:
        ValueError: a limit or stop order without a price.
    """
    opened, low, high = (
        (bar.ask_open, bar.ask_low, bar.ask_high)
        if side == "buy"
        else (bar.bid_open, bar.bid_low, bar.bid_high)
    )
    if order_type == "market":
        return EntryFill(opened, at_open=True)
    if price is None:
        raise ValueError(f"a {order_type} order needs a price")
    waits_below = (side == "buy") == (order_type == "limit")
    if waits_below:
        if opened <= price:
            return EntryFill(opened, at_open=True)
        return EntryFill(price, at_open=False) if low <= price else None
    if opened >= price:
        return EntryFill(opened, at_open=True)
    return EntryFill(price, at_open=False) if high >= price else None


def exit_fill(
    side: Side, stop_loss: Number, take_profit: Number, bar: BarPrices[Number], *, open_at_start: bool
) -> ExitFill[Number] | None:
    """Where a position leaves inside a bar, or None.

    Args:
        side: of the position; a bought one leaves at the bid.
        open_at_start: False when the entry happened inside this very bar.
    """
    if side == "buy":
        opened, stop_touched = bar.bid_open, bar.bid_low <= stop_loss
        beyond_stop, target_touched = opened <= stop_loss, bar.bid_high >= take_profit
    else:
        opened, stop_touched = bar.ask_open, bar.ask_high >= stop_loss
        beyond_stop, target_touched = opened >= stop_loss, bar.ask_low <= take_profit
    if open_at_start and beyond_stop:
        return ExitFill(opened, "stop", gapped=opened != stop_loss)
    if stop_touched:
        return ExitFill(stop_loss, "stop")
    if open_at_start and target_touched:
        return ExitFill(take_profit, "target")
    return None


def worst_mark(side: Side, bar: BarPrices[Number]) -> Number:
    """The worst price at which a position could have been closed during the bar."""
    return bar.bid_low if side == "buy" else bar.ask_high


def best_mark(side: Side, bar: BarPrices[Number]) -> Number:
    """The best price at which a position could have been closed during the bar."""
    return bar.bid_high if side == "buy" else bar.ask_low


def closing_mark(side: Side, bar: BarPrices[Number]) -> Number:
    """The price at which a position could be closed at the end of the bar."""
    return bar.bid_close if side == "buy" else bar.ask_close
