"""Parquet with the columns of plain CSV. Row 1 is the first row: there is no header line.

Times are text, dates or datetimes (with or without a zone); a bare integer does not say its unit and
is refused.
"""

from __future__ import annotations

import io

import polars as pl

from hive_core.contracts.rejection import RefusedFile
from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.cells import BarCells, map_columns
from hive_core.market.formats.plain_csv import ISO_FORMATS, TIME_NAMES, UTC_NAMES

MAX_ROWS = 20_000_000
"""Over fifty years of M1 bars. Parquet packs runs so well that a small file can hold a bomb."""


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        column = column.cast(pl.Datetime("us", dtype.time_zone))
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if dtype.time_zone else ""))
    return column.cast(pl.String).str.strip_chars()


def read_parquet(payload: bytes, declaration: BarDeclaration) -> BarCells:
    """Bytes of a Parquet file to cells.

    Raises:
        RefusedFile: not a whole Parquet file, too many rows, columns missing, or a bare integer time.
    """
    try:
        scan = pl.scan_parquet(io.BytesIO(payload))
        schema = scan.collect_schema()
        rows = scan.select(pl.len()).collect().item()
        if rows > MAX_ROWS:
            raise RefusedFile(f"{rows} rows, at most {MAX_ROWS} are read at once; split it into years")
        columns = map_columns(list(schema), declaration, time_names=TIME_NAMES, fixed_side=None)
        if "clock" in columns:
            raise RefusedFile("date and time stand in two columns; write them as one datetime column")
        time = schema[columns["time"]]
        if not isinstance(time, (pl.Datetime, pl.Date, pl.String)):
            raise RefusedFile(
                f"column {columns['time']} is {time}, which does not say its unit; write it as a datetime"
            )
        table = scan.select(columns.values()).collect()
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        if isinstance(error, RefusedFile):
            raise
        reason = str(error).splitlines()[0]
        raise RefusedFile(f"not a whole Parquet file ({reason}); write or fetch it again") from None
    cells = table.select(_as_text(there, schema[there]).alias(ours) for ours, there in columns.items())
    return BarCells(
        cells.with_row_index("row", offset=1),
        columns,
        ISO_FORMATS,
        utc_column=columns["time"] if columns["time"].lower() in UTC_NAMES else None,
    )
