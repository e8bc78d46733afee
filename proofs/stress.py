"""Books with stops through real crises: how much more is lost than the stops say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from hive_core.risk.portfolio.history import PriceHistory
from hive_core.risk.portfolio.holdings import Holding, Market
from hive_core.risk.portfolio.scenario_files import packaged_windows
from hive_core.risk.portfolio.stress import historical_stress
from proofs.reporting import Claim

STOP_PCT = Decimal(1)
ACCOUNT = "USD"


def stress_claims(
    prices: pl.DataFrame, history: PriceHistory, portfolios: Mapping[str, Mapping[str, float]]
) -> list[Claim]:
    """One claim a window: each portfolio, its stops a per cent away, lost more than these.

    Args:
        prices: DAILY_PRICES of every pair; `history` the same, for the prices of the last day.
    """
    last = (float(price) for price in history.prices[-1])
    market = Market(ACCOUNT, dict(zip(history.symbols, last, strict=True)))
    books = {name: _book(signs, market) for name, signs in portfolios.items()}
    tables = {
        name: historical_stress(book, market, prices, packaged_windows()) for name, book in books.items()
    }
    claims = []
    for place, window in enumerate(packaged_windows()):
        rows = {name: table.row(place, named=True) for name, table in tables.items()}
        told = [
            f"{name} {row['result']:,.0f} for {row['if_stops_held']:,.0f} {ACCOUNT}, "
            f"{row['stops_passed']} of {len(books[name])} stops passed "
            f"({row['from_date']} to {row['to_date']})"
            for name, row in rows.items()
            if not row["unknown"]
        ]
        claims.append(
            Claim(
                f"outside of the promise: a stop bounds no loss where prices jump; {window.name}, ECB rates, "
                f"each day's move one jump, stops {STOP_PCT} % away, from the worst day on",
                "every portfolio is told, and lost more than with stops that fill at their price",
                "; ".join(told),
                len(told) == len(rows)
                and all(row["result"] < row["if_stops_held"] < 0 for row in rows.values()),
                len(rows),
            )
        )
    return claims


def _book(signs: Mapping[str, float], market: Market) -> list[Holding]:
    """A lot of each pair, with a stop to five digits."""
    book = []
    for pair, sign in signs.items():
        price = Decimal(str(market.price(pair)))
        distance = price * STOP_PCT / 100
        stop = price - distance if sign > 0 else price + distance
        book.append(Holding(pair, "buy" if sign > 0 else "sell", Decimal(1), round(stop, 5)))
    return book
