"""Our symbols and the venue's names, lots and units, prices at the venue's precision.

The venue counts units (of the base currency, ounces, index points, barrels) where we count lots of
`contract_size` of them; the sign of the units is the side.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache

from hive_core.contracts.decision import Side
from hive_core.instruments.specification import (
    AssetClass,
    InstrumentSpecification,
    instruments,
    specification_of,
)
from hive_exec.brokers.oanda.reading import Fields, Unreadable

_OWN_NAMES = {
    "US500": "SPX500_USD",
    "GER40": "DE30_EUR",
    "FRA40": "FR40_EUR",
    "JP225": "JP225Y_JPY",  # JP225_USD is another contract: its profit is in dollars
    "HK50": "HK33_HKD",
    "AUS200": "AU200_AUD",
    "USOIL": "WTICO_USD",
    "UKOIL": "BCO_USD",
}
_BASE_AND_QUOTE = frozenset({AssetClass.CURRENCY, AssetClass.METAL, AssetClass.CRYPTO})


class NotExpressible(Exception):
    """The venue cannot be asked for this: an instrument, a size or a price that it does not have."""


@dataclass(frozen=True, slots=True)
class VenueInstrument:
    """What the venue says of an instrument of this account. `minimum` and `maximum` are of one order, in
    units."""

    name: str
    price_decimals: int
    unit_decimals: int
    minimum: Decimal
    maximum: Decimal


@cache
def _names() -> dict[str, str]:
    found = {}
    for symbol, specification in instruments().items():
        stem = specification.base if specification.asset_class in _BASE_AND_QUOTE else symbol
        found[symbol] = _OWN_NAMES.get(symbol, f"{stem}_{specification.quote}")
    return found


@cache
def _symbols() -> dict[str, str]:
    return {name: symbol for symbol, name in _names().items()}


def venue_name(symbol: str) -> str:
    """The venue's name of one of our symbols: EUR_USD of EURUSD.

    Raises:
        NotExpressible: it is not an instrument that Hive knows.
    """
    try:
        return _names()[symbol]
    except KeyError:
        raise NotExpressible(
            f"{symbol} is no instrument that Hive has at OANDA: trade it elsewhere"
        ) from None


def our_symbol(name: str) -> str | None:
    """Our symbol of the venue's name, or None for an instrument that Hive does not know."""
    return _symbols().get(name)


def read_instruments(document: Fields) -> dict[str, VenueInstrument]:
    """The instruments of an account, by the venue's names.

    Raises:
        Unreadable: a field is missing or wrong.
    """
    found = {}
    for one in document.inners("instruments"):
        instrument = VenueInstrument(
            name=one.text("name"),
            price_decimals=one.whole("displayPrecision"),
            unit_decimals=one.whole("tradeUnitsPrecision"),
            minimum=one.number("minimumTradeSize"),
            maximum=one.number("maximumOrderUnits"),
        )
        if not (0 <= instrument.price_decimals <= 10 and 0 <= instrument.unit_decimals <= 10):
            raise Unreadable(f"{one.where}: a precision of {instrument.price_decimals} decimals")
        found[instrument.name] = instrument
    return found


def _specification(symbol: str) -> InstrumentSpecification:
    found = specification_of(symbol)
    if found is None:
        raise NotExpressible(f"{symbol} is no instrument that Hive knows")
    return found


def units_of(instrument: VenueInstrument, symbol: str, lots: Decimal) -> Decimal:
    """The units of a size in lots, without a sign. A size that the venue does not have is never rounded:
    more would be more risk, and less another order than the one that was decided.

    Raises:
        NotExpressible: it falls between two sizes, or outside of what one order may have.
    """
    units = lots * _specification(symbol).contract_size
    step = Decimal(1).scaleb(-instrument.unit_decimals)
    said = f"{lots} lots of {symbol} are {units:f} units of {instrument.name}"
    if units % step:
        raise NotExpressible(f"{said}, and OANDA takes multiples of {step:f}: change the size")
    if units < instrument.minimum:
        raise NotExpressible(f"{said}, and an order has at least {instrument.minimum:f}: raise the size")
    if 0 < instrument.maximum < units:
        raise NotExpressible(f"{said}, and an order has at most {instrument.maximum:f}: lower the size")
    return units


def lots_of(name: str, units: Decimal) -> Decimal:
    """The lots of units of the venue's instrument, without a sign; of an unknown one the units themselves."""
    symbol = our_symbol(name)
    return abs(units) if symbol is None else abs(units) / _specification(symbol).contract_size


def price_text(instrument: VenueInstrument, price: Decimal, *, upwards: bool) -> str:
    """A price with the venue's decimals. What does not fit is rounded to the side that is named.

    Raises:
        NotExpressible: nothing above zero is left.
    """
    step = Decimal(1).scaleb(-instrument.price_decimals)
    rounded = price.quantize(step, rounding=ROUND_CEILING if upwards else ROUND_FLOOR)
    if rounded <= 0:
        raise NotExpressible(
            f"{price} is no price of {instrument.name}, which has {instrument.price_decimals} decimals"
        )
    return f"{rounded:f}"


def unit_text(units: Decimal, side: Side) -> str:
    """Units with the sign of the side, without an exponent."""
    text = format(units.normalize(), "f")
    return text if side == "buy" else f"-{text}"
