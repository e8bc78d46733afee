"""Several landings of the same bars as one frame.

Bid and ask may come in two files (Dukascopy, HistData): each side is taken from the latest landing that
has it, so that neither hides the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import polars as pl

from hive_core.market.bars import ASK_COLUMNS, BAR_SCHEMA, BID_COLUMNS

_KEY = ["symbol", "timeframe", "ts_open"]
_PRICES = [*BID_COLUMNS, *ASK_COLUMNS]


def _merge_two(earlier: pl.DataFrame, later: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    both = earlier.join(later, on=_KEY, how="full", coalesce=True, suffix="_later")
    differs = pl.any_horizontal(
        (pl.col(name) != pl.col(f"{name}_later")).fill_null(False) for name in _PRICES
    )
    values = [name for name in BAR_SCHEMA if name not in _KEY]
    merged = both.select(
        *_KEY,
        *[pl.coalesce(f"{name}_later", name).alias(name) for name in values],
        *[pl.col(f"{name}_later") for name in _PRICES],
        differs.alias("differs"),
    )
    # Two publishers' sides need not fit together. Where they cross, the later landing stands alone.
    crossed = pl.any_horizontal(
        (pl.col(ask) < pl.col(bid)).fill_null(False)
        for bid, ask in zip(BID_COLUMNS, ASK_COLUMNS, strict=True)
    )
    resolved = merged.with_columns(crossed.alias("crossed")).with_columns(
        pl.when("crossed").then(pl.col(f"{name}_later")).otherwise(pl.col(name)).alias(name)
        for name in _PRICES
    )
    conflicts = resolved.select((pl.col("differs") | pl.col("crossed")).sum()).item()
    return resolved.select(list(BAR_SCHEMA)), int(conflicts)


def merge_bars(frames: Iterable[pl.DataFrame]) -> tuple[pl.DataFrame, int]:
    """Merge BAR_SCHEMA frames, given in the order of their landing; in each, times are unique.

    Returns:
        (one frame, sorted and unique by symbol, timeframe and `ts_open`; how many bars a later landing
        changed). `landing_sha256` is of the latest landing that wrote the bar.
    """
    empty = pl.DataFrame(schema=BAR_SCHEMA)

    def step(state: tuple[pl.DataFrame, int], frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        merged, conflicts = _merge_two(state[0], frame)
        return merged, state[1] + conflicts

    merged, conflicts = reduce(step, frames, (empty, 0))
    return merged.sort(_KEY), conflicts
