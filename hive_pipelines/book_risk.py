"""The risk of what each account holds open, from execution tables and reference rates: one pure function.

The figures are those of `hive_core.risk.portfolio`. What has no daily rate (gold, an index) is refused by
name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from hive_core.contracts.execution_tables import BOOK_RISK
from hive_core.market.rates import PUBLISHED_AT, PUBLISHED_ZONE
from hive_core.risk.portfolio.history import on_common_days, pair_prices
from hive_core.risk.portfolio.holdings import Holding, symbols_needed
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.report import PortfolioRisk, portfolio_risk

SEED = 20_170_101
"""Of the simulations: the same book has the same figures."""


@dataclass(frozen=True, slots=True)
class BookRisks:
    """`figures` is BOOK_RISK; `books` the whole result of each account that holds something; `refused` why of
    an account nothing can be said."""

    figures: pl.DataFrame
    books: dict[str, PortfolioRisk] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def book_risks(
    positions: pl.DataFrame, orders: pl.DataFrame, reports: pl.DataFrame, rates: pl.DataFrame
) -> BookRisks:
    """The risk of every account with open positions, at the last rates that were out before its last report.

    Args:
        positions, orders, reports: POSITIONS, ORDERS, EXECUTION_REPORTS.
        rates: RATE_SCHEMA; what was published after the last report is not read.
    """
    levels = orders.select("client_order_id", "stop_loss", "take_profit")
    held = positions.filter(pl.col("state") == "open").join(levels, on="client_order_id", how="left")
    books, refused = {}, {}
    for (account,), rows in (
        held.sort("account", "client_order_id")
        .partition_by("account", as_dict=True, maintain_order=True)
        .items()
    ):
        try:
            books[str(account)] = _risk_of(str(account), rows, reports, rates)
        except RefusedInput as error:
            refused[str(account)] = str(error)
    frames = [
        risk.value_at_risk.select(pl.lit(name).alias("account"), pl.lit(risk.as_of).alias("as_of"), pl.all())
        for name, risk in books.items()
    ]
    figures = pl.concat([pl.DataFrame(schema=BOOK_RISK), *(frame.select(*BOOK_RISK) for frame in frames)])
    return BookRisks(figures, books, refused)


def _risk_of(account: str, rows: pl.DataFrame, reports: pl.DataFrame, rates: pl.DataFrame) -> PortfolioRisk:
    own = reports.filter(pl.col("account") == account)
    opened = own.filter(pl.col("kind") == "account_opened")["body"]
    currency = json.loads(opened[0])["settings"]["currency"]
    holdings = [
        Holding(symbol, side, Decimal(str(lots)), _price(stop), _price(target))
        for symbol, side, lots, stop, target in rows.select(
            "symbol", "side", "lots", "stop_loss", "take_profit"
        ).iter_rows()
    ]
    symbols = symbols_needed(holdings, currency)
    at = pl.col("date").dt.combine(PUBLISHED_AT).dt.replace_time_zone(PUBLISHED_ZONE)
    known = rates.filter(at.dt.convert_time_zone("UTC") <= own["ts_event"].max())
    daily = on_common_days(pair_prices(known, symbols), symbols)
    if daily.is_empty():
        raise RefusedInput(f"no day has a rate of all of {', '.join(symbols)}")
    as_of = daily["date"].max()
    return portfolio_risk(holdings, daily, currency, as_of=as_of, seed=SEED)  # type: ignore[arg-type]


def _price(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
