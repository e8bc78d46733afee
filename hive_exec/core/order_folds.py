"""What records of an order do to it, and to the account it is in: one fold for each kind.

Which kind is folded by which, and whether a record may come at all, is `folding`'s.
"""

from __future__ import annotations

from decimal import Decimal

from hive_core.contracts.order import BracketOrder, OrderState
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.core import ledger_folds
from hive_exec.core.orders import IllegalRecord, OrderLine, expose, fill, give_up, leave, move
from hive_exec.core.reading import report_from
from hive_exec.core.records import Kind, Record
from hive_exec.core.state import MAX_REMEMBERED, Bot, done_with


def _line(bot: Bot, record: Record) -> OrderLine:
    line = bot.orders.get(record.body["client_order_id"])
    if line is None:
        raise IllegalRecord(f"{record.kind}: no order {record.body['client_order_id']}")
    return line


def intended(bot: Bot, record: Record) -> None:
    """An order is about to be sent."""
    body = record.body
    order = BracketOrder.model_validate_json(canonical_bytes(body["order"]))
    if order.client_order_id in bot.orders:
        raise IllegalRecord(f"order {order.client_order_id} is intended twice")
    line = OrderLine(
        order,
        OrderState.INTENDED,
        tuple(body["sources"]),
        tuple(body["signal_ids"]),
        Decimal(body["risk_amount"]),
        record.at[0],
        since_cursor=bot.cursor,
    )
    bot.orders[order.client_order_id] = line
    ledger_folds.sent(bot, order, record.at[0])
    expose(bot.account, line)
    done_with(bot, order.decision_id, "traded")
    for signal_id in line.signal_ids:
        bot.account.traded_signals.setdefault(signal_id, order.decision_id)
    while len(bot.account.traded_signals) > MAX_REMEMBERED:
        del bot.account.traded_signals[next(iter(bot.account.traded_signals))]


def _settle(bot: Bot, line: OrderLine, record: Record) -> None:
    """What every fact about an order ends with."""
    said = record.body.get("execution_id")
    if said is not None:
        line.applied.append(said)
        line.early = [report for report in line.early if report.execution_id != said]
    expose(bot.account, line)
    if line.is_over and len(bot.orders) > MAX_REMEMBERED:
        del bot.orders[next(key for key, one in bot.orders.items() if one.is_over)]


STATES = {
    Kind.ORDER_ACCEPTED: OrderState.ACCEPTED,
    Kind.ORDER_UNRESOLVED: OrderState.UNRESOLVED,
    Kind.ORDER_REJECTED: OrderState.REJECTED,
    Kind.ORDER_EXPIRED: OrderState.EXPIRED,
    Kind.ORDER_CANCELLED: OrderState.CANCELLED,
    Kind.ORDER_NOT_ACCEPTED: OrderState.NOT_ACCEPTED,
    Kind.ORDER_PARTIALLY_FILLED: OrderState.PARTIALLY_FILLED,
    Kind.ORDER_FILLED: OrderState.FILLED,
    Kind.ORDER_REST_ENDED: OrderState.FILLED,
    Kind.POSITION_REDUCED: None,
    Kind.POSITION_CLOSED: OrderState.CLOSED,
}


def order_moved(bot: Bot, record: Record) -> None:
    """An order came to another state."""
    line = _line(bot, record)
    to = STATES[record.kind]
    if record.kind is Kind.ORDER_REST_ENDED and not line.open_lots:
        to = OrderState.CLOSED
    if to is not None:
        move(line, to, record)
    match record.kind:
        case Kind.ORDER_ACCEPTED:
            line.venue_order_id = record.body["venue_order_id"]
            bot.rejections = 0
        case Kind.ORDER_REJECTED:
            bot.rejections += 1
        case Kind.ORDER_CANCELLED | Kind.ORDER_EXPIRED | Kind.ORDER_REST_ENDED:
            line.may_have_filled = record.body.get("may_have_filled", False)
            line.was_rest_rejected = record.body.get("was_rejected", False)
        case Kind.ORDER_FILLED | Kind.ORDER_PARTIALLY_FILLED:
            is_first = line.ts_filled_ns is None
            ledger_folds.filled(bot, record, fill(line, record), is_first=is_first)
            bot.rejections = 0
        case Kind.POSITION_CLOSED | Kind.POSITION_REDUCED:
            ledger_folds.closed(bot, record, leave(line, record), opened_ns=line.ts_filled_ns)
            line.requested_ns = None
        case _:
            pass
    _settle(bot, line, record)


def modified(bot: Bot, record: Record) -> None:
    """Its stop or its target is another."""
    line = _line(bot, record)
    stop, target = record.body["stop_loss"], record.body["take_profit"]
    if stop is not None:
        line.stop_loss, line.has_stop = Decimal(stop), True
    if target is not None:
        line.take_profit = Decimal(target)
    if record.body.get("has_stop") is False:
        line.has_stop = False
    _settle(bot, line, record)


def requested(bot: Bot, record: Record) -> None:
    """A cancel, a close or a modification was sent."""
    line = _line(bot, record)
    line.requested_ns = record.at[0]
    line.requests += 1
    line.is_closing = line.is_closing or record.body["request"] == "close"
    bot.account.requests_of_day += 1


def noted(bot: Bot, record: Record) -> None:
    """A report was taken in that changes nothing."""
    line = bot.orders.get(record.body["client_order_id"])
    if line is not None and "execution_id" in record.body:
        line.applied.append(record.body["execution_id"])


def report_held(bot: Bot, record: Record) -> None:
    """A report came before what it follows."""
    line = _line(bot, record)
    line.early.append(report_from(record.body["report"]))


def proposed(bot: Bot, record: Record) -> None:
    """The first person says that it was not accepted."""
    _line(bot, record).not_accepted_by = record.body["principal"]


def given_up(bot: Bot, record: Record) -> None:
    """Two persons closed it by the books of its venue."""
    line = _line(bot, record)
    move(line, OrderState.CLOSED, record)
    give_up(line, record)
    bot.accepting.pop(record.body["symbol"], None)
    _settle(bot, line, record)
