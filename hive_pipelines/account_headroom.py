"""From marks of equity to the room above the floors: one pure function on ACCOUNT_EQUITY."""

from __future__ import annotations

import polars as pl

from hive_core.contracts.execution_tables import ACCOUNT_HEADROOM

LOW_PCT = 1.0
"""Room under this, in percent of what an account began with, is worth a warning."""


def headroom_of(equity: pl.DataFrame) -> pl.DataFrame:
    """ACCOUNT_HEADROOM of ACCOUNT_EQUITY, in its order. What an account began with is the balance of its
    first row. Rows without any floor have no room to tell of."""
    daily, maximum = (pl.col("equity_low") - pl.col(f"{name}_floor") for name in ("daily", "maximum"))
    left = pl.min_horizontal("daily_left", "maximum_left")
    return (
        equity.with_columns(
            daily_left=daily, maximum_left=maximum, initial=pl.col("balance").first().over("account")
        )
        .with_columns(left=left)
        .with_columns(left_pct=pl.col("left") / pl.col("initial") * 100)
        .filter(pl.col("left").is_not_null())
        .select(*ACCOUNT_HEADROOM)
    )


def low_accounts(headroom: pl.DataFrame) -> dict[str, float]:
    """Accounts whose last room is under `LOW_PCT`, with it in percent."""
    last = headroom.group_by("account", maintain_order=True).last()
    low = last.filter(pl.col("left_pct") < LOW_PCT).select("account", "left_pct")
    return dict(low.iter_rows())
