"""Money at the venue: profit, commission, margin, equity, in the account's currency, to the cent.

The sums are those of a retail margin account. When they close positions is `margin`'s question.
"""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.venue.book import Book, Position, Slice
from hive_core.backtest.venue.terms import Terms, specification
from hive_core.contracts.decision import Side

CENT = Decimal("0.01")


def rate_of(book: Book, terms: Terms, currency: str) -> Decimal | None:
    """Units of the account's currency for one of `currency` by the last reference rates, or None."""
    if terms.currency is None:
        return None
    if currency == terms.currency:
        return Decimal(1)
    own = Decimal(1) if terms.currency == "EUR" else book.rates_per_eur.get(terms.currency)
    other = Decimal(1) if currency == "EUR" else book.rates_per_eur.get(currency)
    return None if own is None or other is None else own / other


def quote_rate(book: Book, terms: Terms, symbol: str) -> Decimal | None:
    """The rate of the currency in which an instrument's profit comes."""
    return rate_of(book, terms, specification(symbol).quote)


def _needed_rate(book: Book, terms: Terms, symbol: str) -> Decimal:
    rate = quote_rate(book, terms, symbol)
    if rate is None:  # An order without a rate is refused, and a rate that was known stays known.
        raise ValueError(f"{book.account}: no reference rate for the currency of {symbol}")
    return rate


def _difference(side: Side, slices: tuple[Slice, ...], price: Decimal) -> Decimal:
    sign = 1 if side == "buy" else -1
    return sum((sign * (price - part.price) * part.lots for part in slices), Decimal(0))


def profit_of(book: Book, terms: Terms, position: Position, lots: Decimal, price: Decimal) -> Decimal:
    """What closing `lots` of a position at `price` brings, the oldest fills first, costs apart."""
    side, symbol = position.order.side, position.order.symbol
    moved = _difference(side, position.slices, price) - _difference(side, position.without(lots), price)
    return (moved * specification(symbol).contract_size * _needed_rate(book, terms, symbol)).quantize(CENT)


def commission_of(terms: Terms, lots: Decimal) -> Decimal:
    """What one side of a trade costs."""
    return (terms.settings.commission_per_lot * lots).quantize(CENT)


def swap_share(position: Position, lots: Decimal) -> Decimal:
    """The part of a position's swap that is settled when `lots` of it close."""
    held = position.lots
    return position.swap if lots == held else (position.swap * lots / held).quantize(CENT)


def floating(book: Book, terms: Terms, position: Position) -> Decimal:
    """Open profit at the last quote, with the swap so far; without a quote the swap alone."""
    quote = book.quotes.get(position.order.symbol)
    if quote is None:
        return position.swap
    price = quote[0] if position.order.side == "buy" else quote[1]
    return profit_of(book, terms, position, position.lots, price) + position.swap


def equity(book: Book, terms: Terms) -> Decimal | None:
    """Balance and everything open at the last quotes; None where money is not counted."""
    if book.balance is None or terms.currency is None:
        return None
    return book.balance + sum((floating(book, terms, held) for held in book.open.values()), Decimal(0))


def margin_for(book: Book, terms: Terms, symbol: str, slices: tuple[Slice, ...]) -> Decimal:
    """The margin of fills: their worth at their own prices, by the leverage."""
    margin = terms.settings.margin
    if margin is None:
        return Decimal(0)
    worth = sum((part.lots * part.price for part in slices), Decimal(0))
    worth *= specification(symbol).contract_size * _needed_rate(book, terms, symbol)
    return (worth / margin.leverage).quantize(CENT)


def margin_used(book: Book, terms: Terms) -> Decimal | None:
    """Margin of everything open. A hedging account pays for both sides; on a netting account only one is
    ever open. None where margin is not counted."""
    if terms.settings.margin is None:
        return None
    return sum(
        (margin_for(book, terms, held.order.symbol, held.slices) for held in book.open.values()),
        Decimal(0),
    )
