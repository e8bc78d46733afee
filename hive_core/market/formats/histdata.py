"""HistData M1: `YYYYMMDD HHMMSS;open;high;low;close;volume`, or its MetaTrader variant. Bid prices.

Its clock is Eastern Standard Time without daylight saving (https://www.histdata.com/f-a-q/), in IANA's
names Etc/GMT+5, and is declared like any other: people convert these files.
"""

from __future__ import annotations

from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.cells import (
    BarCells,
    separator_of,
    side_columns,
    side_of_plain_prices,
    unheaded_cells,
)
from hive_core.market.formats.metatrader import read_rows_without_header
from hive_core.market.unpacking import text_of, unpack


def read_histdata(payload: bytes, declaration: BarDeclaration) -> BarCells:
    """Bytes of a file, or of the zip it is offered in, to cells.

    Raises:
        RefusedFile: as `text_of` and `unpack`, or a declared side that is not bid.
    """
    text = text_of(unpack(payload))
    if separator_of(text.lstrip().split("\n", 1)[0]) == ",":
        return read_rows_without_header(text, declaration)
    prices = side_columns(side_of_plain_prices(declaration, "bid"))
    return unheaded_cells(text, ";", ("time", *prices, "volume"), ("%Y%m%d %H%M%S",))
