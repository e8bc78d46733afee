"""The covariances that the gate asks: estimated here from history, held by `hive_core.risk.gating`."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from hive_core.instruments.specification import AssetClass, instruments
from hive_core.market.rates import MAX_RATE_AGE, PUBLISHED_AT, PUBLISHED_ZONE
from hive_core.risk.gating.risk_model import RiskModel
from hive_core.risk.portfolio.ewma import DECAY, FIRST_ROWS, ewma_covariance
from hive_core.risk.portfolio.history import (
    DAILY_PRICES,
    PriceHistory,
    on_common_days,
    pair_prices,
    price_history,
)
from hive_core.risk.portfolio.inputs import RefusedInput

USUAL_DAYS = 261
"""Returns of a year: what an instrument usually moves, and as far back as a covariance reaches."""

LEAST_SHARE = 0.9
"""An instrument without reference rates has to have a price on so many of the days, or the model does not
hold it: its missing days are taken from the others too."""

FIXED_AT = time(14, 15)
"""When the ECB asks the central banks for the rates (CET; ecb.europa.eu, framework of the reference rates).
Prices of other instruments are taken then, for returns of different hours look unrelated."""

FIXING_REACH = timedelta(hours=1)
"""How old a price may be at the fixing."""


def gate_model(history: PriceHistory, *, decay: float = DECAY) -> RiskModel:
    """The EWMA covariances of daily relative returns, as the gate holds them: decimals by pair of symbols.

    Each decimal is the number's shortest text, so that a model read again is the same one. Positive
    semidefinite up to that text. The volatility ratio is the root of the EWMA variance over that of the plain
    mean of squares; 1 for what never moved.

    Raises:
        RefusedInput: too few days (`ewma.FIRST_ROWS`), or a decay out of range.
    """
    returns = history.relative_returns()
    covariance = ewma_covariance(returns, decay=decay)
    usual = (returns**2).mean(axis=0)
    ratios = np.sqrt(np.divide(np.diag(covariance), usual, out=np.ones_like(usual), where=usual > 0))
    return RiskModel(
        {
            (one, other): Decimal(repr(float(covariance[row, column])))
            for row, one in enumerate(history.symbols)
            for column, other in enumerate(history.symbols)
            if one <= other
        },
        {name: Decimal(repr(float(ratio))) for name, ratio in zip(history.symbols, ratios, strict=True)},
        history.dates[-1],
    )


def gate_model_at(rates: pl.DataFrame, others: pl.DataFrame, now: datetime) -> RiskModel | None:
    """The model of all pairs, and of other instruments that have enough prices, as it was known at a moment.

    Args:
        rates: RATE_SCHEMA; what was not published yet is not read.
        others: DAILY_PRICES at `FIXED_AT`, of instruments without reference rates.

    Returns:
        None where the last rates are older than `MAX_RATE_AGE`, or days are too few: nothing is known then.
    """
    known = rates.filter(_instant(PUBLISHED_AT) <= now)
    days = known["date"].unique().sort().tail(USUAL_DAYS + 1)
    if days.len() <= FIRST_ROWS or now.date() - days[-1] > MAX_RATE_AGE:
        return None
    known = known.filter(pl.col("date") >= days[0])
    whole = known.group_by("currency").len().filter(pl.col("len") == days.len())["currency"]
    quoted = {*whole, "EUR"}
    pairs = [
        name
        for name, one in sorted(instruments().items())
        if one.asset_class is AssetClass.CURRENCY and {one.base, one.quote} <= quoted
    ]
    daily = pl.concat([pair_prices(known, pairs), others.filter(pl.col("date").is_in(days.implode()))])
    counts = daily.group_by("symbol").len()
    enough = counts.filter(pl.col("len") >= LEAST_SHARE * days.len())["symbol"]
    for held in (sorted(enough), pairs):  # where the others lack too many days, what is known without them
        try:
            return gate_model(price_history(on_common_days(daily, held), held))
        except RefusedInput:
            continue
    return None


def prices_at_fixing(symbol: str, closes: pl.DataFrame) -> pl.DataFrame:
    """The price of each day at `FIXED_AT`: the middle of the last close within `FIXING_REACH` before.

    Args:
        closes: `ts_close` (UTC), `bid_close`, `ask_close`, in any order.

    Returns:
        DAILY_PRICES; a day without such a close has no row.
    """
    fixed = _instant(FIXED_AT)
    return (
        closes.with_columns(pl.col("ts_close").dt.convert_time_zone(PUBLISHED_ZONE).dt.date().alias("date"))
        .filter(pl.col("ts_close").is_between(fixed - FIXING_REACH, fixed, closed="right"))
        .sort("ts_close")
        .group_by("date")
        .agg(((pl.col("bid_close") + pl.col("ask_close")) / 2).last().alias("price"))
        .select("date", pl.lit(symbol).alias("symbol"), "price")
        .sort("date")
        .cast(DAILY_PRICES)  # type: ignore[arg-type]
    )


def _instant(at: time) -> pl.Expr:
    """A time of the ECB's clock on `date`."""
    return pl.col("date").dt.combine(at).dt.replace_time_zone(PUBLISHED_ZONE).dt.convert_time_zone("UTC")
