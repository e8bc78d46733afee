"""Covariance matrices that can be simulated: whether one is positive semidefinite, its repair, its factor.

Estimates from returns are `ewma`'s and `shrinkage`'s. Nothing is repaired unasked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput, checked_square

ROUNDING = 1e-10
"""A variance this small beside the largest is zero: products of doubles do not tell it from zero."""

MAX_ITERATIONS = 2_000


class NotPositiveSemidefinite(RefusedInput):
    """No random vector has this covariance: some portfolio would have a variance below zero."""


class RepairMethod(StrEnum):
    """How a matrix that no random vector has becomes one that some vector has."""

    NEAREST = "nearest"
    CLIPPED = "clipped"


@dataclass(frozen=True, slots=True)
class RepairedCovariance:
    """A positive semidefinite covariance with the variances it had, and how far its correlations moved."""

    covariance: FloatArray
    least_eigenvalue_before: float
    """Of the correlations."""
    moved: float
    """Frobenius norm of the change of the correlations."""


def least_eigenvalue(matrix: ArrayLike) -> float:
    """The least eigenvalue of a symmetric matrix.

    Raises:
        RefusedInput: not square, not symmetric, or a number that is not finite.
    """
    return float(np.linalg.eigvalsh(checked_square(matrix, "matrix"))[0])


def factor_of(covariance: ArrayLike) -> FloatArray:
    """A factor F with F F' = covariance, assets x rank: F z has the covariance if z is standard normal.

    By Cholesky's method with the largest pivot first, which ends at the rank (Higham, Analysis of the
    Cholesky decomposition of a semi-definite matrix, in Reliable Numerical Computation, 1990): so a singular
    covariance has one too, with fewer columns than assets. 28 pairs of eight currencies are moved by seven
    sources, and nothing is lost by drawing seven numbers. In plain numpy: LAPACK's eigenvectors of so small
    a matrix start threads that spin on, and make the simulation behind it slower by half.

    Raises:
        NotPositiveSemidefinite: what is left at the end is not zero but for rounding.
        RefusedInput: not square, not symmetric, a number that is not finite, or all zero.
    """
    left = checked_square(covariance, "covariance")
    largest = float(np.abs(left).max())
    if largest == 0:
        raise RefusedInput("the covariance is zero: nothing moves")
    columns: list[FloatArray] = []
    while len(columns) < left.shape[0]:
        pivot = int(np.argmax(np.diag(left)))
        if left[pivot, pivot] <= ROUNDING * largest:
            break
        column = left[:, pivot] / np.sqrt(left[pivot, pivot])
        columns.append(column)
        left = left - np.outer(column, column)
    if float(np.abs(left).max()) > ROUNDING * largest:
        values = np.linalg.eigvalsh(checked_square(covariance, "covariance"))
        raise NotPositiveSemidefinite(
            f"the least eigenvalue is {values[0]:.3g}, the largest {values[-1]:.3g}: "
            "repair the covariance first"
        )
    factor: FloatArray = np.ascontiguousarray(np.array(columns).T)
    return factor


def repaired_covariance(
    covariance: ArrayLike, *, method: RepairMethod = RepairMethod.NEAREST
) -> RepairedCovariance:
    """A positive semidefinite covariance near a given one; variances stay as they are.

    Raises:
        RefusedInput: not square, not symmetric, a number that is not finite, a variance that is not above
            zero, or no convergence.
    """
    matrix = checked_square(covariance, "covariance")
    variances = np.diag(matrix).copy()
    if (variances <= 0).any():
        asset = int(np.flatnonzero(variances <= 0)[0])
        raise RefusedInput(f"covariance: the variance of asset {asset} is {variances[asset]}")
    deviations = np.sqrt(variances)
    correlations = matrix / np.outer(deviations, deviations)
    np.fill_diagonal(correlations, 1.0)
    repair = nearest_correlation if method is RepairMethod.NEAREST else clipped_correlation
    repaired = repair(correlations)
    found = repaired * np.outer(deviations, deviations)
    np.fill_diagonal(found, variances)
    return RepairedCovariance(
        covariance=found,
        least_eigenvalue_before=float(np.linalg.eigvalsh(correlations)[0]),
        moved=float(np.linalg.norm(repaired - correlations)),
    )


def nearest_correlation(matrix: ArrayLike, *, tolerance: float = 1e-9) -> FloatArray:
    """The correlation matrix nearest to a symmetric one, in the Frobenius norm.

    Alternating projections onto the semidefinite matrices and onto those with ones on the diagonal, with
    Dykstra's correction on the first (Higham, Computing the nearest correlation matrix, IMA Journal of
    Numerical Analysis 22, 2002, algorithm 3.3). Ends when neither projection moves it by more than
    `tolerance` relative to its norm.

    Raises:
        RefusedInput: as `least_eigenvalue`, or no convergence within `MAX_ITERATIONS`.
    """
    current = checked_square(matrix, "correlations").copy()
    correction = np.zeros_like(current)
    for _ in range(MAX_ITERATIONS):
        shifted = current - correction
        projected = _without_negative(shifted)
        correction = projected - shifted
        following = projected.copy()
        np.fill_diagonal(following, 1.0)
        norm = float(np.linalg.norm(following))
        moved = float(np.linalg.norm(following - current))
        apart = float(np.linalg.norm(following - projected))
        current = following
        if max(moved, apart) <= tolerance * norm:
            return _with_unit_diagonal(projected)
    raise RefusedInput(f"the nearest correlation matrix was not found in {MAX_ITERATIONS} iterations")


def clipped_correlation(matrix: ArrayLike) -> FloatArray:
    """Negative eigenvalues set to zero, then scaled to ones on the diagonal: one step, not the nearest.

    The spectral method of Rebonato and Jäckel (The most general methodology to create a valid correlation
    matrix, Journal of Risk 2(2), 1999/2000, section 3).

    Raises:
        RefusedInput: as `least_eigenvalue`, or a diagonal that is zero afterwards.
    """
    return _with_unit_diagonal(_without_negative(checked_square(matrix, "correlations")))


def _without_negative(matrix: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(matrix)
    found: FloatArray = (vectors * np.clip(values, 0.0, None)) @ vectors.T
    return (found + found.T) / 2


def _with_unit_diagonal(matrix: FloatArray) -> FloatArray:
    scale = np.sqrt(np.diag(matrix))
    if (scale == 0).any():
        raise RefusedInput("correlations: nothing is left of an asset's variance")
    found: FloatArray = matrix / np.outer(scale, scale)
    np.fill_diagonal(found, 1.0)
    return found
