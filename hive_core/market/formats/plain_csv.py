"""Plain CSV, also gzipped: a header, ISO times, and one or both sides.

The time column is `time_utc`, `time`, `datetime`, `timestamp`, `ts_open` or `date`; prices stand as
`open,high,low,close` (the side is declared) or as `bid_open ... bid_close` and `ask_open ... ask_close`.
A time may carry its offset (`Z`, `+02:00`), which must agree with the declared zone.
"""

from __future__ import annotations

from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.cells import BarCells, read_headed_text
from hive_core.market.unpacking import text_of, unpack

UTC_NAMES = frozenset({"time_utc"})
TIME_NAMES = (*UTC_NAMES, "time", "datetime", "timestamp", "ts_open", "date")
ISO_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
)


def read_plain_csv(payload: bytes, declaration: BarDeclaration) -> BarCells:
    """Bytes of a CSV to cells.

    Raises:
        RefusedFile: as `text_of`, `unpack` and `map_columns`.
    """
    return read_headed_text(
        text_of(unpack(payload)),
        declaration,
        time_names=TIME_NAMES,
        utc_names=UTC_NAMES,
        time_formats=ISO_FORMATS,
    )
