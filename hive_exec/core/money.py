"""What prices and executions do to an account: marks, breaches, days, and the money of a fill or an exit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hive_core.backtest.fills import BarPrices, exit_fill
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import BrokerReport
from hive_core.risk.account import (
    Exposure,
    commission_of,
    equity,
    equity_marks,
    open_profit,
    profit_at,
)
from hive_core.risk.ledger import Corrected, Ledger, Marked, at_time, happened
from hive_core.risk.rules.phases import rules_on
from hive_core.risk.rules.values import MaximumLoss, NoAmountForSize
from hive_core.risk.standing import Floors, RuleUnknown, breach, known_floors, ledger_resets
from hive_exec.core.events import Effect, Flatten
from hive_exec.core.ledger_folds import ledger_ns
from hive_exec.core.orders import OrderLine
from hive_exec.core.reading import text_or_none
from hive_exec.core.records import RANK_BAR_CLOSED, RANK_DAY_RESET, FeedPosition, Kind, Record
from hive_exec.core.requests import cancel, close
from hive_exec.core.state import Bot

Outcome = tuple[list[Record], list[Effect]]

MARK_EVERY_NS = 10 * NS_PER_SECOND
"""How often the worth of an account on the wall clock is written down; a breach is written at once."""


def floors_body(floors: Floors) -> dict[str, str | None]:
    """The floors as records spell them: none where the firm has no such limit, or its limit is not known."""
    return {"daily_floor": text_or_none(floors.daily), "maximum_floor": text_or_none(floors.maximum)}


def day_opened(bot: Bot, at: FeedPosition) -> list[Record]:
    """The reset that passed since the last, if one did: of the day, or by a clock that a firm may mean."""
    account, ledger = bot.account, bot.account.ledger
    # A bar that closes at the reset lies in the day before it, with every exit inside it.
    ts_ns = at[0] - 1 if at[1] == RANK_BAR_CLOSED else at[0]
    passed = [
        reset.trading_day.start_ns(reset.trading_day.day_of(ts_ns))
        for reset, next_ns in zip(ledger.resets, ledger.next_reset_ns, strict=True)
        if next_ns <= ts_ns
    ]
    if not passed:
        return []
    reset_ns, worth = max(passed), equity(account)
    if ledger.ts_ns < reset_ns:
        ledger = happened(ledger, Marked(max(ledger.ts_ns, reset_ns - 1), worth))
    after = at_time(ledger, max(reset_ns, ledger.ts_ns))
    day = after.current_day.day
    body = {
        "trading_day": day.isoformat(),
        "balance": decimal_text(account.balance),
        "equity": decimal_text(worth),
        **floors_body(known_floors(rules_on(bot.settings.rule_pack, day), after)),
    }
    return [Record(bot.name, Kind.DAY_OPENED, (reset_ns, RANK_DAY_RESET, ""), body)]


def marked(bot: Bot, symbol: str, bar: BarPrices[Decimal], at: FeedPosition) -> Outcome:
    """What a range of prices did to the account: its lowest equity, a breach, and exits of simulations."""
    simulations = _simulations_left(bot, symbol, bar, at)
    account = bot.account
    if not account.holds(symbol):
        return simulations, []
    low, high, last = equity_marks(account, symbol, bar)
    ts_ns = ledger_ns(bot, at)
    ledger = happened(account.ledger, Marked(ts_ns, high))
    ledger = ledger if low == high else happened(ledger, Marked(ts_ns, low))
    breach, effects = breached(bot, ledger, at)
    is_soon = at[0] - bot.marked_ns < MARK_EVERY_NS
    if bot.settings.mode != "replay" and not breach and is_soon and not _lifts_a_floor(bot, high):
        return simulations, []
    numbers = {
        "balance": decimal_text(account.balance),
        "equity": decimal_text(last),
        "equity_low": decimal_text(low),
        "equity_high": decimal_text(high),
        **_day_and_floors(bot, ledger),
    }
    return [Record(bot.name, Kind.EQUITY_MARKED, at, numbers), *breach, *simulations], effects


def _simulations_left(bot: Bot, symbol: str, bar: BarPrices[Decimal], at: FeedPosition) -> list[Record]:
    records = []
    for key, one in bot.simulated.items():
        if one.symbol != symbol:
            continue
        leaving = exit_fill(one.side, one.stop_loss, one.take_profit, bar, open_at_start=True)
        if leaving is not None:
            exposure = Exposure(
                key, symbol, one.side, one.lots, one.entry, one.stop_loss, one.take_profit, is_open=True
            )
            body = {
                "simulation": key,
                "is_simulated": True,
                "decision_id": one.decision_id,
                "price": decimal_text(leaving.price),
                "reason": leaving.reason,
                "profit": decimal_text(profit_at(bot.account, exposure, leaving.price)),
            }
            records.append(Record(bot.name, Kind.SIMULATION_CLOSED, at, body))
    return records


def low_headroom(bot: Bot, symbol: str, bar: BarPrices[Decimal], at: FeedPosition) -> str:
    """Why no more risk should be added: the room above the nearest floor is under what the settings ask for;
    or ""."""
    limit, account = bot.settings.reduce_only_under_headroom_pct, bot.account
    if limit is None or not account.holds(symbol):
        return ""
    low = equity_marks(account, symbol, bar).lowest
    ledger = happened(account.ledger, Marked(ledger_ns(bot, at), low))
    floor = known_floors(bot.rules, ledger).highest
    if floor is None:
        return ""
    left_pct = (low - floor) / account.initial_balance * 100
    return "" if left_pct >= limit else f"{left_pct:.2f} % of the initial balance is left above the floor"


def _lifts_a_floor(bot: Bot, high: Decimal) -> bool:
    """Whether a floor trails every high of equity, and this is one: it must not be forgotten."""
    rule = bot.rules.maximum_loss
    trails = isinstance(rule, MaximumLoss) and rule.mode == "intraday_trailing"
    return trails and high > bot.account.ledger.anchors[0].highest_equity


def breached(bot: Bot, ledger: Ledger, at: FeedPosition) -> Outcome:
    """The end of an account that touched a floor, or its rest until the next reset where the firm's limit
    says so. It is recorded once; an end is never undone."""
    if bot.account.breached_rule is not None:
        return [], []
    try:
        rule = breach(bot.rules, ledger)
    except (RuleUnknown, NoAmountForSize):
        return [], []  # no floor is known; no order of ours passes the gate of such an account
    if rule is None:
        return [], []
    body = {
        "rule": rule,
        "equity_low": decimal_text(ledger.equity),
        **_day_and_floors(bot, ledger),
        **_consequence(bot, rule, ledger),
    }
    records, effects = flattened(bot, at, f"{rule} limit reached")
    return [Record(bot.name, Kind.ACCOUNT_BREACHED, at, body), *records], effects


def after_an_exit(bot: Bot, order_id: str, body: Mapping[str, Any], at: FeedPosition) -> Outcome:
    """The breach of an account that an exit left flat: its balance is its equity. A gap may close a position
    beyond a floor before any price of it was heard."""
    if any(held.client_order_id != order_id for held in bot.account.open_positions()):
        return [], []  # what stands open is marked with its prices
    ts_ns, balance = ledger_ns(bot, at), Decimal(body["balance"])
    ledger = happened(bot.account.ledger, Corrected(ts_ns, balance))
    return breached(bot, happened(ledger, Marked(ts_ns, balance)), at)


def _consequence(bot: Bot, rule: str, ledger: Ledger) -> dict[str, Any]:
    limit = bot.rules.daily_loss if rule == "daily_loss" else bot.rules.maximum_loss
    if isinstance(limit, str) or limit.effect == "hard":
        return {}
    body: dict[str, Any] = {}
    if limit.effect == "strikes":
        body["strikes"] = bot.account.strikes + 1
        if body["strikes"] >= (limit.strikes or 1):
            return body
    # Where a firm's words leave several resets open, the account rests until the last of them.
    resets = ledger_resets(bot.rules)
    nexts = [at for reset, at in zip(ledger.resets, ledger.next_reset_ns, strict=True) if reset in resets]
    return body | {"paused_until_ns": max(nexts)}


def flattened(bot: Bot, at: FeedPosition, reason: str) -> Outcome:
    """Cancel what works and close what is open, each by a request of its own at a broker."""
    if not bot.settings.has_broker:
        return [], [Flatten(bot.name)]
    records: list[Record] = []
    effects: list[Effect] = []
    for line in bot.orders.values():
        for wanted in (cancel, close):
            more, asked = wanted(bot, line, at, reason)
            records += more
            effects += asked
    return records, effects


def fill_money(bot: Bot, line: OrderLine, lots: Decimal, commission: Decimal | None) -> dict[str, str]:
    """The commission of an execution, and what balance and equity are after it. Where the venue does not
    say what it took, it is what the settings expect."""
    account = bot.account
    cost = commission_of(lots, bot.settings.commission_per_lot) if commission is None else commission
    return {
        "commission": decimal_text(cost),
        "balance": decimal_text(account.balance - cost),
        "equity": decimal_text(equity(account) - cost),
        **_day_and_floors(bot, account.ledger),
    }


def exit_money(bot: Bot, line: OrderLine, lots: Decimal, report: BrokerReport) -> dict[str, str]:
    """The profit and costs of an exit, and what balance and equity are after it. Costs are positive; where
    the venue names none there is none."""
    account = bot.account
    exposure = account.exposures[line.order.client_order_id]
    part = exposure if lots == exposure.lots else replace(exposure, lots=lots)
    price = exposure.entry if report.price is None else report.price
    gained = profit_at(account, part, price) if report.profit is None else report.profit
    commission, swap = report.commission or Decimal(0), report.swap or Decimal(0)
    net = gained - commission - swap
    others = equity(account) - open_profit(bot.account, part)
    return {
        "profit": decimal_text(gained),
        "commission": decimal_text(commission),
        **({"swap": decimal_text(swap)} if swap else {}),
        "balance": decimal_text(account.balance + net),
        "equity": decimal_text(others + net),
        **_day_and_floors(bot, account.ledger),
    }


def _day_and_floors(bot: Bot, ledger: Ledger) -> dict[str, Any]:
    return {
        **floors_body(known_floors(bot.rules, ledger)),
        "trading_day": ledger.current_day.day.isoformat(),
    }
