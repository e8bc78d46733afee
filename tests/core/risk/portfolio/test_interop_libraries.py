"""Our figures against those of skfolio, arch, statsmodels and PyPortfolioOpt, on the same numbers.

They live in an environment of their own under pytest's cache, made on first use: `make interop`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hive_core.risk.portfolio.covariance import clipped_correlation, nearest_correlation
from hive_core.risk.portfolio.ewma import FIRST_ROWS, ewma_variances
from hive_core.risk.portfolio.shrinkage import shrunk_covariance
from hive_core.risk.portfolio.tail import tail_risk, weighted_tail_risk

pytestmark = [pytest.mark.slow, pytest.mark.interop]

LIBRARIES = ("skfolio==1.12.2", "arch==8.0.0", "statsmodels==0.15.0", "pyportfolioopt==1.6.0")
SCRIPT = Path(__file__).parent / "library_figures.py"

RETURNS = np.random.default_rng(3).standard_t(4, (700, 5)) @ (np.eye(5) + 0.4) * 0.01
WEIGHTS = 0.99 ** np.arange(699, -1, -1.0)
BROKEN = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.9], [0.1, 0.9, 1.0]])
"""Correlations that no three numbers have."""


@pytest.fixture(scope="module")
def theirs(request, tmp_path_factory):
    folder = Path(request.config.cache.mkdir("risk_libraries"))
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--only-binary", ":all:", *LIBRARIES], check=True)
        done.touch()
    given = tmp_path_factory.mktemp("given") / "given.npz"
    variance = ewma_variances(RETURNS)[0, 0]
    np.savez(given, returns=RETURNS, weights=WEIGHTS, broken=BROKEN, variance=variance)
    said = subprocess.run([python, SCRIPT, given], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def test_tails_are_those_of_skfolio(theirs):
    ours = [tail_risk(RETURNS[:, 0], level) for level in (0.95, 0.99)]
    np.testing.assert_allclose([each.value_at_risk for each in ours], theirs["value_at_risk"])
    np.testing.assert_allclose([each.expected_shortfall for each in ours], theirs["shortfall"])


def test_weighted_tails_are_those_of_skfolio(theirs):
    ours = weighted_tail_risk(RETURNS[:, 0], WEIGHTS, 0.97)
    assert ours.value_at_risk == pytest.approx(theirs["weighted_value_at_risk"])
    assert ours.expected_shortfall == pytest.approx(theirs["weighted_shortfall"])


def test_variances_are_those_of_arch(theirs):
    ours = ewma_variances(RETURNS)[:-1, 0]
    assert ours.size == RETURNS.shape[0] - FIRST_ROWS
    np.testing.assert_allclose(ours, theirs["variances"], rtol=1e-10)


def test_shrinkage_is_that_of_pyportfolioopt(theirs):
    # It divides by one row less than the paper does.
    rows = RETURNS.shape[0]
    ours = shrunk_covariance(RETURNS)
    assert ours.intensity == pytest.approx(theirs["intensity"], rel=0.01)
    np.testing.assert_allclose(ours.covariance * rows / (rows - 1), theirs["shrunk"], rtol=1e-3)


def test_repairs_are_those_of_skfolio_and_statsmodels(theirs):
    nearest = nearest_correlation(BROKEN)
    np.testing.assert_allclose(nearest, theirs["nearest"], atol=1e-6)
    np.testing.assert_allclose(clipped_correlation(BROKEN), theirs["clipped"], atol=1e-9)
    ours, other = (np.linalg.norm(each - BROKEN) for each in (nearest, np.array(theirs["statsmodels"])))
    assert ours <= other + 1e-6, "statsmodels finds one that is nearer"
