"""The venue's transactions as frozen data: what its log, its answers and its stream are made of.

Read strictly. What they mean for one of our orders belongs to `reports`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hive_exec.brokers.oanda.reading import Fields, Unreadable


class TransactionType(StrEnum):
    """Every type in the venue's definitions; three of them came after its OpenAPI document."""

    CREATE = "CREATE"
    CLOSE = "CLOSE"
    REOPEN = "REOPEN"
    CLIENT_CONFIGURE = "CLIENT_CONFIGURE"
    CLIENT_CONFIGURE_REJECT = "CLIENT_CONFIGURE_REJECT"
    TRANSFER_FUNDS = "TRANSFER_FUNDS"
    TRANSFER_FUNDS_REJECT = "TRANSFER_FUNDS_REJECT"
    MARKET_ORDER = "MARKET_ORDER"
    MARKET_ORDER_REJECT = "MARKET_ORDER_REJECT"
    FIXED_PRICE_ORDER = "FIXED_PRICE_ORDER"
    LIMIT_ORDER = "LIMIT_ORDER"
    LIMIT_ORDER_REJECT = "LIMIT_ORDER_REJECT"
    STOP_ORDER = "STOP_ORDER"
    STOP_ORDER_REJECT = "STOP_ORDER_REJECT"
    MARKET_IF_TOUCHED_ORDER = "MARKET_IF_TOUCHED_ORDER"
    MARKET_IF_TOUCHED_ORDER_REJECT = "MARKET_IF_TOUCHED_ORDER_REJECT"
    TAKE_PROFIT_ORDER = "TAKE_PROFIT_ORDER"
    TAKE_PROFIT_ORDER_REJECT = "TAKE_PROFIT_ORDER_REJECT"
    STOP_LOSS_ORDER = "STOP_LOSS_ORDER"
    STOP_LOSS_ORDER_REJECT = "STOP_LOSS_ORDER_REJECT"
    GUARANTEED_STOP_LOSS_ORDER = "GUARANTEED_STOP_LOSS_ORDER"
    GUARANTEED_STOP_LOSS_ORDER_REJECT = "GUARANTEED_STOP_LOSS_ORDER_REJECT"
    TRAILING_STOP_LOSS_ORDER = "TRAILING_STOP_LOSS_ORDER"
    TRAILING_STOP_LOSS_ORDER_REJECT = "TRAILING_STOP_LOSS_ORDER_REJECT"
    ORDER_FILL = "ORDER_FILL"
    ORDER_CANCEL = "ORDER_CANCEL"
    ORDER_CANCEL_REJECT = "ORDER_CANCEL_REJECT"
    ORDER_CLIENT_EXTENSIONS_MODIFY = "ORDER_CLIENT_EXTENSIONS_MODIFY"
    ORDER_CLIENT_EXTENSIONS_MODIFY_REJECT = "ORDER_CLIENT_EXTENSIONS_MODIFY_REJECT"
    TRADE_CLIENT_EXTENSIONS_MODIFY = "TRADE_CLIENT_EXTENSIONS_MODIFY"
    TRADE_CLIENT_EXTENSIONS_MODIFY_REJECT = "TRADE_CLIENT_EXTENSIONS_MODIFY_REJECT"
    MARGIN_CALL_ENTER = "MARGIN_CALL_ENTER"
    MARGIN_CALL_EXTEND = "MARGIN_CALL_EXTEND"
    MARGIN_CALL_EXIT = "MARGIN_CALL_EXIT"
    DELAYED_TRADE_CLOSURE = "DELAYED_TRADE_CLOSURE"
    DAILY_FINANCING = "DAILY_FINANCING"
    DIVIDEND_ADJUSTMENT = "DIVIDEND_ADJUSTMENT"
    RESET_RESETTABLE_PL = "RESET_RESETTABLE_PL"


