"""Margin: whether there is enough for a fill, and the stop-out when there is too little for what is open."""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue import exits
from hive_core.backtest.venue.book import Position, Slice, Working
from hive_core.backtest.venue.money import equity, floating, margin_for, margin_used
from hive_core.backtest.venue.turn import Turn


def lacks_margin(turn: Turn, working: Working, lots: Decimal, price: Decimal) -> bool:
    """Whether a fill would need more margin than is free, or come below the margin-call level.

    On a netting account only what goes beyond the opposite position needs margin.
    """
    book, terms, order = turn.book, turn.terms, working.order
    margin, used, worth = terms.settings.margin, margin_used(book, terms), equity(book, terms)
    if margin is None or used is None or worth is None:
        return False
    if not terms.settings.is_hedging:
        lots -= sum(
            (
                held.lots
                for held in book.open.values()
                if held.order.symbol == order.symbol and held.order.side != order.side
            ),
            Decimal(0),
        )
    if lots <= 0:
        return False
    needed = used + margin_for(book, terms, order.symbol, (Slice(lots, price),))
    return worth < needed or worth * 100 < margin.margin_call_pct * needed


def stop_out(turn: Turn) -> None:
    """Close positions, the largest loss first, while equity is below the stop-out level of used margin."""
    margin = turn.terms.settings.margin
    while margin is not None:
        used, worth = margin_used(turn.book, turn.terms), equity(turn.book, turn.terms)
        if not used or worth is None or worth * 100 >= margin.stop_out_pct * used:
            return
        quoted = [held for held in turn.book.open.values() if _can_close(turn, held)]
        if not quoted:
            return
        worst = min(quoted, key=lambda held: (floating(turn.book, turn.terms, held), held.number))
        bid, ask = turn.book.quotes[worst.order.symbol]
        price = bid if worst.order.side == "buy" else ask
        exits.stop(turn, worst, price, BarPrices.of_quote(bid, ask), "stop_out")


def _can_close(turn: Turn, position: Position) -> bool:
    """It is quoted, and not on its way out already as a whole."""
    closing = position.closing
    is_leaving = closing is not None and closing.lots == position.lots
    return not is_leaving and position.order.symbol in turn.book.quotes
