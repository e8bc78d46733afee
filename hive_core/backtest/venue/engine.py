"""The venue's one entrance: a book, its terms and an input give facts, and the book after them.

Deterministic: no clock, no randomness but seeded draws, no order of sets. An observation that is not after
the book's last instant was seen before and changes nothing.
"""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue import requests
from hive_core.backtest.venue.book import Book
from hive_core.backtest.venue.entries import enter_at_quote, enter_in_bar
from hive_core.backtest.venue.exits import leave
from hive_core.backtest.venue.facts import Fact, Marked, Reported
from hive_core.backtest.venue.inputs import (
    BarRanged,
    Cancel,
    Close,
    Flatten,
    Input,
    Modify,
    Quoted,
    RatePublished,
    Submit,
    TimePassed,
)
from hive_core.backtest.venue.margin import stop_out
from hive_core.backtest.venue.prices import widened
from hive_core.backtest.venue.swap import book_swap
from hive_core.backtest.venue.terms import Terms
from hive_core.backtest.venue.turn import Turn
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.reasons import RejectionReason


def step(book: Book, terms: Terms, given: Input) -> tuple[list[BrokerReport], Book]:
    """What the venue reports on an input, and the book after it. `book` stays as it is."""
    after = book.fork()
    facts = take(after, terms, given)
    return [fact.report for fact in facts if isinstance(fact, Reported)], after


def take(book: Book, terms: Terms, given: Input) -> list[Fact]:
    """As `step`, in place: `book` is the book after it.

    Returns:
        the facts, in order. Folding them into the book as it was gives the book as it is, up to the marks
        and the instant of inputs without facts.

    Raises:
        ValueError: an instrument that settings need facts of is not known.
    """
    turn = Turn(book, terms, given.at)
    match given:
        case Quoted() | BarRanged() | RatePublished() | TimePassed():  # most of all inputs by far: first
            if given.at <= book.instant:
                return []
            book_swap(turn)
            _observe(turn, given)
            book.instant = given.at
        case Submit():
            requests.submit(turn, given)
        case Modify():
            requests.modify(turn, given)
        case Cancel():
            requests.cancel(turn, given)
        case Close():
            requests.close(turn, given)
        case Flatten():
            requests.flatten(turn)
    if turn.facts and book.unsaved_marks:
        turn.note(_marked(book, given))
    return turn.facts


def _observe(turn: Turn, given: Quoted | BarRanged | RatePublished | TimePassed) -> None:
    match given:
        case Quoted(at, symbol, bid, ask):
            if turn.terms.can_be_shut and _is_shut(turn, symbol, at[0]):
                return
            quote = widened(turn.terms, symbol, BarPrices.of_quote(bid, ask), at[0])
            _mark(turn.book, symbol, quote.bid_open, quote.ask_open)
            leave(turn, symbol, quote, at_open=True)
            enter_at_quote(turn, symbol, quote)
            if turn.terms.settings.margin is not None:
                stop_out(turn)
        case BarRanged(_, symbol, bar, opened_ns):
            if turn.terms.can_be_shut and _is_shut(turn, symbol, opened_ns):
                return
            wide = widened(turn.terms, symbol, bar, opened_ns)
            leave(turn, symbol, wide, at_open=False)
            enter_in_bar(turn, symbol, wide, opened_ns)
            _mark(turn.book, symbol, wide.bid_close, wide.ask_close)
            if turn.terms.settings.margin is not None:
                stop_out(turn)
        case RatePublished(_, currency, per_eur):
            turn.book.rates_per_eur[currency] = per_eur
            turn.book.unsaved_marks[currency] = None
        case TimePassed(at):
            for working in list(turn.book.working.values()):
                if at[0] >= working.order.good_till_ns:
                    turn.ended(ReportKind.EXPIRED, working, RejectionReason.GOOD_TILL_PASSED.value)


def _is_shut(turn: Turn, symbol: str, ts_ns: int) -> bool:
    return turn.terms.is_closed(symbol, ts_ns) or turn.terms.is_in_maintenance(ts_ns)


def _mark(book: Book, symbol: str, bid: Decimal, ask: Decimal) -> None:
    book.quotes[symbol] = (bid, ask)
    book.unsaved_marks[symbol] = None


def _marked(book: Book, given: Input) -> Marked:
    names = sorted(book.unsaved_marks)
    return Marked(
        given.at,
        {name: book.quotes[name] for name in names if name in book.quotes},
        {name: book.rates_per_eur[name] for name in names if name in book.rates_per_eur},
    )
