"""What is asked of a FIX venue, as fields: brackets, changes, cancels, closes, questions. Pure.

Every id that leaves is made from the order's own, so that whatever comes back can be told apart after a
restart: `X` the entry, `X~s` its stop, `X~t` its target, and `~` with a number for each change of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hive_core.configuration.broker_fix import AttachedBracket, FixSettings, FixSymbol, ListBracket
from hive_core.contracts.base import decimal_text
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.fix.timestamps import date_text, timestamp_text

Pairs = list[tuple[int, str]]
STOP, TARGET = "s", "t"
_SEPARATOR = "~"
_SIDES = {"buy": "1", "sell": "2"}
_OPPOSITE = {"buy": "2", "sell": "1"}


class CannotBeExpressed(ValueError):
    """The venue's settings have no way to say this; nothing was sent."""


def leg_id(client_order_id: str, leg: str) -> str:
    """The id of the stop or the target of an order."""
    return f"{client_order_id}{_SEPARATOR}{leg}"


def changed_id(current_id: str, number: int) -> str:
    """An id for a change or a cancel of an order that has `current_id` now."""
    parts = current_id.split(_SEPARATOR)
    kept = parts[:2] if len(parts) > 1 and parts[1] in {STOP, TARGET} else parts[:1]
    return _SEPARATOR.join([*kept, str(number)])


def parts_of(venue_id: str) -> tuple[str, str]:
    """The order's id and the leg ("", "s", "t") that an id of ours belongs to."""
    client_order_id, *rest = venue_id.split(_SEPARATOR)
    return client_order_id, rest[0] if rest and rest[0] in {STOP, TARGET} else ""


