"""Conversion to the account's currency at its worse side: what a loss may cost at most.

A pair that is quoted now is taken at the side that makes a unit dearer; else the last reference rate is.
Either is worsened by the buffer, since the rate moves while the position is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.risk.account import MAX_RATE_AGE_NS, MissingRate, Quote

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rates:
    """What is known of conversion: quotes of pairs, and reference rates per euro with their times."""

    account_currency: str
    quotes: Mapping[str, Quote]
    per_eur: Mapping[str, tuple[Decimal, int]]
    buffer_pct: Decimal
    max_quote_age_s: int

    def worst(self, currency: str, now_ns: int) -> Decimal:
        """The most units of the account's currency that a unit of `currency` may cost.

        Raises:
            MissingRate: nothing is known, or nothing fresh.
        """
        if currency == self.account_currency:
            return ONE
        return self._known(currency, now_ns) * (100 + self.buffer_pct) / 100

    def _known(self, currency: str, now_ns: int) -> Decimal:
        own = self.account_currency
        direct, inverse = self.quotes.get(currency + own), self.quotes.get(own + currency)
        if direct is not None and self._is_fresh(direct, now_ns):
            return direct.ask
        if inverse is not None and self._is_fresh(inverse, now_ns) and inverse.bid > 0:
            return 1 / inverse.bid
        return self._reference(own, now_ns) / self._reference(currency, now_ns)

    def _is_fresh(self, quote: Quote, now_ns: int) -> bool:
        return 0 <= now_ns - quote.ts_ns <= self.max_quote_age_s * NS_PER_SECOND

    def _reference(self, currency: str, now_ns: int) -> Decimal:
        if currency == "EUR":
            return Decimal(1)
        held = self.per_eur.get(currency)
        if held is None:
            raise MissingRate(f"no reference rate for {currency}")
        if not 0 <= now_ns - held[1] <= MAX_RATE_AGE_NS:
            raise MissingRate(f"the reference rate for {currency} is older than seven days")
        return held[0]
