"""What was known of the market, the news and the plan when a signal was posted, beside the signal.

Every column is a function of the signal and of what was known by its `ts_event`: bars that had closed,
events that had been seen, rates that were out; never of anything later or of another signal. Whether a
signal may go on is not asked here.
"""

from __future__ import annotations

import polars as pl

from hive_core.calendars.news import NEWS_EVENTS, KnownNews, news_as_of
from hive_core.calendars.sessions import session_of
from hive_core.instruments.specification import instruments
from hive_core.market.as_of import KnownMarket, market_as_of
from hive_core.market.bars import RATE_SCHEMA
from hive_core.market.rates import KnownRates, rate_as_of
from hive_core.signals.rules import bid_ask_spread, edge_at_targets, nearest_target, stop
from hive_core.signals.tables import ENRICHED, VALID, conform

ACCOUNT_CURRENCY = "USD"
"""The currency to which the cross rate is told. What an account makes of a trade, its own rates say."""


def enrich_signals(
    valid: pl.DataFrame,
    bars: pl.DataFrame | KnownMarket,
    *,
    news: pl.DataFrame | KnownNews | None = None,
    rates: pl.DataFrame | KnownRates | None = None,
) -> pl.DataFrame:
    """Valid signals with the world as it was known at `ts_event`, and the plan measured against it.

    Distances are from the edge of the entry zone where a fill is worst (the upper one for a buy), or
    from the market's mid where no price is named. `stop_distance_atr` is null before there are enough
    bars for an average true range. `regime` is null until something tells it.

    Args:
        valid: VALID.
        bars: BAR_SCHEMA, any symbols and timeframes; from `as_of.bars_needed` before the first signal on. Or
            the same, kept (`as_of.KnownMarket`).
        news: NEWS_EVENTS, or the same, kept; without any, whether there is news is unknown.
        rates: RATE_SCHEMA, or the same, kept in `ACCOUNT_CURRENCY`; without any, only a quote in dollars
            has a cross rate.

    Returns:
        ENRICHED, row for row in the order of `valid`.

    Raises:
        ValueError: a signal whose instrument or market is not known: it cannot have been validated
            with these bars.
    """
    seen = market_as_of(conform(valid, VALID), bars)
    blind = seen.filter(pl.col("market_ts").is_null())
    if not blind.is_empty():
        first = blind.row(0, named=True)
        raise ValueError(
            f"{blind.height} signals without a market, the first is {first['signal_id']}"
            f" ({first['symbol']} at {first['ts_event']}): enrich with the bars it was validated with"
        )
    facts = instruments()
    pip = pl.col("symbol").replace_strict(
        {symbol: float(it.pip) for symbol, it in facts.items()}, return_dtype=pl.Float64
    )
    quote = pl.col("symbol").replace_strict(
        {symbol: it.quote for symbol, it in facts.items()}, return_dtype=pl.String
    )
    risk = (edge_at_targets - stop).abs()
    measured = seen.with_columns(
        (bid_ask_spread / pip).alias("spread_pips"),
        (pl.col("atr") / pip).alias("atr_pips"),
        (risk / pip).alias("stop_distance_pips"),
        # Bars that never moved have no range to measure with.
        (risk / pl.when(pl.col("atr") > 0).then(pl.col("atr"))).alias("stop_distance_atr"),
        ((nearest_target - edge_at_targets).abs() / risk).alias("reward_to_risk"),
        session_of(pl.col("ts_event")).alias("session"),
        quote.alias("_quote"),
        pl.lit(None, pl.String).alias("regime"),
    )
    known_rates = pl.DataFrame(schema=RATE_SCHEMA) if rates is None else rates
    converted = rate_as_of(measured, known_rates, of="_quote", to=ACCOUNT_CURRENCY, name="usd_per_quote")
    known_events = pl.DataFrame(schema=NEWS_EVENTS) if news is None else news
    return conform(news_as_of(converted, known_events), ENRICHED)
