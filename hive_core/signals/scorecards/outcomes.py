"""What would have become of each signal by the bars.

Every signal is traded alone, as it was posted, at bid and ask, by the fill rules of `backtest.fills` and
with the timing of the paper venue. No account, no votes, no later word of the room, no costs but the
spread. What a source's outcomes add up to stands in `records`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import polars as pl

from hive_core.backtest.fills import (
    BarPrices,
    ExitReason,
    closing_mark,
    entry_fill,
    exit_fill,
    is_beyond_bound,
    price_bound,
)
from hive_core.contracts.decision import OrderType, Side
from hive_core.market.as_of import market_as_of
from hive_core.signals.scorecards.price_path import PricePath
from hive_core.signals.scorecards.tables import OUTCOMES
from hive_core.signals.tables import VALID, conform

MAX_ENTRY_SLIPPAGE_R = 0.5
"""How much worse than planned a fill may be, in planned risks: what an account allows by default."""


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

    Followed are the finest bars wherever they fill the time, and coarser ones over their holes
    (`market.one_series`). A market order fills at the first open from `ts_event` on; a limit or stop
    order where it is touched: at an open before `valid_until`, or inside a bar that closed by then. Of a
    zone the edge counts where a fill is worst. A first price beyond the stop, or worse than the plan by
    more than `MAX_ENTRY_SLIPPAGE_R`, fills nothing, and a target that it has passed is left out. The
    position is split into equal parts, one a target. A bar that touches both stop and target counts as
    the stop: so a coarse bar says less than the finer ones in its place, which tell what came first.

    `r_multiple` is the mean over the parts of profit / planned risk, so the spread is in it. The planned
    risk, as an account is sized by it, is the distance to the stop from the entry that the signal names
    (the worst edge of a zone), or from the market as it was known where it names none; a lucky fill
    beside the stop must not count as a hundredfold gain. What is still open is marked to the last close.

    Args:
        signals: VALID or ENRICHED.
        bars: BAR_SCHEMA, any symbols and timeframes.

    Returns:
        OUTCOMES, row for row in the order of `signals`.
    """
    asked = market_as_of(conform(signals, VALID), bars).select(
        *("symbol", "side", "order_type", "entry_low", "entry_high", "stop_loss", "take_profits"),
        *("market_bid", "market_ask"),
        pl.col("ts_event").dt.epoch("us"),
        pl.col("valid_until").dt.epoch("us"),
    )
    paths: dict[str, PricePath] = {}
    endings = []
    for row in map(_Asked._make, asked.iter_rows()):
        if row.market_bid is None:
            endings.append(_Ending(Outcome.UNFILLED.value, targets=len(row.take_profits)))
            continue
        if row.symbol not in paths:
            paths[row.symbol] = PricePath.of(bars, row.symbol)
        order, path = _order_of(row), paths[row.symbol]
        at_best = _first_target_at_best(order, path)
        endings.append(_follow(order, path)._replace(first_target_at_best=at_best))
    ended = pl.DataFrame(endings, schema=_ENDING_SCHEMA, orient="row").cast(
        {name: OUTCOMES[name] for name in _Ending._fields}
    )
    told = signals.select(name for name in OUTCOMES if name not in _Ending._fields)
    return conform(pl.concat([told, ended], how="horizontal"), OUTCOMES)


class _Asked(NamedTuple):
    """What is asked of one signal, in the order of the columns that `score_signals` selects."""

    symbol: str
    side: Side
    order_type: OrderType
    entry_low: float | None
    entry_high: float | None
    stop_loss: float
    take_profits: list[float]
    market_bid: float | None
    market_ask: float | None
    from_us: int
    until_us: int


class _Ending(NamedTuple):
    """What became of one signal: the columns of OUTCOMES that are found here, times in microseconds."""

    outcome: str
    ts_entry: int | None = None
    ts_exit: int | None = None
    ts_known: int | None = None
    exit_timeframe: str | None = None
    entry_price: float | None = None
    exit_price: float | None = None
    r_multiple: float | None = None
    r_multiple_at_best: float | None = None
    targets: int = 0
    targets_passed: int = 0
    targets_hit: int = 0
    first_target_at_best: bool | None = None


_ENDING_SCHEMA = {
    name: pl.Int64() if OUTCOMES[name].is_temporal() else OUTCOMES[name] for name in _Ending._fields
}


@dataclass(frozen=True, slots=True)
class _Order:
    """One signal as a bracket order; its targets from the nearest to the farthest."""

    side: Side
    order_type: OrderType
    entry: float | None
    planned_risk: float
    bound: float
    stop_loss: float
    take_profits: tuple[float, ...]
    from_us: int
    until_us: int


def _order_of(row: _Asked) -> _Order:
    is_buy = row.side == "buy"
    entry = row.entry_high if is_buy else row.entry_low
    market = row.market_ask if is_buy else row.market_bid
    planned = entry if entry is not None else market
    if planned is None:
        raise ValueError(f"a {row.symbol} signal has neither an entry nor a market")
    return _Order(
        side=row.side,
        order_type=row.order_type,
        entry=entry,
        planned_risk=planned - row.stop_loss if is_buy else row.stop_loss - planned,
        bound=price_bound(planned, row.stop_loss, MAX_ENTRY_SLIPPAGE_R),
        stop_loss=row.stop_loss,
        take_profits=tuple(sorted(row.take_profits, reverse=not is_buy)),
        from_us=row.from_us,
        until_us=row.until_us,
    )


class _Entry(NamedTuple):
    """A fill: the bar, its price and time, and whether it happened at the bar's open."""

    at: int
    price: float
    ts_us: int
    at_open: bool