class FillReason(StrEnum):
    """Why an order was filled (OrderFillReason)."""

    LIMIT_ORDER = "LIMIT_ORDER"
    STOP_ORDER = "STOP_ORDER"
    MARKET_IF_TOUCHED_ORDER = "MARKET_IF_TOUCHED_ORDER"
    TAKE_PROFIT_ORDER = "TAKE_PROFIT_ORDER"
    STOP_LOSS_ORDER = "STOP_LOSS_ORDER"
    GUARANTEED_STOP_LOSS_ORDER = "GUARANTEED_STOP_LOSS_ORDER"
    TRAILING_STOP_LOSS_ORDER = "TRAILING_STOP_LOSS_ORDER"
    MARKET_ORDER = "MARKET_ORDER"
    MARKET_ORDER_TRADE_CLOSE = "MARKET_ORDER_TRADE_CLOSE"
    MARKET_ORDER_POSITION_CLOSEOUT = "MARKET_ORDER_POSITION_CLOSEOUT"
    MARKET_ORDER_MARGIN_CLOSEOUT = "MARKET_ORDER_MARGIN_CLOSEOUT"
    MARKET_ORDER_DELAYED_TRADE_CLOSE = "MARKET_ORDER_DELAYED_TRADE_CLOSE"
    FIXED_PRICE_ORDER = "FIXED_PRICE_ORDER"
    FIXED_PRICE_ORDER_PLATFORM_ACCOUNT_MIGRATION = "FIXED_PRICE_ORDER_PLATFORM_ACCOUNT_MIGRATION"
    FIXED_PRICE_ORDER_DIVISION_ACCOUNT_MIGRATION = "FIXED_PRICE_ORDER_DIVISION_ACCOUNT_MIGRATION"
    FIXED_PRICE_ORDER_ADMINISTRATIVE_ACTION = "FIXED_PRICE_ORDER_ADMINISTRATIVE_ACTION"


class DependentReason(StrEnum):
    """Why a stop or target of a trade was made (StopLossOrderReason, TakeProfitOrderReason)."""

    CLIENT_ORDER = "CLIENT_ORDER"
    REPLACEMENT = "REPLACEMENT"
    ON_FILL = "ON_FILL"


class Dependent(StrEnum):
    """What an order that depends on a trade does for it."""

    STOP = "stop"
    TRAILING_STOP = "trailing_stop"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Head:
    """What every transaction says."""

    id: int
    batch_id: int
    type: TransactionType
    time_ns: int


@dataclass(frozen=True, slots=True)
class OrderCreated:
    """An entry or closing order exists. A replacement stands in the place of one that was changed."""

    head: Head
    client_order_id: str
    is_replacement: bool
    stop_loss: Decimal | None
    take_profit: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """An order was refused before it existed."""

    head: Head
    client_order_id: str
    is_replacement: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The trade that a fill opened. `units` has the sign of its side."""

    trade_id: int
    units: Decimal
    price: Decimal
    client_trade_id: str


@dataclass(frozen=True, slots=True)
class Reduced:
    """A trade that a fill closed, or a part of it. Amounts in the account's currency; `units` has no sign."""

    trade_id: int
    units: Decimal
    price: Decimal
    profit: Decimal
    financing: Decimal


