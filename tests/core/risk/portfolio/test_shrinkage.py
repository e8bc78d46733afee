"""Shrinkage against the paper's formulas in plain loops, and what it is for: a nearer covariance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.shrinkage import shrunk_covariance


def in_loops(results):
    """Ledoit and Wolf (2004), appendices A and B, index by index."""
    count, columns = results.shape
    y = results - results.mean(axis=0)
    every = range(columns)
    s = [[sum(y[t, i] * y[t, j] for t in range(count)) / count for j in every] for i in every]
    r = [[s[i][j] / math.sqrt(s[i][i] * s[j][j]) for j in every] for i in every]
    mean = (
        2
        / ((columns - 1) * columns)
        * sum(r[i][j] for i in range(columns - 1) for j in range(i + 1, columns))
    )
    f = [[s[i][i] if i == j else mean * math.sqrt(s[i][i] * s[j][j]) for j in every] for i in every]
    pi = [
        [sum((y[t, i] * y[t, j] - s[i][j]) ** 2 for t in range(count)) / count for j in every] for i in every
    ]

    def theta(k, i, j):
        return sum((y[t, k] ** 2 - s[k][k]) * (y[t, i] * y[t, j] - s[i][j]) for t in range(count)) / count

    rho = sum(pi[i][i] for i in every)
    for i in every:
        for j in every:
            if i != j:
                rho += (
                    mean
                    / 2
                    * (
                        math.sqrt(s[j][j] / s[i][i]) * theta(i, i, j)
                        + math.sqrt(s[i][i] / s[j][j]) * theta(j, i, j)
                    )
                )
    gamma = sum((f[i][j] - s[i][j]) ** 2 for i in every for j in every)
    kappa = (sum(map(sum, pi)) - rho) / gamma
    delta = max(0.0, min(kappa / count, 1.0))
    return delta, delta * np.array(f) + (1 - delta) * np.array(s), mean


def some_results(rows, columns, seed, common=0.7):
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((rows, 1))
    own = generator.standard_t(5, (rows, columns))
    return (common * shared + own) * np.arange(1, columns + 1) * 10


@settings(max_examples=25)
@given(st.integers(5, 60), st.integers(3, 6), st.integers(0, 2**32 - 1))
def test_it_is_the_paper_s(rows, columns, seed):
    results = some_results(rows, columns, seed)
    intensity, covariance, mean = in_loops(results)
    found = shrunk_covariance(results)
    assert found.intensity == pytest.approx(intensity, abs=1e-9)
    assert found.average_correlation == pytest.approx(mean, abs=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-9, atol=1e-9)


def test_few_days_are_shrunk_and_many_are_not():
    """Two strategies alike among six that are not: many days say so, a few do not."""
    generator = np.random.default_rng(1)
    few, many = (generator.standard_normal((rows, 8)) for rows in (25, 50_000))
    for results in (few, many):
        results[:, 1] = 0.8 * results[:, 0] + 0.6 * results[:, 1]
    assert shrunk_covariance(few).intensity > 0.3
    assert shrunk_covariance(many).intensity < 0.01


def test_where_all_correlations_are_equal_it_is_shrunk_all_the_way():
    assert shrunk_covariance(some_results(200_000, 8, 1)).intensity > 0.5


def test_it_is_nearer_to_the_truth_than_the_sample():
    """Ten strategies, forty days, equal correlations of 0.3 and thereabouts."""
    generator = np.random.default_rng(4)
    true = 0.3 + 0.7 * np.eye(10)
    root = np.linalg.cholesky(true)
    better = 0
    for _ in range(200):
        results = generator.standard_normal((40, 10)) @ root.T
        sample = np.cov(results, rowvar=False, bias=True)
        shrunk = shrunk_covariance(results).covariance
        better += np.linalg.norm(shrunk - true) < np.linalg.norm(sample - true)
        np.testing.assert_allclose(np.diag(shrunk), np.diag(sample), rtol=1e-9)
    assert better > 190


def test_with_more_strategies_than_days_it_can_still_be_inverted():
    results = some_results(rows=20, columns=40, seed=2)
    assert np.linalg.eigvalsh(np.cov(results, rowvar=False))[0] < 1e-8
    assert np.linalg.eigvalsh(shrunk_covariance(results).covariance)[0] > 1


def test_of_two_the_target_is_the_sample():
    results = some_results(rows=50, columns=2, seed=3)
    np.testing.assert_allclose(
        shrunk_covariance(results).covariance, np.cov(results, rowvar=False, bias=True), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("results", "why"),
    [
        (np.ones((2, 3)), "2 rows, at least 3"),
        (np.arange(10.0).reshape(10, 1), "two columns"),
        (np.column_stack([np.arange(10.0), np.full(10, 0.1)]), "column 1 does not vary"),
        (np.where(np.eye(5) > 0, np.nan, 1.0), "is nan"),
    ],
)
def test_what_has_no_covariance_is_refused(results, why):
    with pytest.raises(RefusedInput, match=why):
        shrunk_covariance(results)
