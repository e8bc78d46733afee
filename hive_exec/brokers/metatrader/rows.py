"""What the terminal answers, as typed rows: account, symbol, tick, order, position, deal, result.

Here floats that the bridge spelled by `repr` become rounded decimals, once. What is missing, of another type
or of no documented value is refused as not understood, never filled in. Times stay the server's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeVar

from hive_exec.brokers.metatrader.constants import (
    DealEntry,
    DealReason,
    Execution,
    MarginMode,
    OrderKind,
    OrderState,
    PositionKind,
    TradeMode,
)

MOST_PLACES = 8
"""Contracts hold eight decimal places; a netting position's entry is an average, finer than a quote."""

Digits = Callable[[str], int]
"""The digits of a symbol's prices, by the broker's name of it."""

AnyEnum = TypeVar("AnyEnum", bound=IntEnum)


class NotUnderstood(ValueError):
    """The terminal said what its documentation does not know."""


def rounded(value: Decimal, places: int) -> Decimal:
    """A decimal to some places: 1.1000500000000001, which is how a double says 1.10005, is 1.10005."""
    return value.quantize(Decimal(1).scaleb(-places))


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one row, by name and type."""

    what: str
    row: dict[str, Any]

    def _held(self, name: str) -> Any:
        if name not in self.row:
            raise NotUnderstood(f"{self.what} has no field {name!r}")
        return self.row[name]

    def integer(self, name: str) -> int:
        value = self._held(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise NotUnderstood(f"{self.what}: {name} is {value!r}, a whole number is expected")

    def flag(self, name: str) -> bool:
        value = self._held(name)
        if not isinstance(value, bool):
            raise NotUnderstood(f"{self.what}: {name} is {value!r}, true or false is expected")
        return value

    def text(self, name: str) -> str:
        value = self._held(name)
        if not isinstance(value, str):
            raise NotUnderstood(f"{self.what}: {name} is {value!r}, text is expected")
        return value

    def decimal(self, name: str, places: int = MOST_PLACES) -> Decimal:
        value = self._held(name)
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise NotUnderstood(f"{self.what}: {name} is {value!r}, a number is expected")
        if abs(value) >= 10**15:
            raise NotUnderstood(f"{self.what}: {name} is {value}, out of every range")
        return rounded(Decimal(value), places)

    def level(self, name: str, places: int) -> Decimal | None:
        """A stop or target; zero is how the terminal says that there is none."""
        return self.decimal(name, places) or None

    def one_of(self, name: str, kind: type[AnyEnum]) -> AnyEnum:
        number = self.integer(name)
        try:
            return kind(number)
        except ValueError:
            raise NotUnderstood(f"{self.what}: {name} is {number}, no documented {kind.__name__}") from None


def _fields(what: str, row: Any) -> _Fields:
    if not isinstance(row, dict):
        raise NotUnderstood(f"{what} is {row!r}, a row is expected")
    return _Fields(what, row)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """account_info()."""

    login: int
    server: str
    margin_mode: MarginMode
    balance: Decimal
    equity: Decimal
    margin: Decimal

    @classmethod
    def of(cls, row: Any) -> AccountRow:
        fields = _fields("account_info", row)
        return cls(
            fields.integer("login"),
            fields.text("server"),
            fields.one_of("margin_mode", MarginMode),
            fields.decimal("balance"),
            fields.decimal("equity"),
            fields.decimal("margin"),
        )


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """terminal_info(): whether it is connected to the trade server, and lets programs trade."""

    connected: bool
    trade_allowed: bool

    @classmethod
    def of(cls, row: Any) -> TerminalRow:
        fields = _fields("terminal_info", row)
        return cls(fields.flag("connected"), fields.flag("trade_allowed"))


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """symbol_info(): the conditions under which a symbol trades. Levels in points, volumes in lots."""

    name: str
    visible: bool
    digits: int
    point: Decimal
    tick_size: Decimal
    trade_mode: TradeMode
    execution: Execution
    filling_flags: int
    lifetime_flags: int
    stops_level_points: int
    freeze_level_points: int
    volume_min: Decimal
    volume_max: Decimal
    volume_step: Decimal

    @classmethod
    def of(cls, row: Any) -> SymbolRow:
        fields = _fields("symbol_info", row)
        digits = fields.integer("digits")
        if not 0 <= digits <= MOST_PLACES:
            raise NotUnderstood(f"symbol_info: {digits} digits")
        made = cls(
            fields.text("name"),
            fields.flag("visible"),
            digits,
            fields.decimal("point", digits),
            fields.decimal("trade_tick_size") or fields.decimal("point", digits),
            fields.one_of("trade_mode", TradeMode),
            fields.one_of("trade_exemode", Execution),
            fields.integer("filling_mode"),
            fields.integer("expiration_mode"),
            fields.integer("trade_stops_level"),
            fields.integer("trade_freeze_level"),
            fields.decimal("volume_min"),
            fields.decimal("volume_max"),
            fields.decimal("volume_step"),
        )
        if min(made.point, made.tick_size, made.volume_min, made.volume_step, made.volume_max) <= 0:
            raise NotUnderstood(f"symbol_info: {made.name} has a point, tick or volume that is not positive")
        return made


@dataclass(frozen=True, slots=True)
class TickRow:
    """symbol_info_tick(): the last quote."""

    bid: Decimal
    ask: Decimal
    server_ms: int

    @classmethod
    def of(cls, row: Any, digits: int) -> TickRow:
        fields = _fields("symbol_info_tick", row)
        return cls(fields.decimal("bid", digits), fields.decimal("ask", digits), fields.integer("time_msc"))


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order, working (orders_get) or past (history_orders_get)."""

    ticket: int
    setup_ms: int
    done_ms: int
    kind: OrderKind
    state: OrderState
    magic: int
    position_id: int
    volume_initial: Decimal
    volume_current: Decimal
    price_open: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    type_time: int
    expiration_s: int
    symbol: str
    comment: str

    @classmethod
    def of(cls, row: Any, digits: Digits) -> OrderRow:
        fields = _fields("an order", row)
        places = digits(fields.text("symbol"))
        return cls(
            fields.integer("ticket"),
            fields.integer("time_setup_msc"),
            fields.integer("time_done_msc"),
            fields.one_of("type", OrderKind),
            fields.one_of("state", OrderState),
            fields.integer("magic"),
            fields.integer("position_id"),
            fields.decimal("volume_initial"),
            fields.decimal("volume_current"),
            fields.decimal("price_open", places),
            fields.level("sl", places),
            fields.level("tp", places),
            fields.integer("type_time"),
            fields.integer("time_expiration"),
            fields.text("symbol"),
            fields.text("comment"),
        )


