"""What a user says of a file of bars before it is read: instrument, timeframe, clock, scale, side.

Nothing here is guessed. What a format itself fixes is written in `FORMAT_SIDE` and `FORMAT_SCALE`;
everything else is declared, or the file is refused. Reading belongs in `parse` and `formats`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import AfterValidator, Field, ValidationError

from hive_core.contracts.base import Contract, ExactDecimal, decimal_text
from hive_core.contracts.rejection import RefusedFile
from hive_core.instruments.specification import alias_table, instruments
from hive_core.market.bars import TIMEFRAME_SECONDS

BarFormat = Literal["mt5", "histdata", "lean", "dukascopy", "csv", "parquet"]
Side = Literal["bid", "ask", "both"]

FORMAT_SIDE: dict[BarFormat, Side] = {"mt5": "bid", "histdata": "bid", "lean": "both"}
"""The side that a format fixes: MetaTrader and HistData bars are bid, Lean quote bars are both."""

FORMAT_SCALE: dict[BarFormat, Decimal] = {
    "histdata": Decimal(1),
    "lean": Decimal(1),
    "dukascopy": Decimal(1),
    "csv": Decimal(1),
    "parquet": Decimal(1),
}
"""These write prices as they are quoted, unless declared otherwise. MT5 files do not all: what
scripts export may stand in integer points, so their scale must be declared."""

_UTC_NAMES = frozenset(
    {"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0", "Etc/UCT", "Zulu"}
)


def known_zone(name: str) -> str:
    """The name of a time zone, as it is.

    Raises:
        ValueError: Python or Polars does not know it.
    """
    try:
        ZoneInfo(name)
        # Polars carries its own zone data; a zone must be known to both.
        pl.Series([], dtype=pl.Datetime("us")).dt.replace_time_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, pl.exceptions.PolarsError):
        raise ValueError(
            f"{name!r} is not an IANA time zone; say UTC, Europe/Athens (most MT5 servers) or "
            "Etc/GMT+5 (EST without daylight saving)"
        ) from None
    return name


def _known_timeframe(name: str) -> str:
    if name not in TIMEFRAME_SECONDS:
        raise ValueError(f"{name!r} is not a timeframe; say one of {', '.join(TIMEFRAME_SECONDS)}")
    return name


def _known_symbol(name: str) -> str:
    if name not in instruments():
        bare = "".join(letter for letter in name.upper() if letter.isalnum())
        near = alias_table().get(bare) or next(iter(difflib.get_close_matches(bare, instruments(), 1)), None)
        hint = f"did you mean {near}?" if near else f"known are {', '.join(instruments())}"
        raise ValueError(f"{name} is not an instrument Hive knows; {hint}")
    return name


class BarDeclaration(Contract):
    """What is declared of one file of bars.

    `time_zone` is the clock of its times. `price_scale`: a price in the file, divided by it, is the
    price; None leaves it to the format. `side`: None leaves it to the format or the column names.
    """

    symbol: Annotated[str, AfterValidator(_known_symbol)]
    timeframe: Annotated[str, AfterValidator(_known_timeframe)]
    format: BarFormat
    time_zone: Annotated[str, AfterValidator(known_zone)]
    price_scale: Annotated[ExactDecimal, Field(gt=0)] | None = None
    side: Side | None = None

    @property
    def scale(self) -> Decimal | None:
        """The declared scale, or the one that the format fixes, or None: then nobody said it."""
        return self.price_scale if self.price_scale is not None else FORMAT_SCALE.get(self.format)

    @property
    def clock_is_utc(self) -> bool:
        """Whether the declared clock is UTC under any of its names."""
        return self.time_zone in _UTC_NAMES

    def as_text(self) -> dict[str, str]:
        """The declaration as flat text, as a receipt keeps it."""
        found = {"symbol": self.symbol, "timeframe": self.timeframe, "format": self.format}
        found["time_zone"] = self.time_zone
        if self.price_scale is not None:
            found["price_scale"] = decimal_text(self.price_scale)
        if self.side is not None:
            found["side"] = self.side
        return found


def declare_bars(given: Mapping[str, str | None]) -> BarDeclaration:
    """A declaration from flat text: of a command line, a form, or a receipt.

    A None counts as not said.

    Raises:
        RefusedFile: with every fault, each named by its option.
    """
    said = {name: value for name, value in given.items() if value is not None}
    try:
        return BarDeclaration.model_validate(said)
    except ValidationError as error:
        faults = []
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0])
            option = f"--{name.replace('_', '-')}"
            if problem["type"] == "missing":
                faults.append(f"{option} is not declared; it is never guessed")
            elif name == "side":
                faults.append(f"{option} {said[name]}: say bid, ask or both; a mid price trades nowhere")
            else:
                faults.append(f"{option}: {problem['msg'].removeprefix('Value error, ')}")
        raise RefusedFile("; ".join(faults)) from None
