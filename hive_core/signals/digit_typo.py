"""Whether a signal that fails by its prices would be right with one slip of the keyboard mended.

A slip is one digit typed for another, a decimal point that is missing or misplaced, or a digit typed
twice, in one price. It is told to the person who reads the quarantine; no signal is ever corrected by it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any

import polars as pl

from hive_core.contracts.base import decimal_text
from hive_core.signals.reasons import SignalReason
from hive_core.signals.rules import (
    RULES,
    edge_at_targets,
    farthest_target,
    nearest_target,
    prices_text,
    stop,
    targets,
)

SLIP_REASONS = (
    SignalReason.FAT_FINGER,
    SignalReason.FAR_FROM_MARKET,
    SignalReason.STOP_WRONG_SIDE,
    SignalReason.TARGET_WRONG_SIDE,
    SignalReason.TARGETS_OUT_OF_ORDER,
    SignalReason.STOP_TOO_FAR,
    SignalReason.TARGET_TOO_FAR,
)
"""Faults that a slip explains. A pending order on the wrong side of a market that has moved, or a stop at
the entry, would nearly always be right with another digit too: that explains nothing."""

MAX_DISTANCE_RATIO = 20.0
"""A mended plan has its stop and targets at comparable distances from the entry: one that is further than
this many times as far as another is no explanation."""

NEAR_RATIO = 1.35
"""Every price of a faultless signal is nearer to the market than this many times (rules.TARGET_MAX_PCT
from an entry inside rules.PENDING_ORDER_COLLAR_PCT): others need not be judged."""

ROWS_AT_ONCE = 2_000
"""A faulty signal has up to a few hundred candidates; this many of them are judged together."""


class Slip(StrEnum):
    """What was mistyped, in the order in which it is told."""

    DIGIT = "one digit"
    POINT = "its decimal point"
    DOUBLED = "a digit typed twice"
    SWAPPED = "two digits swapped"
    """Asked of a stop that is uncommonly far only (`parser.geometry`)."""


_distances = (
    (edge_at_targets - stop).abs(),
    (nearest_target - edge_at_targets).abs(),
    (farthest_target - edge_at_targets).abs(),
)
_is_even = pl.max_horizontal(_distances) <= MAX_DISTANCE_RATIO * pl.min_horizontal(_distances)

_READ = (
    *("_row", "field", "symbol", "side", "order_type", "ts_event", "ts_init", "valid_until"),
    *("entry_low", "entry_high", "stop_loss", "take_profits"),
    *("market_ts", "market_bid", "market_ask", "market_timeframe", "atr"),
)
"""What the rules read, and the row's own fault."""

_CANDIDATES = {
    "_row": pl.UInt32(),
    "_field": pl.String(),
    "_slip": pl.String(),
    "_typo": pl.String(),
    "_away": pl.Float64(),
    "_mended": pl.Float64(),
    "_low": pl.Float64(),
    "_high": pl.Float64(),
    "_stop": pl.Float64(),
    "_new_targets": pl.List(pl.Float64()),
}


def mended_prices(price: Decimal) -> list[tuple[Slip, Decimal]]:
    """Every price that one slip could have turned into this one, each with the first slip that does, in the
    order in which they are told: by `Slip`, then the price nearest to the written one.

    Args:
        price: positive, with the decimals that are written. The mended price has as many, unless its point
            is what was misplaced.
    """
    found: dict[Decimal, Slip] = {}
    for slip, spelled in _spellings(f"{price:f}"):
        value = Decimal(spelled)
        if value > 0 and value != price and not _has_idle_zero(spelled):
            found.setdefault(value, slip)
    order = list(Slip)
    told = [(slip, value) for value, slip in found.items()]
    return sorted(told, key=lambda each: (order.index(each[0]), abs(each[1] - price), each[1]))


def swapped_prices(price: Decimal) -> list[tuple[Slip, Decimal]]:
    """Every price that two neighbouring digits typed in the wrong order could have turned into this one,
    the nearest first."""
    text = f"{price:f}"
    spelled = [
        text[:at] + other + one + text[at + 2 :]
        for at, (one, other) in enumerate(itertools.pairwise(text))
        if one != other and (one + other).isdigit()
    ]
    mended = [Decimal(each) for each in spelled if not _has_idle_zero(each)]
    return [(Slip.SWAPPED, each) for each in sorted(mended, key=lambda each: (abs(each - price), each))]


def _has_idle_zero(spelled: str) -> bool:
    return spelled[0] == "0" and spelled[1:2] not in {"", "."}


def would_be_right(price: Decimal, slip: Slip, mended: Decimal) -> str:
    """What is told of a price that one slip explains, both as they are written."""
    return f"; digit_typo: {price:f} would be right as {mended:f} ({slip.value})"


