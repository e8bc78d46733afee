"""The shape of bars, and what they say at a moment.

A bar is known when it has closed. Bid and ask stand apart; a side that the source did not have is
null in storage and is derived only when asked for, with the instrument's declared spread.
"""

from __future__ import annotations

import polars as pl

from hive_core.instruments.specification import InstrumentSpecification

TIMEFRAME_SECONDS = {"M1": 60, "M5": 300, "M15": 900, "M30": 1800, "H1": 3600, "H4": 14400, "D1": 86400}

BID_COLUMNS = ("bid_open", "bid_high", "bid_low", "bid_close")
ASK_COLUMNS = ("ask_open", "ask_high", "ask_low", "ask_close")

UTC_DATETIME = pl.Datetime("us", "UTC")

BAR_SCHEMA: dict[str, pl.DataType] = {
    "symbol": pl.String(),
    "timeframe": pl.String(),
    "ts_open": UTC_DATETIME,
    **{name: pl.Float64() for name in (*BID_COLUMNS, *ASK_COLUMNS)},
    "volume": pl.Float64(),
    "landing_sha256": pl.String(),
}
"""`ts_open` begins the bar; it closes `TIMEFRAME_SECONDS[timeframe]` later."""

RATE_SCHEMA: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "currency": pl.String(),
    "per_eur": pl.Float64(),
    "landing_sha256": pl.String(),
}
"""ECB reference rates: units of `currency` for one euro, fixed at 14:15 CET, out at about 16:00 CET."""


def with_both_sides(bars: pl.DataFrame, specification: InstrumentSpecification) -> pl.DataFrame:
    """Bars of one instrument with no null price: a missing side is the other one, apart by the
    declared spread. Adds `spread_assumed` (Boolean), so that a report can say so."""
    spread = float(specification.spread)
    assumed = pl.any_horizontal(pl.col("bid_open").is_null(), pl.col("ask_open").is_null())
    filled = bars.with_columns(assumed.alias("spread_assumed"))
    return filled.with_columns(
        *[
            pl.coalesce(pl.col(bid), pl.col(ask) - spread).alias(bid)
            for bid, ask in zip(BID_COLUMNS, ASK_COLUMNS, strict=True)
        ],
        *[
            pl.coalesce(pl.col(ask), pl.col(bid) + spread).alias(ask)
            for bid, ask in zip(BID_COLUMNS, ASK_COLUMNS, strict=True)
        ],
    )
