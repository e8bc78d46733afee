"""How orders enter: at a quote or inside a bar, whole or in part; and when they are refused there."""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.fills import BarPrices, entry_fill, exit_fill, is_beyond_bound
from hive_core.backtest.venue import exits
from hive_core.backtest.venue.book import Working
from hive_core.backtest.venue.margin import lacks_margin
from hive_core.backtest.venue.terms import specification
from hive_core.backtest.venue.turn import Turn
from hive_core.contracts.broker import ReportKind
from hive_core.contracts.reasons import RejectionReason


def _waiting(turn: Turn, symbol: str) -> list[Working]:
    if not turn.book.working:
        return []
    return [working for working in turn.book.working.values() if working.order.symbol == symbol]


def enter_at_quote(turn: Turn, symbol: str, quote: BarPrices[Decimal]) -> None:
    """Orders of an instrument at a first price."""
    for working in _waiting(turn, symbol):
        order = working.order
        if turn.at[0] >= order.good_till_ns:
            turn.ended(ReportKind.EXPIRED, working, RejectionReason.GOOD_TILL_PASSED.value)
            continue
        if turn.at[0] < working.eligible_ns:
            continue
        order_type = "market" if working.is_triggered else order.order_type
        fill = entry_fill(order.side, order_type, order.entry, quote)
        if fill is None:
            continue
        price = fill.price
        if order_type != "limit":
            price = exits.market_price(turn, symbol, order.side, price, quote)
        refusal = _refusal_at(turn, working, price, quote)
        if refusal is None:
            _fill(turn, working, price)
        else:
            _refuse(turn, working, refusal)


def enter_in_bar(turn: Turn, symbol: str, bar: BarPrices[Decimal], opened_ns: int) -> None:
    """Limit and stop orders inside a bar, and what of them is stopped in that bar again."""
    for working in _waiting(turn, symbol):
        order = working.order
        # An order placed inside the bar cannot know which part of the range came after it.
        is_late = order.submitted_ns + working.latency_ns > opened_ns or turn.at[0] > order.good_till_ns
        if order.order_type == "market" or working.is_triggered or is_late:
            continue
        fill = entry_fill(order.side, order.order_type, order.entry, bar)
        if fill is None:
            continue
        price = fill.price
        if order.order_type == "stop":
            price = exits.market_price(turn, symbol, order.side, price, bar)
        # Only what slipped can be worse than the price that the order itself names.
        if price != fill.price and is_beyond_bound(order.side, price, order.price_bound):
            _refuse(turn, working, RejectionReason.PRICE_BEYOND_BOUND)
            continue
        _fill(turn, working, price)
        position = turn.book.open.get(working.number)
        if position is None:
            continue
        leaving = exit_fill(order.side, position.stop_loss, position.take_profit, bar, open_at_start=False)
        if leaving is not None:
            exits.stop(turn, position, leaving.price, bar, leaving.reason)


def _refusal_at(
    turn: Turn, working: Working, price: Decimal, quote: BarPrices[Decimal]
) -> RejectionReason | None:
    """Why an order is not filled at this quote: it would be stopped or paid out at once."""
    order, is_buy = working.order, working.order.side == "buy"
    leave = quote.bid_open if is_buy else quote.ask_open
    stop, target = working.stop_loss, working.take_profit
    if leave <= stop if is_buy else leave >= stop:
        return RejectionReason.PRICE_BEYOND_STOP
    if is_beyond_bound(order.side, price, order.price_bound):
        return RejectionReason.PRICE_BEYOND_BOUND
    if leave >= target if is_buy else leave <= target:
        return RejectionReason.PRICE_BEYOND_TARGET
    pips = turn.terms.settings.minimum_stop_pips
    if order.order_type == "market" and pips > 0:
        least = pips * specification(order.symbol).pip
        if min(abs(leave - stop), abs(target - leave)) < least:
            return RejectionReason.STOP_TOO_CLOSE
    return None


def _refuse(turn: Turn, working: Working, reason: RejectionReason) -> None:
    """An order that filled in part was not rejected: what is left of it is cancelled."""
    is_begun = working.lots < working.order.lots
    turn.ended(ReportKind.CANCELLED if is_begun else ReportKind.REJECTED, working, reason.value)


def _fill(turn: Turn, working: Working, price: Decimal) -> None:
    order = working.order
    lots = turn.fillable(order.symbol, order.side, working.lots)
    if lots > 0 and lacks_margin(turn, working, lots, price):
        _refuse(turn, working, RejectionReason.INSUFFICIENT_MARGIN)
        return
    if lots > 0:
        turn.filled(working, lots, price)
    rest = turn.book.working.get(working.number)
    # A market order takes what there is now; the others work on.
    if rest is not None and order.order_type == "market":
        turn.ended(ReportKind.CANCELLED, rest, RejectionReason.NO_LIQUIDITY.value)
    if lots > 0:
        exits.net(turn, working.number, price)
