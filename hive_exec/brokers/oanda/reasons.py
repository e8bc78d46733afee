"""The venue's reasons in our words. Its own words always travel beside them in a report's text."""

from __future__ import annotations

from hive_core.contracts.reasons import RejectionReason as Ours
from hive_exec.brokers.oanda.transactions import FillReason

TIME_OUT = "TIME_IN_FORCE_EXPIRED"
BY_CLIENT = frozenset({"CLIENT_REQUEST", "CLIENT_REQUEST_REPLACED"})
BY_REPLACEMENT = "CLIENT_REQUEST_REPLACED"
TRADE_GONE = "LINKED_TRADE_CLOSED"
DUPLICATES = frozenset({"CLIENT_ORDER_ID_ALREADY_EXISTS", "CLIENT_TRADE_ID_ALREADY_EXISTS"})
"""An id is in use by a pending order, or by an open trade. It says that a request with this id is there
already, never that there is none (guarantees, finding 2)."""

_EXACT = {
    "CLIENT_REQUEST": Ours.CANCELLED_BY_CLIENT,
    TIME_OUT: Ours.GOOD_TILL_PASSED,
    "TIME_IN_FORCE_GTD_TIMESTAMP_IN_PAST": Ours.GOOD_TILL_PASSED,
    "BOUNDS_VIOLATION": Ours.PRICE_BEYOND_BOUND,
    "STOP_LOSS_ON_FILL_LOSS": Ours.PRICE_BEYOND_STOP,
    "TAKE_PROFIT_ON_FILL_LOSS": Ours.PRICE_BEYOND_TARGET,
    "LOSING_TAKE_PROFIT": Ours.PRICE_BEYOND_TARGET,
    "INSUFFICIENT_MARGIN": Ours.INSUFFICIENT_MARGIN,
    "INSUFFICIENT_FUNDS": Ours.INSUFFICIENT_MARGIN,
    "INSUFFICIENT_LIQUIDITY": Ours.NO_LIQUIDITY,
    "MARKET_HALTED": Ours.MARKET_CLOSED,
    "INSTRUMENT_BID_HALTED": Ours.MARKET_CLOSED,
    "INSTRUMENT_ASK_HALTED": Ours.MARKET_CLOSED,
    "INSTRUMENT_PRICE_UNKNOWN": Ours.NO_FRESH_QUOTE,
    "INSTRUMENT_NOT_TRADEABLE": Ours.INSTRUMENT_NOT_TRADEABLE,
    "INSTRUMENT_UNKNOWN": Ours.INSTRUMENT_NOT_TRADEABLE,
    "INSTRUMENT_MISSING": Ours.INSTRUMENT_NOT_TRADEABLE,
    "INSTRUMENT_BID_REDUCE_ONLY": Ours.INSTRUMENT_NOT_TRADEABLE,
    "INSTRUMENT_ASK_REDUCE_ONLY": Ours.INSTRUMENT_NOT_TRADEABLE,
    "CLIENT_ORDER_ID_ALREADY_EXISTS": Ours.DUPLICATE_CLIENT_ORDER_ID,
    "CLIENT_TRADE_ID_ALREADY_EXISTS": Ours.DUPLICATE_CLIENT_ORDER_ID,
    "FIFO_VIOLATION": Ours.FIFO_REQUIRED,
    "FIFO_VIOLATION_SAFEGUARD_VIOLATION": Ours.FIFO_REQUIRED,
    "INTERNAL_SERVER_ERROR": Ours.VENUE_FAULT,
    "ORDER_DOESNT_EXIST": Ours.UNKNOWN_ORDER,
    "TRADE_DOESNT_EXIST": Ours.UNKNOWN_ORDER,
    "CLOSEOUT_POSITION_DOESNT_EXIST": Ours.UNKNOWN_ORDER,
    "OPEN_TRADES_ALLOWED_EXCEEDED": Ours.VENUE_LIMIT_REACHED,
    "PENDING_ORDERS_ALLOWED_EXCEEDED": Ours.VENUE_LIMIT_REACHED,
    "POSITION_SIZE_EXCEEDED": Ours.VENUE_LIMIT_REACHED,
    "ACCOUNT_POSITION_VALUE_LIMIT_EXCEEDED": Ours.VENUE_LIMIT_REACHED,
    "CLOSE_TRADE_UNITS_EXCEED_TRADE_SIZE": Ours.SIZE_REFUSED,
}
_BY_BEGINNING = (
    ("ACCOUNT_", Ours.ACCOUNT_LOCKED),
    ("STOP_LOSS_", Ours.STOP_REFUSED),
    ("GUARANTEED_STOP_LOSS_", Ours.STOP_REFUSED),
    ("TAKE_PROFIT_", Ours.TARGET_REFUSED),
    ("UNITS_", Ours.SIZE_REFUSED),
    ("PRICE_", Ours.PRICE_REFUSED),
)

EXITS = {
    FillReason.STOP_LOSS_ORDER: "stop",
    FillReason.GUARANTEED_STOP_LOSS_ORDER: "stop",
    FillReason.TRAILING_STOP_LOSS_ORDER: "trailing_stop",
    FillReason.TAKE_PROFIT_ORDER: "target",
    FillReason.MARKET_ORDER_TRADE_CLOSE: "flatten",
    FillReason.MARKET_ORDER_POSITION_CLOSEOUT: "flatten",
    FillReason.MARKET_ORDER_MARGIN_CLOSEOUT: "margin_closeout",
    FillReason.MARKET_ORDER_DELAYED_TRADE_CLOSE: "delayed_close",
}
"""Why a position closed, by the reason of the fill. Any other order that reduces a trade nets it."""

NETTED = "netted"
STOP_CANCELLED = "stop_cancelled"


def our_reason(venue_reason: str) -> str:
    """Ours for a reason of a refusal or a cancellation. That it was refused is certain from the kind of the
    transaction; a reason that none of ours names is no guess, and says so."""
    exact = _EXACT.get(venue_reason)
    if exact is not None:
        return exact.value
    for beginning, ours in _BY_BEGINNING:
        if venue_reason.startswith(beginning):
            return ours.value
    return Ours.REFUSED_BY_VENUE.value
