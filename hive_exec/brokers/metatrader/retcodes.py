"""Every documented return code of the trade server, and what follows from it: one table.

A code says something only where the documentation says that the request was done, or that it was refused.
"The server could not process it" and "the time ran out" say nothing of what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Meaning(StrEnum):
    """What is known after an answer."""

    DONE = "done"
    PLACED = "placed"
    """Taken; what becomes of it is heard later."""
    PARTIAL = "partial"
    UNCHANGED = "unchanged"
    """Nothing had to be changed: what was asked for holds already."""
    REFUSED = "refused"
    """Certainly not done, and never will be by this request."""
    THROTTLED = "throttled"
    """Refused before it was processed: too many requests."""
    UNKNOWN = "unknown"
    """It may have been done."""


class Retcode(IntEnum):
    """TRADE_RETCODE_*, as documented."""

    REQUOTE = 10004
    REJECT = 10006
    CANCEL = 10007
    PLACED = 10008
    DONE = 10009
    DONE_PARTIAL = 10010
    ERROR = 10011
    TIMEOUT = 10012
    INVALID = 10013
    INVALID_VOLUME = 10014
    INVALID_PRICE = 10015
    INVALID_STOPS = 10016
    TRADE_DISABLED = 10017
    MARKET_CLOSED = 10018
    NO_MONEY = 10019
    PRICE_CHANGED = 10020
    PRICE_OFF = 10021
    INVALID_EXPIRATION = 10022
    ORDER_CHANGED = 10023
    TOO_MANY_REQUESTS = 10024
    NO_CHANGES = 10025
    SERVER_DISABLES_AT = 10026
    CLIENT_DISABLES_AT = 10027
    LOCKED = 10028
    FROZEN = 10029
    INVALID_FILL = 10030
    CONNECTION = 10031
    ONLY_REAL = 10032
    LIMIT_ORDERS = 10033
    LIMIT_VOLUME = 10034
    INVALID_ORDER = 10035
    POSITION_CLOSED = 10036
    INVALID_CLOSE_VOLUME = 10038
    CLOSE_ORDER_EXIST = 10039
    LIMIT_POSITIONS = 10040
    REJECT_CANCEL = 10041
    LONG_ONLY = 10042
    SHORT_ONLY = 10043
    CLOSE_ONLY = 10044
    FIFO_CLOSE = 10045
    HEDGE_PROHIBITED = 10046


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code means after a request that creates an order (`creating`: an entry, a close), and after
    one that changes or removes what exists (`changing`)."""

    creating: Meaning
    changing: Meaning
    text: str


def _refused(text: str) -> Verdict:
    return Verdict(Meaning.REFUSED, Meaning.REFUSED, text)


def _unknown(text: str) -> Verdict:
    return Verdict(Meaning.UNKNOWN, Meaning.UNKNOWN, text)


VERDICTS: dict[Retcode, Verdict] = {
    Retcode.REQUOTE: _refused("requote: the price is another one now"),
    Retcode.REJECT: _refused("request rejected"),
    Retcode.CANCEL: _refused("request cancelled by the dealer or trader"),
    Retcode.PLACED: Verdict(Meaning.PLACED, Meaning.PLACED, "order placed"),
    Retcode.DONE: Verdict(Meaning.DONE, Meaning.DONE, "request completed"),
    # A part of a change is nothing that the documentation knows.
    Retcode.DONE_PARTIAL: Verdict(Meaning.PARTIAL, Meaning.UNKNOWN, "request completed in part"),
    # "Request processing error" does not say how far the processing came.
    Retcode.ERROR: _unknown("error while the request was processed"),
    # Documented as "cancelled by timeout"; orders that were executed all the same are reported widely.
    Retcode.TIMEOUT: _unknown("time-out of the request"),
    Retcode.INVALID: _refused("invalid request"),
    Retcode.INVALID_VOLUME: _refused("invalid volume"),
    Retcode.INVALID_PRICE: _refused("invalid price"),
    Retcode.INVALID_STOPS: _refused("invalid stops"),
    Retcode.TRADE_DISABLED: _refused("trading is disabled"),
    Retcode.MARKET_CLOSED: _refused("market is closed"),
    Retcode.NO_MONEY: _refused("not enough money"),
    Retcode.PRICE_CHANGED: _refused("prices changed"),
    Retcode.PRICE_OFF: _refused("no quotes to process the request"),
    Retcode.INVALID_EXPIRATION: _refused("invalid expiration"),
    # Of a change: the order is no longer what was to be changed. A new order has no former state.
    Retcode.ORDER_CHANGED: Verdict(Meaning.UNKNOWN, Meaning.REFUSED, "state of the order changed"),
    Retcode.TOO_MANY_REQUESTS: Verdict(Meaning.THROTTLED, Meaning.THROTTLED, "too many requests"),
    Retcode.NO_CHANGES: Verdict(Meaning.UNKNOWN, Meaning.UNCHANGED, "no changes in the request"),
    Retcode.SERVER_DISABLES_AT: _refused("automatic trading is disabled by the server"),
    Retcode.CLIENT_DISABLES_AT: _refused("automatic trading is disabled in the terminal"),
    # "Locked for processing": somebody holds it, and may yet execute it.
    Retcode.LOCKED: _unknown("request locked for processing"),
    Retcode.FROZEN: _refused("order or position is frozen"),
    Retcode.INVALID_FILL: _refused("filling mode not supported"),
    # The documentation says "no connection with the trade server" and not when it was lost: before the
    # request left the terminal, or while its answer was awaited. The case that is certain is found before
    # the send, by `terminal_info().connected`.
    Retcode.CONNECTION: _unknown("no connection with the trade server"),
    Retcode.ONLY_REAL: _refused("allowed for live accounts only"),
    Retcode.LIMIT_ORDERS: _refused("limit of pending orders reached"),
    Retcode.LIMIT_VOLUME: _refused("limit of volume of the symbol reached"),
    Retcode.INVALID_ORDER: _refused("order type is wrong or prohibited"),
    Retcode.POSITION_CLOSED: _refused("position is closed already"),
    Retcode.INVALID_CLOSE_VOLUME: _refused("more than the volume of the position"),
    Retcode.CLOSE_ORDER_EXIST: _refused("an order that closes the position exists"),
    Retcode.LIMIT_POSITIONS: _refused("limit of open positions reached"),
    Retcode.REJECT_CANCEL: _refused("activation rejected, order cancelled"),
    Retcode.LONG_ONLY: _refused("only long positions are allowed"),
    Retcode.SHORT_ONLY: _refused("only short positions are allowed"),
    Retcode.CLOSE_ONLY: _refused("only closing is allowed"),
    Retcode.FIFO_CLOSE: _refused("positions close first in, first out"),
    Retcode.HEDGE_PROHIBITED: _refused("opposite positions on a symbol are prohibited"),
}


def verdict_of(number: int) -> Verdict | None:
    """What a return code means, or None for one that is not documented."""
    try:
        return VERDICTS[Retcode(number)]
    except ValueError:
        return None
