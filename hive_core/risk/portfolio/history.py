"""Daily prices of several instruments on the same days, and their returns.

Where a price is missing nothing is filled: the risk of days that nobody saw is unknown. What the returns say
is for `value_at_risk`, `ewma` and `scenarios`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from hive_core.instruments.specification import AssetClass, instruments
from hive_core.market.bars import RATE_SCHEMA
from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput

MAX_GAP = timedelta(days=7)
"""Fixings of the ECB are at most five days apart (Easter, Christmas). A longer gap is no return of a day."""

DAILY_PRICES: dict[str, pl.DataType] = {"date": pl.Date(), "symbol": pl.String(), "price": pl.Float64()}
"""One row an instrument and day: a price of each day at the same time, such as a close or a fixing."""


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Prices, days x symbols, oldest first."""

    symbols: tuple[str, ...]
    dates: tuple[date, ...]
    prices: FloatArray

    def relative_returns(self) -> FloatArray:
        """(days - 1) x symbols: the change of each price as a share of it."""
        found: FloatArray = self.prices[1:] / self.prices[:-1] - 1.0
        return found

    def log_returns(self) -> FloatArray:
        """(days - 1) x symbols: natural logarithms of one plus the relative return."""
        found: FloatArray = np.diff(np.log(self.prices), axis=0)
        return found

    def until(self, last: date) -> PriceHistory:
        """Up to and with a day.

        Raises:
            RefusedInput: no day is left.
        """
        count = sum(day <= last for day in self.dates)
        if count == 0:
            raise RefusedInput(f"there is no price up to {last}")
        return PriceHistory(self.symbols, self.dates[:count], self.prices[:count])


def price_history(daily: pl.DataFrame, symbols: Sequence[str]) -> PriceHistory:
    """The prices of some instruments, from the first day on which all of them have one.

    Args:
        daily: DAILY_PRICES, in any order; other symbols in it are left out.
        symbols: in the order of the columns.

    Raises:
        RefusedInput: other columns; a price that is null, not finite or not above zero; a symbol that stands
            twice in the order or on a day, or has no price; a day after the first common one on which one
            is missing; fewer than two days; or days that lie further apart than `MAX_GAP`.
    """
    if dict(daily.schema) != DAILY_PRICES:
        raise RefusedInput(f"daily prices have the columns {list(DAILY_PRICES)}, not {dict(daily.schema)}")
    if not symbols or len(set(symbols)) != len(symbols):
        raise RefusedInput(f"no symbol, or one twice: {', '.join(symbols)}")
    wanted = daily.filter(pl.col("symbol").is_in(list(symbols)))
    if (lacking := sorted(set(symbols) - set(wanted["symbol"]))) != []:
        raise RefusedInput(f"there is no price of {', '.join(lacking)}")
    usable = wanted["date"].is_not_null() & (wanted["price"].is_finite() & (wanted["price"] > 0)).fill_null(
        False
    )
    if not usable.all():
        wrong = wanted.filter(~usable).sort("symbol", "date").row(0, named=True)
        raise RefusedInput(f"{wrong['symbol']} on {wrong['date']}: the price is {wrong['price']}")
    if wanted.select("date", "symbol").is_duplicated().any():
        raise RefusedInput("a symbol has two prices on a day")
    first = wanted.group_by("symbol").agg(pl.col("date").min())["date"].max()
    wide = (
        wanted.filter(pl.col("date") >= first)
        .pivot("symbol", index="date", values="price")
        .sort("date")
        .select("date", *symbols)
    )
    _check_days(wide, symbols)
    return PriceHistory(tuple(symbols), tuple(wide["date"]), wide.select(symbols).to_numpy())


def _check_days(wide: pl.DataFrame, symbols: Sequence[str]) -> None:
    for symbol in symbols:
        if wide[symbol].null_count() > 0:
            missing = wide.filter(pl.col(symbol).is_null())["date"][0]
            raise RefusedInput(f"{symbol} has no price on {missing}, others have one")
    if wide.height < 2:
        raise RefusedInput("a return needs two days")
    apart = wide["date"].diff()
    if (apart > MAX_GAP).any():
        place = int((apart > MAX_GAP).fill_null(False).arg_true()[0])
        raise RefusedInput(f"no price between {wide['date'][place - 1]} and {wide['date'][place]}")


def on_common_days(daily: pl.DataFrame, symbols: Sequence[str]) -> pl.DataFrame:
    """The prices of some instruments on the days on which all of them have one.

    For sources that keep different holidays. A return over a day that is left out spans both.

    Args:
        daily: DAILY_PRICES, in any order.
    """
    wanted = daily.filter(pl.col("symbol").is_in(list(symbols)))
    counts = wanted.group_by("date").agg(pl.col("symbol").n_unique().alias("count"))
    return wanted.join(counts.filter(pl.col("count") == len(symbols)).select("date"), on="date", how="semi")


def pair_prices(rates: pl.DataFrame, symbols: Sequence[str]) -> pl.DataFrame:
    """Prices of currency pairs out of reference rates, crosses through the euro.

    Args:
        rates: RATE_SCHEMA, units of a currency for one euro, in any order.

    Returns:
        DAILY_PRICES, a row for every day on which both currencies of a pair have a rate.

    Raises:
        RefusedInput: other columns, or a symbol that is not a known pair of currencies.
    """
    if dict(rates.schema) != dict(RATE_SCHEMA):
        raise RefusedInput(f"rates have the columns {list(RATE_SCHEMA)}, not {dict(rates.schema)}")
    quoted = rates.select("date", "currency", "per_eur")
    euro = quoted.select("date", pl.lit("EUR").alias("currency"), pl.lit(1.0).alias("per_eur")).unique()
    every = pl.concat([quoted, euro])
    frames = [pl.DataFrame(schema=DAILY_PRICES)]
    for symbol in symbols:
        specification = instruments().get(symbol)
        if specification is None or specification.asset_class is not AssetClass.CURRENCY:
            raise RefusedInput(f"{symbol} is not a known pair of currencies")
        base = every.filter(pl.col("currency") == specification.base)
        quote = every.filter(pl.col("currency") == specification.quote)
        frames.append(
            base.join(quote, on="date", suffix="_quote").select(
                "date",
                pl.lit(symbol).alias("symbol"),
                (pl.col("per_eur_quote") / pl.col("per_eur")).alias("price"),
            )
        )
    return pl.concat(frames).sort("date", "symbol")