def _spellings(text: str) -> Iterator[tuple[Slip, str]]:
    for place, written in enumerate(text):
        if written.isdigit():
            for digit in "0123456789":
                yield Slip.DIGIT, text[:place] + digit + text[place + 1 :]
    digits = text.replace(".", "")
    for place in range(1, len(digits) + 1):
        yield Slip.POINT, f"{digits[:place]}.{digits[place:]}"
    for place in range(1, len(text)):
        if text[place] == text[place - 1]:
            yield Slip.DOUBLED, text[:place] + text[place + 1 :]


def with_digit_typos(faulty: pl.DataFrame) -> pl.DataFrame:
    """Names as `digit_typo` what one slip in one price explains: with it mended, every rule holds.

    Of several explanations that of the field at fault is told, then the order of `Slip`, then the price
    nearest to the written one. Targets that are in order when read backwards are no slip.

    Args:
        faulty: signals with `_row`, `field`, `reason`, `detail`, and what the rules read.
    """
    backwards = prices_text(targets.list.reverse()) == pl.when(pl.col("side") == "buy").then(
        prices_text(targets.list.sort())
    ).otherwise(prices_text(targets.list.sort(descending=True)))
    in_reverse = (pl.col("reason") == SignalReason.TARGETS_OUT_OF_ORDER.value) & backwards
    asked = faulty.filter(pl.col("reason").is_in([each.value for each in SLIP_REASONS]) & ~in_reverse)
    told = [_explained(asked.slice(start, ROWS_AT_ONCE)) for start in range(0, asked.height, ROWS_AT_ONCE)]
    if not told:
        return faulty
    is_told = pl.col("_typo").is_not_null()
    return (
        faulty.join(pl.concat(told), on="_row", how="left", maintain_order="left")
        .with_columns(
            pl.when(is_told).then(pl.col("_field")).otherwise("field").alias("field"),
            pl.when(is_told).then(pl.lit(SignalReason.DIGIT_TYPO.value)).otherwise("reason").alias("reason"),
            pl.when(is_told).then(pl.col("detail") + pl.col("_typo")).otherwise("detail").alias("detail"),
        )
        .drop("_field", "_typo")
    )


def _explained(asked: pl.DataFrame) -> pl.DataFrame:
    """`_row`, `_field` and `_typo` (text) of the rows that one slip explains."""
    candidates = pl.DataFrame(
        [each for row in asked.iter_rows(named=True) for each in _candidates(row)],
        schema=_CANDIDATES,
        orient="row",
    )
    mended = (
        candidates.join(asked.select(_READ), on="_row")
        .with_columns(
            pl.coalesce("_low", "entry_low").alias("entry_low"),
            pl.coalesce("_high", "entry_high").alias("entry_high"),
            pl.coalesce("_stop", "stop_loss").alias("stop_loss"),
            pl.coalesce("_new_targets", "take_profits").alias("take_profits"),
        )
        .filter(~pl.any_horizontal(rule.broken for rule in RULES) & _is_even)
    )
    order = [slip.value for slip in Slip]
    return (
        mended.with_columns(
            (pl.col("_field") != pl.col("field")).alias("_elsewhere"),
            pl.col("_slip").replace_strict(order, range(len(order)), return_dtype=pl.Int8).alias("_order"),
        )
        .sort("_row", "_elsewhere", "_order", "_away", "_mended")
        .unique("_row", keep="first", maintain_order=True)
        .select("_row", "_field", "_typo")
    )


def _candidates(row: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The signal with one of its prices mended, in every way that leads near the market."""
    low, high, number = row["entry_low"], row["entry_high"], row["_row"]
    market = (row["market_bid"] + row["market_ask"]) / 2 if row["market_ts"] is not None else math.nan

    def near(price: float) -> list[tuple[str, str, float, float]]:
        written = Decimal(decimal_text(Decimal(str(price))))
        return [
            (slip.value, would_be_right(written, slip, mended), float(abs(mended - written)), value)
            for slip, mended in mended_prices(written)
            if market / NEAR_RATIO <= (value := float(mended)) <= market * NEAR_RATIO
        ]

    for told in near(row["stop_loss"]):
        yield number, "stop_loss", *told, None, None, told[-1], None
    prices: list[float] = row["take_profits"]
    for place, written in enumerate(prices):
        for told in near(written):
            changed = [*prices[:place], told[-1], *prices[place + 1 :]]
            yield number, "take_profits", *told, None, None, None, changed
    if low is None:
        return
    for told in near(low):
        upper = told[-1] if low == high else high
        yield number, "entry_low", *told, told[-1], upper, None, None
    if high != low:
        for told in near(high):
            yield number, "entry_high", *told, low, told[-1], None, None
