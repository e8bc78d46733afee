"""The venue's answers to "what works, what is open", as a snapshot. Pure; asking is the adapter's part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from hive_core.contracts.broker import VenueOrder, VenuePosition
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.orders import STOP, TARGET, OrderForms, parts_of
from hive_exec.brokers.fix.tags import Tag

WORKING = frozenset("01A56E")
"""OrdStatus of an order that may still be filled."""


class Unreadable(ValueError):
    """An answer that cannot be understood: the snapshot does not count."""


@dataclass(frozen=True, slots=True)
class WorkingOrder:
    """An order as the venue lists it, with the leg of ours that it is."""

    client_order_id: str
    leg: str
    current_id: str
    venue_order_id: str
    symbol: str
    side: Literal["buy", "sell"]
    units: str
    lots: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    attached_stop: Decimal | None


def working_orders(
    messages: Iterable[Message], forms: OrderForms, stop_tag: int | None
) -> tuple[WorkingOrder, ...]:
    """The orders that work, legs included.

    Raises:
        Unreadable: a symbol, status or side that is not known.
    """
    found: list[WorkingOrder] = []
    for message in messages:
        status = message.text(Tag.ORD_STATUS)
        if status in frozenset("248C") or message.whole(Tag.TOT_NUM_REPORTS) == 0:
            continue
        symbol = forms.our_symbol(message.text(Tag.SYMBOL))
        if status not in WORKING or symbol is None or message.text(Tag.SIDE) not in {"1", "2"}:
            what = f"symbol {message.text(Tag.SYMBOL)}, OrdStatus {status}, Side {message.text(Tag.SIDE)}"
            raise Unreadable(f"an order that works at the venue is not understood: {what}")
        units = message.number(Tag.LEAVES_QTY) or Decimal(0)
        name, leg = parts_of(message.text(Tag.CL_ORD_ID))
        found.append(
            WorkingOrder(
                client_order_id=name,
                leg=leg,
                current_id=message.text(Tag.CL_ORD_ID),
                venue_order_id=message.text(Tag.ORDER_ID),
                symbol=symbol.symbol,
                side="buy" if message.text(Tag.SIDE) == "1" else "sell",
                units=format(units, "f"),
                lots=units / symbol.units_per_lot,
                price=message.number(Tag.PRICE),
                stop_price=message.number(Tag.STOP_PX),
                attached_stop=message.own_price(stop_tag) if stop_tag is not None else None,
            )
        )
    return tuple(found)


def entries(orders: Sequence[WorkingOrder]) -> tuple[VenueOrder, ...]:
    """Orders that may open a position; a stop or a target belongs to its position."""
    stops = {order.client_order_id: order.stop_price for order in orders if order.leg == STOP}
    return tuple(
        VenueOrder(
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            symbol=order.symbol,
            side=order.side,
            lots=order.lots,
            price=order.stop_price or order.price,
            stop_loss=Decimal(order.attached_stop)
            if order.attached_stop
            else stops.get(order.client_order_id),
        )
        for order in orders
        if not order.leg
    )


def positions(
    messages: Iterable[Message],
    forms: OrderForms,
    orders: Sequence[WorkingOrder],
    *,
    position_id_tag: int,
    stop_tag: int | None,
    target_tag: int | None,
) -> tuple[VenuePosition, ...]:
    """Open positions. At a netting venue stop and target are those of the legs that still work, where
    together they cover the whole position: the stop that is farthest, since that is the loss to count.

    Raises:
        Unreadable: a symbol that is not known, or a quantity without an average price.
    """
    found: list[VenuePosition] = []
    for message in messages:
        entries_of = message.groups.get(Tag.NO_POSITIONS, ())
        bought = sum(
            (Decimal(entry[Tag.LONG_QTY]) for entry in entries_of if Tag.LONG_QTY in entry), Decimal(0)
        )
        sold = sum(
            (Decimal(entry[Tag.SHORT_QTY]) for entry in entries_of if Tag.SHORT_QTY in entry), Decimal(0)
        )
        units = bought - sold
        if units == 0:
            continue
        symbol = forms.our_symbol(message.text(Tag.SYMBOL))
        price = message.number(Tag.SETTL_PRICE)
        if symbol is None or price is None:
            raise Unreadable(f"a position in {message.text(Tag.SYMBOL)} without a known symbol or a price")
        side: Literal["buy", "sell"] = "buy" if units > 0 else "sell"
        client_order_id, _ = parts_of(message.text(Tag.CL_ORD_ID) or message.text(Tag.SECONDARY_CL_ORD_ID))
        stop_loss, take_profit = _covered(orders, symbol.symbol, side, abs(units))
        if stop_tag is not None:
            stop_loss = message.own_price(stop_tag)
        if target_tag is not None:
            take_profit = message.own_price(target_tag)
        found.append(
            VenuePosition(
                position_id=message.text(position_id_tag) or symbol.venue_symbol,
                client_order_id=client_order_id,
                symbol=symbol.symbol,
                side=side,
                lots=abs(units) / symbol.units_per_lot,
                entry=price,
                stop_loss=stop_loss,
                take_profit=take_profit,
            )
        )
    return tuple(found)


def _covered(
    orders: Sequence[WorkingOrder], symbol: str, side: str, units: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    """The farthest stop and the nearest target of the legs against a position, if they cover it."""
    legs = [order for order in orders if order.symbol == symbol and order.side != side]
    stops = [order for order in legs if order.leg == STOP and order.stop_price is not None]
    targets = [order.price for order in legs if order.leg == TARGET and order.price is not None]
    prices = [order.stop_price for order in stops if order.stop_price is not None]
    farthest = min if side == "buy" else max
    is_covered = sum((Decimal(order.units) for order in stops), Decimal(0)) >= units
    return (
        farthest(prices) if prices and is_covered else None,
        farthest(targets) if targets else None,
    )
