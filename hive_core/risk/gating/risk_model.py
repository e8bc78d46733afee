"""How the values of a book move together: the variance of the whole, and how an order changes it.

Made from covariances of daily returns; estimating them is `hive_core.risk.portfolio`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


class NotInModel(KeyError):
    """The model knows nothing of a symbol: its risk is unknown, which is not none."""


@dataclass(frozen=True, slots=True)
class RiskModel:
    """Covariances of daily relative returns by pair of symbols, the alphabetically first one first, and how
    much each symbol moves of late over how much it usually does; by prices up to and with `as_of`."""

    covariances: Mapping[tuple[str, str], Decimal]
    volatility_ratios: Mapping[str, Decimal] = field(default_factory=dict)
    as_of: date | None = None

    def covariance(self, one: str, other: str) -> Decimal:
        """Of two symbols. Raises NotInModel."""
        try:
            return self.covariances[(one, other) if one <= other else (other, one)]
        except KeyError:
            raise NotInModel(f"the risk model does not hold {one} with {other}") from None

    def volatility_ratio(self, symbol: str) -> Decimal:
        """Of late over usual; above 1 where it moves more. Raises NotInModel."""
        try:
            return self.volatility_ratios[symbol]
        except KeyError:
            raise NotInModel(f"the risk model does not hold the volatility of {symbol}") from None

    def correlation(self, one: str, other: str) -> Decimal:
        """Of two symbols, -1 to 1; 0 where one of them never moves. Raises NotInModel."""
        if one == other:
            return Decimal(1)
        spread = (self.covariance(one, one) * self.covariance(other, other)).sqrt()
        return ZERO if spread == 0 else self.covariance(one, other) / spread


@dataclass(frozen=True, slots=True)
class BookRisk:
    """The variance of a book's result of a day, in the account's currency squared, and its slopes."""

    model: RiskModel
    variance: Decimal
    slopes: Mapping[str, Decimal]

    @classmethod
    def of(cls, model: RiskModel, values: Mapping[str, Decimal]) -> BookRisk:
        """Of net values by symbol, in the account's currency. Raises NotInModel."""
        slopes = {
            symbol: sum((model.covariance(symbol, other) * value for other, value in values.items()), ZERO)
            for symbol in values
        }
        variance = sum((slopes[symbol] * value for symbol, value in values.items()), ZERO)
        return cls(model, max(variance, ZERO), slopes)

    def slope(self, symbol: str, values: Mapping[str, Decimal]) -> Decimal:
        """Half of how fast the variance rises with the value of a symbol. Raises NotInModel."""
        held = self.slopes.get(symbol)
        if held is not None:
            return held
        return sum((self.model.covariance(symbol, other) * value for other, value in values.items()), ZERO)
