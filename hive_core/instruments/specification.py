"""What an instrument is: its currencies, tick, pip, contract and lots, and its declared spread.

The facts stand in `instruments.toml`. A broker's own contract facts will override them per venue;
an instrument that is not listed is unknown, and unknown is refused.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from hive_core.contracts.base import Contract, Lots, Price, Symbol


class InstrumentSpecification(Contract):
    """Contract facts of one instrument.

    `pip` is the convention of the interbank market; a room may mean another (kept per source).
    `spread_pips` is an assumption, used only where a price source has one side.
    `plausible_low` and `plausible_high` bound any price in history: outside is a wrong scale.
    """

    symbol: Symbol
    base: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    quote: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    tick: Price
    pip: Price
    contract_size: Price
    lot_step: Lots
    min_lots: Lots
    max_lots: Lots
    spread_pips: Price
    plausible_low: Price
    plausible_high: Price
    aliases: tuple[str, ...] = ()

    def round_to_tick(self, price: Decimal) -> Decimal:
        """The nearest price that the venue can quote (half to even)."""
        return (price / self.tick).quantize(Decimal(1)) * self.tick

    @property
    def spread(self) -> Decimal:
        """The declared spread in price units."""
        return self.spread_pips * self.pip


@cache
def instruments() -> dict[str, InstrumentSpecification]:
    """Every instrument Hive knows, by symbol."""
    raw = tomllib.loads(files(__package__).joinpath("instruments.toml").read_text("utf-8"))
    shared = raw["defaults"]
    found: dict[str, InstrumentSpecification] = {}
    for symbol, facts in raw["instrument"].items():
        merged = {**shared, **facts, "symbol": symbol}
        merged["aliases"] = tuple(merged.get("aliases", ()))
        merged.setdefault("base", symbol[:3])
        merged.setdefault("quote", symbol[3:])
        found[symbol] = InstrumentSpecification.model_validate(merged)
    return found


@cache
def alias_table() -> dict[str, str]:
    """Every accepted spelling, upper case and without separators, to its symbol."""
    table: dict[str, str] = {}
    for symbol, specification in instruments().items():
        for name in (symbol, *specification.aliases):
            if table.setdefault(name, symbol) != symbol:
                raise ValueError(f"instruments.toml: {name} means both {table[name]} and {symbol}")
    return table
