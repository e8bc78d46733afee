"""Facts: what happened at the venue, and the one function by which they change a book.

A book is a fold over facts: the same live, and when a log of them is read again. Facts carry everything
that they change, so that later settings never change the past.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from hive_core.backtest.venue.book import NO_STOP, Book, Closing, Instant, Position, Slice, Working
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import BracketOrder


class IllegalFact(RuntimeError):
    """A fact that cannot follow what the book holds: the log is not whole, or not this book's."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The venue says something of an order. `seq` counts an account's reports from 1; `number` is the seq of
    the order's acceptance (0: it was never accepted). `order` and `latency_ns` come with an acceptance."""

    at: Instant
    seq: int
    number: int
    report: BrokerReport
    order: BracketOrder | None = None
    latency_ns: int = 0


@dataclass(frozen=True, slots=True)
class CloseAsked:
    """A position, or a part of it, is to be closed at the market from the next price on."""

    at: Instant
    number: int
    closing: Closing


@dataclass(frozen=True, slots=True)
class SwapBooked:
    """A rollover brought a position `amount` (negative: cost it), in the account's currency."""

    at: Instant
    number: int
    amount: Decimal
    rollover_ns: int


@dataclass(frozen=True, slots=True)
class AccountFunded:
    """The account's money is counted, from this balance on."""

    at: Instant
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Marked:
    """Quotes and reference rates as they were known then; only those that changed since the last mark."""

    at: Instant
    quotes: Mapping[str, tuple[Decimal, Decimal]]
    rates_per_eur: Mapping[str, Decimal]


Fact = Reported | CloseAsked | SwapBooked | AccountFunded | Marked

_ENDINGS = frozenset({ReportKind.REJECTED, ReportKind.EXPIRED, ReportKind.CANCELLED})


def apply(book: Book, fact: Fact) -> None:
    """Change the book by a fact.

    Raises:
        IllegalFact: it cannot follow.
    """
    match fact:
        case Reported():
            _apply_report(book, fact)
        case CloseAsked(_, number, closing):
            position = _position(book, number)
            named = (closing.request_id,) if closing.request_id else ()
            book.open[number] = replace(position, closing=closing, requests=(*position.requests, *named))
        case SwapBooked(_, number, amount, _):
            position = _position(book, number)
            book.open[number] = replace(position, swap=position.swap + amount)
        case AccountFunded(_, balance):
            if book.balance is not None:
                raise IllegalFact(f"{book.account} is funded twice")
            book.balance = balance
        case Marked(_, quotes, rates):
            book.quotes.update(quotes)
            book.rates_per_eur.update(rates)
            book.unsaved_marks.clear()
    book.instant = max(book.instant, fact.at)


def _position(book: Book, number: int) -> Position:
    position = book.open.get(number)
    if position is None:
        raise IllegalFact(f"{book.account}: what order {number} opened is not open")
    return position


def _working(book: Book, number: int) -> Working:
    working = book.working.get(number)
    if working is None:
        raise IllegalFact(f"{book.account}: order {number} does not work")
    return working


def _apply_report(book: Book, fact: Reported) -> None:
    report = fact.report
    if fact.seq != book.last_seq + 1:
        raise IllegalFact(f"{book.account}: report {fact.seq} after {book.last_seq}")
    book.last_seq = fact.seq
    if report.kind is ReportKind.ACCEPTED:
        _apply_accepted(book, fact)
    elif report.kind is ReportKind.FILLED:
        _apply_filled(book, fact)
    elif report.kind is ReportKind.CLOSED:
        _apply_closed(book, fact)
    elif report.kind is ReportKind.MODIFIED:
        _apply_modified(book, fact)
    elif report.kind in _ENDINGS and fact.number:
        del book.working[_working(book, fact.number).number]
    elif report.kind is ReportKind.REJECTED and book.known_ids is not None:
        book.known_ids.add(report.client_order_id)
    if book.balance is not None:
        zero = Decimal(0)
        book.balance += (report.profit or zero) - (report.commission or zero) - (report.swap or zero)


def _apply_accepted(book: Book, fact: Reported) -> None:
    order = fact.order
    if order is None:
        raise IllegalFact(f"{book.account}: acceptance {fact.seq} without its order")
    book.working[fact.seq] = Working(
        fact.seq, order, order.lots, order.stop_loss, order.take_profit, fact.at[0], fact.latency_ns
    )
    if book.known_ids is not None:
        book.known_ids.add(order.client_order_id)


def _apply_filled(book: Book, fact: Reported) -> None:
    working, report = _working(book, fact.number), fact.report
    if report.price is None or report.lots is None or report.lots > working.lots:
        raise IllegalFact(f"{book.account}: fill {fact.seq} without its price, or for more than worked")
    if report.lots == working.lots:
        del book.working[fact.number]
    else:
        is_triggered = working.is_triggered or working.order.order_type == "stop"
        left = replace(working, lots=working.lots - report.lots, is_triggered=is_triggered)
        book.working[fact.number] = left
    filled = Slice(report.lots, report.price)
    stop_loss = working.stop_loss if report.has_stop else NO_STOP[working.order.side]
    held = book.open.get(fact.number)
    book.open[fact.number] = (
        Position(fact.number, working.order, (filled,), stop_loss, working.take_profit)
        if held is None
        else replace(held, slices=(*held.slices, filled))
    )


def _apply_closed(book: Book, fact: Reported) -> None:
    position, report = _position(book, fact.number), fact.report
    if report.lots is None or report.lots > position.lots:
        raise IllegalFact(f"{book.account}: close {fact.seq} of more than is open")
    slices = position.without(report.lots)
    if not slices:
        del book.open[fact.number]
        return
    closing = position.closing
    if closing is not None:
        asked = closing.lots - report.lots if report.reason == closing.reason else closing.lots
        left = min(asked, position.lots - report.lots)
        closing = replace(closing, lots=left) if left > 0 else None
    swap = position.swap + (report.swap or Decimal(0))  # a cost that was settled is no longer owed
    book.open[fact.number] = replace(position, slices=slices, swap=swap, closing=closing)


def _apply_modified(book: Book, fact: Reported) -> None:
    stop, target = fact.report.stop_loss, fact.report.take_profit
    if stop is None or target is None:
        raise IllegalFact(f"{book.account}: modification {fact.seq} without its levels")
    if fact.number in book.working:
        book.working[fact.number] = replace(book.working[fact.number], stop_loss=stop, take_profit=target)
    if fact.number in book.open:
        book.open[fact.number] = replace(book.open[fact.number], stop_loss=stop, take_profit=target)
