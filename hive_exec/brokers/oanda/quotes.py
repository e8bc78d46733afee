"""A price of the venue's pricing stream as a quote of ours.

Only what can be dealt at is a quote: the best bid and ask of an instrument that is tradeable now.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hive_exec.brokers.oanda.reading import Fields
from hive_exec.brokers.oanda.symbols import our_symbol


class PriceStatus(StrEnum):
    """PriceStatus of the venue's definitions."""

    TRADEABLE = "tradeable"
    NON_TRADEABLE = "non-tradeable"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask, and the venue's time."""

    symbol: str
    bid: Decimal
    ask: Decimal
    ts_ns: int


def read_quote(price: Fields) -> Quote | None:
    """The quote that a price of the stream holds, or None while nothing can be dealt at.

    Raises:
        Unreadable: a field is missing or wrong, the instrument is unknown, or the bid is above the ask.
    """
    name = price.text("instrument")
    symbol = our_symbol(name)
    if symbol is None:
        raise price.fault("instrument", f"{name!r} is no instrument that was asked for")
    # `status` is the older way to say it, and still sent.
    tradeable = price.flag("tradeable") if price.has("tradeable") else True
    if price.has("status"):
        tradeable = tradeable and price.word("status", PriceStatus) is PriceStatus.TRADEABLE
    ts_ns = price.time_ns("time")
    bids = [one.price("price") for one in price.optional_inners("bids")]
    asks = [one.price("price") for one in price.optional_inners("asks")]
    if not tradeable or not bids or not asks:
        return None
    bid, ask = max(bids), min(asks)
    if bid > ask:
        raise price.fault("bids", f"{bid} is above the ask of {ask}")
    return Quote(symbol, bid, ask, ts_ns)
