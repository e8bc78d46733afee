"""What was known of the market and of the plan when a signal was posted, beside the signal.

Every column is a function of the signal and of bars that had closed by its `ts_event`, never of a
later bar or of another signal. Whether a signal may go on is not asked here.
"""

from __future__ import annotations

import polars as pl

from hive_core.calendars.sessions import session_of
from hive_core.instruments.specification import instruments
from hive_core.market.as_of import market_as_of
from hive_core.signals.rules import bid_ask_spread, edge_at_targets, nearest_target, stop
from hive_core.signals.tables import ENRICHED, VALID, conform


def enrich_signals(valid: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """Valid signals with the market as it was known at `ts_event`, and the plan measured against it.

    Distances are from the edge of the entry zone where a fill is worst (the upper one for a buy), or
    from the market's mid where no price is named. `stop_distance_atr` is null before there are enough
    bars for an average true range.

    Args:
        valid: VALID.
        bars: BAR_SCHEMA, any symbols and timeframes.

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
    pips = {symbol: float(facts.pip) for symbol, facts in instruments().items()}
    pip = pl.col("symbol").replace_strict(pips, return_dtype=pl.Float64)
    risk = (edge_at_targets - stop).abs()
    return conform(
        seen.with_columns(
            (bid_ask_spread / pip).alias("spread_pips"),
            (pl.col("atr") / pip).alias("atr_pips"),
            (risk / pip).alias("stop_distance_pips"),
            # Bars that never moved have no range to measure with.
            (risk / pl.when(pl.col("atr") > 0).then(pl.col("atr"))).alias("stop_distance_atr"),
            ((nearest_target - edge_at_targets).abs() / risk).alias("reward_to_risk"),
            session_of(pl.col("ts_event")).alias("session"),
        ),
        ENRICHED,
    )
