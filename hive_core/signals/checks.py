"""The rules of validation held against one signal again, each with the numbers it was asked of.

For people who ask why a signal passed: the numbers are the recorded ones (the signal, the market that was
known at it, when its message was seen), the rules those of this version. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from hive_core.instruments.specification import instruments
from hive_core.market.as_of import MAX_MARKET_AGE
from hive_core.signals.reasons import SignalReason
from hive_core.signals.rules import (
    MAX_ENTRY_DISTANCE_R,
    MAX_SEEN_LATE,
    RULES,
    STOP_MAX_PCT,
    TARGET_MAX_PCT,
    ask,
    bid,
    bid_ask_spread,
    collar_pct,
    drift,
    edge_at_stop,
    edge_at_targets,
    farther_edge,
    farthest_target,
    is_market_order,
    left_behind,
    mid,
    names_a_price,
    nearest_target,
    plausible_high,
    plausible_low,
    risk,
    stop,
    targets,
)
from hive_core.signals.tables import ENRICHED, PARSED

_POSTED = pl.col("ts_event").alias("posted")


def _pct(price: pl.Expr, reference: pl.Expr) -> pl.Expr:
    return ((price - reference).abs() / reference * 100).round(3)


_PLAUSIBLE = [plausible_low.alias("lowest"), plausible_high.alias("highest")]
_NUMBERS: dict[SignalReason, list[pl.Expr]] = {
    SignalReason.EXPIRED: [_POSTED, pl.col("valid_until")],
    SignalReason.STALE: [
        _POSTED,
        pl.col("ts_init").alias("seen"),
        pl.lit(MAX_SEEN_LATE.total_seconds() / 60).alias("allowed_minutes"),
    ],
    SignalReason.NO_MARKET_DATA: [
        pl.col("market_ts").alias("quote_of"),
        bid.alias("bid"),
        ask.alias("ask"),
        pl.col("market_timeframe").alias("timeframe"),
        pl.col("spread_assumed"),
        ((pl.col("ts_event") - pl.col("market_ts")).dt.total_seconds() / 60).round(1).alias("age_minutes"),
        pl.lit(MAX_MARKET_AGE.total_seconds() / 60).alias("allowed_minutes"),
    ],
    SignalReason.FAR_FROM_MARKET: [
        pl.when(names_a_price).then(farther_edge).alias("entry"),
        mid.alias("market"),
        pl.when(names_a_price).then(_pct(farther_edge, mid)).alias("apart_pct"),
        collar_pct.alias("allowed_pct"),
    ],
    SignalReason.PENDING_WRONG_SIDE: [
        pl.when(~is_market_order).then(edge_at_targets).alias("entry"),
        pl.when(~is_market_order).then(bid).alias("bid"),
        pl.when(~is_market_order).then(ask).alias("ask"),
    ],
    SignalReason.STOP_WRONG_SIDE: [stop.alias("stop"), edge_at_stop.alias("entry")],
    SignalReason.TARGET_WRONG_SIDE: [nearest_target.alias("nearest_target"), edge_at_targets.alias("entry")],
    SignalReason.TARGETS_OUT_OF_ORDER: [targets.alias("targets")],
    SignalReason.STOP_TOO_NEAR: [
        (edge_at_stop - stop).abs().alias("distance"),
        bid_ask_spread.alias("spread"),
    ],
    SignalReason.STOP_TOO_FAR: [
        _pct(stop, edge_at_targets).alias("apart_pct"),
        pl.lit(STOP_MAX_PCT).alias("allowed_pct"),
    ],
    SignalReason.TARGET_TOO_FAR: [
        _pct(farthest_target, edge_at_targets).alias("apart_pct"),
        pl.lit(TARGET_MAX_PCT).alias("allowed_pct"),
    ],
    SignalReason.ENTRY_PASSED: [
        left_behind.alias("left_by"),
        risk.alias("risk"),
        drift.alias("may_have_moved"),
        pl.lit(MAX_ENTRY_DISTANCE_R).alias("allowed_r"),
    ],
}
"""What each rule compares, by its reason. The rules without numbers ask whether something is there."""
_NAMED_PRICES = {
    "entry_low": [pl.col("entry_low"), pl.col("entry_high"), *_PLAUSIBLE],
    "stop_loss": [stop.alias("stop"), *_PLAUSIBLE],
    "take_profits": [targets.alias("targets"), *_PLAUSIBLE],
}
"""What each rule of plausible prices compares, by its field."""


def checks_of(
    signal: Mapping[str, Any], *, seen: datetime | None, confidence: float | None, minimum: float
) -> list[dict[str, Any]]:
    """Every rule in its order: `rule` (the reason code that a signal that breaks it is given), the `field`
    it asks of, whether it `holds`, and its `numbers`; last whether the reading is sure enough.

    Args:
        signal: one row of ENRICHED.
        seen: when the message was seen, as far as known.
        confidence: with which the signal was read, as far as known.
        minimum: the confidence that its source is asked for.
    """
    row = {name: signal.get(name) for name in ENRICHED}
    pips = instruments()
    pip = float(pips[row["symbol"]].pip) if row["symbol"] in pips else None
    atr = None if pip is None or row["atr_pips"] is None else row["atr_pips"] * pip
    frame = pl.DataFrame([row], schema=ENRICHED).with_columns(
        pl.lit(atr, pl.Float64).alias("atr"), pl.lit(seen, PARSED["ts_event"]).alias("ts_init")
    )
    found = []
    for rule in RULES:
        is_named = rule.reason is SignalReason.FAT_FINGER
        asked = _NAMED_PRICES[rule.field] if is_named else _NUMBERS.get(rule.reason, [])
        numbers = frame.select(asked).to_dicts() if asked else []
        found.append(
            {
                "rule": rule.reason.value,
                "field": rule.field,
                "holds": not frame.select(rule.broken).item(),
                "numbers": {name: _plain(value) for name, value in numbers[0].items()} if numbers else {},
            }
        )
    sure = {
        "rule": SignalReason.NEEDS_REVIEW.value,
        "field": "confidence",
        "holds": confidence is not None and confidence >= minimum,
        "numbers": {"confidence": confidence, "minimum": minimum},
    }
    return [*found, sure]


def _plain(value: Any) -> Any:
    """Without the noise of the last binary digits."""
    return round(value, 8) if isinstance(value, float) else value
