"""What an instrument is: its currencies, tick, pip, contract and lots, and its declared spread.

The facts stand in `instruments.toml`. A broker's own contract facts will override them per venue;
an instrument that is not listed is unknown, and unknown is refused. Which instrument a written name
means is `mapping`'s question.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import Field

from hive_core.contracts.base import Contract, Lots, Price, Symbol


class AssetClass(StrEnum):
    """What kind of thing is priced."""

    CURRENCY = "currency"
    METAL = "metal"
    INDEX = "index"
    ENERGY = "energy"
    CRYPTO = "crypto"


class InstrumentSpecification(Contract):
    """Contract facts of one instrument.

    `base` is what one unit of is priced, `quote` the currency of the price and of profit. `pip` is the
    convention of the interbank market; a room may mean another (kept per source).
    `spread_pips` is an assumption, used only where a price source has one side.
    `plausible_low` and `plausible_high` bound any price in history: outside is a wrong scale.
    """

    symbol: Symbol
    asset_class: Annotated[AssetClass, Field(strict=False)] = AssetClass.CURRENCY
    base: Annotated[str, Field(pattern=r"^[A-Z0-9]{3,12}$")]
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

    @property
    def has_agreed_pip(self) -> bool:
        """Whether senders agree on what a pip of it is: of currency pairs only."""
        return self.asset_class is AssetClass.CURRENCY

    @property
    def closes_at_weekends(self) -> bool:
        """Whether it keeps the week of the currency market. Coins trade on."""
        return self.asset_class is not AssetClass.CRYPTO

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies whose news move it: both of a pair, the quote's of anything else."""
        return (self.base, self.quote) if self.asset_class is AssetClass.CURRENCY else (self.quote,)


def _facts() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("instruments.toml").read_text("utf-8"))


@cache
def instruments() -> dict[str, InstrumentSpecification]:
    """Every instrument Hive knows, by symbol."""
    raw = _facts()
    found: dict[str, InstrumentSpecification] = {}
    for symbol, facts in raw["instrument"].items():
        asset_class = facts.get("asset_class", AssetClass.CURRENCY)
        merged = {**raw["defaults"][asset_class], **facts, "symbol": symbol}
        merged["aliases"] = tuple(merged.get("aliases", ()))
        merged.setdefault("base", symbol[:3])
        merged.setdefault("quote", symbol[3:])
        found[symbol] = InstrumentSpecification.model_validate(merged)
    return found


def specification_of(symbol: str) -> InstrumentSpecification | None:
    """The facts of an instrument by its symbol, or None. A coin against a stable coin has those of the coin
    against the dollar: one for one within a percent."""
    known = instruments()
    for coin in ("USDT", "USDC", "BUSD"):
        if symbol.endswith(coin):
            return known.get(symbol, known.get(symbol.removesuffix(coin) + "USD"))
    return known.get(symbol)


@cache
def alias_table() -> dict[str, str]:
    """Every accepted spelling, upper case and without separators, to its symbol.

    Raises:
        ValueError: a name means two instruments, or is called ambiguous too.
    """
    table: dict[str, str] = {}
    for symbol, specification in instruments().items():
        for name in (symbol, *specification.aliases):
            if table.setdefault(name, symbol) != symbol:
                raise ValueError(f"instruments.toml: {name} means both {table[name]} and {symbol}")
    if both := table.keys() & ambiguous_names():
        raise ValueError(f"instruments.toml: {min(both)} is an alias and ambiguous")
    return table


@cache
def ambiguous_names() -> dict[str, tuple[str, ...]]:
    """Names that several instruments have, upper case, to all of these. They are refused."""
    return {name: tuple(symbols) for name, symbols in _facts()["ambiguous"].items()}
