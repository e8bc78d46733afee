"""What portfolio risk accepts: finite arrays of the right shape and size, levels and decays in range.

Every function of this package checks its arrays here. What is missing or does not fit is refused, never
filled, dropped or cut.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class RefusedInput(ValueError):
    """Numbers from which no risk can be told, and why."""


def checked_level(level: float) -> float:
    """A confidence level such as 0.99: the share of days on which the loss stays below value at risk.

    Raises:
        RefusedInput: it is not strictly between 0.5 and 1.
    """
    if not 0.5 < level < 1.0:  # a NaN fails it too
        raise RefusedInput(f"the level is {level}: a share strictly between 0.5 and 1 is expected")
    return level


def checked_decay(decay: float) -> float:
    """A decay: the weight of a row over that of the row after it.

    Raises:
        RefusedInput: it is not strictly between 0 and 1.
    """
    if not 0.0 < decay < 1.0:
        raise RefusedInput(f"the decay is {decay}: a factor strictly between 0 and 1 is expected")
    return decay


def checked_vector(values: ArrayLike, what: str) -> FloatArray:
    """A one-dimensional array of finite numbers, at least one.

    Raises:
        RefusedInput: another shape, nothing, or a number that is not finite.
    """
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise RefusedInput(f"{what}: one dimension is expected, the shape is {vector.shape}")
    if not np.isfinite(vector).all():
        where = int(np.flatnonzero(~np.isfinite(vector))[0])
        raise RefusedInput(f"{what}: number {where} is {vector[where]}")
    return vector


def checked_matrix(values: ArrayLike, what: str, *, at_least: int = 1) -> FloatArray:
    """A matrix of finite numbers (rows x columns) with enough rows.

    Raises:
        RefusedInput: another shape, too few rows, or a number that is not finite.
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise RefusedInput(f"{what}: rows and columns are expected, the shape is {matrix.shape}")
    if matrix.shape[0] < at_least:
        raise RefusedInput(f"{what}: {matrix.shape[0]} rows, at least {at_least} are needed")
    if not np.isfinite(matrix).all():
        row, column = (int(place[0]) for place in np.nonzero(~np.isfinite(matrix)))
        raise RefusedInput(f"{what}: row {row}, column {column} is {matrix[row, column]}")
    return matrix


def checked_square(values: ArrayLike, what: str) -> FloatArray:
    """A symmetric matrix of finite numbers, made symmetric to the last bit.

    Raises:
        RefusedInput: not square, not symmetric, or a number that is not finite.
    """
    matrix = checked_matrix(values, what)
    if matrix.shape[0] != matrix.shape[1]:
        raise RefusedInput(f"{what}: a square is expected, the shape is {matrix.shape}")
    scale = float(np.abs(matrix).max())
    if float(np.abs(matrix - matrix.T).max()) > 1e-10 * scale:
        raise RefusedInput(f"{what}: it is not symmetric")
    return (matrix + matrix.T) / 2


def rows_needed(level: float) -> int:
    """The fewest equally weighted rows of which one lies beyond the level: 20 for 0.95, 100 for 0.99."""
    return math.ceil(round(1.0 / (1.0 - checked_level(level)), 9))


def checked_pair(exposures: ArrayLike, returns: ArrayLike, *, at_least: int) -> tuple[FloatArray, FloatArray]:
    """Exposures (assets) and a matrix of returns (rows x assets) that belong together.

    Raises:
        RefusedInput: either is not usable, or they do not have the same number of assets.
    """
    held = checked_vector(exposures, "exposures")
    rows = checked_matrix(returns, "returns", at_least=at_least)
    if rows.shape[1] != held.size:
        raise RefusedInput(f"{held.size} exposures and returns of {rows.shape[1]} assets do not fit")
    return held, rows
