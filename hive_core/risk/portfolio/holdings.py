"""What is held and at which prices: the input of every figure on a whole book.

Positions only: orders that may still fill are the gate's, which counts them as filled and stopped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hive_core.contracts.decision import Side
from hive_core.instruments.specification import InstrumentSpecification, instruments
from hive_core.risk.account import Exposure
from hive_core.risk.portfolio.inputs import RefusedInput


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position; None where there is no stop or no target."""

    symbol: str
    side: Side
    lots: Decimal
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None

    @property
    def sign(self) -> int:
        """1 if it gains when the price rises, else -1."""
        return 1 if self.side == "buy" else -1


@dataclass(frozen=True, slots=True)
class Market:
    """Prices of instruments now, and the currency in which an account counts."""

    account_currency: str
    prices: Mapping[str, float]

    def price(self, symbol: str) -> float:
        """Raises RefusedInput: it is not known, or not a price."""
        found = self.prices.get(symbol)
        if found is None:
            raise RefusedInput(f"there is no price of {symbol}")
        if not (math.isfinite(found) and found > 0):
            raise RefusedInput(f"the price of {symbol} is {found}")
        return found

    def rate(self, currency: str) -> float:
        """Units of the account's currency for one unit of `currency`.

        Raises:
            RefusedInput: no pair of the two has a price.
        """
        own = self.account_currency
        if currency == own:
            return 1.0
        if currency + own in self.prices:
            return self.price(currency + own)
        if own + currency in self.prices:
            return 1.0 / self.price(own + currency)
        raise RefusedInput(f"no pair converts {currency} to {own}")


def holdings_of(exposures: Iterable[Exposure]) -> tuple[Holding, ...]:
    """The open positions of an account, without its orders. A stop or target of 0 is none."""
    return tuple(
        Holding(one.symbol, one.side, one.lots, one.stop_loss or None, one.take_profit or None)
        for one in exposures
        if one.is_open
    )


def specification_for(symbol: str) -> InstrumentSpecification:
    """Raises RefusedInput: it is not a known instrument."""
    if (found := instruments().get(symbol)) is None:
        raise RefusedInput(f"{symbol} is not a known instrument")
    return found


def checked_holdings(holdings: Sequence[Holding]) -> None:
    """Raises RefusedInput: nothing is held, or a size that is not above zero."""
    if not holdings:
        raise RefusedInput("nothing is held")
    for one in holdings:
        specification_for(one.symbol)
        if not (one.lots.is_finite() and one.lots > 0):
            raise RefusedInput(f"{one.symbol}: {one.lots} lots")


def symbols_needed(holdings: Sequence[Holding], account_currency: str) -> tuple[str, ...]:
    """What is held, once each and in its order, then the pairs that convert profits.

    Raises:
        RefusedInput: as `checked_holdings`; or no known pair converts a profit.
    """
    checked_holdings(holdings)
    held = list(dict.fromkeys(one.symbol for one in holdings))
    for quote in dict.fromkeys(specification_for(symbol).quote for symbol in tuple(held)):
        pairs = (quote + account_currency, account_currency + quote)
        if quote == account_currency or any(pair in held for pair in pairs):
            continue
        known = [pair for pair in pairs if pair in instruments()]
        if not known:
            raise RefusedInput(f"no known pair converts {quote} to {account_currency}")
        held.append(known[0])
    return tuple(held)


def value_of(holding: Holding, market: Market) -> float:
    """Its signed value in the account's currency: what a price that doubles would bring.

    Raises:
        RefusedInput: an unknown instrument, price or rate.
    """
    specification = specification_for(holding.symbol)
    units = holding.sign * float(holding.lots * specification.contract_size)
    return units * market.price(holding.symbol) * market.rate(specification.quote)


def net_values(holdings: Sequence[Holding], market: Market) -> dict[str, float]:
    """Net value by symbol, in order of first mention; zero where a symbol is hedged out.

    Raises:
        RefusedInput: as `value_of` and `checked_holdings`.
    """
    checked_holdings(holdings)
    values: dict[str, float] = {}
    for one in holdings:
        values[one.symbol] = values.get(one.symbol, 0.0) + value_of(one, market)
    return values
