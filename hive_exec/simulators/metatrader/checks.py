"""What the simulated trade server refuses, and with which documented return code. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hive_exec.brokers.metatrader.constants import (
    Execution,
    Filling,
    FillingFlag,
    Lifetime,
    LifetimeFlag,
    OrderKind,
    TradeAction,
    TradeMode,
)
from hive_exec.brokers.metatrader.retcodes import Retcode
from hive_exec.simulators.metatrader.book import ZERO, Books, Instrument, Position

_MARKET = (OrderKind.BUY, OrderKind.SELL)
_PENDING = (OrderKind.BUY_LIMIT, OrderKind.SELL_LIMIT, OrderKind.BUY_STOP, OrderKind.SELL_STOP)
_BUYING = (OrderKind.BUY, OrderKind.BUY_LIMIT, OrderKind.BUY_STOP)


@dataclass(frozen=True, slots=True)
class Asked:
    """A trade request, in decimals. A field that was not given is 0 or ""."""

    action: int
    symbol: str = ""
    volume: Decimal = ZERO
    kind: int = 0
    price: Decimal = ZERO
    stop_loss: Decimal = ZERO
    take_profit: Decimal = ZERO
    deviation: int = 0
    filling: int = Filling.FOK
    type_time: int = Lifetime.GTC
    expiration_s: int = 0
    magic: int = 0
    comment: str = ""
    order: int = 0
    position: int = 0
    position_by: int = 0

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.kind in _BUYING


def refusal(asked: Asked, books: Books) -> Retcode | None:
    """The code with which the server refuses a request, or None where it would do it."""
    checks = {
        TradeAction.DEAL: _deal,
        TradeAction.PENDING: _pending,
        TradeAction.SLTP: _levels,
        TradeAction.MODIFY: _change,
        TradeAction.REMOVE: _removal,
        TradeAction.CLOSE_BY: _close_by,
    }
    check = checks.get(TradeAction(asked.action)) if asked.action in list(TradeAction) else None
    return check(asked, books) if check else Retcode.INVALID


def _deal(asked: Asked, books: Books) -> Retcode | None:
    instrument = books.instruments.get(asked.symbol)
    if instrument is None:
        return Retcode.INVALID
    if asked.kind not in _MARKET:
        return Retcode.INVALID_ORDER
    held = books.positions.get(asked.position)
    if asked.position:
        if held is None or held.symbol != asked.symbol:
            return Retcode.POSITION_CLOSED
        if held.is_buy == asked.is_buy:
            return Retcode.INVALID
        if asked.volume > held.volume:
            return Retcode.INVALID_CLOSE_VOLUME
    return (
        _conditions(asked, instrument, is_closing=held is not None)
        or _filling(asked, instrument, is_pending=False)
        or _requote(asked, instrument)
        or _stops(asked, instrument, instrument.price(is_buy=not asked.is_buy))
        or _money(asked, books, instrument, held)
    )


def _pending(asked: Asked, books: Books) -> Retcode | None:
    instrument = books.instruments.get(asked.symbol)
    if instrument is None:
        return Retcode.INVALID
    if asked.kind not in _PENDING:
        return Retcode.INVALID_ORDER
    return (
        _conditions(asked, instrument, is_closing=False)
        or _filling(asked, instrument, is_pending=True)
        or _lifetime(asked, instrument, books.time_ms)
        or _entry(asked, instrument)
        or _stops(asked, instrument, asked.price)
    )


def _levels(asked: Asked, books: Books) -> Retcode | None:
    held = books.positions.get(asked.position)
    if held is None:
        return Retcode.POSITION_CLOSED
    instrument = books.instruments[held.symbol]
    if not instrument.is_open:
        return Retcode.MARKET_CLOSED
    if (asked.stop_loss, asked.take_profit) == (held.stop_loss, held.take_profit):
        return Retcode.NO_CHANGES
    market = instrument.price(is_buy=not held.is_buy)
    levels = [level for level in (held.stop_loss, held.take_profit) if level]
    if any(_is_frozen(abs(market - level), instrument) for level in levels):
        return Retcode.FROZEN
    as_order = Asked(
        action=asked.action,
        kind=OrderKind.BUY if held.is_buy else OrderKind.SELL,
        stop_loss=asked.stop_loss,
        take_profit=asked.take_profit,
    )
    return _stops(as_order, instrument, market)


def _change(asked: Asked, books: Books) -> Retcode | None:
    row = books.orders.get(asked.order)
    if row is None or not row.is_working:
        return Retcode.INVALID
    instrument = books.instruments[row.symbol]
    if not instrument.is_open:
        return Retcode.MARKET_CLOSED
    if _is_frozen(abs(instrument.price(is_buy=row.is_buy) - row.price), instrument):
        return Retcode.FROZEN
    before = (row.price, row.stop_loss, row.take_profit, row.expiration_s)
    if before == (asked.price, asked.stop_loss, asked.take_profit, asked.expiration_s):
        return Retcode.NO_CHANGES
    as_order = Asked(
        action=asked.action, kind=row.kind, stop_loss=asked.stop_loss, take_profit=asked.take_profit
    )
    return _stops(as_order, instrument, asked.price)


def _removal(asked: Asked, books: Books) -> Retcode | None:
    row = books.orders.get(asked.order)
    if row is None or not row.is_working:
        return Retcode.INVALID
    instrument = books.instruments[row.symbol]
    if not instrument.is_open:
        return Retcode.MARKET_CLOSED
    frozen = _is_frozen(abs(instrument.price(is_buy=row.is_buy) - row.price), instrument)
    return Retcode.FROZEN if frozen else None


def _close_by(asked: Asked, books: Books) -> Retcode | None:
    one, other = books.positions.get(asked.position), books.positions.get(asked.position_by)
    if not books.is_hedging:
        return Retcode.INVALID_ORDER
    if one is None or other is None:
        return Retcode.POSITION_CLOSED
    return None if one.symbol == other.symbol and one.is_buy != other.is_buy else Retcode.INVALID


def _conditions(asked: Asked, instrument: Instrument, *, is_closing: bool) -> Retcode | None:
    if instrument.trade_mode == TradeMode.DISABLED:
        return Retcode.TRADE_DISABLED
    if not is_closing:
        if instrument.trade_mode == TradeMode.CLOSE_ONLY:
            return Retcode.CLOSE_ONLY
        if instrument.trade_mode == TradeMode.LONG_ONLY and not asked.is_buy:
            return Retcode.LONG_ONLY
        if instrument.trade_mode == TradeMode.SHORT_ONLY and asked.is_buy:
            return Retcode.SHORT_ONLY
    if not instrument.is_open:
        return Retcode.MARKET_CLOSED
    if not instrument.bid or not instrument.ask:
        return Retcode.PRICE_OFF
    if not instrument.volume_min <= asked.volume <= instrument.volume_max:
        return Retcode.INVALID_VOLUME
    return Retcode.INVALID_VOLUME if asked.volume % instrument.volume_step else None


def _filling(asked: Asked, instrument: Instrument, *, is_pending: bool) -> Retcode | None:
    """The vendor's table of execution modes and filling policies."""
    flags = {Filling.FOK: FillingFlag.FOK, Filling.IOC: FillingFlag.IOC}
    by_flag = asked.filling in flags and bool(instrument.filling_flags & flags[Filling(asked.filling)])
    if is_pending or instrument.execution == Execution.EXCHANGE:
        permitted = asked.filling == Filling.RETURN or by_flag
    elif instrument.execution == Execution.MARKET:
        permitted = by_flag
    else:
        permitted = asked.filling in (Filling.FOK, Filling.IOC, Filling.RETURN)
    return None if permitted else Retcode.INVALID_FILL


