"""Which currencies a book is long and short of, net over all positions. Limits on it are the gate's."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from hive_core.risk.portfolio.holdings import Holding, Market, checked_holdings, specification_for

CURRENCY_EXPOSURES: dict[str, pl.DataType] = {
    "currency": pl.String(),
    "long": pl.Float64(),
    "short": pl.Float64(),
    "net": pl.Float64(),
}
"""In the account's currency: what was bought of it, what was sold (not above zero), and the sum. What is no
currency, such as gold or an index, stands under its own name: it was bought with the currency it is priced
in."""


def currency_exposures(holdings: Sequence[Holding], market: Market) -> pl.DataFrame:
    """A book by currency, at the prices of now.

    A position is its base bought and its quote paid, or the other way round: 1 lot of EURUSD at 1.10 is
    110,000 dollars' worth of euros long and 110,000 dollars short. So all nets together are zero, and if
    one currency moves by x against all others, the book gains its net times x to first order. Profit that
    is open already is not in it.

    Returns:
        CURRENCY_EXPOSURES, the largest net first, of either sign.

    Raises:
        RefusedInput: nothing is held, or an instrument, a price or a rate that is not known.
    """
    checked_holdings(holdings)
    legs: dict[str, list[float]] = {}
    for one in holdings:
        specification = specification_for(one.symbol)
        # Each position's value is made once, so that both legs are the same number.
        value = float(one.lots * specification.contract_size) * market.price(one.symbol)
        value *= market.rate(specification.quote)
        for currency, sign in ((specification.base, one.sign), (specification.quote, -one.sign)):
            legs.setdefault(currency, []).append(sign * value)
    rows = [
        {
            "currency": currency,
            "long": sum(value for value in values if value > 0),
            "short": sum(value for value in values if value < 0),
            "net": sum(values),
        }
        for currency, values in legs.items()
    ]
    rows.sort(key=lambda row: (-abs(float(row["net"])), row["currency"]))
    return pl.DataFrame(rows, schema=CURRENCY_EXPOSURES)
