"""What would have become of each signal by the bars, and each source's record: claims, measured.

Every signal is traded alone, at bid and ask, by the fill rules of `backtest.fills` and with the timing
of the paper venue. No account, no votes, no costs but the spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from statistics import fmean
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hive_core.backtest.fills import (
    BarPrices,
    ExitFill,
    closing_mark,
    entry_fill,
    exit_fill,
    is_beyond_bound,
    price_bound,
)
from hive_core.contracts.decision import OrderType, Side
from hive_core.instruments.specification import instruments
from hive_core.market.as_of import market_as_of
from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS, TIMEFRAME_SECONDS, with_both_sides
from hive_core.signals.intervals import bootstrap_mean_interval, max_drawdown, wilson_interval
from hive_core.signals.tables import OUTCOMES, SCORES, VALID, conform

MAX_ENTRY_SLIPPAGE_R = 0.5
"""How much worse than planned a fill may be, in planned risks: what an account allows by default."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_US = timedelta(microseconds=1)


class Outcome(StrEnum):
    """How a signal ended.

    `target`: every part left at its target. `stop`: the last part left at the stop, perhaps after others
    had reached their targets. `open`: the bars end first. `expired`: its time ran out before a fill.
    `unfilled`: no fill for another reason: the bars end while it still holds, or the market or the first
    price is already beyond the stop, all targets, or the bound of a fill.
    """

    TARGET = "target"
    STOP = "stop"
    OPEN = "open"
    EXPIRED = "expired"
    UNFILLED = "unfilled"