@dataclass(frozen=True, slots=True)
class Filled:
    """An execution: what it opened, and what it reduced."""

    head: Head
    order_id: int
    client_order_id: str
    instrument: str
    reason: FillReason
    commission: Decimal | None
    opened: Opened | None
    reduced: tuple[Reduced, ...]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An order works no more, unfilled or for its rest."""

    head: Head
    order_id: int
    client_order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CancelRefused:
    """An order could not be cancelled."""

    head: Head
    client_order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DependentCreated:
    """A trade has a stop or a target. A trailing stop has no price of its own."""

    head: Head
    what: Dependent
    trade_id: int
    client_trade_id: str
    price: Decimal | None
    reason: DependentReason


@dataclass(frozen=True, slots=True)
class DependentRefused:
    """A stop or target of a trade was refused."""

    head: Head
    what: Dependent
    trade_id: int
    client_trade_id: str
    made_for: DependentReason
    reason: str


@dataclass(frozen=True, slots=True)
class Other:
    """A transaction of a known type that says nothing of an order."""

    head: Head


Transaction = (
    OrderCreated
    | OrderRefused
    | Filled
    | Cancelled
    | CancelRefused
    | DependentCreated
    | DependentRefused
    | Other
)

_CREATED = frozenset(
    {"MARKET_ORDER", "LIMIT_ORDER", "STOP_ORDER", "MARKET_IF_TOUCHED_ORDER", "FIXED_PRICE_ORDER"}
)
_DEPENDENT = {
    "STOP_LOSS_ORDER": Dependent.STOP,
    "GUARANTEED_STOP_LOSS_ORDER": Dependent.STOP,
    "TRAILING_STOP_LOSS_ORDER": Dependent.TRAILING_STOP,
    "TAKE_PROFIT_ORDER": Dependent.TARGET,
}


def read_transaction(fields: Fields, account_id: str) -> Transaction:
    """A transaction of an account.

    Raises:
        Unreadable: of another account, of an unknown type, or with a field missing or wrong.
    """
    head = Head(
        fields.id("id"), fields.id("batchID"), fields.word("type", TransactionType), fields.time_ns("time")
    )
    if fields.text("accountID") != account_id:
        raise Unreadable(f"{fields.where}: transaction {head.id} belongs to another account")
    name = head.type.value
    stem = name.removesuffix("_REJECT")
    if name in _CREATED:
        return OrderCreated(
            head,
            _client_id(fields, "clientExtensions"),
            _is_replacement(fields, "replacesOrderID"),
            _on_fill(fields, "stopLossOnFill"),
            _on_fill(fields, "takeProfitOnFill"),
        )
    if name in _DEPENDENT:
        return DependentCreated(
            head,
            _DEPENDENT[name],
            fields.id("tradeID"),
            fields.optional_text("clientTradeID"),
            None if _DEPENDENT[name] is Dependent.TRAILING_STOP else fields.price("price"),
            fields.word("reason", DependentReason),
        )
    if stem in _CREATED:
        return OrderRefused(
            head,
            _client_id(fields, "clientExtensions"),
            _is_replacement(fields, "intendedReplacesOrderID"),
            fields.text("rejectReason"),
        )
    if stem in _DEPENDENT:
        return DependentRefused(
            head,
            _DEPENDENT[stem],
            fields.id("tradeID"),
            fields.optional_text("clientTradeID"),
            fields.word("reason", DependentReason),
            fields.text("rejectReason"),
        )
    match head.type:
        case TransactionType.ORDER_FILL:
            return _filled(head, fields)
        case TransactionType.ORDER_CANCEL:
            return Cancelled(
                head, fields.id("orderID"), fields.optional_text("clientOrderID"), fields.text("reason")
            )
        case TransactionType.ORDER_CANCEL_REJECT:
            return CancelRefused(head, fields.optional_text("clientOrderID"), fields.text("rejectReason"))
        case _:
            return Other(head)


def _client_id(fields: Fields, name: str) -> str:
    extensions = fields.optional_inner(name)
    return "" if extensions is None else extensions.optional_text("id")


def _is_replacement(fields: Fields, name: str) -> bool:
    return fields.has(name) or fields.optional_text("reason") == "REPLACEMENT"


def _on_fill(fields: Fields, name: str) -> Decimal | None:
    details = fields.optional_inner(name)
    # A stop may be given by its distance instead (by hand); then no price is known before the fill.
    return None if details is None or not details.has("price") else details.price("price")


def _filled(head: Head, fields: Fields) -> Filled:
    opened = fields.optional_inner("tradeOpened")
    reduced = fields.optional_inners("tradesClosed")
    part = fields.optional_inner("tradeReduced")
    if part is not None:
        reduced.append(part)
    if opened is None and not reduced:
        raise Unreadable(f"{fields.where}: fill {head.id} neither opens nor closes a trade")
    return Filled(
        head,
        fields.id("orderID"),
        fields.optional_text("clientOrderID"),
        fields.text("instrument"),
        fields.word("reason", FillReason),
        fields.optional_number("commission"),
        None if opened is None else _opened(opened, fields),
        tuple(_reduced(one, fields) for one in reduced),
    )


def _price_of(part: Fields, fill: Fields) -> Decimal:
    # The price of the whole fill is the older way to say it; where the part has its own, that counts.
    return part.price("price") if part.has("price") else fill.price("price")


def _units(part: Fields) -> Decimal:
    units = part.number("units")
    if not units:
        raise part.fault("units", "none")
    return units


def _opened(part: Fields, fill: Fields) -> Opened:
    return Opened(
        part.id("tradeID"), _units(part), _price_of(part, fill), _client_id(part, "clientExtensions")
    )


def _reduced(part: Fields, fill: Fields) -> Reduced:
    return Reduced(
        part.id("tradeID"),
        abs(_units(part)),
        _price_of(part, fill),
        part.number("realizedPL"),
        part.number("financing"),
    )
