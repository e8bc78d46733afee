"""The parts that schemas are made of: field checks, and rules over several columns of one row.

A rule that meets a null says nothing of it: whether a column may be null is the schema's to say.
Which rule holds for which table stands in `schemas`.
"""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl
from pydantic import TypeAdapter

from hive_core.contracts.base import AccountName, Identifier, Sha256, SourceId, Symbol


def matches(field_type: Any) -> pa.Check:
    """The column's text is what a contract's field type accepts."""
    pattern = TypeAdapter(field_type).json_schema()["pattern"]
    return pa.Check.str_matches(pattern, name="pattern", error=f"matches {pattern}")


ACCOUNT = matches(AccountName)
IDENTIFIER = matches(Identifier)
SHA256 = matches(Sha256)
SOURCE = matches(SourceId)
SYMBOL = matches(Symbol)
SIDE = pa.Check.isin(("buy", "sell"))
ORDER_TYPE = pa.Check.isin(("market", "limit", "stop"))
POSITIVE = pa.Check.gt(0)
NOT_NEGATIVE = pa.Check.ge(0)
SHARE = pa.Check.in_range(0, 1)
FINITE = pa.Check(
    lambda data: data.lazyframe.select(pl.col(data.key).is_finite()), name="finite", error="finite"
)
"""NaN is greater than every number to Polars: without this it would pass as a price."""


def row_rule(name: str, columns: tuple[str, ...], holds: pl.Expr) -> pa.Check:
    """A check over several columns of a row; `columns` are those that a failure shows."""
    return pa.Check(
        lambda data: data.lazyframe.select(holds.fill_null(True)),
        name=name,
        error=name,
        statistics={"columns": columns},
    )


def in_order(first: str, then: str, *, strictly: bool = False) -> pa.Check:
    """`first` is at most `then`, or less than it."""
    later, earlier = pl.col(then), pl.col(first)
    if strictly:
        return row_rule(f"{first} < {then}", (first, then), earlier < later)
    return row_rule(f"{first} <= {then}", (first, then), earlier <= later)


def together(*columns: str) -> pa.Check:
    """The columns are all null or all given."""
    nulls = pl.sum_horizontal(pl.col(name).is_null().cast(pl.Int32) for name in columns)
    return row_rule(f"{', '.join(columns)} together", columns, nulls.is_in([0, len(columns)]))


def given_when(column: str, condition_name: str, condition: pl.Expr, *others: str) -> pa.Check:
    """`column` is given in the rows where the condition holds."""
    return row_rule(
        f"{column} given when {condition_name}",
        (column, *others),
        pl.col(column).is_not_null() | ~condition.fill_null(False),
    )


def filled_list(column: str) -> pa.Check:
    """A list has an item, and no null among its items."""
    return row_rule(
        f"{column} has items",
        (column,),
        (pl.col(column).list.len() > 0) & ~pl.col(column).list.eval(pl.element().is_null()).list.any(),
    )


def positive_items(column: str) -> pa.Check:
    """Every number of a list is over zero and finite."""
    smallest, largest = pl.col(column).list.min(), pl.col(column).list.max()
    has_nan = pl.col(column).list.eval(pl.element().is_nan()).list.any()
    return row_rule(f"{column} over zero", (column,), (smallest > 0) & (largest < float("inf")) & ~has_nan)


def stop_right_side(nearest: pl.Expr, farthest: pl.Expr, *columns: str) -> pa.Check:
    """A buy's stop is under every price of its plan, a sell's over every one.

    `nearest` and `farthest` are the lowest and the highest of the plan's entries and targets.
    """
    buys = pl.col("side") == "buy"
    holds = pl.when(buys).then(pl.col("stop_loss") < nearest).otherwise(pl.col("stop_loss") > farthest)
    return row_rule("stop on the losing side", ("side", "stop_loss", *columns), holds)


def targets_right_side(entry_low: str, entry_high: str) -> pa.Check:
    """A buy's targets are over its entry, a sell's under it."""
    targets = pl.col("take_profits")
    holds = (
        pl.when(pl.col("side") == "buy")
        .then(targets.list.min() > pl.col(entry_high))
        .otherwise(targets.list.max() < pl.col(entry_low))
    )
    columns = ("side", *dict.fromkeys((entry_low, entry_high)), "take_profits")
    return row_rule("targets on the winning side", columns, holds)
