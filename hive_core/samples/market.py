"""The prices that the sample rooms are written over: when a room may post, what it knows then, and what
becomes of a plan. Texts belong to the rooms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import polars as pl

from hive_core.backtest.fills import BarPrices, entry_fill, exit_fill
from hive_core.contracts.decision import OrderType, Side
from hive_core.instruments.specification import instruments
from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS, with_both_sides

SYMBOL, TIMEFRAME = "EURUSD", "H1"
HOUR = timedelta(hours=1)
POST_BEFORE_OPEN = timedelta(minutes=1)
"""A post stands a minute before an hour begins: the open that follows is a fair fill."""
FIRST_HOUR, LAST_HOUR = 7, 18
"""Rooms post in European and American hours (UTC)."""
MAX_BARS_HELD = 120
_MIN_BARS = 48


@dataclass(frozen=True, slots=True)
class Plan:
    """A trade as a room writes it: prices with five digits."""

    side: Side
    order_type: OrderType
    entry: Decimal
    stop_loss: Decimal
    take_profits: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A minute in which a room may post. `bid` and `ask` are of the last bar that had closed by then;
    `next_bar` is the bar that opens a minute later."""

    ts: datetime
    bid: Decimal
    ask: Decimal
    next_bar: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a plan by its first target or its stop: pips won or lost, and when that was known."""

    won: bool
    pips: int
    ts_known: datetime


class SampleMarket:
    """EURUSD H1 with both sides, and the moments in it."""

    def __init__(self, opens: list[datetime], prices: list[BarPrices[float]]) -> None:
        self._opens = opens
        self._prices = prices

    @classmethod
    def of_bars(cls, bars: pl.DataFrame) -> SampleMarket:
        """Take EURUSD H1 from a BAR_SCHEMA frame.

        Raises:
            ValueError: too few of them.
        """
        ours = bars.filter((pl.col("symbol") == SYMBOL) & (pl.col("timeframe") == TIMEFRAME)).sort("ts_open")
        if ours.height < _MIN_BARS:
            raise ValueError(f"{ours.height} {SYMBOL} {TIMEFRAME} bars, at least {_MIN_BARS} are needed")
        both = with_both_sides(ours, instruments()[SYMBOL])
        columns = [both[name].to_list() for name in (*BID_COLUMNS, *ASK_COLUMNS)]
        prices = [BarPrices(*row) for row in zip(*columns, strict=True)]
        return cls(both["ts_open"].to_list(), prices)

    def days(self) -> Iterator[list[Moment]]:
        """The moments of each day that has any, in order. The hours before and after each are there."""
        day: list[Moment] = []
        for index in range(2, len(self._opens)):
            opened = self._opens[index]
            whole = self._opens[index - 2] == opened - 2 * HOUR
            if not whole or not FIRST_HOUR <= opened.hour <= LAST_HOUR:
                continue
            if day and day[-1].ts.date() != opened.date():
                yield day
                day = []
            known = self._prices[index - 2]
            day.append(
                Moment(opened - POST_BEFORE_OPEN, price(known.bid_close), price(known.ask_close), index)
            )
        if day:
            yield day

    def result(self, plan: Plan, moment: Moment) -> Result | None:
        """What the bars after a moment made of a plan, or None if nothing within `MAX_BARS_HELD` bars.

        This is hindsight: only what is written after `ts_known`, or declared, may use it.
        """
        stop, target = float(plan.stop_loss), float(plan.take_profits[0])
        entered: float | None = None
        last = min(moment.next_bar + MAX_BARS_HELD, len(self._prices))
        for index in range(moment.next_bar, last):
            bar = self._prices[index]
            at_start = entered is not None
            if entered is None:
                fill = entry_fill(plan.side, plan.order_type, float(plan.entry), bar)
                if fill is None:
                    continue
                entered, at_start = fill.price, fill.at_open
            left = exit_fill(plan.side, stop, target, bar, open_at_start=at_start)
            if left is not None:
                upward = 1 if plan.side == "buy" else -1
                pips = round(upward * (left.price - entered) / float(instruments()[SYMBOL].pip))
                return Result(left.reason == "target", pips, self._opens[index] + HOUR)
        return None


def price(value: float | Decimal) -> Decimal:
    """A price with the instrument's five digits."""
    return Decimal(str(value)).quantize(instruments()[SYMBOL].tick)


def draw_plan(
    chance: Random,
    moment: Moment,
    side: Side,
    *,
    stop_pips: tuple[int, int] = (15, 40),
    reward: tuple[str, ...] = ("1.5", "2.5"),
    limit_pips: int = 0,
) -> Plan:
    """A plan from what is known at a moment: a stop drawn within bounds, targets as multiples of it.

    With `limit_pips` it waits for a price that much better; otherwise it takes the market's.
    """
    pip = instruments()[SYMBOL].pip
    upward = 1 if side == "buy" else -1
    quoted = moment.ask if side == "buy" else moment.bid
    entry = quoted - upward * limit_pips * pip
    risk = chance.randint(*stop_pips) * pip
    return Plan(
        side=side,
        order_type="limit" if limit_pips else "market",
        entry=entry,
        stop_loss=price(entry - upward * risk),
        take_profits=tuple(price(entry + upward * risk * Decimal(multiple)) for multiple in reward),
    )


def either_side(chance: Random) -> Side:
    """A fair coin."""
    return "buy" if chance.random() < 0.5 else "sell"


def other_side(side: Side) -> Side:
    """The opposite."""
    return "sell" if side == "buy" else "buy"
