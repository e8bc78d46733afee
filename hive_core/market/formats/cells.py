"""What every reader returns: the cells of a file as text under our names, and where each one stood.

Text, so that a bad cell can be named as it stood. Splitting lines and mapping headers belong here;
what a format looks like belongs in its own module, numbers and times in `parse`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS
from hive_core.market.declaration import BarDeclaration

SHOWN_CHARACTERS = 80
"""A value is shown in a rejection up to this length."""

_OHLC = ("open", "high", "low", "close")
_VOLUME_NAMES = ("volume", "tick_volume", "tickvol", "vol")
_SEPARATORS = ("\t", ";", ",")


@dataclass(frozen=True, slots=True)
class BarCells:
    """The cells of one file.

    `cells` has `row` (1 is the first line), `time`, the bid and/or ask columns and perhaps `volume`,
    all text but `row`; a reader that makes times itself adds `naive` (Datetime without a zone).
    `column_names` says what each column is called in the file, `utc_column` the time column's name
    where that name promises UTC.
    """

    cells: pl.DataFrame
    column_names: Mapping[str, str]
    time_formats: Sequence[str]
    malformed: tuple[RejectedRow, ...] = ()
    utc_column: str | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)


def lines_of(text: str) -> pl.DataFrame:
    """The lines that are not blank: `row` (1 is the first line of the file) and `line`."""
    return (
        pl.DataFrame({"line": [text]})
        .select(pl.col("line").str.split("\n").explode())
        .with_row_index("row", offset=1)
        .with_columns(pl.col("line").str.strip_chars_end("\r"))
        .filter(pl.col("line").str.strip_chars() != "")
    )


def split_lines(
    lines: pl.DataFrame, separator: str, width: int
) -> tuple[pl.DataFrame, tuple[RejectedRow, ...]]:
    """Lines to `row` and the cells `0` ... `width - 1`; a line with more or fewer cells is rejected."""
    counted = lines.with_columns(pl.col("line").str.split(separator).alias("parts"))
    fits = pl.col("parts").list.len() == width
    malformed = tuple(
        RejectedRow(row, "", line[:SHOWN_CHARACTERS], f"{count} cells, {width} are expected")
        for row, line, count in counted.filter(~fits)
        .select("row", "line", pl.col("parts").list.len())
        .iter_rows()
    )
    good = counted.filter(fits).select(
        "row", *[pl.col("parts").list.get(i).str.strip_chars(' "').alias(str(i)) for i in range(width)]
    )
    return good, malformed


def separator_of(line: str) -> str:
    """The separator of a header or first line: tab, semicolon or comma, in this order."""
    return next((separator for separator in _SEPARATORS if separator in line), ",")


def _normal(name: str) -> str:
    return name.strip().strip('"<>').strip().lower().replace(" ", "_")


def side_of_plain_prices(declaration: BarDeclaration, fixed: str | None = None) -> str:
    """The side of a file with one open, high, low and close.

    Raises:
        RefusedFile: nobody said it, or what is said cannot be.
    """
    side = declaration.side or fixed
    if side not in {"bid", "ask"} or (fixed is not None and side != fixed):
        known = f"these are {fixed} prices: declare --side {fixed}" if fixed else "declare --side bid or ask"
        raise RefusedFile(f"the file has one open, high, low and close; {known}")
    return side


def map_columns(
    names: Sequence[str], declaration: BarDeclaration, *, time_names: Sequence[str], fixed_side: str | None
) -> dict[str, str]:
    """Our column names to those of a file: `time`, the sides that are declared, `volume`, `clock`.

    `clock` is a time of day beside a date. Names count without case, blanks and `<>`.

    Raises:
        RefusedFile: a column is missing or stands twice, or the side is not known.
    """
    found = {_normal(name): name for name in names}
    if len(found) != len(names):
        raise RefusedFile(f"a column name stands twice in the header: {', '.join(names)}")
    split_time = "date" in found and "time" in found
    time = "date" if split_time else next((name for name in time_names if name in found), None)
    if time is None:
        raise RefusedFile(
            f"no time column: the header is {', '.join(names)[:SHOWN_CHARACTERS]!r}, "
            f"one of {', '.join(time_names)} is expected; check --format"
        )
    columns = {"time": found[time]}
    if split_time:
        columns["clock"] = found["time"]
    present = [side for side in ("bid", "ask") if all(f"{side}_{part}" in found for part in _OHLC)]
    if present:
        wanted = ("bid", "ask") if declaration.side in {"both", None} else (declaration.side,)
        taken = [side for side in wanted if side in present]
        if declaration.side is not None and len(taken) < len(wanted):
            raise RefusedFile(
                f"--side {declaration.side} is declared, the file has {' and '.join(present)} only"
            )
        for side in taken:
            columns |= {f"{side}_{part}": found[f"{side}_{part}"] for part in _OHLC}
    elif all(part in found for part in _OHLC):
        side = side_of_plain_prices(declaration, fixed_side)
        columns |= {f"{side}_{part}": found[part] for part in _OHLC}
    else:
        raise RefusedFile(
            f"no whole set of prices: the header is {', '.join(names)[:SHOWN_CHARACTERS]!r}, "
            "open, high, low, close or bid_open ... ask_close are expected; check --format"
        )
    volume = next((name for name in _VOLUME_NAMES if name in found), None)
    if volume is not None:
        columns["volume"] = found[volume]
    return columns


def read_headed_text(
    text: str,
    declaration: BarDeclaration,
    *,
    time_names: Sequence[str],
    utc_names: frozenset[str] = frozenset(),
    time_formats: Sequence[str],
    fixed_side: str | None = None,
) -> BarCells:
    """A text table whose first line names its columns; columns without a meaning here are counted out.

    Raises:
        RefusedFile: as `map_columns`, or a header without rows.
    """
    lines = lines_of(text)
    header = str(lines["line"][0])
    separator = separator_of(header)
    names = [name.strip().strip('"') for name in header.split(separator)]
    columns = map_columns(names, declaration, time_names=time_names, fixed_side=fixed_side)
    parts, malformed = split_lines(lines[1:], separator, len(names))
    place = {name: str(index) for index, name in enumerate(names)}
    cells = parts.select("row", *[pl.col(place[there]).alias(ours) for ours, there in columns.items()])
    if "clock" in columns:
        cells = cells.with_columns(pl.concat_str("time", "clock", separator=" ").alias("time")).drop("clock")
    ignored = [name for name in names if name not in columns.values() and name]
    return BarCells(
        cells,
        columns,
        time_formats,
        malformed,
        utc_column=columns["time"] if _normal(columns["time"]) in utc_names else None,
        facts={"ignored_columns": ", ".join(ignored)} if ignored else {},
    )


def unheaded_cells(
    text: str, separator: str, columns: Sequence[str], time_formats: Sequence[str]
) -> BarCells:
    """A text table without a header: `columns` are our names by position; an empty name is skipped."""
    parts, malformed = split_lines(lines_of(text), separator, len(columns))
    cells = parts.select("row", *[pl.col(str(i)).alias(name) for i, name in enumerate(columns) if name])
    shown = {name: f"column {i + 1} ({name})" for i, name in enumerate(columns) if name}
    return BarCells(cells, shown, time_formats, malformed)


def side_columns(side: str) -> tuple[str, ...]:
    """Our price columns of one side, open to close."""
    return BID_COLUMNS if side == "bid" else ASK_COLUMNS