def _requote(asked: Asked, instrument: Instrument) -> Retcode | None:
    """Instant and request execution keep to the requested price and deviation; market execution does not."""
    if instrument.execution not in (Execution.INSTANT, Execution.REQUEST):
        return None
    price = instrument.price(is_buy=asked.is_buy)
    worse = price - asked.price if asked.is_buy else asked.price - price
    return Retcode.REQUOTE if worse > asked.deviation * instrument.point else None


def _lifetime(asked: Asked, instrument: Instrument, time_ms: int) -> Retcode | None:
    flags = {
        Lifetime.GTC: LifetimeFlag.GTC,
        Lifetime.DAY: LifetimeFlag.DAY,
        Lifetime.SPECIFIED: LifetimeFlag.SPECIFIED,
        Lifetime.SPECIFIED_DAY: LifetimeFlag.SPECIFIED_DAY,
    }
    if (
        asked.type_time not in list(Lifetime)
        or not instrument.lifetime_flags & flags[Lifetime(asked.type_time)]
    ):
        return Retcode.INVALID_EXPIRATION
    is_past = asked.expiration_s * 1000 <= time_ms
    return Retcode.INVALID_EXPIRATION if asked.type_time == Lifetime.SPECIFIED and is_past else None


def _entry(asked: Asked, instrument: Instrument) -> Retcode | None:
    if asked.price % instrument.point:
        return Retcode.INVALID_PRICE
    market = instrument.price(is_buy=asked.is_buy)
    is_below = asked.kind in (OrderKind.BUY_LIMIT, OrderKind.SELL_STOP)
    distance = market - asked.price if is_below else asked.price - market
    is_far_enough = distance > 0 and distance >= instrument.stops_level * instrument.point
    return None if is_far_enough else Retcode.INVALID_PRICE


def _stops(asked: Asked, instrument: Instrument, reference: Decimal) -> Retcode | None:
    least = instrument.stops_level * instrument.point
    direction = 1 if asked.is_buy else -1
    for level, sign in ((asked.stop_loss, -1), (asked.take_profit, 1)):
        distance = (level - reference) * sign * direction
        if level and (distance <= 0 or distance < least or level % instrument.point):
            return Retcode.INVALID_STOPS
    return None


def _money(asked: Asked, books: Books, instrument: Instrument, held: Position | None) -> Retcode | None:
    if held is not None:
        return None
    needed = books.margin_for(asked.symbol, asked.volume, instrument.price(is_buy=asked.is_buy))
    return Retcode.NO_MONEY if needed > books.equity - books.margin else None


def _is_frozen(distance: Decimal, instrument: Instrument) -> bool:
    return bool(instrument.freeze_level) and distance <= instrument.freeze_level * instrument.point
