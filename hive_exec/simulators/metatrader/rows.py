"""The rows of the vendor's package as it names them, made of the simulated books. Numbers become floats here.

Of symbols, accounts and terminals only those fields are told that somebody reads.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from hive_exec.brokers.metatrader.constants import PositionKind
from hive_exec.simulators.metatrader.book import Books, Deal, Instrument, Order, Position


class Account(NamedTuple):
    """AccountInfo."""

    login: int
    margin_mode: int
    balance: float
    equity: float
    margin: float
    server: str
    currency: str


class TerminalInfo(NamedTuple):
    """TerminalInfo."""

    connected: bool
    trade_allowed: bool
    build: int


class SymbolInfo(NamedTuple):
    """SymbolInfo."""

    name: str
    visible: bool
    digits: int
    point: float
    trade_tick_size: float
    trade_mode: int
    trade_exemode: int
    filling_mode: int
    expiration_mode: int
    trade_stops_level: int
    trade_freeze_level: int
    volume_min: float
    volume_max: float
    volume_step: float
    bid: float
    ask: float


class Tick(NamedTuple):
    """Tick."""

    time: int
    bid: float
    ask: float
    last: float
    volume: int
    time_msc: int
    flags: int
    volume_real: float


class TradeOrder(NamedTuple):
    """TradeOrder."""

    ticket: int
    time_setup: int
    time_setup_msc: int
    time_done: int
    time_done_msc: int
    time_expiration: int
    type: int
    type_time: int
    type_filling: int
    state: int
    magic: int
    position_id: int
    position_by_id: int
    reason: int
    volume_initial: float
    volume_current: float
    price_open: float
    sl: float
    tp: float
    price_current: float
    price_stoplimit: float
    symbol: str
    comment: str
    external_id: str


class TradePosition(NamedTuple):
    """TradePosition."""

    ticket: int
    time: int
    time_msc: int
    time_update: int
    time_update_msc: int
    type: int
    magic: int
    identifier: int
    reason: int
    volume: float
    price_open: float
    sl: float
    tp: float
    price_current: float
    swap: float
    profit: float
    symbol: str
    comment: str
    external_id: str


class TradeDeal(NamedTuple):
    """TradeDeal."""

    ticket: int
    order: int
    time: int
    time_msc: int
    type: int
    entry: int
    magic: int
    position_id: int
    reason: int
    volume: float
    price: float
    commission: float
    swap: float
    profit: float
    fee: float
    symbol: str
    comment: str
    external_id: str


class SendResult(NamedTuple):
    """OrderSendResult, without the request that it repeats."""

    retcode: int
    deal: int
    order: int
    volume: float
    price: float
    comment: str


class CheckResult(NamedTuple):
    """OrderCheckResult, without the account's figures."""

    retcode: int
    comment: str


def noisy(value: Decimal) -> float:
    """A price as a double that arithmetic has been through: 1.1 + 0.00005 is not the double nearest 1.10005,
    and the vendor's rows hold such."""
    whole = value // 1
    return float(whole) + float(value - whole)


def symbol(held: Instrument) -> SymbolInfo:
    """symbol_info's row."""
    return SymbolInfo(
        held.name,
        held.visible,
        held.digits,
        float(held.point),
        float(held.point),
        int(held.trade_mode),
        int(held.execution),
        int(held.filling_flags),
        int(held.lifetime_flags),
        held.stops_level,
        held.freeze_level,
        float(held.volume_min),
        float(held.volume_max),
        float(held.volume_step),
        noisy(held.bid),
        noisy(held.ask),
    )


def tick(held: Instrument) -> Tick:
    """symbol_info_tick's row."""
    return Tick(held.quoted_ms // 1000, noisy(held.bid), noisy(held.ask), 0.0, 0, held.quoted_ms, 6, 0.0)


def order(held: Order) -> TradeOrder:
    """A row of orders_get or history_orders_get."""
    return TradeOrder(
        held.ticket,
        held.setup_ms // 1000,
        held.setup_ms,
        held.done_ms // 1000,
        held.done_ms,
        held.expiration_s,
        int(held.kind),
        int(held.type_time),
        int(held.filling),
        int(held.state),
        held.magic,
        held.position_id,
        0,
        int(held.reason),
        float(held.volume_initial),
        float(held.volume_current),
        noisy(held.price),
        noisy(held.stop_loss),
        noisy(held.take_profit),
        0.0,
        0.0,
        held.symbol,
        held.comment,
        "",
    )


def position(held: Position, books: Books) -> TradePosition:
    """A row of positions_get."""
    return TradePosition(
        held.identifier,
        held.opened_ms // 1000,
        held.opened_ms,
        held.updated_ms // 1000,
        held.updated_ms,
        int(PositionKind.BUY if held.is_buy else PositionKind.SELL),
        held.magic,
        held.identifier,
        3,
        float(held.volume),
        noisy(held.price_open),
        noisy(held.stop_loss),
        noisy(held.take_profit),
        noisy(books.instruments[held.symbol].price(is_buy=not held.is_buy)),
        float(held.swap),
        float(books.open_profit(held)),
        held.symbol,
        held.comment,
        "",
    )


def deal(held: Deal) -> TradeDeal:
    """A row of history_deals_get."""
    return TradeDeal(
        held.ticket,
        held.order,
        held.time_ms // 1000,
        held.time_ms,
        0 if held.is_buy else 1,
        int(held.entry),
        held.magic,
        held.position_id,
        int(held.reason),
        float(held.volume),
        noisy(held.price),
        float(held.commission),
        float(held.swap),
        float(held.profit),
        0.0,
        held.symbol,
        held.comment,
        "",
    )
