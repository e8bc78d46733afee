"""Prices and weights as whole numbers of 1e-8, what a contract can carry: sums that no order changes.

The arithmetic of resolution, once for one number (Python's integers, never too small) and once for
arrays (64 bits; `vote_kernel` asks first whether they are enough). What is added stands elsewhere.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

UNITS = 10**8
"""Units in one."""

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]

_STEP_BITS = 20
_TABLE_BITS = _STEP_BITS // 2
_FACTOR_BITS = 28
DECAYING_WEIGHT_LIMIT = 1 << (62 - _FACTOR_BITS)
"""Weights of arrays that decay must stay under it (171.8), or 64 bits do not hold the product."""

_LAST_SHIFT = 62


def units_of(value: Decimal) -> int:
    """A decimal of at most eight places, in units.

    Raises:
        ValueError: it has more places.
    """
    scaled = value.scaleb(8)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than eight decimal places")
    return int(scaled)


def units_of_float(value: float) -> int:
    """A price of a frame in units: the nearest, half to even. The same as `units_of_floats`."""
    return round(value * 1e8)


def units_of_floats(values: FloatArray) -> IntArray:
    """`units_of_float` of every element."""
    units: IntArray = np.rint(values * 1e8).astype(np.int64)
    return units


def units_text(units: int) -> str:
    """The one spelling of so many units, as `contracts.base.decimal_text` spells the decimal."""
    whole, rest = divmod(abs(units), UNITS)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{rest:08d}".rstrip("0") if rest else f"{sign}{whole}"


def units_text_of(column: pl.Expr) -> pl.Expr:
    """`units_text` of every number of a column."""
    whole, rest = (column.abs() // UNITS).cast(pl.String), column.abs() % UNITS
    point = pl.lit(".") + rest.cast(pl.String).str.zfill(8).str.strip_chars_end("0")
    sign = pl.when(column < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + whole + pl.when(rest == 0).then(pl.lit("")).otherwise(point)


def divide_to_even(numerator: int, denominator: int) -> int:
    """The nearest whole number to a quotient, half to even. `denominator` is positive."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2):
        quotient += 1
    return quotient


def divide_to_even_arrays(numerator: IntArray, denominator: IntArray) -> IntArray:
    """`divide_to_even` of every element; twice a numerator and a denominator must fit into 64 bits."""
    raised, divisor = 2 * numerator + denominator, 2 * denominator
    rounded: IntArray = raised // divisor
    # Half up, and back where it was a half and has become odd.
    rounded -= (rounded * divisor == raised) & (rounded & 1 == 1)
    return rounded


@cache
def _powers() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """2^(-i/2^10) and 2^(-i/2^20), i under 1024, in units of 2^-28. From square roots in 60 digits, so
    that every machine has the same."""
    with localcontext(prec=60, rounding=ROUND_HALF_EVEN):

        def table(halvings_bits: int) -> tuple[int, ...]:
            root = Decimal("0.5")
            for _ in range(halvings_bits):
                root = root.sqrt()
            values = [Decimal(1 << _FACTOR_BITS)]
            for _ in range((1 << _TABLE_BITS) - 1):
                values.append(values[-1] * root)
            return tuple(int(value.to_integral_value()) for value in values)

        return table(_TABLE_BITS), table(_STEP_BITS)


@cache
def _power_arrays() -> tuple[IntArray, IntArray]:
    coarse, fine = _powers()
    return np.array(coarse, np.int64), np.array(fine, np.int64)


def decayed(weight: int, age_us: int, half_life_us: int | None) -> int:
    """`weight` x 2^(-age / half-life), to the nearest unit; without a half-life the weight itself.

    The age is cut to 2^-20 of a half-life (a relative error below 7e-7), so that the power comes from
    two tables of whole numbers and is the same on every machine.

    Args:
        weight: in units. age_us: in microseconds, not negative.
    """
    if half_life_us is None:
        return weight
    halvings, rest = divmod(age_us, half_life_us)
    step = (rest << _STEP_BITS) // half_life_us
    coarse, fine = _powers()
    product = coarse[step >> _TABLE_BITS] * fine[step & ((1 << _TABLE_BITS) - 1)]
    factor = (product + (1 << (_FACTOR_BITS - 1))) >> _FACTOR_BITS
    shift = _FACTOR_BITS + halvings
    return (weight * factor + (1 << (shift - 1))) >> shift


def decayed_arrays(weight: IntArray, age_us: IntArray, half_life_us: int) -> IntArray:
    """`decayed` of every element. Weights must be under `DECAYING_WEIGHT_LIMIT`, the half-life under
    100 days."""
    halvings = age_us // half_life_us
    step = ((age_us - halvings * half_life_us) << _STEP_BITS) // half_life_us
    coarse, fine = _power_arrays()
    product = coarse[step >> _TABLE_BITS] * fine[step & ((1 << _TABLE_BITS) - 1)]
    factor = (product + (1 << (_FACTOR_BITS - 1))) >> _FACTOR_BITS
    shift = np.minimum(_FACTOR_BITS + halvings, _LAST_SHIFT)
    decayed_weight = (weight * factor + (np.int64(1) << (shift - 1))) >> shift
    # Beyond the last shift nothing that 62 bits hold is left.
    return np.where(_FACTOR_BITS + halvings > _LAST_SHIFT, 0, decayed_weight)
