"""The simulated trade server: it does what `checks` let through, and what prices and time bring about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hive_exec.brokers.metatrader.constants import (
    DealEntry,
    DealReason,
    Filling,
    Lifetime,
    OrderKind,
    OrderState,
    TradeAction,
)
from hive_exec.brokers.metatrader.retcodes import Retcode
from hive_exec.simulators.metatrader.book import ZERO, Books, Deal, Instrument, Order, Position
from hive_exec.simulators.metatrader.checks import Asked, refusal

_WEDNESDAY = 2


@dataclass(frozen=True, slots=True)
class Done:
    """What the server answers."""

    retcode: int
    deal: int = 0
    order: int = 0
    volume: Decimal = ZERO
    price: Decimal = ZERO


class TradeServer:
    """One account's trade server."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def quote(self, symbol: str, bid: Decimal, ask: Decimal, at_ms: int) -> None:
        """A new price: time passes up to it, then stops, targets and pending orders meet it."""
        self.advance(at_ms)
        instrument = self.books.instruments[symbol]
        instrument.bid, instrument.ask, instrument.quoted_ms = bid, ask, at_ms
        for position in list(self.books.positions.values()):
            if position.symbol == symbol:
                self._stop_or_target(position, instrument)
        for order in list(self.books.orders.values()):
            if order.symbol == symbol and order.is_working and self._is_reached(order, instrument):
                self._execute(order, order.volume_current, instrument.price(is_buy=order.is_buy))

    def advance(self, to_ms: int) -> None:
        """Time passes: orders expire, and positions pay swap where a day of the server begins."""
        books = self.books
        days = _day(to_ms) - _day(books.time_ms) if books.time_ms else 0
        books.time_ms = max(books.time_ms, to_ms)
        for number in range(days):
            self._charge_swap(_day(to_ms) - days + number)
        for order in books.orders.values():
            has_end = order.type_time == Lifetime.SPECIFIED
            if order.is_working and has_end and books.time_ms >= order.expiration_s * 1000:
                order.state, order.done_ms = OrderState.EXPIRED, books.time_ms

    def do(self, asked: Asked, reason: int = DealReason.EXPERT) -> Done:
        """Do a request, or refuse it."""
        code = refusal(asked, self.books)
        if code is not None:
            return Done(code)
        if asked.action == TradeAction.DEAL:
            return self._market(asked, reason)
        if asked.action == TradeAction.PENDING:
            order = self._new_order(asked, OrderState.PLACED, reason)
            return Done(Retcode.DONE, order=order.ticket, volume=order.volume_initial, price=order.price)
        if asked.action == TradeAction.CLOSE_BY:
            return self._close_by(asked)
        if asked.action == TradeAction.SLTP:
            position = self.books.positions[asked.position]
            position.stop_loss, position.take_profit = asked.stop_loss, asked.take_profit
            position.updated_ms = self.books.time_ms
            return Done(Retcode.DONE)
        order = self.books.orders[asked.order]
        if asked.action == TradeAction.REMOVE:
            order.state, order.done_ms = OrderState.CANCELED, self.books.time_ms
        else:
            order.price, order.expiration_s = asked.price, asked.expiration_s
            order.stop_loss, order.take_profit = asked.stop_loss, asked.take_profit
        return Done(Retcode.DONE, order=order.ticket)

    def _market(self, asked: Asked, reason: int) -> Done:
        instrument = self.books.instruments[asked.symbol]
        price = instrument.price(is_buy=asked.is_buy)
        had = asked.volume if instrument.available is None else min(asked.volume, instrument.available)
        if had < asked.volume and (asked.filling == Filling.FOK or had < instrument.volume_min):
            # The documentation names no code for "not enough volume"; brokers answer "rejected".
            return Done(Retcode.REJECT)
        order = self._new_order(asked, OrderState.STARTED, reason)
        order.position_id = asked.position
        deal = self._execute(order, had, price)
        if had == asked.volume:
            return Done(Retcode.DONE, deal.ticket, order.ticket, had, price)
        if asked.filling == Filling.RETURN:
            order.state = OrderState.PLACED
            order.done_ms = 0
        return Done(Retcode.DONE_PARTIAL, deal.ticket, order.ticket, had, price)

    def _new_order(self, asked: Asked, state: OrderState, reason: int) -> Order:
        order = Order(
            ticket=self.books.ticket(),
            symbol=asked.symbol,
            kind=asked.kind,
            state=state,
            magic=asked.magic,
            comment=asked.comment,
            volume_initial=asked.volume,
            volume_current=asked.volume,
            price=asked.price,
            stop_loss=asked.stop_loss,
            take_profit=asked.take_profit,
            filling=asked.filling,
            type_time=asked.type_time,
            expiration_s=asked.expiration_s,
            setup_ms=self.books.time_ms,
            reason=reason,
        )
        self.books.orders[order.ticket] = order
        return order

    def _execute(self, order: Order, volume: Decimal, price: Decimal) -> Deal:
        """A deal for an order, and what it does to positions."""
        order.volume_current -= volume
        order.state = OrderState.PARTIAL if order.volume_current else OrderState.FILLED
        order.done_ms = self.books.time_ms
        held = self._met_position(order)
        if held is None:
            position = Position(
                identifier=order.ticket,
                symbol=order.symbol,
                is_buy=order.is_buy,
                volume=volume,
                price_open=price,
                stop_loss=order.stop_loss,
                take_profit=order.take_profit,
                magic=order.magic,
                comment=order.comment,
                opened_ms=self.books.time_ms,
                updated_ms=self.books.time_ms,
            )
            self.books.positions[position.identifier] = position
            order.position_id = position.identifier
            return self._deal(order, position, DealEntry.IN, volume, price, order.is_buy)
        order.position_id = held.identifier
        if held.is_buy == order.is_buy:
            cost = held.price_open * held.volume + price * volume
            held.volume += volume
            held.price_open = cost / held.volume
            held.stop_loss = order.stop_loss or held.stop_loss
            held.take_profit = order.take_profit or held.take_profit
            held.updated_ms = self.books.time_ms
            return self._deal(order, held, DealEntry.IN, volume, price, order.is_buy)
        if volume <= held.volume:
            return self._reduce(order, held, volume, price, DealEntry.OUT)
        closed = held.volume
        deal = self._reduce(order, held, closed, price, DealEntry.INOUT)
        deal.volume = volume
        held.is_buy, held.volume, held.price_open = order.is_buy, volume - closed, price
        held.stop_loss, held.take_profit = order.stop_loss, order.take_profit
        self.books.positions[held.identifier] = held
        return deal

    def _met_position(self, order: Order) -> Position | None:
        """The position that an order changes: the one it names, on netting accounts the symbol's."""
        if order.position_id:
            return self.books.positions.get(order.position_id)
        if self.books.is_hedging:
            # What of an order filled before is one position with what fills now.
            return self.books.positions.get(order.ticket)
        return next((row for row in self.books.positions.values() if row.symbol == order.symbol), None)

    def _reduce(
        self, order: Order, held: Position, volume: Decimal, price: Decimal, entry: DealEntry
    ) -> Deal:
        share = volume / held.volume
        swap = (held.swap * share).quantize(Decimal("0.01"))
        move = price - held.price_open if held.is_buy else held.price_open - price
        size = self.books.instruments[held.symbol].contract_size
        profit = (move * volume * size).quantize(Decimal("0.01"))
        held.volume -= volume
        held.swap -= swap
        held.updated_ms = self.books.time_ms
        if not held.volume:
            del self.books.positions[held.identifier]
        deal = self._deal(order, held, entry, volume, price, not held.is_buy)
        deal.profit, deal.swap = profit, swap
        self.books.balance += profit + swap
        return deal

    def _deal(
        self,
        order: Order,
        position: Position,
        entry: DealEntry,
        volume: Decimal,
        price: Decimal,
        is_buy: bool,
    ) -> Deal:
        instrument = self.books.instruments[order.symbol]
        commission = -(instrument.commission_per_lot * volume).quantize(Decimal("0.01"))
        self.books.balance += commission
        deal = Deal(
            ticket=self.books.ticket(),
            order=order.ticket,
            position_id=position.identifier,
            symbol=order.symbol,
            is_buy=is_buy,
            entry=entry,
            reason=order.reason,
            volume=volume,
            price=price,
            commission=commission,
            swap=ZERO,
            profit=ZERO,
            magic=order.magic,
            comment=order.comment,
            time_ms=self.books.time_ms,
            visible_ms=self.books.time_ms,
        )
        self.books.deals.append(deal)
        return deal

    def _stop_or_target(self, position: Position, instrument: Instrument) -> None:
        leave = instrument.price(is_buy=not position.is_buy)
        direction = 1 if position.is_buy else -1
        if position.stop_loss and (leave - position.stop_loss) * direction <= 0:
            price = leave - position.stop_slippage * direction
            self._leave(position, price, DealReason.SL, f"[sl {position.stop_loss}]")
        elif position.take_profit and (leave - position.take_profit) * direction >= 0:
            self._leave(position, leave, DealReason.TP, f"[tp {position.take_profit}]")

    def _leave(self, position: Position, price: Decimal, reason: DealReason, comment: str) -> None:
        asked = Asked(
            action=TradeAction.DEAL,
            symbol=position.symbol,
            volume=position.volume,
            kind=OrderKind.SELL if position.is_buy else OrderKind.BUY,
            price=price,
            magic=position.magic,
            comment=comment,
        )
        order = self._new_order(asked, OrderState.STARTED, reason)
        order.position_id = position.identifier
        self._execute(order, position.volume, price)

    def _close_by(self, asked: Asked) -> Done:
        """Two opposite positions close each other, at the price at which the second was opened."""
        one, other = self.books.positions[asked.position], self.books.positions[asked.position_by]
        volume, price = min(one.volume, other.volume), other.price_open
        as_order = Asked(
            action=asked.action,
            symbol=one.symbol,
            volume=volume,
            kind=OrderKind.CLOSE_BY,
            magic=asked.magic,
            comment=asked.comment,
        )
        order = self._new_order(as_order, OrderState.FILLED, DealReason.EXPERT)
        order.volume_current, order.done_ms, order.position_id = ZERO, self.books.time_ms, one.identifier
        deal = self._reduce(order, one, volume, price, DealEntry.OUT_BY)
        self._reduce(order, other, volume, price, DealEntry.OUT_BY)
        return Done(Retcode.DONE, deal.ticket, order.ticket, volume, price)

    def _charge_swap(self, day: int) -> None:
        weekday = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).weekday()
        nights = 3 if weekday == _WEDNESDAY else 1
        for position in self.books.positions.values():
            instrument = self.books.instruments[position.symbol]
            points = instrument.swap_long if position.is_buy else instrument.swap_short
            worth = points * instrument.point * instrument.contract_size * position.volume * nights
            position.swap += worth.quantize(Decimal("0.01"))

    @staticmethod
    def _is_reached(order: Order, instrument: Instrument) -> bool:
        market = instrument.price(is_buy=order.is_buy)
        if order.kind in (OrderKind.BUY_LIMIT, OrderKind.SELL_STOP):
            return market <= order.price
        if order.kind in (OrderKind.SELL_LIMIT, OrderKind.BUY_STOP):
            return market >= order.price
        # The rest of a market order that was filled in part, returned to the book.
        return instrument.available is None


def _day(time_ms: int) -> int:
    return time_ms // 86_400_000
