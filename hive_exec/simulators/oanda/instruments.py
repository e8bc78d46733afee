"""The instruments that the simulated venue deals in, as its `/instruments` answers them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class SimulatedInstrument:
    """What the venue says of an instrument, and the prices with which it opens."""

    name: str
    kind: str
    price_decimals: int
    pip_location: int
    bid: Decimal
    ask: Decimal
    unit_decimals: int = 0
    minimum: Decimal = Decimal(1)
    maximum: Decimal = Decimal(100_000_000)
    margin_rate: Decimal = Decimal("0.02")

    def document(self) -> dict[str, Any]:
        """The instrument as JSON."""
        return {
            "name": self.name,
            "type": self.kind,
            "displayName": self.name.replace("_", "/"),
            "pipLocation": self.pip_location,
            "displayPrecision": self.price_decimals,
            "tradeUnitsPrecision": self.unit_decimals,
            "minimumTradeSize": str(self.minimum),
            "maximumTrailingStopDistance": "1.00000",
            "minimumTrailingStopDistance": "0.00050",
            "maximumPositionSize": "0",
            "maximumOrderUnits": str(self.maximum),
            "marginRate": str(self.margin_rate),
        }


def _one(name: str, kind: str, decimals: int, pip: int, bid: str, ask: str) -> SimulatedInstrument:
    return SimulatedInstrument(name, kind, decimals, pip, Decimal(bid), Decimal(ask))


INSTRUMENTS = {
    one.name: one
    for one in (
        _one("EUR_USD", "CURRENCY", 5, -4, "1.10000", "1.10010"),
        _one("GBP_USD", "CURRENCY", 5, -4, "1.27000", "1.27012"),
        _one("USD_JPY", "CURRENCY", 3, -2, "150.000", "150.012"),
        _one("XAU_USD", "METAL", 3, -2, "2400.100", "2400.400"),
    )
}
