"""Swap: what holding a position over a rollover brings or costs.

The rollover is 17:00 in New York, by its own clock: in UTC it moves with New York's daylight saving, on
other dates than Europe's. Swap is booked to the position and settled when it closes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal

from hive_core.backtest.venue.book import Position
from hive_core.backtest.venue.facts import SwapBooked
from hive_core.backtest.venue.money import CENT, quote_rate
from hive_core.backtest.venue.terms import specification
from hive_core.backtest.venue.turn import Turn
from hive_core.calendars.trading_day import TradingDay
from hive_core.configuration.broker_paper import SwapRate

ROLLOVER = TradingDay("America/New_York", time(17, 0))


def rollovers(after_ns: int, until_ns: int) -> Iterator[tuple[date, int]]:
    """Every rollover after one instant and up to another: its New York date, and when it is."""
    day = ROLLOVER.day_of(after_ns) + timedelta(days=1)
    while (at_ns := ROLLOVER.start_ns(day)) <= until_ns:
        yield day, at_ns
        day += timedelta(days=1)


def book_swap(turn: Turn) -> None:
    """Charge what is open for every rollover since the book's last instant."""
    if not turn.terms.settings.swap or not turn.book.open or not turn.counts_money:
        return
    for day, at_ns in rollovers(turn.book.instant[0], turn.at[0]):
        for position in list(turn.book.open.values()):
            rate = turn.terms.settings.swap_of(position.order.symbol)
            days = 0 if rate is None else rate.days_at(day.weekday())
            if rate is not None and days:
                amount = _amount(turn, position, rate, days)
                turn.note(SwapBooked(turn.at, position.number, amount, at_ns))


def _amount(turn: Turn, position: Position, rate: SwapRate, days: int) -> Decimal:
    per_lot = rate.long if position.order.side == "buy" else rate.short
    if rate.unit == "points":
        symbol = position.order.symbol
        facts, conversion = specification(symbol), quote_rate(turn.book, turn.terms, symbol)
        if conversion is None:
            raise ValueError(f"{turn.book.account}: no reference rate for the currency of {symbol}")
        per_lot = per_lot * facts.tick * facts.contract_size * conversion
    return (per_lot * position.lots * days).quantize(CENT)
