"""Covariances that no random vector has: seen, refused, repaired; and the factor of those that some has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.risk.portfolio.covariance import (
    NotPositiveSemidefinite,
    RepairMethod,
    clipped_correlation,
    factor_of,
    least_eigenvalue,
    nearest_correlation,
    repaired_covariance,
)
from hive_core.risk.portfolio.inputs import RefusedInput

IMPOSSIBLE = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
"""Two assets that move with a third cannot move against each other."""


def random_correlations(seed, size=6):
    """A symmetric matrix with ones on the diagonal; seldom positive semidefinite."""
    generator = np.random.default_rng(seed)
    half = np.triu(generator.uniform(-1, 1, (size, size)), 1)
    return half + half.T + np.eye(size)


def test_higham_s_own_examples():
    """N. Higham, Computing the nearest correlation matrix (2002), section 4."""
    first = np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])
    expected = [[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]]
    np.testing.assert_allclose(nearest_correlation(first), expected, atol=5e-5)
    second = np.array([[2.0, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 2, -1], [0, 0, -1, 2]])
    found = nearest_correlation(second)
    assert found[0, 1:] == pytest.approx([-0.8084, 0.1916, 0.1068], abs=5e-5)
    assert found[1, 2] == pytest.approx(-0.6562, abs=5e-5)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_the_nearest_is_a_correlation_matrix_and_nearer_than_the_clipped(seed):
    given_matrix = random_correlations(seed)
    nearest, clipped = nearest_correlation(given_matrix), clipped_correlation(given_matrix)
    for found in (nearest, clipped):
        assert (np.diag(found) == 1).all()
        assert (found == found.T).all()
        assert np.abs(found).max() <= 1 + 1e-12
        assert least_eigenvalue(found) > -1e-8
    assert np.linalg.norm(nearest - given_matrix) <= np.linalg.norm(clipped - given_matrix) + 1e-6
    # Nearest of all: no step towards another correlation matrix brings it nearer.
    for other in (np.eye(6), clipped, np.corrcoef(np.random.default_rng(seed).standard_normal((6, 9)))):
        step = nearest + 1e-3 * (other - nearest)
        assert np.linalg.norm(step - given_matrix) >= np.linalg.norm(nearest - given_matrix) - 1e-7


@pytest.mark.parametrize("method", list(RepairMethod))
def test_a_covariance_that_is_none_is_refused_until_it_is_repaired(method):
    deviations = np.array([0.01, 0.02, 0.005])
    covariance = IMPOSSIBLE * np.outer(deviations, deviations)
    with pytest.raises(NotPositiveSemidefinite, match="repair the covariance first"):
        factor_of(covariance)
    repaired = repaired_covariance(covariance, method=method)
    assert repaired.least_eigenvalue_before == pytest.approx(-0.8)
    assert repaired.moved > 0.5
    np.testing.assert_array_equal(np.diag(repaired.covariance), deviations**2)
    factor = factor_of(repaired.covariance)
    np.testing.assert_allclose(factor @ factor.T, repaired.covariance, atol=1e-10)
    assert factor.shape[1] < 3


@pytest.mark.parametrize("method", list(RepairMethod))
def test_what_needs_no_repair_stays(method):
    covariance = np.cov(np.random.default_rng(2).standard_normal((200, 5)), rowvar=False)
    repaired = repaired_covariance(covariance, method=method)
    np.testing.assert_allclose(repaired.covariance, covariance, rtol=1e-9, atol=1e-12)
    assert repaired.moved < 1e-9
    assert repaired.least_eigenvalue_before > 0


def test_the_factor_of_a_singular_covariance_has_its_rank():
    sources = np.random.default_rng(1).standard_normal((28, 7))
    covariance = sources @ sources.T
    factor = factor_of(covariance)
    assert factor.shape == (28, 7)
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(1e-8, 1e3))
def test_what_has_a_factor_is_what_has_no_negative_eigenvalue(seed, sources, scale):
    loadings = np.random.default_rng(seed).standard_normal((6, sources))
    covariance = loadings @ loadings.T * scale
    factor = factor_of(covariance)
    assert factor.shape == (6, sources)
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-9 * np.abs(covariance).max())
    # Less than all of the least variance of some mix, and one of them is negative.
    values, vectors = np.linalg.eigh(covariance)
    broken = covariance - np.outer(vectors[:, 0], vectors[:, 0]) * (values[0] + 1e-6 * values[-1])
    with pytest.raises(NotPositiveSemidefinite, match="the least eigenvalue is -"):
        factor_of((broken + broken.T) / 2)


@given(st.integers(0, 2**32 - 1))
def test_random_correlations_have_a_factor_if_their_eigenvalues_allow_it(seed):
    correlations = random_correlations(seed, size=3)
    if least_eigenvalue(correlations) > 1e-6:
        np.testing.assert_allclose(
            factor_of(correlations) @ factor_of(correlations).T, correlations, atol=1e-12
        )
    elif least_eigenvalue(correlations) < -1e-6:
        with pytest.raises(NotPositiveSemidefinite):
            factor_of(correlations)


@pytest.mark.parametrize(
    ("matrix", "why"),
    [
        (np.array([[0.0, 1.0], [1.0, 0.0]]), "the least eigenvalue is -1"),
        (np.diag([1.0, -1e-6]), "the least eigenvalue is -1e-06"),
        (np.zeros((3, 3)), "nothing moves"),
        (np.eye(3)[:2], "a square"),
        (np.where(np.eye(3) > 0, np.inf, 0), "is inf"),
        (np.triu(np.ones((3, 3))), "not symmetric"),
    ],
)
def test_no_covariance_at_all_is_refused(matrix, why):
    with pytest.raises(RefusedInput, match=why):
        factor_of(matrix)


def test_a_variance_of_nothing_cannot_be_repaired():
    with pytest.raises(RefusedInput, match="the variance of asset 1 is 0"):
        repaired_covariance(np.diag([1.0, 0.0, 1.0]))
