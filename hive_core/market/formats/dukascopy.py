"""Dukascopy CSV: `Gmt time,Open,High,Low,Close,Volume` with `dd.mm.yyyy HH:MM:SS.fff`, one file a side.

The platform's own export writes `Time (UTC)` and `yyyy.mm.dd HH:MM:SS`; a `Local time` export carries
`GMT+0100` behind each time. Weekends may be filled with flat bars; `quality` takes those out.
"""

from __future__ import annotations

from hive_core.market.declaration import BarDeclaration
from hive_core.market.formats.cells import BarCells, read_headed_text
from hive_core.market.unpacking import text_of, unpack

_UTC_NAMES = ("gmt_time", "time_(utc)")
_FORMATS = ("%d.%m.%Y %H:%M:%S%.f", "%Y.%m.%d %H:%M:%S%.f")


def read_dukascopy(payload: bytes, declaration: BarDeclaration) -> BarCells:
    """Bytes of an export to cells.

    Raises:
        RefusedFile: as `text_of`, `unpack` and `map_columns`.
    """
    return read_headed_text(
        text_of(unpack(payload)),
        declaration,
        time_names=(*_UTC_NAMES, "time", "local_time", "time_(eet)", "time_(cet)", "time_(est)"),
        utc_names=frozenset(_UTC_NAMES),
        time_formats=_FORMATS,
    )
