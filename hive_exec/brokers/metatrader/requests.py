"""Trade requests: an order of ours in the venue's words, or the reason why the venue cannot take it.

Whatever the documentation says that the server will refuse is refused here, as `NotSent`, before anything
leaves: volumes off their step, prices off their tick, stops nearer than the stops level, changes inside the
freeze level. Nothing is rounded to fit. Sending belongs to `adapter`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hive_core.contracts.base import decimal_text
from hive_core.contracts.decision import Side
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.metatrader.constants import (
    BUYING,
    COMMENT_CHARACTERS,
    Execution,
    Filling,
    FillingFlag,
    Lifetime,
    LifetimeFlag,
    OrderKind,
    PositionKind,
    TradeAction,
    TradeMode,
)
from hive_exec.brokers.metatrader.identity import comment_of
from hive_exec.brokers.metatrader.rows import OrderRow, PositionRow, SymbolRow, TickRow
from hive_exec.brokers.port import NotSent

Request = dict[str, Any]

_KINDS: dict[tuple[str, Side], OrderKind] = {
    ("market", "buy"): OrderKind.BUY,
    ("market", "sell"): OrderKind.SELL,
    ("limit", "buy"): OrderKind.BUY_LIMIT,
    ("limit", "sell"): OrderKind.SELL_LIMIT,
    ("stop", "buy"): OrderKind.BUY_STOP,
    ("stop", "sell"): OrderKind.SELL_STOP,
}

CLOSING_DEVIATION = Decimal("0.01")
"""How far the price may move while a position is being closed, as a share: out counts for more than where."""


def permitted_fillings(symbol: SymbolRow, *, is_pending: bool) -> tuple[Filling, ...]:
    """The filling modes that a symbol permits, the preferred first: all or nothing, for orders were sized so.

    By the vendor's table ("Order properties"): at market execution FOK and IOC by the symbol's flags and
    RETURN never; at exchange execution the flags, and RETURN always; at instant and request execution all,
    whatever the flags. Pending orders use RETURN at every execution; flagged modes come after it, for
    brokers that want them.
    """
    flagged = tuple(
        filling
        for filling, flag in ((Filling.FOK, FillingFlag.FOK), (Filling.IOC, FillingFlag.IOC))
        if symbol.filling_flags & flag
    )
    if is_pending:
        return (Filling.RETURN, *flagged)
    if symbol.execution is Execution.MARKET:
        return flagged
    if symbol.execution is Execution.EXCHANGE:
        return (*flagged, Filling.RETURN)
    return (Filling.FOK, Filling.IOC, Filling.RETURN)


def entry_request(
    order: BracketOrder, symbol: SymbolRow, tick: TickRow, magic: int, good_till_server_s: int
) -> Request:
    """The request that opens: entry, stop and target in one. `type_filling` is the sender's to choose.

    Raises:
        NotSent: the venue would refuse it, or cannot express it.
    """
    _check_direction(order.side, symbol)
    check_lots(order.lots, symbol)
    for what, price in (("stop", order.stop_loss), ("target", order.take_profit)):
        check_price(what, price, symbol)
    request: Request = {
        "symbol": symbol.name,
        "volume": decimal_text(order.lots),
        "type": int(_KINDS[order.order_type, order.side]),
        "sl": decimal_text(order.stop_loss),
        "tp": decimal_text(order.take_profit),
        "magic": magic,
        "comment": comment_of(order.client_order_id),
    }
    is_buy = order.side == "buy"
    if order.order_type == "market":
        price = tick.ask if is_buy else tick.bid
        room = (order.price_bound - price) if is_buy else (price - order.price_bound)
        if room < 0:
            raise NotSent(f"{symbol.name} is at {price}, beyond the bound {order.price_bound} of the order")
        check_stops(order.side, tick.bid if is_buy else tick.ask, order.stop_loss, order.take_profit, symbol)
        return request | {
            "action": int(TradeAction.DEAL),
            "price": decimal_text(price),
            "deviation": int(room // symbol.point),
            "type_time": int(Lifetime.GTC),
        }
    if order.entry is None:
        raise NotSent(f"a {order.order_type} order needs an entry price")
    _check_pending(order, order.entry, symbol, tick)
    if not symbol.lifetime_flags & LifetimeFlag.SPECIFIED:
        raise NotSent(
            f"{symbol.name} permits no orders that end at a stated time, and without one none is sent"
        )
    return request | {
        "action": int(TradeAction.PENDING),
        "price": decimal_text(order.entry),
        "type_time": int(Lifetime.SPECIFIED),
        "expiration": good_till_server_s,
    }


def close_request(
    position: PositionRow, lots: Decimal, symbol: SymbolRow, tick: TickRow, magic: int, request_id: str
) -> Request:
    """The request that closes a position or a part of it. It names the position, so that it cannot open one:
    where that is gone, the server answers POSITION_CLOSED.

    Raises:
        NotSent: more than there is, or a volume that the symbol does not trade.
    """
    check_lots(lots, symbol)
    if lots > position.volume:
        raise NotSent(f"{lots} lots to close, the position has {position.volume}")
    is_long = position.kind is PositionKind.BUY
    price = tick.bid if is_long else tick.ask
    return {
        "action": int(TradeAction.DEAL),
        "symbol": symbol.name,
        "position": position.ticket,
        "volume": decimal_text(lots),
        "type": int(OrderKind.SELL if is_long else OrderKind.BUY),
        "price": decimal_text(price),
        "deviation": int(price * CLOSING_DEVIATION // symbol.point),
        "type_time": int(Lifetime.GTC),
        "magic": magic,
        "comment": request_id[:COMMENT_CHARACTERS],
    }


def levels_request(
    position: PositionRow,
    stop_loss: Decimal | None,
    take_profit: Decimal | None,
    symbol: SymbolRow,
    tick: TickRow,
) -> Request:
    """The request that moves stop and target of a position; None leaves what is there.

    Raises:
        NotSent: too near, or the position is frozen.
    """
    side: Side = "buy" if position.kind is PositionKind.BUY else "sell"
    reference = tick.bid if side == "buy" else tick.ask
    for what, level in (("stop", position.stop_loss), ("target", position.take_profit)):
        if level is not None:
            _check_freeze(f"the {what} of position {position.ticket}", abs(reference - level), symbol)
    for what, level in (("stop", stop_loss), ("target", take_profit)):
        if level is not None:
            check_price(what, level, symbol)
    check_stops(side, reference, stop_loss, take_profit, symbol)
    return {
        "action": int(TradeAction.SLTP),
        "symbol": symbol.name,
        "position": position.ticket,
        **_levels(stop_loss or position.stop_loss, take_profit or position.take_profit),
        "magic": position.magic,
    }


def change_request(
    row: OrderRow, stop_loss: Decimal | None, take_profit: Decimal | None, symbol: SymbolRow, tick: TickRow
) -> Request:
    """The request that moves stop and target of a working order; price and end stay.

    Raises:
        NotSent: too near, or the order is frozen.
    """
    check_order_not_frozen(row, symbol, tick)
    for what, level in (("stop", stop_loss), ("target", take_profit)):
        if level is not None:
            check_price(what, level, symbol)
    check_stops("buy" if row.kind in BUYING else "sell", row.price_open, stop_loss, take_profit, symbol)
    return {
        "action": int(TradeAction.MODIFY),
        "order": row.ticket,
        "symbol": symbol.name,
        "price": decimal_text(row.price_open),
        **_levels(stop_loss or row.stop_loss, take_profit or row.take_profit),
        "type_time": row.type_time,
        "expiration": row.expiration_s,
        "magic": row.magic,
    }


def removal_request(row: OrderRow) -> Request:
    """The request that cancels a working order."""
    return {"action": int(TradeAction.REMOVE), "order": row.ticket, "magic": row.magic}


def check_lots(lots: Decimal, symbol: SymbolRow) -> None:
    """A volume as the symbol trades it: inside its bounds, on its step.

    Raises:
        NotSent: it is not. It is never rounded: the risk was counted for this volume.
    """
    if not symbol.volume_min <= lots <= symbol.volume_max:
        raise NotSent(
            f"{symbol.name} trades {symbol.volume_min.normalize():f} to "
            f"{symbol.volume_max.normalize():f} lots, not {lots}"
        )
    if lots % symbol.volume_step:
        raise NotSent(f"{symbol.name} trades in steps of {symbol.volume_step.normalize():f} lots, not {lots}")


def check_price(what: str, price: Decimal, symbol: SymbolRow) -> None:
    """A price on the symbol's tick. Raises NotSent where it is not; it is never rounded."""
    if price % symbol.tick_size:
        raise NotSent(
            f"{what} {price}: this broker quotes {symbol.name} in steps of {symbol.tick_size.normalize():f}"
        )