def score_signals(signals: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """What became of each signal.

    A market order fills at the first open from `ts_event` on; a limit or stop order where it is touched:
    at an open before `valid_until`, or inside a bar that closed by then. Of a zone the edge counts where
    a fill is worst. A first price beyond the stop, or worse than the plan by more than
    `MAX_ENTRY_SLIPPAGE_R`, fills nothing, and a target that it has passed is left out. The position is
    split into equal parts, one a target. A bar that touches both stop and target counts as the stop.

    `r_multiple` is the mean over the parts of profit / planned risk, so the spread is in it. The planned
    risk, as an account is sized by it, is the distance to the stop from the entry that the signal names
    (the worst edge of a zone), or from the market as it was known where it names none; a lucky fill
    beside the stop must not count as a hundredfold gain. What is still open is marked to the last close.

    Args:
        signals: VALID or ENRICHED.
        bars: BAR_SCHEMA. Each signal is followed on the timeframe that `market_as_of` finds for it.

    Returns:
        OUTCOMES, row for row in the order of `signals`.
    """
    rows = market_as_of(conform(signals, VALID), bars)
    series: dict[tuple[str, str], _Series] = {}
    outcomes = []
    for row in rows.iter_rows(named=True):
        ending = _Ending(Outcome.UNFILLED)
        if row["market_timeframe"] is not None:
            key = row["symbol"], row["market_timeframe"]
            if key not in series:
                series[key] = _Series.of(bars, *key)
            ending = _follow(_Order.of(row), series[key])
        outcomes.append(
            {name: row[name] for name in ("signal_id", "source", "symbol", "ts_event")} | ending.columns()
        )
    return pl.DataFrame(outcomes, schema=OUTCOMES)


def score_sources(outcomes: pl.DataFrame) -> pl.DataFrame:
    """The measured record of each source.

    `traded` counts the signals that were filled and have ended; only they count for wins and R. A win
    has a positive R. `hit_rate` has a Wilson interval, `mean_r` a bootstrap interval; both are null
    where there is nothing to measure. `max_drawdown_r` follows the sum of R in the order of exits.

    Args:
        outcomes: OUTCOMES.

    Returns:
        SCORES by source.
    """
    rows = []
    for (source,), one in outcomes.sort("ts_exit", "ts_event", "signal_id").group_by(
        ["source"], maintain_order=True
    ):
        ended = one.filter(pl.col("outcome").is_in([Outcome.TARGET.value, Outcome.STOP.value]))
        r_multiples = ended["r_multiple"].to_list()
        wins = sum(r > 0 for r in r_multiples)
        hit_low, hit_high = wilson_interval(wins, len(r_multiples)) or (None, None)
        mean_low, mean_high = bootstrap_mean_interval(r_multiples) or (None, None)
        rows.append(
            {
                "source": source,
                "signals": one.height,
                "traded": ended.height,
                "wins": wins,
                "hit_rate": wins / ended.height if r_multiples else None,
                "hit_rate_low": hit_low,
                "hit_rate_high": hit_high,
                "mean_r": fmean(r_multiples) if r_multiples else None,
                "mean_r_low": mean_low,
                "mean_r_high": mean_high,
                "total_r": sum(r_multiples, 0.0),
                "max_drawdown_r": max_drawdown(r_multiples),
            }
        )
    return pl.DataFrame(rows, schema=SCORES).sort("source")


@dataclass(frozen=True, slots=True)
class _Order:
    """One signal as a bracket order."""

    side: Side
    order_type: OrderType
    entry: float | None
    planned_risk: float
    bound: float
    stop_loss: float
    take_profits: tuple[float, ...]
    from_us: int
    until_us: int

    @classmethod
    def of(cls, row: dict[str, Any]) -> _Order:
        is_buy = row["side"] == "buy"
        entry = row["entry_high"] if is_buy else row["entry_low"]
        planned = entry if entry is not None else row["market_ask"] if is_buy else row["market_bid"]
        return cls(
            side=row["side"],
            order_type=row["order_type"],
            entry=entry,
            planned_risk=planned - row["stop_loss"] if is_buy else row["stop_loss"] - planned,
            bound=price_bound(planned, row["stop_loss"], MAX_ENTRY_SLIPPAGE_R),
            stop_loss=row["stop_loss"],
            take_profits=tuple(row["take_profits"]),
            from_us=(row["ts_event"] - _EPOCH) // _ONE_US,
            until_us=(row["valid_until"] - _EPOCH) // _ONE_US,
        )


@dataclass(frozen=True, slots=True)
class _Series:
    """The bars of one instrument and timeframe in order of time: opens in microseconds since 1970, and
    a row of bid and ask prices each."""

    opens_us: NDArray[np.int64]
    prices: NDArray[np.float64]
    length_us: int

    @classmethod
    def of(cls, bars: pl.DataFrame, symbol: str, timeframe: str) -> _Series:
        one = bars.filter((pl.col("symbol") == symbol) & (pl.col("timeframe") == timeframe)).sort("ts_open")
        both = with_both_sides(one, instruments()[symbol])
        return cls(
            both["ts_open"].dt.epoch("us").to_numpy(),
            both.select(*BID_COLUMNS, *ASK_COLUMNS).to_numpy(order="c"),
            TIMEFRAME_SECONDS[timeframe] * 1_000_000,
        )

    def bar(self, at: int) -> BarPrices[float]:
        return BarPrices(*self.prices[at].tolist())

    def opened_at(self, at: int) -> datetime:
        return _EPOCH + int(self.opens_us[at]) * _ONE_US

    def closed_at(self, at: int) -> datetime:
        return self.opened_at(at) + self.length_us * _ONE_US

    def first_touch(self, start: int, low_column: int, lower: float, upper: float) -> int | None:
        """The first bar from `start` on with its low at or below `lower` or its high at or above
        `upper`; searched in growing steps, because most trades end soon."""
        high_column, step = low_column - 1, 64
        while start < len(self.opens_us):
            piece = self.prices[start : start + step]
            touched = (piece[:, low_column] <= lower) | (piece[:, high_column] >= upper)
            if touched.any():
                return start + int(touched.argmax())
            start, step = start + step, step * 2
        return None


# Where the low of the side stands at which a position leaves: open, high, low, close of bid, then of ask.
_BID_LOW, _ASK_LOW = 2, 6


@dataclass(frozen=True, slots=True)
class _Entry:
    """A fill: the bar, its price and time, and whether it happened at the bar's open."""

    at: int
    price: float
    ts: datetime
    at_open: bool


@dataclass(frozen=True, slots=True)
class _Ending:
    """What became of one signal."""

    outcome: Outcome
    ts_entry: datetime | None = None
    ts_exit: datetime | None = None
    entry_price: float | None = None
    exit_price: float | None = None
    r_multiple: float | None = None
    targets_hit: int = 0

    def columns(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome.value,
            "ts_entry": self.ts_entry,
            "ts_exit": self.ts_exit,
            "entry_price": self.entry_price,
            "exit_price": self.exit_price,
            "r_multiple": self.r_multiple,
            "targets_hit": self.targets_hit,
        }


def _follow(order: _Order, series: _Series) -> _Ending:
    """One signal from its posting to its end."""
    entry = _enter(order, series)
    if isinstance(entry, Outcome):
        return _Ending(entry)
    if order.planned_risk <= 0 or is_beyond_bound(order.side, entry.price, order.bound):
        return _Ending(Outcome.UNFILLED)
    targets = order.take_profits
    if entry.at_open:
        bar, is_buy = series.bar(entry.at), order.side == "buy"
        leave = bar.bid_open if is_buy else bar.ask_open
        if leave <= order.stop_loss if is_buy else leave >= order.stop_loss:
            return _Ending(Outcome.UNFILLED)
        targets = tuple(target for target in targets if (leave < target if is_buy else leave > target))
        if not targets:
            return _Ending(Outcome.UNFILLED)
    parts = [_leave(order, target, entry, series) for target in targets]
    last = len(series.opens_us) - 1
    mark = closing_mark(order.side, series.bar(last))
    prices = [mark if part is None else part[0].price for part in parts]
    exits = [series.closed_at(last) if part is None else part[1] for part in parts]
    reasons = {None if part is None else part[0].reason for part in parts}
    exit_price = sum(prices) / len(prices)
    gain = exit_price - entry.price if order.side == "buy" else entry.price - exit_price
    is_open = None in reasons
    return _Ending(
        outcome=Outcome.OPEN if is_open else Outcome.STOP if "stop" in reasons else Outcome.TARGET,
        ts_entry=entry.ts,
        ts_exit=None if is_open else max(exits),
        entry_price=entry.price,
        exit_price=exit_price,
        r_multiple=gain / order.planned_risk,
        targets_hit=sum(part is not None and part[0].reason == "target" for part in parts),
    )


def _enter(order: _Order, series: _Series) -> _Entry | Outcome:
    """Where the order is filled, or why it is not."""
    start = int(np.searchsorted(series.opens_us, order.from_us, side="left"))
    for at in range(start, len(series.opens_us)):
        opens_us = int(series.opens_us[at])
        if opens_us >= order.until_us:
            return Outcome.EXPIRED
        fill = entry_fill(order.side, order.order_type, order.entry, series.bar(at))
        if fill is not None and fill.at_open:
            return _Entry(at, fill.price, series.opened_at(at), at_open=True)
        if fill is not None and opens_us + series.length_us <= order.until_us:
            return _Entry(at, fill.price, series.closed_at(at), at_open=False)
    known_until_us = int(series.opens_us[-1]) + series.length_us
    return Outcome.EXPIRED if known_until_us >= order.until_us else Outcome.UNFILLED


def _leave(
    order: _Order, target: float, entry: _Entry, series: _Series
) -> tuple[ExitFill[float], datetime] | None:
    """How and when one part of the position leaves, or None while it is open."""
    low_column = _BID_LOW if order.side == "buy" else _ASK_LOW
    lower, upper = sorted((order.stop_loss, target))
    at = series.first_touch(entry.at, low_column, lower, upper)
    while at is not None:
        open_at_start = entry.at_open or at > entry.at
        fill = exit_fill(order.side, order.stop_loss, target, series.bar(at), open_at_start=open_at_start)
        if fill is not None:
            return fill, series.opened_at(at) if fill.gapped else series.closed_at(at)
        at = series.first_touch(at + 1, low_column, lower, upper)
    return None
