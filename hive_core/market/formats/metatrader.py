"""MetaTrader text: the terminal's tab export, script exports with a header, and rows without one.

`<DATE> <TIME> <OPEN> <HIGH> <LOW> <CLOSE> <TICKVOL> <VOL> <SPREAD>` (D1 has no `<TIME>`), or
`Date,open,high,low,close,tick_volume`, or `2012.02.01,00:00,open,high,low,close,volume` as MT4's
history centre and HistData write it. Prices are bid. `<SPREAD>` is one number a bar, in points; its
documentation (https://www.mql5.com/en/docs/constants/structures/mqlrates) does not say of which
moment, so no ask is made of it.
"""

from __future__ import annotations

from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.cells import (
    BarCells,
    read_headed_text,
    separator_of,
    side_columns,
    side_of_plain_prices,
    unheaded_cells,
)
from hive_core.market.unpacking import text_of, unpack

_DATES = ("%Y.%m.%d", "%Y-%m-%d")
_FORMATS = tuple(f"{date}{clock}" for date in _DATES for clock in (" %H:%M:%S", " %H:%M", ""))


def read_rows_without_header(text: str, declaration: BarDeclaration) -> BarCells:
    """`date,HH:MM,open,high,low,close,volume`, bid."""
    prices = side_columns(side_of_plain_prices(declaration, "bid"))
    raw = unheaded_cells(text, ",", ("time", "clock", *prices, "volume"), ())
    cells = raw.cells.with_columns((raw.cells["time"] + " " + raw.cells["clock"]).alias("time")).drop("clock")
    return BarCells(cells, raw.column_names, _FORMATS, raw.malformed)


def read_mt5(payload: bytes, declaration: BarDeclaration) -> BarCells:
    """Bytes of an export to cells.

    Raises:
        RefusedFile: as `text_of`, `unpack` and `map_columns`.
    """
    text = text_of(unpack(payload))
    first = text.lstrip().split("\n", 1)[0]
    if first[:1].isdigit() and separator_of(first) == ",":
        return read_rows_without_header(text, declaration)
    return read_headed_text(
        text,
        declaration,
        time_names=("date", "time", "datetime"),
        time_formats=_FORMATS,
        fixed_side="bid",
    )