def check_stops(
    side: Side, reference: Decimal, stop: Decimal | None, target: Decimal | None, symbol: SymbolRow
) -> None:
    """Stop and target on their sides of `reference`, no nearer than the symbol's stops level. The reference
    is the price at which the position would close now (the bid of a long one), or the entry of an order.

    Raises:
        NotSent: one is too near, or on the wrong side.
    """
    direction = 1 if side == "buy" else -1
    for what, level, sign in (("stop", stop, -1), ("target", target, 1)):
        if level is not None:
            _check_distance(f"{what} {level}", (level - reference) * sign * direction, reference, symbol)


def check_order_not_frozen(row: OrderRow, symbol: SymbolRow, tick: TickRow) -> None:
    """A working order far enough from its price to be changed or cancelled. Raises NotSent."""
    market = tick.ask if row.kind in BUYING else tick.bid
    _check_freeze(f"order {row.ticket}", abs(market - row.price_open), symbol)


def _check_pending(order: BracketOrder, entry: Decimal, symbol: SymbolRow, tick: TickRow) -> None:
    is_buy = order.side == "buy"
    check_price("entry", entry, symbol)
    if entry > order.price_bound if is_buy else entry < order.price_bound:
        raise NotSent(f"entry {entry} is beyond the bound {order.price_bound} of the order")
    market = tick.ask if is_buy else tick.bid
    below = order.order_type == "limit" if is_buy else order.order_type == "stop"
    _check_distance(f"entry {entry}", market - entry if below else entry - market, market, symbol)
    check_stops(order.side, entry, order.stop_loss, order.take_profit, symbol)


