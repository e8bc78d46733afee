"""The simulated venue's orders and positions, matched at the quotes it is fed. No FIX here, no socket.

A simulator with published semantics: market and limit IOC at once or never, limits at their price or
better, stops at the market beyond theirs, entry with stop and target that cancel each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

Side = str
"""FIX's: "1" buys, "2" sells."""


@dataclass(slots=True)
class SimulatedOrder:
    """An order at the venue. `parent` is the entry that a stop or a target waits for; `closes` the order
    whose position it closes. `ids` are all client ids it had, the last one counts."""

    venue_id: str
    ids: list[str]
    symbol: str
    side: Side
    units: Decimal
    order_type: str
    price: Decimal | None = None
    stop_price: Decimal | None = None
    time_in_force: str = "1"
    expire_ns: int | None = None
    link: str = ""
    parent: SimulatedOrder | None = None
    closes: str = ""
    position_id: str = ""
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    status: str = "0"
    filled: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    is_triggered: bool = False
    slip: Decimal = Decimal(0)
    fill_limit: Decimal | None = None

    @property
    def current_id(self) -> str:
        """The client id it has now."""
        return self.ids[-1] if self.ids else ""

    @property
    def is_working(self) -> bool:
        """Whether it may still be filled, or wait for its entry."""
        return self.status in {"0", "1"}

    @property
    def left(self) -> Decimal:
        """Units still to be filled."""
        return self.units - self.filled if self.is_working else Decimal(0)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a report tells: FIX's ExecType, the order, and an execution where there was one."""

    kind: str
    order: SimulatedOrder
    units: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    text: str = ""


@dataclass(slots=True)
class SimulatedPosition:
    """Open units, signed, and what they cost. At a netting venue one a symbol, else one an entry."""

    position_id: str
    client_order_id: str
    symbol: str
    units: Decimal = Decimal(0)
    average: Decimal = Decimal(0)
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None


