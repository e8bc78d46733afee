"""From the times of a file to UTC, by the zone that is declared for it.

A local time that a change of the clocks skips, or that comes twice, names no instant and is a fault;
neighbours are not asked. A time that carries its own offset must agree with the declared zone.
"""

from __future__ import annotations

import polars as pl

from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.cells import BarCells

UNREADABLE = "not a time as this format writes it"
SKIPPED = "the declared zone's clocks skip this local time"
TWICE = "this local time comes twice in the declared zone: the instant is unknown"
DISAGREES = "its offset is not that of the declared zone"
OUTSIDE = "outside 1970 to 2099"
FAULTS = (UNREADABLE, OUTSIDE, DISAGREES, SKIPPED, TWICE)

_OFFSET = r"(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|(?:GMT|UTC)?[+-]\d{2}:?\d{2}|GMT|UTC)$"


def with_utc(raw: BarCells, declaration: BarDeclaration) -> pl.DataFrame:
    """The cells with `ts_open` (UTC, null where there is none) and `time_fault` (text or null)."""
    zone = declaration.time_zone
    frame = raw.cells
    if "naive" in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("offset"))
    else:
        text = pl.col("time").str.replace(_OFFSET, "$1")
        frame = frame.with_columns(
            pl.coalesce(
                text.str.to_datetime(form, strict=False, time_unit="us") for form in raw.time_formats
            ).alias("naive"),
            pl.col("time").str.extract(_OFFSET, 2).alias("offset"),
        )
    sign = pl.when(pl.col("offset").str.contains("-", literal=True)).then(-1).otherwise(1)
    digits = pl.col("offset").str.extract(r"(\d{2}:?\d{2})$").str.replace(":", "", literal=True)
    minutes = sign * (
        digits.str.slice(0, 2).cast(pl.Int64) * 60 + digits.str.slice(2, 2).cast(pl.Int64)
    ).fill_null(0)
    by_offset = (pl.col("naive") - pl.duration(minutes=minutes)).dt.replace_time_zone("UTC")
    by_zone = (
        pl.col("naive")
        .dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
        .dt.convert_time_zone("UTC")
    )
    exists = (
        pl.col("naive").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").is_not_null()
    )
    carried = pl.col("offset").is_not_null()
    agrees = by_offset.dt.convert_time_zone(zone).dt.replace_time_zone(None) == pl.col("naive")
    frame = frame.with_columns(
        pl.when(carried).then(by_offset).otherwise(by_zone).alias("ts_open"),
        pl.when(pl.col("naive").is_null())
        .then(pl.lit(UNREADABLE))
        .when(~pl.col("naive").dt.year().is_between(1970, 2099))
        .then(pl.lit(OUTSIDE))
        .when(carried & ~agrees)
        .then(pl.lit(DISAGREES))
        .when(~carried & ~exists)
        .then(pl.lit(SKIPPED))
        .when(~carried & by_zone.is_null())
        .then(pl.lit(TWICE))
        .alias("time_fault"),
    )
    return frame.drop("naive", "offset")
