"""A book as a venue shows it: the snapshot of a broker port."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from hive_core.backtest.venue.book import Book, Position, shown_stop
from hive_core.backtest.venue.money import equity, margin_used
from hive_core.backtest.venue.terms import Terms
from hive_core.contracts.broker import BrokerSnapshot, VenueOrder, VenuePosition

Value = TypeVar("Value")


def snapshot_of(book: Book, terms: Terms) -> BrokerSnapshot:
    """The book now. Its cursor is the number of its last report."""
    return BrokerSnapshot(
        account=book.account,
        ts_ns=book.instant[0],
        cursor=str(book.last_seq),
        balance=book.balance,
        equity=equity(book, terms),
        margin_used=margin_used(book, terms),
        orders=tuple(
            VenueOrder(
                client_order_id=held.order.client_order_id,
                venue_order_id=_name(book, held.number),
                symbol=held.order.symbol,
                side=held.order.side,
                lots=held.lots,
                price=held.order.entry,
                stop_loss=held.stop_loss,
            )
            for held in book.working.values()
        ),
        positions=_positions(book, is_hedging=terms.settings.is_hedging),
    )


def _name(book: Book, number: int) -> str:
    return f"paper-{book.account}-{number}"


def _positions(book: Book, *, is_hedging: bool) -> tuple[VenuePosition, ...]:
    if is_hedging:
        return tuple(_hedged(book, held) for held in book.open.values())
    by_symbol: dict[str, list[Position]] = {}
    for held in book.open.values():
        by_symbol.setdefault(held.order.symbol, []).append(held)
    return tuple(_netted(symbol, parts) for symbol, parts in by_symbol.items())


def _hedged(book: Book, held: Position) -> VenuePosition:
    order = held.order
    return VenuePosition(
        position_id=_name(book, held.number),
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        lots=held.lots,
        entry=held.entry,
        stop_loss=shown_stop(order.side, held.stop_loss),
        take_profit=held.take_profit,
    )


def _netted(symbol: str, parts: list[Position]) -> VenuePosition:
    """One position an instrument. Ids and levels are told where all parts share them."""
    lots = sum((part.lots for part in parts), Decimal(0))
    worth = sum((piece.lots * piece.price for part in parts for piece in part.slices), Decimal(0))
    return VenuePosition(
        position_id=symbol,
        client_order_id=_shared({part.order.client_order_id for part in parts}) or "",
        symbol=symbol,
        side=parts[0].order.side,
        lots=lots,
        entry=round(worth / lots, 8),
        stop_loss=_shared({shown_stop(part.order.side, part.stop_loss) for part in parts}),
        take_profit=_shared({part.take_profit for part in parts}),
    )


def _shared(values: set[Value]) -> Value | None:
    return next(iter(values)) if len(values) == 1 else None