@dataclass(frozen=True, slots=True)
class PositionRow:
    """An open position (positions_get). `identifier` never changes while it is open; `ticket` may."""

    ticket: int
    identifier: int
    update_ms: int
    kind: PositionKind
    magic: int
    volume: Decimal
    price_open: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    symbol: str
    comment: str

    @classmethod
    def of(cls, row: Any, digits: Digits) -> PositionRow:
        fields = _fields("a position", row)
        places = digits(fields.text("symbol"))
        return cls(
            fields.integer("ticket"),
            fields.integer("identifier"),
            fields.integer("time_update_msc"),
            fields.one_of("type", PositionKind),
            fields.integer("magic"),
            fields.decimal("volume"),
            fields.decimal("price_open"),
            fields.level("sl", places),
            fields.level("tp", places),
            fields.text("symbol"),
            fields.text("comment"),
        )


@dataclass(frozen=True, slots=True)
class DealRow:
    """An execution (history_deals_get). `type` other than buying and selling is a balance operation."""

    ticket: int
    order: int
    server_ms: int
    type: int
    entry: DealEntry
    magic: int
    position_id: int
    reason: DealReason
    volume: Decimal
    price: Decimal
    commission: Decimal
    swap: Decimal
    profit: Decimal
    fee: Decimal
    symbol: str
    comment: str

    @property
    def is_trade(self) -> bool:
        """Whether it bought or sold. Balance operations, charges and cancelled deals did not."""
        return self.type in (0, 1)

    @classmethod
    def of(cls, row: Any, digits: Digits) -> DealRow:
        fields = _fields("a deal", row)
        symbol = fields.text("symbol")
        return cls(
            fields.integer("ticket"),
            fields.integer("order"),
            fields.integer("time_msc"),
            fields.integer("type"),
            fields.one_of("entry", DealEntry),
            fields.integer("magic"),
            fields.integer("position_id"),
            fields.one_of("reason", DealReason),
            fields.decimal("volume"),
            fields.decimal("price", digits(symbol) if symbol else MOST_PLACES),
            fields.decimal("commission"),
            fields.decimal("swap"),
            fields.decimal("profit"),
            fields.decimal("fee"),
            symbol,
            fields.text("comment"),
        )


@dataclass(frozen=True, slots=True)
class SendRow:
    """The result of order_send, or of order_check with nothing but code and comment."""

    retcode: int
    deal: int
    order: int
    volume: Decimal
    price: Decimal
    comment: str

    @classmethod
    def of_send(cls, row: Any, digits: int) -> SendRow:
        fields = _fields("order_send", row)
        return cls(
            fields.integer("retcode"),
            fields.integer("deal"),
            fields.integer("order"),
            fields.decimal("volume"),
            fields.decimal("price", digits),
            fields.text("comment"),
        )

    @classmethod
    def of_check(cls, row: Any) -> SendRow:
        fields = _fields("order_check", row)
        nothing = Decimal(0)
        return cls(fields.integer("retcode"), 0, 0, nothing, nothing, fields.text("comment"))
