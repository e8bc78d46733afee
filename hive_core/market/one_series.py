"""Bars of several timeframes of one instrument as one series, in which no instant comes twice.

For whoever follows prices through time. What was known at a single moment is `as_of`'s.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from hive_core.market.bars import TIMEFRAME_SECONDS, UTC_DATETIME
from hive_core.market.quality import market_closed

LATE_START = timedelta(hours=2)
"""A source may begin its week that much later than the market does: gold bars of Oanda in summer do."""

LEAST_SHARE_FILLED = 0.75
"""How much of a coarse bar's time finer bars must fill to stand in its place. A quiet minute has no bar,
so less than all of it must do: of the hours that have bars in M1 files of EURUSD, GBPUSD and gold
(Oanda and FXCM, 2011 to 2018) 96.6 to 99.8 % are filled that far."""

CONTEXT = timedelta(days=3)
"""How far from a bar there can be another that decides whether it is used. Every timeframe can pass the
question on by the length of two of its bars at most, where bars do not begin together with coarser ones."""


def one_series(bars: pl.DataFrame, *, closes_at_weekends: bool = True) -> pl.DataFrame:
    """The finest bars wherever they fill the time, and coarser ones over their holes.

    From the finest timeframe upward: where the finer bars that are used so far fill
    `LEAST_SHARE_FILLED` of a coarse bar, they stand for it and it is left out. Where they do not, there
    is a hole among them: the coarse bar is used, and the finer ones inside it are left out. Counted is
    the time in which the market is open, without `LATE_START`.

    A bar is whole or absent. The range of a coarse one cannot be divided among its parts: when in it the
    low was is not known, and that it was at all only at its close. So of a coarse bar up to a quarter may
    go unseen, where its finer bars have small holes, and a few finer bars alone in a coarse one go
    unused, while their time is seen in the coarse one.

    Which bar is used depends on which bars are stored within `CONTEXT` of it, later ones too, and on no
    price: the choice is the same wherever a reader begins and ends, and tells nothing of what comes.

    Args:
        bars: `timeframe` and `ts_open` and any more columns, of one instrument, in any order; those of
            one timeframe are not expected to overlap.
        closes_at_weekends: whether the instrument keeps the week of the currency market.

    Returns:
        Those that are used, sorted by `ts_open`, with `ts_close`.
    """
    used = bars.clear().with_columns(pl.lit(None, UTC_DATETIME).alias("ts_close"))
    for timeframe, seconds in sorted(TIMEFRAME_SECONDS.items(), key=lambda item: item[1]):
        coarse = (
            bars.filter(pl.col("timeframe") == timeframe)
            .with_columns((pl.col("ts_open") + pl.duration(seconds=seconds)).alias("ts_close"))
            .sort("ts_open")
        )
        if used.is_empty():
            used = coarse
        elif not coarse.is_empty():
            over_holes = coarse.join(
                _filled(coarse, used, closes_at_weekends), on="ts_open", how="anti"
            ).sort("ts_open")
            used = pl.concat([_outside(used, over_holes), over_holes]).sort("ts_open")
    return used


def _filled(coarse: pl.DataFrame, finer: pl.DataFrame, closes_at_weekends: bool) -> pl.DataFrame:
    """`ts_open` of the coarse bars that finer ones stand for; both sorted."""
    inside = (
        finer.select("ts_open", (pl.col("ts_close") - pl.col("ts_open")).alias("length"))
        .join_asof(coarse.select("ts_open", "ts_close"), on="ts_open", coalesce=False, suffix="_coarse")
        .filter(pl.col("ts_open") < pl.col("ts_close"))
        .group_by(pl.col("ts_open_coarse").alias("ts_open"))
        .agg(pl.col("length").sum().alias("filled"))
    )
    # The market opens and closes on the hour.
    hours = (
        coarse.select("ts_open", "ts_close")
        .join(inside, on="ts_open")
        .with_columns(pl.datetime_ranges("ts_open", "ts_close", "1h", closed="left").alias("hour"))
        .explode("hour")
    )
    piece = pl.min_horizontal(pl.duration(hours=1), pl.col("ts_close") - pl.col("hour"))
    is_closed = pl.lit(closes_at_weekends) & (
        market_closed(pl.col("hour")) | market_closed(pl.col("hour") - LATE_START)
    )
    open_time = pl.when(is_closed).then(pl.duration()).otherwise(piece)
    return (
        hours.group_by("ts_open")
        .agg(pl.col("filled").first(), open_time.sum().alias("open"))
        .filter(pl.col("filled") >= LEAST_SHARE_FILLED * pl.col("open"))
        .select("ts_open")
    )


def _outside(finer: pl.DataFrame, coarse: pl.DataFrame) -> pl.DataFrame:
    """The finer bars that share no instant with a coarse one; both sorted."""
    # The last coarse bar that began before a finer one ended is the only one that can reach into it.
    reach = coarse.select(pl.col("ts_open").alias("began"), pl.col("ts_close").alias("reaches"))
    return (
        finer.sort("ts_close")
        .join_asof(reach, left_on="ts_close", right_on="began", allow_exact_matches=False, coalesce=False)
        .filter((pl.col("reaches") <= pl.col("ts_open")).fill_null(True))
        .select(finer.columns)
    )
