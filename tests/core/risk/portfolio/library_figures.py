"""What other libraries make of the same numbers. Runs without Hive, in an environment of its own.

Arguments: a .npz file with `returns` (rows x assets), `weights` (rows), `broken` (correlations of no numbers
at all) and `variance`, the first one. Writes JSON.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
from arch.univariate import EWMAVariance
from pypfopt.risk_models import CovarianceShrinkage
from skfolio.measures import cvar, value_at_risk
from skfolio.utils.stats import cov_nearest
from statsmodels.stats.correlation_tools import corr_nearest


def main() -> None:
    given = np.load(sys.argv[1])
    returns, weights, broken = given["returns"], given["weights"], given["broken"]
    one = returns[:, 0].copy()
    model, after = EWMAVariance(0.94), one[74:].copy()
    variances = np.empty(after.size)
    bounds = np.tile([0.0, 1e9], (after.size, 1))
    model.compute_variance(np.array([]), after, variances, float(given["variance"]), bounds)
    shrinkage = CovarianceShrinkage(pd.DataFrame(returns), returns_data=True, frequency=1)
    found = {
        "value_at_risk": [float(value_at_risk(one, beta=level)) for level in (0.95, 0.99)],
        "shortfall": [float(cvar(one, beta=level)) for level in (0.95, 0.99)],
        "weighted_value_at_risk": float(value_at_risk(one, beta=0.97, sample_weight=weights)),
        "weighted_shortfall": float(cvar(one, beta=0.97, sample_weight=weights)),
        "variances": variances.tolist(),
        "shrunk": shrinkage.ledoit_wolf("constant_correlation").to_numpy().tolist(),
        "intensity": float(shrinkage.delta),
        "nearest": cov_nearest(broken, higham=True, higham_max_iteration=10_000).tolist(),
        "clipped": cov_nearest(broken, higham=False).tolist(),
        "statsmodels": corr_nearest(broken, threshold=1e-12, n_fact=10_000).tolist(),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
