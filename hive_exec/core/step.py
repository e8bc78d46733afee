"""step: from a bot's state and an event, the records to write and the effects to carry out after.

Pure: it changes nothing, reads no clock and sends nothing. Whoever calls it applies the records,
makes them durable, and only then carries out the effects.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.base import decimal_text
from hive_core.contracts.decision import Delivery
from hive_core.contracts.order import BracketOrder, OrderState, client_order_id
from hive_core.contracts.reasons import RejectionReason
from hive_core.evidence.canonical import content_hash
from hive_core.risk.account import (
    Exposure,
    commission_of,
    equity,
    equity_after,
    lowest_equity,
    profit_at,
)
from hive_core.risk.gate import Verdict, judge
from hive_exec.core.events import (
    BarBegan,
    BarRanged,
    DecisionDue,
    Effect,
    Event,
    Flatten,
    Submit,
    SubmitProvenAbsent,
    TimePassed,
    VenueReport,
    VenueReported,
)
from hive_exec.core.records import RANK_BAR_CLOSED, RANK_DAY_RESET, FeedPosition, Kind, Record
from hive_exec.core.state import Bot, IllegalRecord, OrderLine

Outcome = tuple[list[Record], list[Effect]]


def step(bot: Bot, event: Event, at: FeedPosition, environment: str) -> Outcome:
    """What follows from `event` at `at`.

    Args:
        environment: part of every client order id, so that two installations never share one.

    Returns:
        (records in order, effects in order).
    """
    match event:
        case TimePassed():
            return _day_opened(bot, at), []
        case DecisionDue(decision_id):
            return _decided(bot, bot.pending[decision_id].delivery, at, environment)
        case BarBegan(symbol, bid, ask):
            records, effects = _marked(bot, symbol, BarPrices.of_quote(bid, ask), at)
            return (records, effects) if effects else ([], [])  # told only when it ended the account
        case BarRanged(symbol, bar):
            return _marked(bot, symbol, bar, at)
        case VenueReported(report):
            return [_reported(bot, report)], []
        case SubmitProvenAbsent(order_id):
            return _not_accepted(bot, bot.orders[order_id], at, environment)


def _floors(bot: Bot) -> tuple[Decimal, Decimal]:
    account = bot.account
    return (
        bot.pack.daily_floor(account.initial_balance, account.balance_at_reset),
        bot.pack.maximum_floor(account.initial_balance),
    )


def _day_opened(bot: Bot, at: FeedPosition) -> list[Record]:
    days = bot.pack.daily_loss.trading_day
    # A bar that closes at the reset lies in the day before it, with every exit inside it.
    day = days.day_of(at[0] - 1 if at[1] == RANK_BAR_CLOSED else at[0])
    if day <= bot.account.trading_day:
        return []
    account = bot.account
    body = {
        "trading_day": day.isoformat(),
        "balance": decimal_text(account.balance),
        "equity": decimal_text(equity(account)),
        "daily_floor": decimal_text(bot.pack.daily_floor(account.initial_balance, account.balance)),
        "maximum_floor": decimal_text(bot.pack.maximum_floor(account.initial_balance)),
    }
    return [Record(bot.name, Kind.DAY_OPENED, (days.start_ns(day), RANK_DAY_RESET, ""), body)]


def _decided(bot: Bot, delivery: Delivery, at: FeedPosition, environment: str) -> Outcome:
    decision = delivery.decision
    verdict = judge(decision, bot.account, bot.settings, bot.pack, at[0])
    if verdict.denial is not None:
        body = {
            "decision_id": decision.decision_id,
            "reason_code": verdict.denial.value,
            "symbol": decision.symbol,
            "side": decision.side,
            "sources": _sources(delivery),
            "checks": [check.as_body() for check in verdict.checks],
        }
        return [Record(bot.name, Kind.DECISION_DENIED, at, body)], []
    records: list[Record] = []
    effects: list[Effect] = []
    for number, leg in enumerate(verdict.legs, start=1):
        order = BracketOrder(
            client_order_id=client_order_id(environment, bot.name, decision.decision_id, number, 1),
            account=bot.name,
            decision_id=decision.decision_id,
            leg=number,
            attempt=1,
            symbol=decision.symbol,
            side=decision.side,
            order_type=decision.order_type,
            lots=leg.lots,
            entry=decision.entry if decision.order_type != "market" else None,
            price_bound=verdict.price_bound,
            stop_loss=decision.stop_loss,
            take_profit=leg.take_profit,
            submitted_ns=at[0],
            good_till_ns=decision.valid_until_ns,
        )
        records.append(Record(bot.name, Kind.ORDER_INTENDED, at, _intent(order, delivery, verdict)))
        effects.append(Submit(order))
    return records, effects


def _sources(delivery: Delivery) -> list[str]:
    return sorted({vote.source for vote in delivery.decision.agreeing_votes()})


def _intent(order: BracketOrder, delivery: Delivery, verdict: Verdict) -> dict[str, Any]:
    total = sum((leg.lots for leg in verdict.legs), Decimal(0))
    return {
        "client_order_id": order.client_order_id,
        "order": order.model_dump(mode="json"),
        "decision_sha256": content_hash(delivery.decision),
        "origin": delivery.origin.model_dump(mode="json"),
        "sources": _sources(delivery),
        "signal_ids": sorted(vote.signal_id for vote in delivery.decision.agreeing_votes()),
        "risk_amount": decimal_text((verdict.risk_amount * order.lots / total).quantize(Decimal("0.01"))),
        "checks": [check.as_body() for check in verdict.checks],
    }


def _marked(bot: Bot, symbol: str, bar: BarPrices[Decimal], at: FeedPosition) -> Outcome:
    account = bot.account
    if not any(position.symbol == symbol for position in account.open_positions()):
        return [], []
    low = lowest_equity(account, symbol, bar)
    daily_floor, maximum_floor = _floors(bot)
    numbers = {
        "balance": decimal_text(account.balance),
        "equity": decimal_text(equity_after(account, symbol, bar)),
        "equity_low": decimal_text(low),
        "daily_floor": decimal_text(daily_floor),
        "maximum_floor": decimal_text(maximum_floor),
        "trading_day": account.trading_day.isoformat(),
    }
    breach, effects = _breached(bot, low, at)
    return [Record(bot.name, Kind.EQUITY_MARKED, at, numbers), *breach], effects


def _breached(bot: Bot, lowest: Decimal, at: FeedPosition) -> Outcome:
    """The end of an account whose equity touched a floor. It is recorded once and never undone."""
    daily_floor, maximum_floor = _floors(bot)
    rule = "maximum_loss" if lowest <= maximum_floor else "daily_loss" if lowest <= daily_floor else None
    if rule is None or bot.account.breached_rule is not None:
        return [], []
    body = {
        "rule": rule,
        "equity_low": decimal_text(lowest),
        "daily_floor": decimal_text(daily_floor),
        "maximum_floor": decimal_text(maximum_floor),
        "trading_day": bot.account.trading_day.isoformat(),
    }
    return [Record(bot.name, Kind.ACCOUNT_BREACHED, at, body)], [Flatten(bot.name)]


_VENUE_KINDS = {
    "accepted": Kind.ORDER_ACCEPTED,
    "rejected": Kind.ORDER_REJECTED,
    "expired": Kind.ORDER_EXPIRED,
    "cancelled": Kind.ORDER_CANCELLED,
    "filled": Kind.ORDER_FILLED,
    "closed": Kind.POSITION_CLOSED,
}


def _reported(bot: Bot, report: VenueReport) -> Record:
    if report.venue_seq != bot.last_venue_seq + 1:
        raise IllegalRecord(
            f"{bot.name}: venue report {report.venue_seq} after {bot.last_venue_seq}: one is missing"
        )
    line = bot.orders.get(report.client_order_id)
    if line is None:
        raise IllegalRecord(f"{bot.name}: the venue reports {report.client_order_id}, which is not ours")
    body: dict[str, Any] = {
        "client_order_id": report.client_order_id,
        "venue_seq": report.venue_seq,
        "execution_id": report.execution_id,
        "reason": report.reason,
        "symbol": line.order.symbol,
        "side": line.order.side,
    }
    if report.kind == "accepted":
        body["venue_order_id"] = report.execution_id
    if report.kind in {"filled", "closed"}:
        if report.price is None or report.lots != line.order.lots:
            raise IllegalRecord(f"{bot.name}: {report.kind} without its price or for other lots")
        body |= {"price": decimal_text(report.price), "lots": decimal_text(line.order.lots)}
        body |= _money(bot, line, report.kind, report.price)
    return Record(bot.name, _VENUE_KINDS[report.kind], report.at, body)


def _money(bot: Bot, line: OrderLine, kind: str, price: Decimal) -> dict[str, str]:
    """Commission or profit, and what balance and equity are after it."""
    account, order = bot.account, line.order
    day = {"trading_day": account.trading_day.isoformat()}
    daily_floor, maximum_floor = _floors(bot)
    floors = {"daily_floor": decimal_text(daily_floor), "maximum_floor": decimal_text(maximum_floor)}
    if kind == "filled":
        commission = commission_of(order.lots, bot.settings.commission_per_lot)
        return {
            "commission": decimal_text(commission),
            "balance": decimal_text(account.balance - commission),
            "equity": decimal_text(equity(account) - commission),
            **floors,
            **day,
        }
    exposure = account.exposures[order.client_order_id]
    profit = profit_at(account, exposure, price)
    others = equity(account) - _open_profit(bot, exposure)
    return {
        "profit": decimal_text(profit),
        "commission": "0",
        "balance": decimal_text(account.balance + profit),
        "equity": decimal_text(others + profit),
        **floors,
        **day,
    }


def _open_profit(bot: Bot, exposure: Exposure) -> Decimal:
    quote = bot.account.quotes.get(exposure.symbol)
    if quote is None:
        return profit_at(bot.account, exposure, exposure.stop_loss)
    return profit_at(bot.account, exposure, quote.bid if exposure.side == "buy" else quote.ask)


def _not_accepted(bot: Bot, line: OrderLine, at: FeedPosition, environment: str) -> Outcome:
    """The venue's log is proof: this attempt never arrived, so the next one cannot be a double. It is
    made only while the decision is fresh and the market is known as it was when the gate allowed it."""
    order, now_ns = line.order, at[0]
    if line.state is not OrderState.INTENDED:
        raise IllegalRecord(f"order {order.client_order_id} is {line.state}, not intended")
    ended = {"client_order_id": order.client_order_id, "reason": "absent from the venue's log"}
    records = [Record(bot.name, Kind.ORDER_NOT_ACCEPTED, at, ended)]
    quote = bot.account.quotes.get(order.symbol)
    limits = (bot.settings.max_decision_age_s * NS_PER_SECOND, bot.settings.quote_age_limit_s * NS_PER_SECOND)
    is_fresh = 0 <= now_ns - order.submitted_ns <= limits[0] and now_ns < order.good_till_ns
    if not is_fresh or quote is None or not 0 <= now_ns - quote.ts_ns <= limits[1]:
        ended["reason"] = RejectionReason.STALE_AFTER_RESTART.value
        return records, []
    attempt = order.attempt + 1
    again = order.model_copy(
        update={
            "attempt": attempt,
            "client_order_id": client_order_id(environment, bot.name, order.decision_id, order.leg, attempt),
        }
    )
    body = {
        "client_order_id": again.client_order_id,
        "order": again.model_dump(mode="json"),
        "sources": list(line.sources),
        "signal_ids": list(line.signal_ids),
        "risk_amount": decimal_text(line.risk_amount),
        "checks": [],
        "follows": order.client_order_id,
    }
    records.append(Record(bot.name, Kind.ORDER_INTENDED, at, body))
    return records, [Submit(again)]