class OrderForms:
    """Requests of one account in its venue's words."""

    def __init__(self, settings: FixSettings) -> None:
        self._settings = settings
        self._symbols: Mapping[str, FixSymbol] = {known.symbol: known for known in settings.symbols}
        self._by_venue: Mapping[str, FixSymbol] = {known.venue_symbol: known for known in settings.symbols}

    def symbol(self, symbol: str) -> FixSymbol:
        """How the venue knows an instrument.

        Raises:
            CannotBeExpressed: the settings do not name it.
        """
        if symbol not in self._symbols:
            raise CannotBeExpressed(f"{symbol} is not among the venue's symbols: add it to its settings")
        return self._symbols[symbol]

    def our_symbol(self, venue_symbol: str) -> FixSymbol | None:
        """The instrument that the venue names so, or None."""
        return self._by_venue.get(venue_symbol)

    def quantity(self, symbol: str, lots: Decimal) -> str:
        """Lots in the venue's units."""
        return decimal_text(lots * self.symbol(symbol).units_per_lot)

    def _instrument(self, order: BracketOrder, side: str) -> Pairs:
        return [(Tag.SYMBOL, self.symbol(order.symbol).venue_symbol), (Tag.SIDE, side)]

    def _terms(self, order: BracketOrder) -> Pairs:
        """Type, prices and time in force: the worst price and the end are the venue's to hold (O7)."""
        bound = decimal_text(order.price_bound)
        if order.order_type == "market":
            return [(Tag.ORD_TYPE, "2"), (Tag.PRICE, bound), (Tag.TIME_IN_FORCE, "3")]
        if order.entry is None:
            raise CannotBeExpressed(f"{order.client_order_id} is a {order.order_type} order without a price")
        entry = decimal_text(order.entry)
        end: Pairs = [(Tag.TIME_IN_FORCE, "6"), (Tag.EXPIRE_TIME, timestamp_text(order.good_till_ns))]
        if order.order_type == "limit":
            return [(Tag.ORD_TYPE, "2"), (Tag.PRICE, entry), *end]
        return [(Tag.ORD_TYPE, "4"), (Tag.STOP_PX, entry), (Tag.PRICE, bound), *end]

    def _attached(self, stop_loss: Decimal | None, take_profit: Decimal | None) -> Pairs:
        bracket = self._settings.bracket
        if not isinstance(bracket, AttachedBracket):
            raise CannotBeExpressed("the venue's bracket is a list of orders, it has no fields for a stop")
        wanted = ((bracket.stop_tag, stop_loss), (bracket.target_tag, take_profit))
        return [(tag, decimal_text(price)) for tag, price in wanted if price is not None]

    def new(self, order: BracketOrder, now_ns: int) -> tuple[str, Pairs]:
        """The one request that creates an order, its stop in it (O6).

        Raises:
            CannotBeExpressed: an instrument or a bracket that the settings do not know.
        """
        if isinstance(self._settings.bracket, ListBracket):
            return MsgType.NEW_ORDER_LIST, self._list(order, self._settings.bracket, now_ns)
        fields: Pairs = [
            (Tag.CL_ORD_ID, order.client_order_id),
            (Tag.ACCOUNT, self._settings.account),
            (Tag.HANDL_INST, "1"),
            *self._instrument(order, _SIDES[order.side]),
            (Tag.TRANSACT_TIME, timestamp_text(now_ns)),
            (Tag.ORDER_QTY, self.quantity(order.symbol, order.lots)),
            *self._terms(order),
            *self._attached(order.stop_loss, order.take_profit),
        ]
        return MsgType.NEW_ORDER_SINGLE, fields

    def _list(self, order: BracketOrder, bracket: ListBracket, now_ns: int) -> Pairs:
        stop = [(int(Tag.ORD_TYPE), "3"), (int(Tag.STOP_PX), decimal_text(order.stop_loss))]
        target = [(int(Tag.ORD_TYPE), "2"), (int(Tag.PRICE), decimal_text(order.take_profit))]
        good: Pairs = [(Tag.TIME_IN_FORCE, "1")]
        opposite = _OPPOSITE[order.side]
        legs: list[tuple[str, str, str, Pairs]] = [
            (order.client_order_id, "1", _SIDES[order.side], self._terms(order)),
            (leg_id(order.client_order_id, STOP), "2", opposite, [*stop, *good]),
            (leg_id(order.client_order_id, TARGET), "2", opposite, [*target, *good]),
        ]
        fields: Pairs = [
            (Tag.LIST_ID, order.client_order_id),
            (Tag.BID_TYPE, "3"),
            (Tag.TOT_NO_ORDERS, str(len(legs))),
            (bracket.contingency_tag, bracket.contingency_value),
            (Tag.NO_ORDERS, str(len(legs))),
        ]
        for place, (name, link, side, terms) in enumerate(legs, start=1):
            fields += [
                (Tag.CL_ORD_ID, name),
                (Tag.SECONDARY_CL_ORD_ID, order.client_order_id),
                (Tag.LIST_SEQ_NO, str(place)),
                (Tag.CL_ORD_LINK_ID, link),
                (Tag.ACCOUNT, self._settings.account),
                (Tag.HANDL_INST, "1"),
                *self._instrument(order, side),
                (Tag.TRANSACT_TIME, timestamp_text(now_ns)),
                (Tag.ORDER_QTY, self.quantity(order.symbol, order.lots)),
                *terms,
            ]
        return fields

    def cancel(self, order: BracketOrder, current_id: str, number: int, now_ns: int) -> Pairs:
        """OrderCancelRequest of what has `current_id` now."""
        return [
            (Tag.ORIG_CL_ORD_ID, current_id),
            (Tag.CL_ORD_ID, changed_id(current_id, number)),
            (Tag.ACCOUNT, self._settings.account),
            *self._instrument(order, _SIDES[order.side]),
            (Tag.TRANSACT_TIME, timestamp_text(now_ns)),
            (Tag.ORDER_QTY, self.quantity(order.symbol, order.lots)),
        ]

    def replace_leg(
        self, order: BracketOrder, current_id: str, units: str, price: Decimal, number: int, now_ns: int
    ) -> Pairs:
        """OrderCancelReplaceRequest that moves the stop or the target of a list."""
        is_stop = parts_of(current_id)[1] == STOP
        return [
            (Tag.ORIG_CL_ORD_ID, current_id),
            (Tag.CL_ORD_ID, changed_id(current_id, number)),
            (Tag.SECONDARY_CL_ORD_ID, order.client_order_id),
            (Tag.ACCOUNT, self._settings.account),
            (Tag.HANDL_INST, "1"),
            *self._instrument(order, _OPPOSITE[order.side]),
            (Tag.TRANSACT_TIME, timestamp_text(now_ns)),
            (Tag.ORDER_QTY, units),
            (Tag.ORD_TYPE, "3" if is_stop else "2"),
            (Tag.STOP_PX if is_stop else Tag.PRICE, decimal_text(price)),
            (Tag.TIME_IN_FORCE, "1"),
        ]

    def replace_attached(
        self,
        order: BracketOrder,
        current_id: str,
        stop_loss: Decimal | None,
        take_profit: Decimal | None,
        number: int,
        now_ns: int,
    ) -> Pairs:
        """OrderCancelReplaceRequest that moves the venue's own fields for stop and target."""
        return [
            (Tag.ORIG_CL_ORD_ID, current_id),
            (Tag.CL_ORD_ID, changed_id(current_id, number)),
            (Tag.ACCOUNT, self._settings.account),
            (Tag.HANDL_INST, "1"),
            *self._instrument(order, _SIDES[order.side]),
            (Tag.TRANSACT_TIME, timestamp_text(now_ns)),
            (Tag.ORDER_QTY, self.quantity(order.symbol, order.lots)),
            *self._terms(order),
            *self._attached(stop_loss, take_profit),
        ]

    def close(
        self, order: BracketOrder, lots: Decimal, request_id: str, position_id: str, now_ns: int
    ) -> Pairs:
        """A market order against the position, marked as closing, so that it cannot open another way."""
        fields: Pairs = [
            (Tag.CL_ORD_ID, request_id),
            (Tag.SECONDARY_CL_ORD_ID, order.client_order_id),
            (Tag.ACCOUNT, self._settings.account),
            (Tag.HANDL_INST, "1"),
            *self._instrument(order, _OPPOSITE[order.side]),
            (Tag.TRANSACT_TIME, timestamp_text(now_ns)),
            (Tag.ORDER_QTY, self.quantity(order.symbol, lots)),
            (Tag.ORD_TYPE, "1"),
            (Tag.TIME_IN_FORCE, "3"),
            (Tag.POSITION_EFFECT, "C"),
            (Tag.EXEC_INST, "E"),
        ]
        if position_id:
            fields.append((self._settings.position_id_tag, position_id))
        return fields

    def status(self, order: BracketOrder, venue_id: str, question: str) -> Pairs:
        """OrderStatusRequest."""
        side = _OPPOSITE[order.side] if parts_of(venue_id)[1] else _SIDES[order.side]
        return [
            (Tag.CL_ORD_ID, venue_id),
            (Tag.ORD_STATUS_REQ_ID, question),
            (Tag.ACCOUNT, self._settings.account),
            *self._instrument(order, side),
        ]

    def working_orders(self, question: str) -> Pairs:
        """OrderMassStatusRequest for every order of the account."""
        return [
            (Tag.MASS_STATUS_REQ_ID, question),
            (Tag.MASS_STATUS_REQ_TYPE, "7"),
            (Tag.ACCOUNT, self._settings.account),
        ]

    def positions(self, question: str, now_ns: int) -> Pairs:
        """RequestForPositions of the account."""
        return [
            (Tag.POS_REQ_ID, question),
            (Tag.POS_REQ_TYPE, "0"),
            (Tag.ACCOUNT, self._settings.account),
            (Tag.ACCOUNT_TYPE, "1"),
            (Tag.CLEARING_BUSINESS_DATE, date_text(now_ns)),
            (Tag.TRANSACT_TIME, timestamp_text(now_ns)),
        ]

    def quotes(self, symbols: list[str], question: str) -> Pairs:
        """MarketDataRequest for the best bid and offer, with updates."""
        return [
            (Tag.MD_REQ_ID, question),
            (Tag.SUBSCRIPTION_REQUEST_TYPE, "1"),
            (Tag.MARKET_DEPTH, "1"),
            (Tag.MD_UPDATE_TYPE, "0"),
            (Tag.NO_MD_ENTRY_TYPES, "2"),
            (Tag.MD_ENTRY_TYPE, "0"),
            (Tag.MD_ENTRY_TYPE, "1"),
            (Tag.NO_RELATED_SYM, str(len(symbols))),
            *[(int(Tag.SYMBOL), self.symbol(symbol).venue_symbol) for symbol in symbols],
        ]


def carries_stop(fields: Pairs, bracket: AttachedBracket | ListBracket) -> bool:
    """Whether a request that creates an order has its stop in it: looked at in what would leave, whoever
    made it (O6)."""
    if isinstance(bracket, AttachedBracket):
        return any(tag == bracket.stop_tag and value for tag, value in fields)
    stops = [value for tag, value in fields if tag == Tag.CL_ORD_ID and parts_of(value)[1] == STOP]
    types = [value for tag, value in fields if tag == Tag.ORD_TYPE]
    return len(stops) == 1 and "3" in types
