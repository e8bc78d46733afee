"""What prices and executions do to an account: marks, breaches, days, and the money of a fill or an exit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hive_core.backtest.fills import BarPrices, exit_fill
from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import BrokerReport
from hive_core.risk.account import Exposure, commission_of, equity, equity_after, lowest_equity, profit_at
from hive_exec.core.events import Effect, Flatten
from hive_exec.core.orders import OrderLine
from hive_exec.core.records import RANK_BAR_CLOSED, RANK_DAY_RESET, FeedPosition, Kind, Record
from hive_exec.core.requests import cancel, close
from hive_exec.core.state import Bot

Outcome = tuple[list[Record], list[Effect]]

MARK_EVERY_NS = 10 * NS_PER_SECOND
"""How often the worth of an account at a broker is written down; a breach is written at once."""


def floors(bot: Bot) -> tuple[Decimal, Decimal]:
    """The daily and the maximum floor of an account, now."""
    account = bot.account
    return (
        bot.pack.daily_floor(account.initial_balance, account.balance_at_reset),
        bot.pack.maximum_floor(account.initial_balance),
    )


def day_opened(bot: Bot, at: FeedPosition) -> list[Record]:
    """The trading day that began since the last, if one did."""
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


def marked(bot: Bot, symbol: str, bar: BarPrices[Decimal], at: FeedPosition) -> Outcome:
    """What a range of prices did to the account: its lowest equity, a breach, and exits of simulations."""
    simulations = _simulations_left(bot, symbol, bar, at)
    account = bot.account
    if not any(position.symbol == symbol for position in account.open_positions()):
        return simulations, []
    low = lowest_equity(account, symbol, bar)
    daily_floor, maximum_floor = floors(bot)
    numbers = {
        "balance": decimal_text(account.balance),
        "equity": decimal_text(equity_after(account, symbol, bar)),
        "equity_low": decimal_text(low),
        "daily_floor": decimal_text(daily_floor),
        "maximum_floor": decimal_text(maximum_floor),
        "trading_day": account.trading_day.isoformat(),
    }
    breach, effects = _breached(bot, low, at)
    if bot.settings.has_broker and not breach and at[0] - bot.marked_ns < MARK_EVERY_NS:
        return simulations, []
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


def _breached(bot: Bot, lowest: Decimal, at: FeedPosition) -> Outcome:
    """The end of an account whose equity touched a floor. It is recorded once and never undone."""
    daily_floor, maximum_floor = floors(bot)
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
    records, effects = flattened(bot, at, f"{rule} limit reached")
    return [Record(bot.name, Kind.ACCOUNT_BREACHED, at, body), *records], effects


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
        **_day_and_floors(bot),
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
    others = equity(account) - _open_profit(bot, part)
    return {
        "profit": decimal_text(gained),
        "commission": decimal_text(commission),
        **({"swap": decimal_text(swap)} if swap else {}),
        "balance": decimal_text(account.balance + net),
        "equity": decimal_text(others + net),
        **_day_and_floors(bot),
    }


def _day_and_floors(bot: Bot) -> dict[str, Any]:
    daily_floor, maximum_floor = floors(bot)
    return {
        "daily_floor": decimal_text(daily_floor),
        "maximum_floor": decimal_text(maximum_floor),
        "trading_day": bot.account.trading_day.isoformat(),
    }


def _open_profit(bot: Bot, exposure: Exposure) -> Decimal:
    quote = bot.account.quotes.get(exposure.symbol)
    if quote is None:
        return profit_at(bot.account, exposure, exposure.stop_loss)
    return profit_at(bot.account, exposure, quote.bid if exposure.side == "buy" else quote.ask)
