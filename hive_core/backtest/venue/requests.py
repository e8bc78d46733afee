"""What the venue does with a request: take it, or refuse it with a reason. Fills come with prices."""

from __future__ import annotations

from decimal import Decimal

from hive_core.backtest.venue.book import Closing, Position, Working
from hive_core.backtest.venue.facts import AccountFunded, CloseAsked
from hive_core.backtest.venue.inputs import Cancel, Close, Modify, Submit
from hive_core.backtest.venue.money import quote_rate
from hive_core.backtest.venue.prices import latency_ns
from hive_core.backtest.venue.terms import specification
from hive_core.backtest.venue.turn import Turn
from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import ReportKind
from hive_core.contracts.order import BracketOrder
from hive_core.contracts.reasons import RejectionReason as Reason

CLOSED_BY_CLIENT = "closed_by_client"
_MAINTENANCE = "the venue is in its maintenance window: send it again after it"


def submit(turn: Turn, request: Submit) -> None:
    """Accept an order; it works from the next price on."""
    order, book, terms = request.order, turn.book, turn.terms
    if book.balance is None and terms.initial_balance is not None:
        turn.note(AccountFunded(turn.at, terms.initial_balance))
    if terms.is_in_maintenance(turn.at[0]):
        turn.refused(order, Reason.MAINTENANCE.value, _MAINTENANCE)
    elif _is_duplicate(turn, order.client_order_id):
        turn.refused(order, Reason.DUPLICATE_CLIENT_ORDER_ID.value)
    elif turn.counts_money and quote_rate(book, terms, order.symbol) is None:
        text = f"no reference rate between {terms.currency} and the currency of {order.symbol} is known yet"
        turn.refused(order, Reason.NO_CONVERSION_RATE.value, text)
    elif _is_too_close(turn, order):
        pips = terms.settings.minimum_stop_pips
        turn.refused(
            order, Reason.STOP_TOO_CLOSE.value, f"nearer than {decimal_text(pips)} pips to the entry"
        )
    else:
        turn.accepted(order, latency_ns(terms, book))


def _is_duplicate(turn: Turn, client_order_id: str) -> bool:
    rule = turn.terms.deduplication
    if rule == "always":
        return client_order_id in (turn.book.known_ids or ())
    works = any(held.order.client_order_id == client_order_id for held in turn.book.working.values())
    return rule == "working" and works


def _is_too_close(turn: Turn, order: BracketOrder) -> bool:
    """Of an order with a price of its own; one at the market is judged at the price it finds."""
    pips = turn.terms.settings.minimum_stop_pips
    if pips == 0 or order.entry is None:
        return False
    least = pips * specification(order.symbol).pip
    return min(abs(order.entry - order.stop_loss), abs(order.take_profit - order.entry)) < least


def find(turn: Turn, client_order_id: str) -> tuple[Working | None, Position | None]:
    """What works and what is open of an id; of several orders with one id the newest."""
    works = [held for held in turn.book.working.values() if held.order.client_order_id == client_order_id]
    open_ = [held for held in turn.book.open.values() if held.order.client_order_id == client_order_id]
    number = max((*(held.number for held in works), *(held.number for held in open_)), default=0)
    return turn.book.working.get(number), turn.book.open.get(number)