class _Exit(NamedTuple):
    """How one part of a position left: price, reason, when, in which bar; and the price at best."""

    price: float
    reason: ExitReason
    ts_us: int
    at: int
    price_at_best: float


def _follow(order: _Order, path: PricePath) -> _Ending:
    """One signal from its posting to its end."""
    count = len(order.take_profits)
    entry = _enter(order, path)
    if isinstance(entry, Outcome):
        return _Ending(entry.value, targets=count)
    unfilled = _Ending(Outcome.UNFILLED.value, targets=count)
    if order.planned_risk <= 0 or is_beyond_bound(order.side, entry.price, order.bound):
        return unfilled
    targets, is_buy = order.take_profits, order.side == "buy"
    if entry.at_open:
        bar = path.bar(entry.at)
        leave = bar.bid_open if is_buy else bar.ask_open
        if leave <= order.stop_loss if is_buy else leave >= order.stop_loss:
            return unfilled
        targets = tuple(target for target in targets if (leave < target if is_buy else leave > target))
        if not targets:
            return unfilled
    exits = list(_exits(order, targets, entry, path))
    parts, left = len(targets), len(exits)
    if left == parts:
        mark, is_stopped = 0.0, exits[-1].reason == "stop"
        outcome = Outcome.STOP if is_stopped else Outcome.TARGET
        last = max(exits, key=lambda found: found.ts_us)
        known_us, timeframe = int(path.closes_us[last.at]), path.timeframes[last.at]
    else:
        mark, outcome, last = closing_mark(order.side, path.bar(len(path) - 1)), Outcome.OPEN, None
        known_us, timeframe = None, None
    still_open = (parts - left) * mark
    price = (sum(found.price for found in exits) + still_open) / parts
    at_best = (sum(found.price_at_best for found in exits) + still_open) / parts
    sign = 1.0 if is_buy else -1.0
    return _Ending(
        outcome=outcome.value,
        ts_entry=entry.ts_us,
        ts_exit=last.ts_us if last else None,
        ts_known=known_us,
        exit_timeframe=timeframe,
        entry_price=entry.price,
        exit_price=price,
        r_multiple=sign * (price - entry.price) / order.planned_risk,
        r_multiple_at_best=sign * (at_best - entry.price) / order.planned_risk,
        targets=count,
        targets_passed=count - parts,
        targets_hit=sum(found.reason == "target" for found in exits),
    )


def _enter(order: _Order, path: PricePath) -> _Entry | Outcome:
    """Where the order is filled, or why it is not."""
    at = path.first_from(order.from_us)
    end = path.first_from(order.until_us)
    while at < end:
        if order.order_type != "market":
            if order.entry is None:
                raise ValueError(f"a {order.order_type} order needs a price")
            waits_below = (order.side == "buy") == (order.order_type == "limit")
            touch = path.first_entry_touch(
                order.side, order.entry, waits_below=waits_below, start=at, stop=end
            )
            if touch is None:
                break
            at = touch
        fill = entry_fill(order.side, order.order_type, order.entry, path.bar(at))
        if fill is not None and fill.at_open:
            return _Entry(at, fill.price, int(path.opens_us[at]), at_open=True)
        if fill is not None and path.closes_us[at] <= order.until_us:
            return _Entry(at, fill.price, int(path.closes_us[at]), at_open=False)
        at += 1
    return Outcome.EXPIRED if path.closes_us[-1] >= order.until_us else Outcome.UNFILLED


def _exits(order: _Order, targets: tuple[float, ...], entry: _Entry, path: PricePath) -> Iterator[_Exit]:
    """How the parts of the position leave, nearest target first, up to the first that stays open: the
    farther ones do then, too."""
    at: int | None = entry.at
    for target in targets:
        # A farther target is not reached before a nearer one.
        found = _leave(order, target, entry, path, entry.at if at is None else at)
        if found is None:
            return
        at = found.at
        yield found


def _leave(order: _Order, target: float, entry: _Entry, path: PricePath, start: int) -> _Exit | None:
    """How and when one part of the position leaves, or None while it is open."""
    lower, upper = sorted((order.stop_loss, target))
    at = path.first_exit_touch(order.side, lower, upper, start)
    while at is not None:
        bar = path.bar(at)
        open_at_start = entry.at_open or at > entry.at
        fill = exit_fill(order.side, order.stop_loss, target, bar, open_at_start=open_at_start)
        if fill is not None:
            ts_us = int(path.opens_us[at] if fill.gapped else path.closes_us[at])
            is_doubtful = _opens_inside(order, bar) and _touches(order.side, target, bar)
            return _Exit(fill.price, fill.reason, ts_us, at, target if is_doubtful else fill.price)
        at = path.first_exit_touch(order.side, lower, upper, at + 1)
    return None


def _first_target_at_best(order: _Order, path: PricePath) -> bool | None:
    """Whether the first target can have been reached before the stop, whatever happened inside a bar."""
    target = order.take_profits[0]
    lower, upper = sorted((order.stop_loss, target))
    at = path.first_exit_touch(order.side, lower, upper, path.first_closing_after(order.from_us))
    return None if at is None else _touches(order.side, target, path.bar(at))


def _opens_inside(order: _Order, bar: BarPrices[float]) -> bool:
    return bar.bid_open > order.stop_loss if order.side == "buy" else bar.ask_open < order.stop_loss


def _touches(side: Side, target: float, bar: BarPrices[float]) -> bool:
    return bar.bid_high >= target if side == "buy" else bar.ask_low <= target
