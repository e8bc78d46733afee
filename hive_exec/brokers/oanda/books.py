"""The venue's books of an account: its details as a snapshot, and single orders and trades.

Read strictly, and never guessed. What happened, in which order, is the log's business (`log`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hive_core.contracts.broker import BrokerSnapshot, VenueOrder, VenuePosition
from hive_core.contracts.decision import Side
from hive_exec.brokers.oanda.reading import Fields, Unreadable
from hive_exec.brokers.oanda.reports import Protection
from hive_exec.brokers.oanda.symbols import lots_of, our_symbol


class OrderKind(StrEnum):
    """OrderType of the venue's definitions."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    MARKET_IF_TOUCHED = "MARKET_IF_TOUCHED"
    TAKE_PROFIT = "TAKE_PROFIT"
    STOP_LOSS = "STOP_LOSS"
    GUARANTEED_STOP_LOSS = "GUARANTEED_STOP_LOSS"
    TRAILING_STOP_LOSS = "TRAILING_STOP_LOSS"
    FIXED_PRICE = "FIXED_PRICE"


class OrderStatus(StrEnum):
    """OrderState of the venue's definitions."""

    PENDING = "PENDING"
    FILLED = "FILLED"
    TRIGGERED = "TRIGGERED"
    CANCELLED = "CANCELLED"


class TradeStatus(StrEnum):
    """TradeState of the venue's definitions."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CLOSE_WHEN_TRADEABLE = "CLOSE_WHEN_TRADEABLE"


_ENTRIES = frozenset({OrderKind.LIMIT, OrderKind.STOP, OrderKind.MARKET_IF_TOUCHED, OrderKind.MARKET})
_STOPS = frozenset({OrderKind.STOP_LOSS, OrderKind.GUARANTEED_STOP_LOSS})


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """One entry order as the venue holds it. `transactions` are those that tell its story so far."""

    id: int
    kind: OrderKind
    status: OrderStatus
    client_order_id: str
    trade_id: int | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    transactions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HeldTrade:
    """One trade as the venue holds it. Its number is that of the transaction which opened it."""

    id: int
    status: TradeStatus
    client_trade_id: str
    instrument: str
    units: Decimal
    protection: Protection
    closings: tuple[int, ...]


def read_order(fields: Fields) -> HeldOrder:
    """An order of the venue's books. Raises Unreadable."""
    number = fields.id("id")
    told = [number, fields.optional_id("fillingTransactionID"), fields.optional_id("cancellingTransactionID")]
    stop, target = fields.optional_inner("stopLossOnFill"), fields.optional_inner("takeProfitOnFill")
    return HeldOrder(
        number,
        fields.word("type", OrderKind),
        fields.word("state", OrderStatus),
        client_id_of(fields),
        fields.optional_id("tradeOpenedID"),
        None if stop is None or not stop.has("price") else stop.price("price"),
        None if target is None or not target.has("price") else target.price("price"),
        tuple(one for one in told if one is not None),
    )


def read_trade(fields: Fields) -> HeldTrade:
    """A trade with the orders that depend on it. Raises Unreadable."""
    status = fields.word("state", TradeStatus)
    stop = fields.optional_inner("stopLossOrder") or fields.optional_inner("guaranteedStopLossOrder")
    trailing, target = (
        fields.optional_inner("trailingStopLossOrder"),
        fields.optional_inner("takeProfitOrder"),
    )
    return HeldTrade(
        fields.id("id"),
        status,
        client_id_of(fields),
        fields.text("instrument"),
        fields.number("currentUnits"),
        Protection(
            status is TradeStatus.CLOSED or stop is not None or trailing is not None,
            None if stop is None else stop.price("price"),
            None if target is None else target.price("price"),
        ),
        fields.ids("closingTransactionIDs"),
    )


def client_id_of(fields: Fields) -> str:
    """The client id that an order or a trade carries, or ""."""
    extensions = fields.optional_inner("clientExtensions")
    return "" if extensions is None else extensions.optional_text("id")


def read_snapshot(
    document: Fields, account_id: str, account: str, ts_ns: int, *, hedging: bool
) -> BrokerSnapshot:
    """The answer to the account's details.

    Args:
        account_id: the venue's name of the account, which must be the one that answers.
        account: ours.
        hedging: whether the settings say that the account hedges.

    Raises:
        Unreadable: another account, another kind of account, or what is not understood.
    """
    books = document.inner("account")
    if books.text("id") != account_id:
        raise Unreadable("another account answered than the one of the settings")
    if books.flag("hedgingEnabled") is not hedging:
        raise Unreadable(
            f"hedging is {'off' if hedging else 'on'} at the venue and {'on' if hedging else 'off'} in the "
            "settings: set `hedging` as it is there"
        )
    last = document.id("lastTransactionID")
    if books.id("lastTransactionID") != last:
        raise Unreadable("the account's details are of two instants")
    dependents = {one.id("id"): one for one in books.inners("orders")}
    return BrokerSnapshot(
        account=account,
        ts_ns=ts_ns,
        cursor=str(last),
        balance=books.number("balance"),
        equity=books.number("NAV"),
        margin_used=books.number("marginUsed"),
        orders=tuple(_order(one) for one in dependents.values() if one.word("type", OrderKind) in _ENTRIES),
        positions=tuple(_position(one, dependents) for one in books.inners("trades")),
    )


def _side(units: Decimal) -> Side:
    return "buy" if units > 0 else "sell"


def _symbol(name: str) -> str:
    # What Hive does not know keeps the venue's name: it cannot be valued, and is not passed over either.
    return our_symbol(name) or name


def _order(fields: Fields) -> VenueOrder:
    name, units = fields.text("instrument"), fields.number("units")
    stop = fields.optional_inner("stopLossOnFill")
    return VenueOrder(
        client_order_id=client_id_of(fields),
        venue_order_id=str(fields.id("id")),
        symbol=_symbol(name),
        side=_side(units),
        lots=lots_of(name, units),
        price=fields.price("price") if fields.has("price") else None,
        stop_loss=None if stop is None or not stop.has("price") else stop.price("price"),
    )


def _position(fields: Fields, orders: dict[int, Fields]) -> VenuePosition:
    name, units = fields.text("instrument"), fields.number("currentUnits")
    stops = (fields.optional_id("stopLossOrderID"), fields.optional_id("guaranteedStopLossOrderID"))
    stop = next((one for one in stops if one is not None), None)
    return VenuePosition(
        position_id=str(fields.id("id")),
        client_order_id=client_id_of(fields),
        symbol=_symbol(name),
        side=_side(units),
        lots=lots_of(name, units),
        entry=fields.price("price"),
        stop_loss=_price_of(stop, orders, fields, _STOPS),
        take_profit=_price_of(
            fields.optional_id("takeProfitOrderID"), orders, fields, frozenset({OrderKind.TAKE_PROFIT})
        ),
    )


def _price_of(
    order_id: int | None, orders: dict[int, Fields], trade: Fields, kinds: frozenset[OrderKind]
) -> Decimal | None:
    if order_id is None:
        return None
    order = orders.get(order_id)
    if order is None or order.word("type", OrderKind) not in kinds or order.id("tradeID") != trade.id("id"):
        raise Unreadable(f"{trade.where}: order {order_id}, which it names, is not the one that stands there")
    return order.price("price")
