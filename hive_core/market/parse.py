"""One file of bars: bytes and a declaration to a frame, the rows that were refused, and the facts.

This module orders the steps. Reading stands in `formats`, times in `clock`, checks in `quality`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from hive_core.calendars.trading_day import iso_utc, to_ns
from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.instruments.specification import instruments
from hive_core.market import clock
from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS
from hive_core.market.declaration import BarDeclaration, BarFormat
from hive_core.market.formats.cells import SHOWN_CHARACTERS, BarCells
from hive_core.market.formats.dukascopy import read_dukascopy
from hive_core.market.formats.histdata import read_histdata
from hive_core.market.formats.lean import read_lean
from hive_core.market.formats.metatrader import read_mt5
from hive_core.market.formats.parquet import read_parquet
from hive_core.market.formats.plain_csv import read_plain_csv
from hive_core.market.quality import (
    RowCheck,
    bar_while_closed,
    price_checks,
    refuse_wrong_clock,
    refuse_wrong_scale,
    refuse_wrong_timeframe,
    volume_checks,
)

_READERS: dict[BarFormat, Callable[[bytes, BarDeclaration], BarCells]] = {
    "mt5": read_mt5,
    "histdata": read_histdata,
    "lean": read_lean,
    "dukascopy": read_dukascopy,
    "csv": read_plain_csv,
    "parquet": read_parquet,
}

PRICE_DECIMALS = 8
"""Contracts carry no more; rounding takes out the noise of exporters (129587.00000000001)."""

DIFFERS = "the same time stands in another row with other values"


@dataclass(frozen=True, slots=True)
class ParsedBars:
    """What a file holds.

    `frame` is in BAR_SCHEMA, sorted by `ts_open` and unique; `rejected` is every row that is not in
    it for a fault, in the file's order. `facts`: `rows`, `first_ts`, `last_ts`, `symbol`, `timeframe`,
    `sides`; and where they are not nothing `duplicate_rows`, `flat_weekend_rows`,
    `market_closed_rows`, `clock_doubt` (a sentence) and `ignored_columns`.
    """

    frame: pl.DataFrame
    rejected: tuple[RejectedRow, ...]
    facts: Mapping[str, str | int]


def parse_bars(payload: bytes, declaration: BarDeclaration, *, landing_sha256: str) -> ParsedBars:
    """Parse one file of bars.

    A row that cannot be right is rejected and every other row kept. Rows of one time with equal
    content count once (`duplicate_rows`); with different content all of them are rejected, since
    nothing says which is right. Bars of the weekend with one price and no volume (Dukascopy's filling)
    are left out (`flat_weekend_rows`).

    Args:
        payload: the file as it came, zipped or gzipped where the format allows it.
        landing_sha256: written into every row: where it came from.

    Raises:
        RefusedFile: the file as a whole cannot be what it is declared to be; says the next step.
    """
    spec = instruments()[declaration.symbol]
    raw = _READERS[declaration.format](payload, declaration)
    if raw.utc_column is not None and not declaration.clock_is_utc:
        raise RefusedFile(
            f"column {raw.utc_column} is UTC by its name, {declaration.time_zone} is declared; "
            "declare --time-zone UTC"
        )
    prices = [name for name in (*BID_COLUMNS, *ASK_COLUMNS) if name in raw.cells.columns]
    sides = [name.removesuffix("_open") for name in prices if name.endswith("_open")]
    volume = ["volume"] if "volume" in raw.cells.columns else []

    numbers = _as_numbers(clock.with_utc(raw, declaration), [*prices, *volume])
    refuse_wrong_scale(numbers, prices, declaration, spec)
    scale = float(declaration.scale or 1)
    numbers = numbers.with_columns((pl.col(name) / scale).round(PRICE_DECIMALS) for name in prices)

    checks = [
        *[RowCheck("time", reason, pl.col("time_fault") == reason) for reason in clock.FAULTS],
        *price_checks(sides, spec),
        *(volume_checks() if volume else []),
        RowCheck("time", DIFFERS, pl.col("differs")),
    ]
    numbers = _with_faults(numbers, checks, [*prices, *volume])
    rejected = sorted([*raw.malformed, *_rejections(numbers, checks, raw)], key=lambda each: each.row)
    good = numbers.filter(pl.col("fault").is_null())
    _refuse_if_nothing_is_left(good, rejected, declaration)

    bars = good.unique("ts_open", keep="first", maintain_order=True).sort("ts_open")
    refuse_wrong_timeframe(bars["ts_open"], declaration)
    bars = bars.with_columns(bar_while_closed(declaration).alias("while_closed"))
    kept = bars.filter(~_is_weekend_filling(sides)) if volume else bars
    _refuse_if_nothing_is_left(kept, rejected, declaration)
    counts = {"duplicate_rows": len(good) - len(bars), "flat_weekend_rows": len(bars) - len(kept)}

    frame = _in_bar_schema(kept, declaration, landing_sha256)
    facts = {
        "rows": len(frame),
        "first_ts": iso_utc(to_ns(frame["ts_open"][0])),
        "last_ts": iso_utc(to_ns(frame["ts_open"][-1])),
        "symbol": declaration.symbol,
        "timeframe": declaration.timeframe,
        "sides": "both" if len(sides) == 2 else sides[0],
        **{name: count for name, count in counts.items() if count},
        **refuse_wrong_clock(kept, declaration),
        **raw.facts,
    }
    return ParsedBars(frame, tuple(rejected), facts)


def _as_numbers(timed: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The cells as numbers, null where they are none; `volume_given` where a volume stood at all."""
    given = [(pl.col("volume").fill_null("") != "").alias("volume_given")] if "volume" in columns else []
    numbers = [pl.col(name).cast(pl.Float64, strict=False) for name in columns]
    return timed.select("row", "ts_open", "time_fault", *given, *numbers)


def _with_faults(numbers: pl.DataFrame, checks: Sequence[RowCheck], content: Sequence[str]) -> pl.DataFrame:
    """Adds `fault`: the place in `checks` of the first that a row fails, or null."""
    fault = pl.coalesce(
        pl.when(check.is_faulty).then(pl.lit(place, dtype=pl.Int32)) for place, check in enumerate(checks)
    ).alias("fault")
    numbers = numbers.with_columns(pl.lit(False).alias("differs")).with_columns(fault)
    several = (
        numbers.filter(pl.col("fault").is_null())
        .filter(pl.col("ts_open").is_duplicated())
        .group_by("ts_open")
        .agg((pl.struct(content).n_unique() > 1).alias("differs"))
        .filter("differs")["ts_open"]
    )
    if several.is_empty():
        return numbers
    differs = pl.col("fault").is_null() & pl.col("ts_open").is_in(several.implode())
    return numbers.with_columns(differs.alias("differs")).with_columns(fault)


def _rejections(numbers: pl.DataFrame, checks: Sequence[RowCheck], raw: BarCells) -> list[RejectedRow]:
    found = []
    faults = numbers.filter(pl.col("fault").is_not_null()).select("row", "fault")
    for row in faults.join(raw.cells, on="row").iter_rows(named=True):
        check = checks[row["fault"]]
        cells = {name: "" if value is None else str(value) for name, value in row.items()}
        value = cells[check.column]
        reason = check.reason.format(**cells) if value else "empty"
        column = raw.column_names.get(check.column, check.column)
        found.append(RejectedRow(row["row"], column, value[:SHOWN_CHARACTERS], reason))
    return found


def _refuse_if_nothing_is_left(
    kept: pl.DataFrame, rejected: Sequence[RejectedRow], declaration: BarDeclaration
) -> None:
    if not kept.is_empty():
        return
    if not rejected:
        raise RefusedFile("the file has no bars; export it again")
    first = rejected[0]
    advice = f"check --format {declaration.format}"
    if first.reason == clock.DISAGREES:
        advice = "declare the zone of that offset with --time-zone (UTC for Z)"
    raise RefusedFile(
        f"not one of its {len(rejected)} rows can be used; row {first.row}, "
        f"column {first.column or '(all)'}, value {first.value!r}: {first.reason}; {advice}"
    )


def _is_weekend_filling(sides: Sequence[str]) -> pl.Expr:
    one_price = pl.all_horizontal(pl.col(f"{side}_high") == pl.col(f"{side}_low") for side in sides)
    return (pl.col("while_closed") & one_price & (pl.col("volume") == 0)).fill_null(False)


def _in_bar_schema(bars: pl.DataFrame, declaration: BarDeclaration, landing_sha256: str) -> pl.DataFrame:
    constant = {
        "symbol": declaration.symbol,
        "timeframe": declaration.timeframe,
        "landing_sha256": landing_sha256,
    }
    return bars.select(
        (pl.col(name) if name in bars.columns else pl.lit(constant.get(name))).cast(dtype).alias(name)
        for name, dtype in BAR_SCHEMA.items()
    )
