"""What the market was known to be at a moment: the last bar that had closed, and the range before it.

The one place where a moment meets bars, so that no caller can look ahead. What is made of the bars stands
in `volatility`.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from hive_core.instruments.specification import instruments
from hive_core.market.bars import TIMEFRAME_SECONDS, UTC_DATETIME, with_both_sides
from hive_core.market.volatility import average_true_range, ewma_volatility, history_needed

MAX_MARKET_AGE = timedelta(hours=96)
"""A quote older than this is no quote. It spans a weekend with a holiday on either side."""

MARKET_COLUMNS: dict[str, pl.DataType] = {
    "market_ts": UTC_DATETIME,
    "market_bid": pl.Float64(),
    "market_ask": pl.Float64(),
    "market_timeframe": pl.String(),
    "spread_assumed": pl.Boolean(),
    "atr": pl.Float64(),
    "volatility_pct": pl.Float64(),
}
"""`market_ts` is when the bar closed, `atr` the average true range in price units and `volatility_pct` the
volatility in per cent a day of the bars of that timeframe up to it (see `volatility`), or null where there
are too few."""


def bars_needed(timeframe: str) -> timedelta:
    """How far before a moment bars of a timeframe must be loaded, so that nothing known at it changes
    when more are: the oldest quote that counts, and what its volatility is made of."""
    return MAX_MARKET_AGE + timedelta(seconds=TIMEFRAME_SECONDS[timeframe]) + history_needed(timeframe)


def _quotes(bars: pl.DataFrame, symbol: str, timeframe: str) -> pl.DataFrame:
    """One row a closed bar of one series, sorted by when it closed."""
    series = bars.filter((pl.col("symbol") == symbol) & (pl.col("timeframe") == timeframe)).sort("ts_open")
    both = with_both_sides(series, instruments()[symbol])
    return both.select(
        "symbol",
        pl.col("ts_open").alias("_began"),
        (pl.col("ts_open") + pl.duration(seconds=TIMEFRAME_SECONDS[timeframe])).alias("market_ts"),
        pl.col("bid_close").alias("market_bid"),
        pl.col("ask_close").alias("market_ask"),
        pl.lit(timeframe).alias("market_timeframe"),
        "spread_assumed",
        average_true_range(
            pl.col("bid_high"), pl.col("bid_low"), pl.col("bid_close"), pl.col("ts_open"), timeframe
        ).alias("atr"),
        ewma_volatility(pl.col("bid_close"), pl.col("ts_open"), timeframe).alias("volatility_pct"),
    )


def market_as_of(moments: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """The market as it was known at each moment.

    Of the bars that had closed by then (`close <= ts_event`) and no longer ago than `MAX_MARKET_AGE`,
    the one that began last is taken: the finest timeframe where several are kept up to date, and a
    coarser one where the finer has a hole.

    Args:
        moments: any frame with `symbol` (String) and `ts_event` (UTC Datetime); no `MARKET_COLUMNS`.
        bars: BAR_SCHEMA, any symbols and timeframes, in any order.

    Returns:
        `moments`, row for row in its order, with `MARKET_COLUMNS`; all null where nothing is known.
    """
    rows = moments.with_row_index("_moment")
    asked = rows.select("_moment", "symbol", "ts_event").drop_nulls().sort("ts_event")
    series = bars.select("symbol", "timeframe").unique().sort("symbol", "timeframe")
    known = set(asked["symbol"].unique()) & instruments().keys()
    found = [
        asked.filter(pl.col("symbol") == symbol).join_asof(
            _quotes(bars, symbol, timeframe).drop("symbol"),
            left_on="ts_event",
            right_on="market_ts",
            tolerance=MAX_MARKET_AGE,
            coalesce=False,
        )
        for symbol, timeframe in series.iter_rows()
        if symbol in known
    ]
    if not found:
        return moments.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in MARKET_COLUMNS.items())
    best = (
        pl.concat(found)
        .drop_nulls("market_ts")
        .sort("_began", "market_ts")
        .unique("_moment", keep="last", maintain_order=True)
        .select("_moment", *MARKET_COLUMNS)
    )
    return rows.join(best, on="_moment", how="left", maintain_order="left").drop("_moment")