@dataclass(slots=True)
class Book:
    """Orders, positions, quotes of one account."""

    is_hedging: bool
    now_ns: Callable[[], int]
    orders: list[SimulatedOrder] = field(default_factory=list)
    positions: dict[str, SimulatedPosition] = field(default_factory=dict)
    quotes: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    _number: int = 0

    def next_id(self) -> str:
        """A new id of the venue's."""
        self._number += 1
        return f"V{self._number}"

    def find(self, client_id: str) -> SimulatedOrder | None:
        """The order that has, or had, a client id."""
        return next((order for order in self.orders if client_id in order.ids), None)

    def add(self, order: SimulatedOrder) -> list[Happening]:
        """A new order: accepted, and worked at the quote there is."""
        self.orders.append(order)
        happened = [Happening("0", order)]
        if order.parent is None:
            happened += self._work(order)
            if order.is_working and order.time_in_force == "3" and order.fill_limit is None:
                happened.append(self._end(order, "4", "not filled at once"))
        return happened

    def quote(self, symbol: str, bid: Decimal, ask: Decimal) -> list[Happening]:
        """A new price: everything that it fills, triggers or expires."""
        self.quotes[symbol] = (bid, ask)
        happened: list[Happening] = []
        for order in list(self.orders):
            if not order.is_working or order.symbol != symbol:
                continue
            order.fill_limit = None
            if order.expire_ns is not None and self.now_ns() >= order.expire_ns:
                happened.append(self._end(order, "C", "expired"))
            elif order.parent is None or order.parent.filled > 0:
                happened += self._work(order)
        for position in [held for held in self.positions.values() if held.symbol == symbol]:
            happened += self._attached_exit(position, bid, ask)
        return happened

    def cancel(self, order: SimulatedOrder) -> list[Happening]:
        """The client's cancel: the order and what waited for it."""
        return [self._end(order, "4", "cancelled"), *self._cancel_legs(order)]

    def _end(self, order: SimulatedOrder, kind: str, text: str) -> Happening:
        order.status = kind
        return Happening(kind, order, text=text)

    def _cancel_legs(self, entry: SimulatedOrder) -> list[Happening]:
        legs = [order for order in self.orders if order.parent is entry and order.is_working]
        return [self._end(leg, "4", "its entry or its partner ended") for leg in legs]

    def _price(self, order: SimulatedOrder) -> Decimal | None:
        """What the order is filled at now, or None."""
        if order.symbol not in self.quotes:
            return None
        bid, ask = self.quotes[order.symbol]
        is_buy = order.side == "1"
        market, sign = (ask, 1) if is_buy else (bid, -1)
        if order.stop_price is not None and not order.is_triggered:
            if (market - order.stop_price) * sign < 0:
                return None
            order.is_triggered = True
        if order.price is not None and (market - order.price) * sign > 0:
            return None
        return market + order.slip * sign

    def _work(self, order: SimulatedOrder) -> list[Happening]:
        price = self._price(order)
        if price is None:
            return []
        units = order.left if order.fill_limit is None else min(order.left, order.fill_limit)
        if order.parent is not None:
            units = min(units, order.parent.filled - order.filled)
        if order.closes and units > 0:
            units = min(units, self._closable(order))
        if units <= 0:
            return []
        order.filled += units
        order.value += units * price
        order.status = "2" if order.filled == order.units else "1"
        happened = [Happening("F", order, units, price)]
        self._book(order, units, price)
        if order.parent is not None or order.closes:
            happened += self._after_exit(order)
        return happened

    def _closable(self, order: SimulatedOrder) -> Decimal:
        position = self.positions.get(order.position_id if self.is_hedging else order.symbol)
        if position is None or (position.units > 0) == (order.side == "1"):
            return Decimal(0)
        return abs(position.units)

    def _after_exit(self, order: SimulatedOrder) -> list[Happening]:
        """A stop, target or close was filled: what protected the same units goes."""
        entry = order.parent or self.find(order.closes)
        if entry is None:
            return []
        closed = sum(
            (held.filled for held in self.orders if held.parent is entry or held.closes in entry.ids),
            Decimal(0),
        )
        return self._cancel_legs(entry) if closed >= entry.filled else []

    def _book(self, order: SimulatedOrder, units: Decimal, price: Decimal) -> None:
        entry = order.parent or self.find(order.closes) or order
        key = (order.position_id or entry.venue_id) if self.is_hedging else order.symbol
        position = self.positions.setdefault(
            key, SimulatedPosition(key, entry.ids[0] if self.is_hedging else "", order.symbol)
        )
        signed = units if order.side == "1" else -units
        if position.units * signed >= 0:
            total = abs(position.units) + units
            position.average = (position.average * abs(position.units) + price * units) / total
        position.units += signed
        if order is entry:
            position.stop_loss, position.take_profit = order.stop_loss, order.take_profit
            if order.stop_loss is not None:
                position.client_order_id = order.ids[0]
        if position.units == 0:
            del self.positions[key]

    def _attached_exit(self, position: SimulatedPosition, bid: Decimal, ask: Decimal) -> list[Happening]:
        """The venue's own exit at an attached stop or target: an order without a client id."""
        market, sign = (bid, 1) if position.units > 0 else (ask, -1)
        is_stopped = position.stop_loss is not None and (market - position.stop_loss) * sign <= 0
        is_target = position.take_profit is not None and (market - position.take_profit) * sign >= 0
        if not (is_stopped or is_target):
            return []
        entry = self.find(position.client_order_id)
        slip = entry.slip if entry is not None else Decimal(0)
        order = SimulatedOrder(
            venue_id=self.next_id(),
            ids=[],
            symbol=position.symbol,
            side="2" if position.units > 0 else "1",
            units=abs(position.units),
            order_type="1",
            closes=position.client_order_id,
            position_id=position.position_id if self.is_hedging else "",
            slip=slip,
        )
        self.orders.append(order)
        return self._work(order)
