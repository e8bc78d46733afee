"""What a book gains or loses when every price moves at once: linearly, or valued anew in full.

A full revaluation has the prices' exponential and the conversion of each profit at the moved rate. Books
take log returns in strips, as `draws` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hive_core.instruments.specification import InstrumentSpecification, instruments
from hive_core.risk.portfolio.draws import SingleArray
from hive_core.risk.portfolio.inputs import RefusedInput, checked_vector


class Book(Protocol):
    """Something that has a result for every move of its assets."""

    @property
    def assets(self) -> int:
        """How many assets move it."""
        ...

    def results(self, log_returns: SingleArray) -> SingleArray:
        """Results of strips x assets x simulations, as strips x simulations. May write over its input."""
        ...


@dataclass(frozen=True, slots=True)
class LinearBook:
    """Result = sum of exposure x log return: the shortcut, exact only for small moves."""

    exposures: SingleArray

    @classmethod
    def of(cls, exposures: ArrayLike) -> LinearBook:
        """Of exposures in the account's currency, signed, one an asset. Raises RefusedInput."""
        return cls(checked_vector(exposures, "exposures").astype(np.float32))

    @property
    def assets(self) -> int:
        """How many assets move it."""
        return self.exposures.size

    def results(self, log_returns: SingleArray) -> SingleArray:
        """As `Book.results`."""
        found: SingleArray = np.matmul(self.exposures[None, :], log_returns)[:, 0, :]
        return found


@dataclass(frozen=True, slots=True)
class RevaluedBook:
    """Result = sum of exposure x (exp(return) - 1) x the move of the rate its profit is converted at.

    A profit is earned in the quote currency and worth what that is worth after the move: that of EURJPY in
    dollars falls with the yen. `in_quote` are the exposures, a row for each way of converting, `rate` the
    asset that converts it (-1: the account's own currency) and `divides` whether its price divides.
    """

    in_quote: SingleArray
    rate: NDArray[np.intp]
    divides: NDArray[np.bool_]

    @classmethod
    def of(cls, symbols: Sequence[str], exposures: ArrayLike, account_currency: str) -> RevaluedBook:
        """Of exposures in the account's currency, at the prices before the move.

        Args:
            symbols: the assets: every instrument held, and the pairs that convert their quote currencies.
            exposures: one a symbol, signed; zero for a pair that only converts.

        Raises:
            RefusedInput: a symbol that is unknown or stands twice, exposures that do not fit, or no pair
                that converts a profit.
        """
        held = checked_vector(exposures, "exposures")
        if len(symbols) != held.size or len(set(symbols)) != len(symbols):
            raise RefusedInput(
                f"{len(symbols)} symbols, some perhaps twice, and {held.size} exposures do not fit"
            )
        places = {symbol: place for place, symbol in enumerate(symbols)}
        ways: dict[tuple[int, bool], SingleArray] = {}
        for place, symbol in enumerate(symbols):
            if held[place] != 0:
                way = _way(_specification(symbol), places, account_currency)
                ways.setdefault(way, np.zeros(held.size, dtype=np.float32))[place] = held[place]
        if not ways:
            raise RefusedInput("nothing is held")
        rates, divides = zip(*ways, strict=True)
        return cls(np.stack(list(ways.values())), np.array(rates, dtype=np.intp), np.array(divides))

    @property
    def assets(self) -> int:
        """How many assets move it."""
        return int(self.in_quote.shape[1])

    def results(self, log_returns: SingleArray) -> SingleArray:
        """As `Book.results`."""
        moves = np.expm1(log_returns, out=log_returns)
        earned: SingleArray = np.matmul(self.in_quote, moves)
        for way, (rate, divides) in enumerate(zip(self.rate, self.divides, strict=True)):
            if rate >= 0:
                converted = moves[:, rate, :] + np.float32(1.0)
                if divides:
                    earned[:, way, :] /= converted
                else:
                    earned[:, way, :] *= converted
        total: SingleArray = earned.sum(axis=1)
        return total


def _specification(symbol: str) -> InstrumentSpecification:
    if (found := instruments().get(symbol)) is None:
        raise RefusedInput(f"{symbol} is not a known instrument")
    return found


def _way(specification: InstrumentSpecification, places: dict[str, int], own: str) -> tuple[int, bool]:
    """The asset that converts a profit, and whether its price divides."""
    quote = specification.quote
    if quote == own:
        return -1, False
    if quote + own in places:
        return places[quote + own], False
    if own + quote in places:
        return places[own + quote], True
    raise RefusedInput(
        f"no pair among the assets converts {quote}, in which {specification.symbol} earns, to {own}"
    )
