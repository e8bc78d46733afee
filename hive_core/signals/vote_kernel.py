"""Weighted votes summed by group, and their averages on the tick: resolution's arithmetic for arrays.

Whole numbers throughout: a sum is the same in every order, and equal to what `consensus` makes of the
same votes one by one. Which votes belong to a group is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hive_core.signals.fixed_point import FloatArray, IntArray, divide_to_even_arrays, units_of_floats

BLOCK = 1 << 15
"""Votes at a time: what is between two steps stays in the processor's cache, in memory that is used again."""

SUM_LIMIT = 1 << 61
"""What no sum may reach: three times as much still fits into 64 bits."""


def sums_by_group(
    group: npt.NDArray[np.intp], groups: int, weights: IntArray, prices: Sequence[IntArray]
) -> tuple[IntArray, list[IntArray]]:
    """The votes' total weight in each group, and of each price the weighted sum.

    Args:
        group: of each vote, under `groups`. weights, prices: of each vote; a group's weights times its
            highest price must stay under `SUM_LIMIT`.
    """
    total = np.zeros(groups, np.int64)
    sums = [np.zeros(groups, np.int64) for _ in prices]
    for begin in range(0, group.size, BLOCK):
        block = slice(begin, begin + BLOCK)
        add_by_group(total, sums, group[block], weights[block], [price[block] for price in prices])
    return total, sums


def add_by_group(
    total: IntArray,
    sums: Sequence[IntArray],
    group: npt.NDArray[np.intp],
    weights: IntArray,
    prices: Sequence[IntArray],
) -> None:
    """Add a block of votes to totals and weighted sums, in place; see `sums_by_group`."""
    np.add.at(total, group, weights)
    for weighted, price in zip(sums, prices, strict=True):
        np.add.at(weighted, group, weights * price)


def ticks_of(weighted: IntArray, total: IntArray, parts: IntArray | int) -> IntArray:
    """Weighted sums of prices in parts of a tick, as averages in whole ticks (half to even).

    Args:
        total: the weights, positive. parts: how many parts a tick has.
    """
    averages = np.empty_like(weighted)
    for begin in range(0, weighted.size, BLOCK):
        block = slice(begin, begin + BLOCK)
        of_block = parts if isinstance(parts, int) else parts[block]
        averages[block] = divide_to_even_arrays(weighted[block], total[block] * of_block)
    return averages


def in_parts_of_a_tick(
    columns: Sequence[FloatArray], tick: IntArray
) -> tuple[list[IntArray], IntArray | int]:
    """Columns of prices as whole numbers of the coarsest tenths of their ticks that hold them all exactly.

    Rooms write prices that venues can quote, so mostly a part is a tick; it is a unit of 1e-8 at last.

    Args:
        columns: prices, at most ten million. tick: of each row's instrument, in units of 1e-8.

    Returns:
        (columns in parts, how many parts each row's tick has). Rows of one tick have the same parts.
    """
    on_tick = _in_ticks(columns, tick)
    if on_tick is not None:
        return on_tick, 1
    columns_in_units = [units_of_floats(prices) for prices in columns]
    part = tick.copy()
    while True:
        off = np.zeros(tick.size, np.bool_)
        for units in columns_in_units:
            off |= units % part != 0
        if not off.any():
            return [units // part for units in columns_in_units], tick // part
        finer = np.where(part % 10 == 0, part // 10, 1)
        part = np.where(np.isin(tick, np.unique(tick[off])), finer, part)


def _in_ticks(columns: Sequence[FloatArray], tick: IntArray) -> list[IntArray] | None:
    """The columns in whole ticks, or None where a price, to eight decimal places, is not on its tick."""
    found = [np.empty(tick.size, np.int64) for _ in columns]
    for begin in range(0, tick.size, BLOCK):
        block = slice(begin, begin + BLOCK)
        ticks_per_one = 1e8 / tick[block]
        coarsest = float(tick[block].max())
        off, nearest = np.empty_like(ticks_per_one), np.empty_like(ticks_per_one)
        for ticks, prices in zip(found, columns, strict=True):
            np.multiply(prices[block], ticks_per_one, out=off)
            ticks[block] = np.rint(off, out=nearest)
            off -= nearest
            # Off by less than a quarter of 1e-8, a price is rounded to its tick by `units_of_float` too.
            # What holds for the coarsest tick holds for all; else each is asked for its own.
            highest, lowest = float(off.max()), float(off.min())
            if highest * coarsest <= 0.25 and lowest * coarsest >= -0.25:
                continue
            if not float((np.abs(off) * tick[block]).max()) <= 0.25:
                return None
    return found