def _check_distance(what: str, distance: Decimal, reference: Decimal, symbol: SymbolRow) -> None:
    least = symbol.stops_level_points * symbol.point
    if distance <= 0:
        raise NotSent(f"{what} is on the wrong side of {reference} ({symbol.name})")
    if distance < least:
        raise NotSent(
            f"{what} is {distance / symbol.point:f} points from {reference}; {symbol.name} wants at least "
            f"{symbol.stops_level_points} (its stops level)"
        )


def _check_freeze(what: str, distance: Decimal, symbol: SymbolRow) -> None:
    if symbol.freeze_level_points and distance <= symbol.freeze_level_points * symbol.point:
        raise NotSent(
            f"{what} is within {symbol.freeze_level_points} points of the market: {symbol.name} is frozen"
        )


def _check_direction(side: Side, symbol: SymbolRow) -> None:
    allowed = {
        TradeMode.FULL: ("buy", "sell"),
        TradeMode.LONG_ONLY: ("buy",),
        TradeMode.SHORT_ONLY: ("sell",),
    }.get(symbol.trade_mode, ())
    if side not in allowed:
        mode = symbol.trade_mode.name.lower().replace("_", " ")
        raise NotSent(f"{symbol.name} takes no order to {side} now (its trade mode: {mode})")


def _levels(stop_loss: Decimal | None, take_profit: Decimal | None) -> Request:
    return {
        name: decimal_text(level)
        for name, level in (("sl", stop_loss), ("tp", take_profit))
        if level is not None
    }
