"""The simulated trade server's books: symbols, orders, positions, deals. Plain data, exact decimals.

What may be done with them belongs to `checks`, doing it to `server`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hive_exec.brokers.metatrader.constants import (
    DealReason,
    Execution,
    OrderKind,
    OrderState,
    TradeMode,
)

ZERO = Decimal(0)


@dataclass(slots=True)
class Instrument:
    """A symbol, its conditions and its last quote. Levels in points, volumes in lots, swaps in points a day.
    `available` is how much can be had at the quoted price; None is everything."""

    name: str
    digits: int = 5
    execution: int = Execution.MARKET
    filling_flags: int = 3
    lifetime_flags: int = 15
    trade_mode: int = TradeMode.FULL
    stops_level: int = 0
    freeze_level: int = 0
    volume_min: Decimal = Decimal("0.01")
    volume_max: Decimal = Decimal(100)
    volume_step: Decimal = Decimal("0.01")
    contract_size: Decimal = Decimal(100_000)
    commission_per_lot: Decimal = Decimal("3.5")
    swap_long: Decimal = ZERO
    swap_short: Decimal = ZERO
    available: Decimal | None = None
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    quoted_ms: int = 0
    is_open: bool = True
    visible: bool = True

    @property
    def point(self) -> Decimal:
        """The unit of the last digit."""
        return Decimal(1).scaleb(-self.digits)

    def price(self, *, is_buy: bool) -> Decimal:
        """What one pays to buy, or gets for selling."""
        return self.ask if is_buy else self.bid


@dataclass(slots=True)
class Order:
    """An order, working or past."""

    ticket: int
    symbol: str
    kind: int
    state: int
    magic: int
    comment: str
    volume_initial: Decimal
    volume_current: Decimal
    price: Decimal
    stop_loss: Decimal
    take_profit: Decimal
    filling: int
    type_time: int
    expiration_s: int
    setup_ms: int
    done_ms: int = 0
    position_id: int = 0
    reason: int = DealReason.EXPERT

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.kind in (OrderKind.BUY, OrderKind.BUY_LIMIT, OrderKind.BUY_STOP)

    @property
    def is_working(self) -> bool:
        """Whether it is in the terminal's list of orders."""
        return self.state in (OrderState.STARTED, OrderState.PLACED) and not self.done_ms


@dataclass(slots=True)
class Position:
    """An open position. Volumes in lots; `stop_slippage` is how much worse its stop will fill."""

    identifier: int
    symbol: str
    is_buy: bool
    volume: Decimal
    price_open: Decimal
    stop_loss: Decimal
    take_profit: Decimal
    magic: int
    comment: str
    opened_ms: int
    updated_ms: int
    swap: Decimal = ZERO
    stop_slippage: Decimal = ZERO


@dataclass(slots=True)
class Deal:
    """An execution. It is in the history from `visible_ms` on, `copies` times."""

    ticket: int
    order: int
    position_id: int
    symbol: str
    is_buy: bool
    entry: int
    reason: int
    volume: Decimal
    price: Decimal
    commission: Decimal
    swap: Decimal
    profit: Decimal
    magic: int
    comment: str
    time_ms: int
    visible_ms: int = 0
    copies: int = 1


@dataclass(slots=True)
class Books:
    """One account."""

    login: int = 5_001
    server: str = "Simulated-Demo"
    is_hedging: bool = True
    balance: Decimal = Decimal(100_000)
    leverage: Decimal = Decimal(100)
    time_ms: int = 0
    next_ticket: int = 1_000
    instruments: dict[str, Instrument] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)
    deals: list[Deal] = field(default_factory=list)

    def ticket(self) -> int:
        """The next number. Orders and deals share one row of numbers here; the venue has two."""
        self.next_ticket += 1
        return self.next_ticket

    def open_profit(self, position: Position) -> Decimal:
        """Profit of a position at the price at which it would close now."""
        instrument = self.instruments[position.symbol]
        leave = instrument.price(is_buy=not position.is_buy)
        move = leave - position.price_open if position.is_buy else position.price_open - leave
        return (move * position.volume * instrument.contract_size).quantize(Decimal("0.01"))

    @property
    def equity(self) -> Decimal:
        """Balance with open profit and swap."""
        return self.balance + sum(
            (self.open_profit(position) + position.swap for position in self.positions.values()), ZERO
        )

    @property
    def margin(self) -> Decimal:
        """What open positions bind."""
        return sum(
            (
                self.margin_for(position.symbol, position.volume, position.price_open)
                for position in self.positions.values()
            ),
            ZERO,
        )

    def margin_for(self, symbol: str, volume: Decimal, price: Decimal) -> Decimal:
        """What a volume binds."""
        size = self.instruments[symbol].contract_size
        return (volume * size * price / self.leverage).quantize(Decimal("0.01"))
