"""MetaTrader 5's documented numbers, as enums: actions, order types, fillings, states, deals, modes.

Return codes have a module of their own (`retcodes`). A number that is not listed here is unknown, and what
is unknown is said to be.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

COMMENT_CHARACTERS = 31
"""A longer comment makes `order_send` refuse its argument."""


class TradeAction(IntEnum):
    """ENUM_TRADE_REQUEST_ACTIONS."""

    DEAL = 1
    PENDING = 5
    SLTP = 6
    MODIFY = 7
    REMOVE = 8
    CLOSE_BY = 10


class OrderKind(IntEnum):
    """ENUM_ORDER_TYPE."""

    BUY = 0
    SELL = 1
    BUY_LIMIT = 2
    SELL_LIMIT = 3
    BUY_STOP = 4
    SELL_STOP = 5
    BUY_STOP_LIMIT = 6
    SELL_STOP_LIMIT = 7
    CLOSE_BY = 8


BUYING = frozenset({OrderKind.BUY, OrderKind.BUY_LIMIT, OrderKind.BUY_STOP, OrderKind.BUY_STOP_LIMIT})


class Filling(IntEnum):
    """ENUM_ORDER_TYPE_FILLING."""

    FOK = 0
    IOC = 1
    RETURN = 2
    BOC = 3


class FillingFlag(IntFlag):
    """SYMBOL_FILLING_MODE; ORDER_FILLING_RETURN has no flag."""

    FOK = 1
    IOC = 2
    BOC = 4


class Lifetime(IntEnum):
    """ENUM_ORDER_TYPE_TIME."""

    GTC = 0
    DAY = 1
    SPECIFIED = 2
    SPECIFIED_DAY = 3


class LifetimeFlag(IntFlag):
    """SYMBOL_EXPIRATION_MODE."""

    GTC = 1
    DAY = 2
    SPECIFIED = 4
    SPECIFIED_DAY = 8


class Execution(IntEnum):
    """ENUM_SYMBOL_TRADE_EXECUTION."""

    REQUEST = 0
    INSTANT = 1
    MARKET = 2
    EXCHANGE = 3


class TradeMode(IntEnum):
    """ENUM_SYMBOL_TRADE_MODE."""

    DISABLED = 0
    LONG_ONLY = 1
    SHORT_ONLY = 2
    CLOSE_ONLY = 3
    FULL = 4


class OrderState(IntEnum):
    """ENUM_ORDER_STATE."""

    STARTED = 0
    PLACED = 1
    CANCELED = 2
    PARTIAL = 3
    FILLED = 4
    REJECTED = 5
    EXPIRED = 6
    REQUEST_ADD = 7
    REQUEST_MODIFY = 8
    REQUEST_CANCEL = 9


class PositionKind(IntEnum):
    """ENUM_POSITION_TYPE."""

    BUY = 0
    SELL = 1


class DealKind(IntEnum):
    """ENUM_DEAL_TYPE: the two that trade. Others (balance, credit, charges, ...) are not of an order."""

    BUY = 0
    SELL = 1


class DealEntry(IntEnum):
    """ENUM_DEAL_ENTRY."""

    IN = 0
    OUT = 1
    INOUT = 2
    OUT_BY = 3


class DealReason(IntEnum):
    """ENUM_DEAL_REASON."""

    CLIENT = 0
    MOBILE = 1
    WEB = 2
    EXPERT = 3
    SL = 4
    TP = 5
    SO = 6
    ROLLOVER = 7
    VMARGIN = 8
    SPLIT = 9
    CORPORATE_ACTION = 10


class MarginMode(IntEnum):
    """ENUM_ACCOUNT_MARGIN_MODE."""

    RETAIL_NETTING = 0
    EXCHANGE = 1
    RETAIL_HEDGING = 2
