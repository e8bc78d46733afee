"""How often the first, the second, the third target of a source was reached."""

from __future__ import annotations

import polars as pl

from hive_core.signals.scorecards.intervals import wilson_interval
from hive_core.signals.scorecards.outcomes import Outcome
from hive_core.signals.scorecards.tables import OUTCOMES, TARGET_RATES
from hive_core.signals.tables import conform

HAS_ENDED = pl.col("outcome").is_in([Outcome.TARGET.value, Outcome.STOP.value])
"""Filled, and every part has left: what counts as traded."""


def target_rates(outcomes: pl.DataFrame) -> pl.DataFrame:
    """The share of traded signals that reached each of their targets, with Wilson intervals.

    Asked of the first target are all traded signals, of the third those that have three; a target that
    the first price had passed is not asked of. A source with fewer targets a signal is therefore not
    worse, and a rate is read with its `tried`.

    Args:
        outcomes: OUTCOMES.

    Returns:
        TARGET_RATES by source and target.
    """
    counted = (
        conform(outcomes, OUTCOMES)
        .filter(HAS_ENDED)
        .with_columns(pl.int_ranges(1, pl.col("targets") + 1, dtype=pl.Int32).alias("target"))
        .explode("target")
        .filter(pl.col("target") > pl.col("targets_passed"))
        .group_by("source", "target")
        .agg(
            pl.len().cast(pl.Int64).alias("tried"),
            (pl.col("target") <= pl.col("targets_passed") + pl.col("targets_hit"))
            .sum()
            .cast(pl.Int64)
            .alias("reached"),
        )
        .sort("source", "target")
    )
    rows = []
    for row in counted.iter_rows(named=True):
        low, high = wilson_interval(row["reached"], row["tried"]) or (None, None)
        rows.append({**row, "rate": row["reached"] / row["tried"], "rate_low": low, "rate_high": high})
    return pl.DataFrame(rows, schema=TARGET_RATES)
