"""What the market was known to be at a moment: the last bar that had closed, and the range before it.

The one place where a moment meets bars, so that no caller can look ahead. What is made of the bars stands
in `volatility`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from hive_core.instruments.specification import instruments
from hive_core.market.bars import TIMEFRAME_SECONDS, UTC_DATETIME, with_both_sides
from hive_core.market.one_series import LATE_START
from hive_core.market.volatility import average_true_range, ewma_volatility, history_needed

MAX_MARKET_AGE = timedelta(hours=96)
"""A quote older than this is no quote, over a weekend neither."""

MAX_BARS_OLD = 3
"""Of the time in which the market is open, a quote may be so many of its bars old: three hours of an hour's
bar, three days of a day's. Gold has a break of an hour every day, and sources lack single bars."""

MIN_OPEN_AGE = timedelta(minutes=15)
"""So old it may always be: in a quiet minute there is no bar of a minute."""

_NEW_YORK = "America/New_York"

MAX_ANSWERS_KEPT = 20_000
"""Of a kept market; then it begins anew."""

Moment = tuple[str | None, datetime | None]
"""Symbol and time."""

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


def max_open_age(timeframe: str) -> timedelta:
    """How much open time may lie between the end of a bar of a timeframe and a moment it is the market of."""
    return max(MAX_BARS_OLD * timedelta(seconds=TIMEFRAME_SECONDS[timeframe]), MIN_OPEN_AGE)


def _weekend_in(begin: pl.Expr, end: pl.Expr) -> pl.Expr:
    """How much of the weekend lies between two UTC times, under a week apart: Friday 17:00 to Sunday 17:00 by
    New York's clock, and `LATE_START` more."""
    five = pl.duration(hours=17)
    day = (end.dt.convert_time_zone(_NEW_YORK).dt.replace_time_zone(None) - five).dt.truncate("1d")
    friday = day - pl.duration(days=(day.dt.weekday().cast(pl.Int64) + 2) % 7) + five
    closes = friday.dt.replace_time_zone(_NEW_YORK).dt.convert_time_zone("UTC")
    opens = (friday + pl.duration(days=2)).dt.replace_time_zone(_NEW_YORK).dt.convert_time_zone("UTC")
    last, first = pl.min_horizontal(end, opens + LATE_START), pl.max_horizontal(begin, closes)
    return pl.max_horizontal(last - first, pl.duration())


def _is_fresh(symbol: str, timeframe: str) -> pl.Expr:
    """Whether `market_ts` is recent enough at `ts_event`."""
    begin, end = pl.col("market_ts"), pl.col("ts_event")
    age = end - begin
    if instruments()[symbol].closes_at_weekends:
        age -= _weekend_in(begin, end)
    return age <= max_open_age(timeframe)


def _quotes(series: pl.DataFrame, symbol: str, timeframe: str) -> pl.DataFrame:
    """One row a closed bar of one series, sorted by when it closed."""
    both = with_both_sides(series.sort("ts_open"), instruments()[symbol])
    return both.select(
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


class KnownMarket:
    """Bars with what is made of them kept: for who asks of the same bars again and again.

    What a series says is worked out when it is first asked for, or beforehand with `prepare`; what was known
    at a moment, once.
    """

    def __init__(self, bars: pl.DataFrame) -> None:
        parts = bars.partition_by("symbol", "timeframe", as_dict=True)
        self._bars = {(str(symbol), str(timeframe)): part for (symbol, timeframe), part in parts.items()}
        self._quotes: dict[tuple[str, str], pl.DataFrame] = {}
        self._answers: dict[Moment, tuple[Any, ...]] = {}

    def series(self) -> list[tuple[str, str]]:
        """Symbol and timeframe of every series, in order."""
        return sorted(self._bars)

    def quotes(self, symbol: str, timeframe: str) -> pl.DataFrame:
        """One row a closed bar of a series, sorted by when it closed."""
        name = symbol, timeframe
        if name not in self._quotes:
            self._quotes[name] = _quotes(self._bars[name], symbol, timeframe)
        return self._quotes[name]

    def prepare(self) -> None:
        """Work out now what every series says."""
        for symbol, timeframe in self.series():
            if symbol in instruments():
                self.quotes(symbol, timeframe)

    def answers(self, moments: pl.DataFrame) -> pl.DataFrame:
        """`MARKET_COLUMNS` of each moment, as `market_as_of` gives them."""
        asked: list[Moment] = moments.select("symbol", "ts_event").rows()
        if len(self._answers) > MAX_ANSWERS_KEPT:
            self._answers.clear()
        if new := [moment for moment in dict.fromkeys(asked) if moment not in self._answers]:
            schema = {name: moments.schema[name] for name in ("symbol", "ts_event")}
            found = _asked_of(pl.DataFrame(new, schema=schema, orient="row"), self)
            self._answers.update(zip(new, found.select(MARKET_COLUMNS.keys()).rows(), strict=True))
        return pl.DataFrame([self._answers[moment] for moment in asked], schema=MARKET_COLUMNS, orient="row")


def market_as_of(moments: pl.DataFrame, bars: pl.DataFrame | KnownMarket) -> pl.DataFrame:
    """The market as it was known at each moment.

    Of the bars that had closed by then (`close <= ts_event`), no longer ago than `MAX_MARKET_AGE` and, of
    the time in which the market is open, than `max_open_age`, the one that began last is taken: the finest
    timeframe where several are kept up to date, and a coarser one where the finer has a hole. Of holidays
    nothing is known: on them the market counts as open.

    Args:
        moments: any frame with `symbol` (String) and `ts_event` (UTC Datetime); no `MARKET_COLUMNS`.
        bars: BAR_SCHEMA, any symbols and timeframes, in any order; or the same, kept.

    Returns:
        `moments`, row for row in its order, with `MARKET_COLUMNS`; all null where nothing is known.
    """
    if isinstance(bars, KnownMarket):
        return moments.hstack(bars.answers(moments))
    return _asked_of(moments, KnownMarket(bars))


def _asked_of(moments: pl.DataFrame, market: KnownMarket) -> pl.DataFrame:
    rows = moments.with_row_index("_moment")
    asked = rows.select("_moment", "symbol", "ts_event").drop_nulls().sort("ts_event")
    known = set(asked["symbol"].unique()) & instruments().keys()
    found = [
        asked.filter(pl.col("symbol") == symbol)
        .join_asof(
            market.quotes(symbol, timeframe),
            left_on="ts_event",
            right_on="market_ts",
            tolerance=MAX_MARKET_AGE,
            coalesce=False,
        )
        .filter(_is_fresh(symbol, timeframe))
        for symbol, timeframe in market.series()
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
