"""What follows from a venue's report, for every state an order can be in. The table is total."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any

from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import OrderState
from hive_exec.core.events import Alarm, Cancel, Effect, Follow, Reported
from hive_exec.core.money import after_an_exit, exit_money, fill_money
from hive_exec.core.orders import IllegalRecord, OrderLine
from hive_exec.core.reading import report_body, text_or_none
from hive_exec.core.records import FeedPosition, Kind, Record
from hive_exec.core.requests import close, close_request, trip
from hive_exec.core.state import Bot

Outcome = tuple[list[Record], list[Effect]]


class Then(Enum):
    """What to do with a report."""

    APPLY = "apply"
    """It is the next thing that happened."""
    REVIVE = "revive"
    """It contradicts what was known; it is a fact all the same, and the account stops for a person."""
    REST_ENDED = "rest_ended"
    """What of a partly filled order still worked is over; the position stands."""
    HOLD = "hold"
    """It tells of an exit whose entry is not known yet."""
    NOTE = "note"
    """It changes nothing that is known, and is kept for whoever asks."""


_S, _K = OrderState, ReportKind
_OPEN_STATES = (_S.PARTIALLY_FILLED, _S.FILLED)
_FILLED_STATES = (*_OPEN_STATES, _S.CLOSED)
_WAITING = (_S.INTENDED, _S.UNRESOLVED)
_UNFILLED_ENDS = (_S.REJECTED, _S.EXPIRED, _S.CANCELLED, _S.NOT_ACCEPTED)


def _row(kind: ReportKind, **cases: tuple[OrderState, ...]) -> dict[tuple[OrderState, ReportKind], Then]:
    row = {(state, kind): Then.NOTE for state in OrderState}
    for then, states in cases.items():
        row |= {(state, kind): Then[then.upper()] for state in states}
    return row


WHAT_FOLLOWS: dict[tuple[OrderState, ReportKind], Then] = {
    **_row(_K.ACCEPTED, apply=_WAITING, revive=(_S.NOT_ACCEPTED,)),
    **_row(_K.REJECTED, apply=(*_WAITING, _S.ACCEPTED), rest_ended=(_S.PARTIALLY_FILLED,)),
    **_row(_K.EXPIRED, apply=(*_WAITING, _S.ACCEPTED), rest_ended=(_S.PARTIALLY_FILLED,)),
    **_row(_K.CANCELLED, apply=(*_WAITING, _S.ACCEPTED), rest_ended=(_S.PARTIALLY_FILLED,)),
    **_row(
        _K.FILLED,
        apply=(*_WAITING, _S.ACCEPTED, _S.PARTIALLY_FILLED, _S.EXPIRED, _S.CANCELLED),
        revive=(_S.REJECTED, _S.NOT_ACCEPTED, _S.FILLED, _S.CLOSED),
    ),
    **_row(_K.MODIFIED, apply=(_S.ACCEPTED, *_OPEN_STATES)),
    **_row(_K.MODIFY_REJECTED),
    **_row(_K.CANCEL_REJECTED),
    **_row(_K.CLOSED, apply=_OPEN_STATES, hold=(*_WAITING, _S.ACCEPTED, *_UNFILLED_ENDS)),
}
"""Every state of an order and every kind of report. A late fill after a cancel is a fact of the field
(guarantees O10); `_is_late_fill_of_the_rest` says which fills of a filled or closed order are such."""

_KINDS = {
    _K.ACCEPTED: Kind.ORDER_ACCEPTED,
    _K.REJECTED: Kind.ORDER_REJECTED,
    _K.EXPIRED: Kind.ORDER_EXPIRED,
    _K.CANCELLED: Kind.ORDER_CANCELLED,
}


def reported(bot: Bot, event: Reported, at: FeedPosition) -> Outcome:
    """Take a report in.

    Raises:
        IllegalRecord: the venue in this process, which says everything once and in order, contradicts
            the journal.
    """
    report = event.report
    line = bot.orders.get(report.client_order_id)
    if event.venue_seq is not None:
        _check_own_venue(bot, event, line)
    if line is None:
        text = f"the venue reports {report.kind} of {report.client_order_id}, which the journal does not know"
        body = {"client_order_id": report.client_order_id, "divergence": text, "report": report_body(report)}
        records, effects = trip(bot.name, "halt", text, at)
        return [Record(bot.name, Kind.DIVERGENCE_FOUND, at, body), *records], effects
    if report.execution_id in line.applied:
        return [], []
    then = WHAT_FOLLOWS[line.state, report.kind]
    if then is Then.REVIVE and _is_late_fill_of_the_rest(line, report):
        then = Then.APPLY
    unexplained = (report.lots or line.open_lots) - line.open_lots
    if report.kind is _K.CLOSED and line.state in _FILLED_STATES and unexplained > 0:
        then = Then.HOLD if unexplained <= _late_lots(line) or line.working_lots else Then.NOTE
    if then is Then.HOLD:
        if any(early.execution_id == report.execution_id for early in line.early):
            return [], []
        return [_record(bot, line, event, Kind.REPORT_HELD, at, report=report_body(report))], []
    if then is Then.NOTE:
        return _noted(bot, line, event, at)
    if then is Then.REST_ENDED:
        rejected = {"was_rejected": True} if report.kind is _K.REJECTED else {}
        return [_record(bot, line, event, Kind.ORDER_REST_ENDED, at, **_unheard(event), **rejected)], []
    return _applied(bot, line, event, then, at)


def _is_late_fill_of_the_rest(line: OrderLine, report: BrokerReport) -> bool:
    """Whether a fill came after the end of an order, or of its rest, that it had overtaken.

    Guarantees O10: "late fill after cancel accepted", and the sum of fills at most the size. One after
    `cancelled` or `expired` is applied, as the table says, and one after `rest_ended` too: that is the same
    cancel or expiry, of an order that was filled in part before. What a `filled` or `closed` order has left
    of its size is just that rest. A fill beyond the size is no late one, and one after a rejection
    contradicts what the venue said: both are facts too, and stop the account for a person.
    """
    is_of_filled = report.kind is _K.FILLED and line.state in {_S.FILLED, _S.CLOSED}
    return is_of_filled and report.lots is not None and report.lots <= _late_lots(line)


def _late_lots(line: OrderLine) -> Decimal:
    """What of a filled order may still turn out to have been filled. An exit of that waits for its fill."""
    return Decimal(0) if line.was_rest_rejected else line.order.lots - line.filled_lots


def _check_own_venue(bot: Bot, event: Reported, line: OrderLine | None) -> None:
    report = event.report
    if event.venue_seq != bot.last_venue_seq + 1:
        raise IllegalRecord(
            f"{bot.name}: venue report {event.venue_seq} after {bot.last_venue_seq}: one is missing"
        )
    if line is None:
        raise IllegalRecord(f"{bot.name}: the venue reports {report.client_order_id}, which is not ours")
    then = WHAT_FOLLOWS[line.state, report.kind]
    if then not in {Then.APPLY, Then.REST_ENDED} and report.kind not in {
        _K.MODIFY_REJECTED,
        _K.CANCEL_REJECTED,
    }:
        raise IllegalRecord(
            f"order {report.client_order_id}: {line.state}, and the venue reports {report.kind}"
        )


def _record(bot: Bot, line: OrderLine, event: Reported, kind: Kind, at: FeedPosition, **more: Any) -> Record:
    report = event.report
    body: dict[str, Any] = {
        "client_order_id": report.client_order_id,
        "execution_id": report.execution_id,
        "reason": report.reason,
        "symbol": line.order.symbol,
        "side": line.order.side,
        **more,
    }
    if event.venue_seq is not None:
        body["venue_seq"] = event.venue_seq
    else:
        body |= {"venue_ts_ns": report.ts_ns, "text": report.text}
    if kind is Kind.ORDER_ACCEPTED:
        body["venue_order_id"] = report.venue_order_id or report.execution_id
    return Record(bot.name, kind, at, body)


def _unheard(event: Reported) -> dict[str, bool]:
    """An end that overtook a fill says nothing of it. It counts on until the books have been compared; the
    venue in this process says everything in order."""
    return {} if event.venue_seq is not None else {"may_have_filled": True}


def _noted(bot: Bot, line: OrderLine, event: Reported, at: FeedPosition) -> Outcome:
    kind = event.report.kind
    if kind in {_K.MODIFY_REJECTED, _K.CANCEL_REJECTED}:
        return [_record(bot, line, event, Kind.REQUEST_REFUSED, at, said=kind.value)], []
    body = {"said": kind.value, "state": line.state.value}
    return [_record(bot, line, event, Kind.REPORT_IGNORED, at, **body)], []


def _applied(bot: Bot, line: OrderLine, event: Reported, then: Then, at: FeedPosition) -> Outcome:
    report = event.report
    match report.kind:
        case _K.FILLED:
            records, effects = _filled(bot, line, event, at)
        case _K.CLOSED:
            records, effects = _closed(bot, line, event, at)
        case _K.MODIFIED:
            records, effects = _modified(bot, line, event, at)
        case _:
            unheard = _unheard(event) if report.kind in {_K.CANCELLED, _K.EXPIRED} else {}
            records, effects = [_record(bot, line, event, _KINDS[report.kind], at, **unheard)], []
    if then is Then.REVIVE:
        text = f"order {report.client_order_id} was {line.state}, and the venue reports {report.kind}"
        more, asked = trip(bot.name, "halt", text, at)
        records, effects = records + more, effects + asked
        if report.kind is _K.ACCEPTED:  # it works although it was given up: it must not fill
            body = {"client_order_id": report.client_order_id, "request": "cancel", "cause": text}
            records.append(Record(bot.name, Kind.REQUEST_SENT, at, body))
            effects.append(Cancel(line.order))
    limit = bot.settings.rejections_before_breaker
    if bot.settings.has_broker and report.kind is _K.REJECTED and bot.rejections + 1 >= limit:
        more, asked = trip(bot.name, "safe", f"{limit} orders in a row were rejected", at)
        records, effects = records + more, effects + asked
    return records, effects


def _filled(bot: Bot, line: OrderLine, event: Reported, at: FeedPosition) -> Outcome:
    report, order = event.report, line.order
    if report.price is None or report.lots is None or report.lots <= 0:
        raise IllegalRecord(f"{bot.name}: a fill of {order.client_order_id} without its price or lots")
    filled = line.filled_lots + report.lots
    if event.venue_seq is not None and filled > order.lots:
        raise IllegalRecord(
            f"{bot.name}: {order.client_order_id} is filled for {filled} of {order.lots} lots"
        )
    is_working = line.working_lots > 0
    kind = Kind.ORDER_PARTIALLY_FILLED if filled < order.lots and is_working else Kind.ORDER_FILLED
    money = fill_money(bot, line, report.lots, report.commission)
    body: dict[str, Any] = {
        "price": decimal_text(report.price),
        "lots": decimal_text(report.lots),
        **money,
    }
    if not report.has_stop:
        body["has_stop"] = False
    records = [_record(bot, line, event, kind, at, **body)]
    effects: list[Effect] = [Follow(Reported(early)) for early in line.early]
    if filled > order.lots:
        text = f"order {order.client_order_id} of {order.lots} lots is filled for {filled}"
        more, asked = trip(bot.name, "halt", text, at)
        records, effects = records + more, effects + asked
    if not report.has_stop:
        more, asked = _without_stop(bot, line, report, at)
        records, effects = records + more, effects + asked
    return records, effects


def _without_stop(bot: Bot, line: OrderLine, report: BrokerReport, at: FeedPosition) -> Outcome:
    """A fill that the venue does not protect is closed at once, and the account stops."""
    order = line.order
    text = f"order {order.client_order_id} was filled without a stop: {report.text or report.reason}"
    records, effects = trip(bot.name, "halt", text, at)
    lots = line.open_lots + (report.lots or Decimal(0))
    record, request = close_request(bot, line, lots, at, text)
    return [*records, record], [*effects, request]


def _closed(bot: Bot, line: OrderLine, event: Reported, at: FeedPosition) -> Outcome:
    report = event.report
    lots = line.open_lots if report.lots is None else report.lots
    if report.price is None or lots <= 0:
        raise IllegalRecord(f"{bot.name}: an exit of {line.order.client_order_id} without its price or lots")
    is_last = lots == line.open_lots and not line.working_lots
    kind = Kind.POSITION_CLOSED if is_last else Kind.POSITION_REDUCED
    body: dict[str, Any] = {
        "price": decimal_text(report.price),
        "lots": decimal_text(lots),
        **exit_money(bot, line, lots, report),
    }
    records = [_record(bot, line, event, kind, at, **body)]
    more, effects = after_an_exit(bot, line.order.client_order_id, body, at) if is_last else ([], [])
    return records + more, effects


def _modified(bot: Bot, line: OrderLine, event: Reported, at: FeedPosition) -> Outcome:
    report = event.report
    body = {
        "stop_loss": text_or_none(report.stop_loss),
        "take_profit": text_or_none(report.take_profit),
        "has_stop": report.has_stop,
    }
    records = [_record(bot, line, event, Kind.ORDER_MODIFIED, at, **body)]
    if report.has_stop or not line.open_lots:
        return records, []
    text = f"the stop of order {report.client_order_id} is gone: {report.text or report.reason}"
    more, effects = trip(bot.name, "halt", text, at)
    asked_records, asked = close(bot, line, at, text)
    return records + more + asked_records, [*effects, *asked]


def ended_by_lookup(bot: Bot, line: OrderLine, reason: str, at: FeedPosition) -> Outcome:
    """The venue's log proves that an order never arrived: nothing of it works or ever will."""
    body = {"client_order_id": line.order.client_order_id, "reason": reason}
    return [Record(bot.name, Kind.ORDER_NOT_ACCEPTED, at, body)], [
        Alarm(bot.name, f"order {line.order.client_order_id} never reached the venue: {reason}")
    ]
