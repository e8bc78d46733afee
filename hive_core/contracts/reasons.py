"""Why a decision was not traded. One enum: Denied is ours, Rejected is the venue's."""

from __future__ import annotations

from enum import StrEnum


class DenialReason(StrEnum):
    """A decision that the gate of the account refused."""

    ACCOUNT_BREACHED = "account_breached"
    SIGNAL_TRADED_BEFORE = "signal_traded_before"
    STALE = "stale"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    NO_QUOTE = "no_quote"
    QUOTE_TOO_OLD = "quote_too_old"
    NO_CONVERSION_RATE = "no_conversion_rate"
    PRICE_COLLAR = "price_collar"
    STOP_ON_WRONG_SIDE = "stop_on_wrong_side"
    TARGET_ON_WRONG_SIDE = "target_on_wrong_side"
    STOP_INSIDE_SPREAD = "stop_inside_spread"
    BELOW_MINIMUM_LOTS = "below_minimum_lots"
    TOO_MANY_POSITIONS = "too_many_positions"
    DAILY_LOSS_LIMIT = "daily_loss_limit"
    MAXIMUM_LOSS_LIMIT = "maximum_loss_limit"
    POSITION_WITHOUT_STOP = "position_without_stop"
    KILL_SWITCH = "kill_switch"
    BREAKER_OPEN = "breaker_open"
    TOO_MANY_ORDERS = "too_many_orders"
    BEYOND_PRICE_BOUND = "beyond_price_bound"
    REVIEW_REFUSED = "review_refused"
    REVIEW_TIMED_OUT = "review_timed_out"
    REVIEW_VOID = "review_void"


class RejectionReason(StrEnum):
    """An order that the venue refused, or did not fill."""

    NO_FRESH_QUOTE = "no_fresh_quote"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate_client_order_id"
    NO_CONVERSION_RATE = "no_conversion_rate"
    STOP_TOO_CLOSE = "stop_too_close"
    INSUFFICIENT_MARGIN = "insufficient_margin"
    NO_LIQUIDITY = "no_liquidity"
    MAINTENANCE = "maintenance"
    UNKNOWN_ORDER = "unknown_order"
    POSITION_CLOSED = "position_closed"
    PRICE_BEYOND_BOUND = "price_beyond_bound"
    PRICE_BEYOND_STOP = "price_beyond_stop"
    PRICE_BEYOND_TARGET = "price_beyond_target"
    GOOD_TILL_PASSED = "good_till_passed"
    CANCELLED_BY_CLIENT = "cancelled_by_client"
    STALE_AFTER_RESTART = "stale_after_restart"
    NOT_SENT = "not_sent"
    PROVEN_ABSENT = "proven_absent"
    RESOLVED_BY_PEOPLE = "resolved_by_people"
