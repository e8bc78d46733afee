"""What the venue makes of a price: a wider spread, slippage, and the seeded draws of what is random.

Every rounding to a tick is against the trader. Whether an order fills is not decided here.
"""

from __future__ import annotations

import hashlib
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue.book import Book
from hive_core.backtest.venue.terms import Terms, hour_of_week, specification
from hive_core.contracts.decision import Side

_STEPS = 10_000


def draw(terms: Terms, book: Book, purpose: str) -> Decimal:
    """A share from 0 to 1, uniform in steps of a ten-thousandth: a hash of seed, account, purpose and the
    number of the report that it is drawn for. The same run draws the same."""
    text = f"{terms.settings.seed}:{book.account}:{purpose}:{book.last_seq + 1}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return Decimal(number % (_STEPS + 1)) / _STEPS


def _down(price: Decimal, tick: Decimal) -> Decimal:
    return max((price / tick).quantize(Decimal(1), ROUND_FLOOR) * tick, tick)


def _up(price: Decimal, tick: Decimal) -> Decimal:
    return (price / tick).quantize(Decimal(1), ROUND_CEILING) * tick


def widened(terms: Terms, symbol: str, bar: BarPrices[Decimal], ts_ns: int) -> BarPrices[Decimal]:
    """Prices with the added spread of the hour that holds `ts_ns`, half on each side."""
    if not terms.has_wider_spread:
        return bar
    added = terms.settings.spread.added_at(hour_of_week(ts_ns))
    if added == 0:
        return bar
    facts = specification(symbol)
    half, tick = added * facts.pip / 2, facts.tick
    return BarPrices(
        _down(bar.bid_open - half, tick),
        _down(bar.bid_high - half, tick),
        _down(bar.bid_low - half, tick),
        _down(bar.bid_close - half, tick),
        _up(bar.ask_open + half, tick),
        _up(bar.ask_high + half, tick),
        _up(bar.ask_low + half, tick),
        _up(bar.ask_close + half, tick),
    )


def slipped(terms: Terms, book: Book, symbol: str, trades: Side, price: Decimal, spread: Decimal) -> Decimal:
    """The price at which a market or stop execution happens.

    Args:
        trades: the side of this execution: what closes a bought position sells.
        spread: between bid and ask at that moment, in price units.
    """
    if not terms.has_slippage:
        return price
    slippage, facts = terms.settings.slippage, specification(symbol)
    pips = slippage.fixed_pips
    if slippage.random_pips > 0:
        pips += slippage.random_pips * draw(terms, book, "slippage")
    slip = pips * facts.pip + slippage.share_of_spread * spread
    return _up(price + slip, facts.tick) if trades == "buy" else _down(price - slip, facts.tick)


def latency_ns(terms: Terms, book: Book) -> int:
    """How long a request takes to reach the market."""
    settings = terms.settings
    milliseconds = Decimal(settings.latency_ms)
    if settings.latency_random_ms:
        milliseconds += settings.latency_random_ms * draw(terms, book, "latency")
    return int(milliseconds * 1_000_000)
