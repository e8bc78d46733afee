"""How positions leave: at stop and target, by a close that was asked for, and against opposite fills."""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.fills import BarPrices, exit_fill
from hive_core.backtest.venue.book import Closing, Position
from hive_core.backtest.venue.facts import CloseAsked
from hive_core.backtest.venue.prices import slipped
from hive_core.backtest.venue.turn import Turn, opposite
from hive_core.contracts.broker import ReportKind
from hive_core.contracts.decision import Side
from hive_core.contracts.reasons import RejectionReason

_STOPS = frozenset({"stop", "stop_gap", "stop_out"})


def leave(turn: Turn, symbol: str, bar: BarPrices[Decimal], *, at_open: bool) -> None:
    """Exits of everything open in an instrument. A close that was asked for waits for an opening price:
    inside a bar it would be past."""
    if not turn.book.open:
        return
    for position in [held for held in turn.book.open.values() if held.order.symbol == symbol]:
        side, closing = position.order.side, position.closing
        if closing is not None and at_open and turn.at[0] >= closing.eligible_ns:
            opened = bar.bid_open if side == "buy" else bar.ask_open
            price = market_price(turn, symbol, opposite(side), opened, bar)
            close(turn, position, min(closing.lots, position.lots), price, closing.reason)
            continue
        leaving = exit_fill(side, position.stop_loss, position.take_profit, bar, open_at_start=True)
        if leaving is None:
            continue
        if leaving.reason == "target":
            close(turn, position, position.lots, leaving.price, "target")
        else:
            stop(turn, position, leaving.price, bar, "stop_gap" if leaving.gapped else "stop")


def stop(turn: Turn, position: Position, price: Decimal, bar: BarPrices[Decimal], reason: str) -> None:
    """Close a whole position at the market because a price was reached."""
    order = position.order
    slid = market_price(turn, order.symbol, opposite(order.side), price, bar)
    close(turn, position, position.lots, slid, reason)


def market_price(turn: Turn, symbol: str, trades: Side, price: Decimal, bar: BarPrices[Decimal]) -> Decimal:
    """The price of an execution at the market that found `price`."""
    return slipped(turn.terms, turn.book, symbol, trades, price, bar.ask_open - bar.bid_open)


def close(turn: Turn, position: Position, lots: Decimal, price: Decimal, reason: str) -> None:
    """Close `lots` as far as this price fills them. A stop that was reached stays reached: what is left of
    it goes at the next prices. What still worked of an entry ends with its position."""
    working = turn.book.working.get(position.number)
    if working is not None and lots == position.lots:
        turn.ended(ReportKind.CANCELLED, working, RejectionReason.POSITION_CLOSED.value)
    order = position.order
    filled = turn.fillable(order.symbol, opposite(order.side), lots)
    if filled > 0:
        turn.closed(position, filled, price, reason)
    is_on_its_way = position.closing is not None and position.closing.reason in _STOPS
    if filled < lots and reason in _STOPS and not is_on_its_way:
        turn.note(CloseAsked(turn.at, position.number, Closing(lots - filled, reason, "", turn.at[0])))


def net(turn: Turn, number: int, price: Decimal) -> None:
    """On a netting account, what was just filled reduces opposite parts first, the oldest first."""
    if turn.terms.settings.is_hedging:
        return
    own = turn.book.open[number]
    order = own.order
    against = [
        held
        for held in turn.book.open.values()
        if held.order.symbol == order.symbol and held.order.side != order.side
    ]
    for held in against:
        own_lots = turn.book.open[number].lots
        lots = min(own_lots, held.lots)
        turn.closed(held, lots, price, "netted")
        turn.closed(turn.book.open[number], lots, price, "netted")
        if lots == own_lots:
            return
