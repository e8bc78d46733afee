"""Expected volatility: the recursion in a plain loop, no look-ahead, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.risk.portfolio.ewma import ewma_covariance, ewma_variances, standardised
from hive_core.risk.portfolio.inputs import RefusedInput


def some_returns(rows=400, assets=3, seed=1):
    return np.random.default_rng(seed).standard_normal((rows, assets)) * 0.01


def in_a_loop(returns, decay, first_rows):
    weights = [decay**back for back in range(first_rows - 1, -1, -1)]
    first = sum(w * r**2 for w, r in zip(weights, returns[:first_rows], strict=True)) / sum(weights)
    found = [first]
    for row in returns[first_rows:]:
        found.append(decay * found[-1] + (1 - decay) * row**2)
    return np.array(found)


@pytest.mark.parametrize("decay", [0.5, 0.94, 0.97, 0.999])
@pytest.mark.parametrize("first_rows", [1, 74])
def test_it_is_the_recursion(decay, first_rows):
    returns = some_returns(rows=3_000)  # so long that powers of 0.5 would leave the range of a double
    found = ewma_variances(returns, decay=decay, first_rows=first_rows)
    np.testing.assert_allclose(found, in_a_loop(returns, decay, first_rows), rtol=1e-10)


@settings(max_examples=50)
@given(st.integers(75, 399), st.integers(0, 2**32 - 1))
def test_what_follows_changes_nothing(cut, seed):
    returns = some_returns()
    other = np.concatenate([returns[:cut], np.random.default_rng(seed).standard_normal((400 - cut, 3))])
    whole, short, changed = (ewma_variances(rows) for rows in (returns, returns[:cut], other))
    assert (whole[: short.shape[0]] == short).all()
    assert (changed[: short.shape[0]] == short).all()


def test_residuals_are_returns_over_what_was_expected_before():
    returns = some_returns()
    residuals, ahead = standardised(returns, decay=0.9, first_rows=10)
    expected = np.sqrt(in_a_loop(returns, 0.9, 10))
    np.testing.assert_allclose(residuals, returns[10:] / expected[:-1], rtol=1e-10)
    np.testing.assert_allclose(ahead, expected[-1], rtol=1e-10)
    louder = returns.copy()
    louder[200] *= 100
    again, _ = standardised(louder, decay=0.9, first_rows=10)
    np.testing.assert_allclose(again[190], residuals[190] * 100, rtol=1e-12)  # its own size scales it not
    assert (np.abs(again[191:200]) < np.abs(residuals[191:200])).all()


def test_the_covariance_is_the_weighted_mean_of_products():
    returns = some_returns(rows=100)
    weights = np.array([0.94**back for back in range(99, -1, -1)])
    expected = sum(w * np.outer(r, r) for w, r in zip(weights, returns, strict=True)) / weights.sum()
    found = ewma_covariance(returns)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (found == found.T).all()
    assert np.linalg.eigvalsh(found)[0] > 0


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5, math.nan])
def test_a_decay_out_of_range_is_refused(decay):
    for read in (ewma_variances, ewma_covariance):
        with pytest.raises(RefusedInput, match="decay"):
            read(some_returns(), decay=decay)


def test_too_few_rows_and_no_numbers_are_refused():
    with pytest.raises(RefusedInput, match="73 rows, at least 74"):
        ewma_variances(some_returns(rows=73))
    with pytest.raises(RefusedInput, match="at least 75"):
        standardised(some_returns(rows=74))
    with pytest.raises(RefusedInput, match="at least 74"):
        ewma_covariance(some_returns(rows=73))
    with pytest.raises(RefusedInput, match="at least one row"):
        ewma_variances(some_returns(), first_rows=0)
    broken = some_returns()
    broken[5, 1] = math.nan
    for read in (ewma_variances, ewma_covariance, standardised):
        with pytest.raises(RefusedInput, match="row 5, column 1 is nan"):
            read(broken)


def test_an_asset_that_does_not_move_has_no_residuals():
    still = some_returns()
    still[:, 2] = 0
    with pytest.raises(RefusedInput, match="column 2 does not move"):
        standardised(still)
