"""The simulated venue in FIX's words: requests in, reports out. A simulator; the socket is `server`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hive_core.configuration.broker_fix import AttachedBracket, FixSettings
from hive_core.contracts.base import decimal_text
from hive_exec.brokers.fix.decoding import Fields, Message
from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.fix.timestamps import timestamp_ns, timestamp_text
from hive_exec.simulators.fix.book import Book, Happening, SimulatedOrder
from hive_exec.simulators.fix.faults import Fault

Outgoing = tuple[str, list[tuple[int, str]]]
ACCEPTED_TYPES = frozenset({"D", "E", "F", "G", "H", "V", "AF", "AN"})
_SLIP = Decimal("0.0010")


@dataclass(slots=True)
class SimulatedVenue:
    """One account. `received` counts every order-creating message by its client id, whatever became of it;
    `orders_made` those that made an order."""

    settings: FixSettings
    book: Book
    received: dict[str, int] = field(default_factory=dict)
    orders_made: dict[str, int] = field(default_factory=dict)
    _subscribed: dict[str, str] = field(default_factory=dict)
    _executions: int = 0
    _bare: set[str] = field(default_factory=set)

    def handle(self, message: Message, fault: Fault | None = None) -> list[Outgoing]:
        """What the venue says to a request."""
        kind = message.msg_type
        if kind in {MsgType.NEW_ORDER_SINGLE, MsgType.NEW_ORDER_LIST}:
            return self._create(message, fault)
        if kind == MsgType.ORDER_CANCEL_REQUEST:
            return self._cancel(message)
        if kind == MsgType.ORDER_CANCEL_REPLACE_REQUEST:
            return self._replace(message)
        if kind == MsgType.ORDER_STATUS_REQUEST:
            return [self._status(message)]
        if kind == MsgType.ORDER_MASS_STATUS_REQUEST:
            return self._mass_status(message)
        if kind == MsgType.REQUEST_FOR_POSITIONS:
            return self._positions(message)
        return self._subscribe(message)

    def quote(self, symbol: str, bid: Decimal, ask: Decimal) -> list[Outgoing]:
        """A price: market data for who subscribed, and reports of what it did."""
        happened = self.book.quote(symbol, bid, ask)
        data = [self._market_data(symbol)] if symbol in self._subscribed else []
        return [*data, *(self._report(what) for what in happened)]

    # Orders

    def _create(self, message: Message, fault: Fault | None) -> list[Outgoing]:
        entries = message.groups.get(Tag.NO_ORDERS) or (message.body,)
        name = entries[0][Tag.CL_ORD_ID]
        self.received[name] = self.received.get(name, 0) + 1
        known = self.book.find(name)
        if message.header.get(Tag.POSS_RESEND) == "Y" and known is not None:
            # FIX appendix D: an order that may have been sent before and was is answered with its status.
            return [self._report(Happening("I", known))]
        if known is not None and (self.settings.deduplicates_client_ids or known.is_working):
            refused = replace(self._order(entries[0], None), status="8", venue_id="NONE")
            return [self._report(Happening("8", refused, text="duplicate order"), reject_reason="6")]
        self.orders_made[name] = self.orders_made.get(name, 0) + 1
        first = self._order(entries[0], None)
        is_closing = entries[0].get(Tag.POSITION_EFFECT) == "C"
        if is_closing:
            first.closes = entries[0].get(Tag.SECONDARY_CL_ORD_ID, "")
            first.position_id = message.text(self.settings.position_id_tag)
        elif isinstance(self.settings.bracket, AttachedBracket):
            first.stop_loss = message.own_price(self.settings.bracket.stop_tag)
            first.take_profit = message.own_price(self.settings.bracket.target_tag)
        if fault is Fault.PARTIAL_FILL:
            first.fill_limit = first.units / 2
        if fault is Fault.SLIPPED_STOP and isinstance(self.settings.bracket, AttachedBracket):
            first.slip = _SLIP
        if fault is Fault.REFUSED_STOP and isinstance(self.settings.bracket, AttachedBracket):
            first.stop_loss = None
            self._bare.add(name)
        happened = self.book.add(first)
        for entry in entries[1:]:
            leg = self._order(entry, first)
            if leg.stop_price is not None and fault is Fault.REFUSED_STOP:
                leg.status = "8"
                happened.append(Happening("8", leg, text="stop too near"))
                continue
            leg.slip = _SLIP if fault is Fault.SLIPPED_STOP and leg.stop_price is not None else Decimal(0)
            happened += self.book.add(leg)
            if not first.is_working and first.filled == 0:
                happened += self.book.cancel(leg)
        return [self._report(what) for what in happened]

    def _order(self, fields: Fields, parent: SimulatedOrder | None) -> SimulatedOrder:
        def number(tag: int) -> Decimal | None:
            return Decimal(fields[tag]) if tag in fields else None

        return SimulatedOrder(
            venue_id=self.book.next_id(),
            ids=[fields[Tag.CL_ORD_ID]],
            symbol=fields[Tag.SYMBOL],
            side=fields[Tag.SIDE],
            units=Decimal(fields[Tag.ORDER_QTY]),
            order_type=fields[Tag.ORD_TYPE],
            price=number(Tag.PRICE),
            stop_price=number(Tag.STOP_PX),
            time_in_force=fields.get(Tag.TIME_IN_FORCE, "0"),
            expire_ns=timestamp_ns(fields.get(Tag.EXPIRE_TIME, "")),
            link=fields.get(Tag.SECONDARY_CL_ORD_ID, ""),
            parent=parent,
        )

    def _cancel(self, message: Message) -> list[Outgoing]:
        order = self.book.find(message.text(Tag.ORIG_CL_ORD_ID))
        if order is None or not order.is_working:
            return [self._cancel_reject(message, order, "1")]
        order.ids.append(message.text(Tag.CL_ORD_ID))
        return [self._report(what) for what in self.book.cancel(order)]

    def _replace(self, message: Message) -> list[Outgoing]:
        order = self.book.find(message.text(Tag.ORIG_CL_ORD_ID))
        bracket = self.settings.bracket
        if order is None:
            return [self._cancel_reject(message, order, "2")]
        if isinstance(bracket, AttachedBracket):
            held = [p for p in self.book.positions.values() if p.client_order_id == order.ids[0]]
            if not (order.is_working or held):
                return [self._cancel_reject(message, order, "2")]
            order.stop_loss = message.own_price(bracket.stop_tag) or order.stop_loss
            order.take_profit = message.own_price(bracket.target_tag) or order.take_profit
            for position in held:
                position.stop_loss, position.take_profit = order.stop_loss, order.take_profit
        elif not order.is_working or message.text(Tag.ORIG_CL_ORD_ID) != order.current_id:
            return [self._cancel_reject(message, order, "2")]
        else:
            order.price = message.number(Tag.PRICE) or order.price
            order.stop_price = message.number(Tag.STOP_PX) or order.stop_price
        order.ids.append(message.text(Tag.CL_ORD_ID))
        return [self._report(Happening("5", order))]

    def _cancel_reject(self, message: Message, order: SimulatedOrder | None, response_to: str) -> Outgoing:
        return (
            MsgType.ORDER_CANCEL_REJECT,
            [
                (Tag.ORDER_ID, order.venue_id if order else "NONE"),
                (Tag.CL_ORD_ID, message.text(Tag.CL_ORD_ID)),
                (Tag.ORIG_CL_ORD_ID, message.text(Tag.ORIG_CL_ORD_ID)),
                (Tag.ORD_STATUS, order.status if order else "8"),
                (Tag.CXL_REJ_RESPONSE_TO, response_to),
                (Tag.CXL_REJ_REASON, "0" if order else "1"),
                (Tag.TEXT, "too late" if order else "unknown order"),
            ],
        )

    # Reports

    def _report(
        self, what: Happening, *, reject_reason: str = "0", extra: Sequence[tuple[int, str]] = ()
    ) -> Outgoing:
        order = what.order
        self._executions += 1
        average = order.value / order.filled if order.filled else Decimal(0)
        pairs: list[tuple[int, str]] = [
            (Tag.ORDER_ID, order.venue_id),
            (Tag.EXEC_ID, f"E{self._executions}"),
            (Tag.EXEC_TYPE, what.kind),
            (Tag.ORD_STATUS, "8" if what.kind == "8" else "5" if what.kind == "5" else order.status),
            (Tag.SYMBOL, order.symbol),
            (Tag.SIDE, order.side),
            (Tag.ORDER_QTY, decimal_text(order.units)),
            (Tag.LEAVES_QTY, decimal_text(order.left)),
            (Tag.CUM_QTY, decimal_text(order.filled)),
            (Tag.AVG_PX, decimal_text(round(average, 8))),
            (Tag.TRANSACT_TIME, timestamp_text(self.book.now_ns())),
        ]
        if order.ids:
            pairs.append((Tag.CL_ORD_ID, order.current_id))
        if link := (order.link or order.closes):
            pairs.append((Tag.SECONDARY_CL_ORD_ID, link))
        if order.closes:
            pairs.append((Tag.POSITION_EFFECT, "C"))
        if order.price is not None:
            pairs.append((Tag.PRICE, decimal_text(order.price)))
        if order.stop_price is not None:
            pairs.append((Tag.STOP_PX, decimal_text(order.stop_price)))
        if what.kind == "F":
            pairs += [(Tag.LAST_QTY, decimal_text(what.units)), (Tag.LAST_PX, decimal_text(what.price))]
        if what.kind == "8":
            pairs.append((Tag.ORD_REJ_REASON, reject_reason))
        if what.text:
            pairs.append((Tag.TEXT, what.text))
        return MsgType.EXECUTION_REPORT, [*pairs, *self._own_fields(order), *extra]

    def _own_fields(self, order: SimulatedOrder) -> list[tuple[int, str]]:
        bracket = self.settings.bracket
        if not isinstance(bracket, AttachedBracket) or order.current_id in self._bare:
            return []
        levels = ((bracket.stop_tag, order.stop_loss), (bracket.target_tag, order.take_profit))
        return [(tag, decimal_text(price)) for tag, price in levels if price is not None]

    # Questions

    def _status(self, message: Message) -> Outgoing:
        order = self.book.find(message.text(Tag.CL_ORD_ID))
        extra = [(int(Tag.ORD_STATUS_REQ_ID), message.text(Tag.ORD_STATUS_REQ_ID))]
        if order is not None:
            return self._report(Happening("I", order), extra=extra)
        return self._unknown(
            message.text(Tag.SYMBOL), message.text(Tag.SIDE), message.text(Tag.CL_ORD_ID), extra
        )

    def _unknown(self, symbol: str, side: str, name: str, extra: Sequence[tuple[int, str]]) -> Outgoing:
        order = SimulatedOrder("NONE", [name] if name else [], symbol, side, Decimal(0), "1", status="8")
        kind, pairs = self._report(Happening("I", order), extra=extra)
        return kind, [*pairs, (Tag.ORD_REJ_REASON, "5")]

    def _mass_status(self, message: Message) -> list[Outgoing]:
        working = [order for order in self.book.orders if order.is_working]
        name = (int(Tag.MASS_STATUS_REQ_ID), message.text(Tag.MASS_STATUS_REQ_ID))
        count = (int(Tag.TOT_NUM_REPORTS), str(len(working)))
        if not working:
            last = (int(Tag.LAST_RPT_REQUESTED), "Y")
            return [self._unknown("NONE", "1", "", [name, count, last])]
        answers: list[Outgoing] = []
        for order in working:
            last = (int(Tag.LAST_RPT_REQUESTED), "Y" if order is working[-1] else "N")
            answers.append(self._report(Happening("I", order), extra=[name, count, last]))
        return answers

    def _positions(self, message: Message) -> list[Outgoing]:
        name = (int(Tag.POS_REQ_ID), message.text(Tag.POS_REQ_ID))
        held = list(self.book.positions.values())
        total = (int(Tag.TOTAL_NUM_POS_REPORTS), str(len(held)))
        result = (int(Tag.POS_REQ_RESULT), "0" if held else "2")
        answers: list[Outgoing] = [
            (MsgType.REQUEST_FOR_POSITIONS_ACK, [name, total, result, (Tag.POS_REQ_STATUS, "0")])
        ]
        for position in held:
            long, short = max(position.units, Decimal(0)), max(-position.units, Decimal(0))
            pairs = [
                name,
                total,
                result,
                (int(self.settings.position_id_tag), position.position_id),
                (int(Tag.SYMBOL), position.symbol),
                (int(Tag.SETTL_PRICE), decimal_text(round(position.average, 8))),
                (int(Tag.NO_POSITIONS), "1"),
                (int(Tag.POS_TYPE), "TQ"),
                (int(Tag.LONG_QTY), decimal_text(long)),
                (int(Tag.SHORT_QTY), decimal_text(short)),
            ]
            if position.client_order_id:
                pairs.append((int(Tag.CL_ORD_ID), position.client_order_id))
            if isinstance(self.settings.bracket, AttachedBracket) and position.stop_loss is not None:
                pairs.append((self.settings.bracket.stop_tag, decimal_text(position.stop_loss)))
            answers.append((MsgType.POSITION_REPORT, pairs))
        return answers

    def _subscribe(self, message: Message) -> list[Outgoing]:
        symbols = [entry[Tag.SYMBOL] for entry in message.groups.get(Tag.NO_RELATED_SYM, ())]
        for symbol in symbols:
            self._subscribed[symbol] = message.text(Tag.MD_REQ_ID)
        return [self._market_data(symbol) for symbol in symbols if symbol in self.book.quotes]

    def _market_data(self, symbol: str) -> Outgoing:
        bid, ask = self.book.quotes[symbol]
        return (
            MsgType.MARKET_DATA_SNAPSHOT,
            [
                (Tag.MD_REQ_ID, self._subscribed[symbol]),
                (Tag.SYMBOL, symbol),
                (Tag.NO_MD_ENTRIES, "2"),
                (Tag.MD_ENTRY_TYPE, "0"),
                (Tag.MD_ENTRY_PX, decimal_text(bid)),
                (Tag.MD_ENTRY_TYPE, "1"),
                (Tag.MD_ENTRY_PX, decimal_text(ask)),
            ],
        )
