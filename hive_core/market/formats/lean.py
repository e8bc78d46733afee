"""Lean quote bars: a zip with one CSV without header.

Time, bid open high low close, bid size, ask open high low close, ask size. Hour and daily files write
the time as `YYYYMMDD HH:MM`; minute files as milliseconds since midnight of the date that begins the
CSV's name (`20140501_eurusd_minute_quote.csv`). Prices are in the quote currency
(https://www.quantconnect.com/docs/v2/lean-engine/data-format/key-concepts). The sizes are quotes, not
a volume, and are left out.
"""

from __future__ import annotations

import re
from datetime import datetime

import polars as pl

from hive_core.contracts.rejection import RefusedFile
from hive_core.market.bars import ASK_COLUMNS, BID_COLUMNS
from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.cells import BarCells, unheaded_cells
from hive_core.market.unpacking import text_of, unzip_one_csv

_COLUMNS = ("time", *BID_COLUMNS, "", *ASK_COLUMNS, "")
_MILLISECONDS_A_DAY = 86_400_000


def _day_of(name: str) -> datetime:
    match = re.search(r"(?:^|/)([0-9]{8})_", name)
    try:
        if match is None:
            raise ValueError
        # Naive on purpose: the declared zone is applied to it later, with every other time.
        return datetime.strptime(match[1], "%Y%m%d")  # noqa: DTZ007
    except ValueError:
        raise RefusedFile(
            f"times are milliseconds since midnight, and {name!r} does not begin with its date "
            "(20140501_eurusd_minute_quote.csv); import the zip under the names that Lean gives"
        ) from None


def read_lean(payload: bytes, declaration: BarDeclaration) -> BarCells:
    """Bytes of a Lean zip to cells, of both sides or of the declared one.

    Raises:
        RefusedFile: not a whole zip, not quote bars, or a minute file without its date.
    """
    name, content = unzip_one_csv(payload)
    text = text_of(content)
    first = text.lstrip().split("\n", 1)[0].split(",")
    if len(first) != len(_COLUMNS):
        raise RefusedFile(
            f"{name}: {len(first)} columns, Lean quote bars have {len(_COLUMNS)}; "
            "trade bars and ticks are not bid and ask: export quote bars"
        )
    raw = unheaded_cells(text, ",", _COLUMNS, ("%Y%m%d %H:%M",))
    cells = raw.cells
    if declaration.side in {"bid", "ask"}:
        cells = cells.drop(ASK_COLUMNS if declaration.side == "bid" else BID_COLUMNS)
    if first[0].strip().isdigit():
        milliseconds = pl.col("time").cast(pl.Int64, strict=False)
        in_day = milliseconds.is_between(0, _MILLISECONDS_A_DAY - 1)
        midnight = pl.lit(_day_of(name), dtype=pl.Datetime("us"))
        cells = cells.with_columns(
            pl.when(in_day).then(midnight + pl.duration(milliseconds=milliseconds)).alias("naive")
        )
    return BarCells(cells, raw.column_names, raw.time_formats, raw.malformed)
