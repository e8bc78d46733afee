"""How much a series of bars moved: average true range, and exponentially weighted volatility.

Expressions over the bars of one series in order of time. Each value is summed afresh from a bounded number
of bars and is null where these reach over a hole in the data: so it depends on those bars alone, however
much history is loaded. When a value was known is `as_of`'s question.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from hive_core.market.bars import TIMEFRAME_SECONDS

ATR_BARS = 14

EWMA_LAMBDA = 0.94
EWMA_RETURNS = 74
"""The weights left out are 0.94^74, one per cent of all (RiskMetrics Technical Document, 1996, table 5.7)."""

MAX_STEP = timedelta(hours=96)
"""Two bars further apart than a weekend with a holiday on either side have a hole between them, and no
return or gap is counted over it."""

_DAY_S = 86_400


def history_needed(timeframe: str) -> timedelta:
    """How far before its newest bar the bars of a value may reach: those of `EWMA_RETURNS` returns in a
    market that is open on five days of seven, and ten days for holidays."""
    bars = timedelta(seconds=TIMEFRAME_SECONDS[timeframe] * (EWMA_RETURNS + 1))
    return bars * 7 / 5 + timedelta(days=10)


def average_true_range(
    high: pl.Expr, low: pl.Expr, close: pl.Expr, ts_open: pl.Expr, timeframe: str
) -> pl.Expr:
    """Mean true range of the last `ATR_BARS` bars, null before there are so many.

    True range is max(high, previous close) - min(low, previous close): J. Welles Wilder, New Concepts
    in Technical Trading Systems, 1978. The mean is the plain one, not Wilder's smoothing. Over a hole the
    close before it is of another market, and only high and low count.
    """
    previous = pl.when(_follows(ts_open)).then(close.shift(1))
    # max_horizontal and min_horizontal skip the null before the first bar.
    true_range = pl.max_horizontal(high, previous) - pl.min_horizontal(low, previous)
    total = _summed(true_range, [1.0] * ATR_BARS)
    return _in_reach(total / ATR_BARS, ts_open, ATR_BARS, timeframe)


def ewma_volatility(close: pl.Expr, ts_open: pl.Expr, timeframe: str) -> pl.Expr:
    """Volatility in per cent a day, null before there are `EWMA_RETURNS` returns.

    The root of the weighted mean of squared log returns of one bar, the newest with the weight 1 and each
    one before with `EWMA_LAMBDA` of the next (RiskMetrics, 1996), times the root of the bars in 24 hours.
    That is a GARCH(1,1) with fixed parameters (omega 0, alpha 0.06, beta 0.94): a fit to each signal's
    past would need hundreds of bars, would not always converge, and is not done.
    """
    log_return = pl.when(_follows(ts_open)).then((close / close.shift(1)).log())
    weights = [EWMA_LAMBDA**back for back in range(EWMA_RETURNS)]
    variance = _summed(log_return**2, weights) / sum(weights)
    daily = (variance * (_DAY_S / TIMEFRAME_SECONDS[timeframe])).sqrt() * 100
    return _in_reach(daily, ts_open, EWMA_RETURNS + 1, timeframe)


def _follows(ts_open: pl.Expr) -> pl.Expr:
    return ts_open - ts_open.shift(1) <= MAX_STEP


def _in_reach(value: pl.Expr, ts_open: pl.Expr, bars: int, timeframe: str) -> pl.Expr:
    """The value, where its bars lie near enough to be loaded with the newest of them."""
    reach = history_needed(timeframe) - MAX_STEP
    return pl.when(ts_open - ts_open.shift(bars - 1) <= reach).then(value)


def _summed(value: pl.Expr, weights: list[float]) -> pl.Expr:
    """The weighted sum of a value and those before it, in one order of adding: no running total, whose
    last digits would depend on where the series begins."""
    total = value * weights[0]
    for back, weight in enumerate(weights[1:], start=1):
        total = total + value.shift(back) * weight
    return total
