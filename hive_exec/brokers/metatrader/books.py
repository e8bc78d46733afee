"""The venue's books as the port wants them: working orders and open positions, read at one instant."""

from __future__ import annotations

from hive_core.contracts.broker import VenueOrder, VenuePosition
from hive_exec.brokers.metatrader.constants import BUYING, PositionKind
from hive_exec.brokers.metatrader.identity import Identities
from hive_exec.brokers.metatrader.rows import OrderRow, PositionRow
from hive_exec.brokers.metatrader.symbols import SymbolNames
from hive_exec.brokers.metatrader.terminal import Terminal
from hive_exec.brokers.port import Unavailable


def read_books(terminal: Terminal) -> tuple[tuple[OrderRow, ...], tuple[PositionRow, ...]]:
    """Orders and positions; orders twice, round the positions: what fills between would be in neither.

    Raises:
        Unavailable: they could not be read, or kept changing.
    """
    for _ in range(3):
        orders, positions = terminal.orders(), terminal.positions()
        if orders == terminal.orders():
            return orders, positions
    raise Unavailable("MetaTrader: the orders kept changing while they were read")


def venue_order(row: OrderRow, names: Identities, symbols: SymbolNames) -> VenueOrder:
    """A working order, under our names."""
    return VenueOrder(
        client_order_id=names.name(row.magic, row.comment),
        venue_order_id=str(row.ticket),
        symbol=symbols.our_name(row.symbol),
        side="buy" if row.kind in BUYING else "sell",
        lots=row.volume_current,
        price=row.price_open or None,
        stop_loss=row.stop_loss,
    )


def venue_position(row: PositionRow, names: Identities, symbols: SymbolNames) -> VenuePosition:
    """An open position, under our names."""
    return VenuePosition(
        position_id=str(row.identifier),
        client_order_id=names.name(row.magic, row.comment),
        symbol=symbols.our_name(row.symbol),
        side="buy" if row.kind is PositionKind.BUY else "sell",
        lots=row.volume,
        entry=row.price_open,
        stop_loss=row.stop_loss,
        take_profit=row.take_profit,
    )