def modify(turn: Turn, request: Modify) -> None:
    """Move stop or target. Repeating it is harmless."""
    working, position = find(turn, request.client_order_id)
    ticket = position or working
    if ticket is None:
        _refuse(
            turn, ReportKind.MODIFY_REJECTED, request, Reason.UNKNOWN_ORDER, "nothing of it works or is open"
        )
        return
    stop = ticket.stop_loss if request.stop_loss is None else request.stop_loss
    target = ticket.take_profit if request.take_profit is None else request.take_profit
    if turn.terms.is_in_maintenance(turn.at[0]):
        _refuse(turn, ReportKind.MODIFY_REJECTED, request, Reason.MAINTENANCE, _MAINTENANCE)
        return
    reference = _reference(turn, working, position)
    if reference is None:
        text = f"no quote of {ticket.order.symbol} is known"
        _refuse(turn, ReportKind.MODIFY_REJECTED, request, Reason.NO_FRESH_QUOTE, text)
        return
    sign = 1 if ticket.order.side == "buy" else -1
    pips = turn.terms.settings.minimum_stop_pips
    least = pips * specification(ticket.order.symbol).pip if pips else Decimal(0)
    room = min(sign * (reference - stop), sign * (target - reference))
    if room <= 0 or room < least:
        levels = f"stop {decimal_text(stop)} or target {decimal_text(target)}"
        text = f"{levels} is on the wrong side of {decimal_text(reference)} or too near"
        _refuse(turn, ReportKind.MODIFY_REJECTED, request, Reason.STOP_TOO_CLOSE, text)
        return
    turn.modified(ticket, stop, target)


def _reference(turn: Turn, working: Working | None, position: Position | None) -> Decimal | None:
    """The price that levels are measured from: where a position would be closed now, where an order would
    enter. Between bid and ask a stop is refused: it would be inside the spread."""
    if position is None and working is not None and working.order.entry is not None:
        return working.order.entry
    held = position or working
    quote = None if held is None else turn.book.quotes.get(held.order.symbol)
    if held is None or quote is None:
        return None
    return quote[0] if held.order.side == "buy" else quote[1]


def cancel(turn: Turn, request: Cancel) -> None:
    """Cancel what still works."""
    working, _ = find(turn, request.client_order_id)
    if working is None:
        _refuse(turn, ReportKind.CANCEL_REJECTED, request, Reason.UNKNOWN_ORDER, "nothing of it works")
    elif turn.terms.is_in_maintenance(turn.at[0]):
        _refuse(turn, ReportKind.CANCEL_REJECTED, request, Reason.MAINTENANCE, _MAINTENANCE)
    else:
        turn.ended(ReportKind.CANCELLED, working, Reason.CANCELLED_BY_CLIENT.value)


def close(turn: Turn, request: Close) -> None:
    """Ask for a close at the next price, of at most what is open: it can never open the other way."""
    _, position = find(turn, request.client_order_id)
    if position is None:
        _refuse(
            turn, ReportKind.MODIFY_REJECTED, request, Reason.UNKNOWN_ORDER, "close: nothing of it is open"
        )
        return
    if request.request_id and request.request_id in position.requests:
        return
    if turn.terms.is_in_maintenance(turn.at[0]):
        _refuse(turn, ReportKind.MODIFY_REJECTED, request, Reason.MAINTENANCE, f"close: {_MAINTENANCE}")
        return
    asked = Decimal(0) if position.closing is None else position.closing.lots
    lots = min(position.lots, asked + (position.lots if request.lots is None else request.lots))
    eligible_ns = turn.at[0] + latency_ns(turn.terms, turn.book)
    closing = Closing(lots, CLOSED_BY_CLIENT, request.request_id, eligible_ns)
    turn.note(CloseAsked(turn.at, position.number, closing))


def flatten(turn: Turn) -> None:
    """Cancel working orders now, and close positions at the next price. Maintenance delays it only."""
    for working in list(turn.book.working.values()):
        turn.ended(ReportKind.CANCELLED, working, Reason.CANCELLED_BY_CLIENT.value)
    for position in list(turn.book.open.values()):
        if position.closing is None or position.closing.lots < position.lots:
            eligible_ns = turn.at[0] + latency_ns(turn.terms, turn.book)
            closing = Closing(position.lots, "flatten", "", eligible_ns)
            turn.note(CloseAsked(turn.at, position.number, closing))


def _refuse(
    turn: Turn, kind: ReportKind, request: Modify | Cancel | Close, reason: Reason, text: str
) -> None:
    turn.request_refused(kind, request.client_order_id, reason.value, text)
