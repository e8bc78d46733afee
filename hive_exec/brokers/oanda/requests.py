"""Our orders as the venue's order requests. Every number is decimal text.

What a price is rounded by, where it has more decimals than the venue: always to the side of less risk (a
stop and a target nearer to the entry, a bound and a limit at a better price), by less than the venue's
smallest step.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.oanda.reading import time_text
from hive_exec.brokers.oanda.symbols import NotExpressible, VenueInstrument, price_text, unit_text, units_of


def order_request(order: BracketOrder, instrument: VenueInstrument) -> dict[str, Any]:
    """The body that creates an order with its stop and its target in it.

    A market order is filled at once and whole, or not at all (FOK), at `price_bound` or better. Limit and
    stop orders end at `good_till_ns` (GTD). The trade gets the order's id as well: while it is open, the
    venue lets no second order with that id fill (CLIENT_TRADE_ID_ALREADY_EXISTS).

    Raises:
        NotExpressible: the venue cannot be asked for it.
    """
    is_buy = order.side == "buy"
    request: dict[str, Any] = {
        "type": order.order_type.upper(),
        "instrument": instrument.name,
        "units": unit_text(units_of(instrument, order.symbol, order.lots), order.side),
        "positionFill": "DEFAULT",
        "clientExtensions": {"id": order.client_order_id},
        "tradeClientExtensions": {"id": order.client_order_id},
        "stopLossOnFill": stop_details(order, instrument, order.stop_loss),
        "takeProfitOnFill": target_details(order, instrument, order.take_profit),
    }
    bound = price_text(instrument, order.price_bound, upwards=not is_buy)
    if order.order_type == "market":
        return {"order": {**request, "timeInForce": "FOK", "priceBound": bound}}
    if order.entry is None:
        raise NotExpressible(f"a {order.order_type} order needs its price")
    request |= {"timeInForce": "GTD", "gtdTime": time_text(order.good_till_ns)}
    if order.order_type == "stop":
        price = price_text(instrument, order.entry, upwards=is_buy)
        return {"order": {**request, "price": price, "priceBound": bound}}
    price = price_text(instrument, order.entry, upwards=not is_buy)
    if Decimal(price) > Decimal(bound) if is_buy else Decimal(price) < Decimal(bound):
        raise NotExpressible(
            f"a limit order at {price} may fill there, beyond its bound of {bound}, and OANDA gives limit "
            "orders no other bound"
        )
    return {"order": {**request, "price": price}}


def stop_details(order: BracketOrder, instrument: VenueInstrument, price: Decimal) -> dict[str, Any]:
    """A stop of the trade, until it is cancelled."""
    return {"price": price_text(instrument, price, upwards=order.side == "buy"), "timeInForce": "GTC"}


def target_details(order: BracketOrder, instrument: VenueInstrument, price: Decimal) -> dict[str, Any]:
    """A target of the trade, until it is cancelled."""
    return {"price": price_text(instrument, price, upwards=order.side == "sell"), "timeInForce": "GTC"}
