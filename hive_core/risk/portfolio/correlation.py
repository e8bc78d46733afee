"""How alike strategies win and lose: correlation of their daily results, over time, shrunk, and under stress.

Each figure says from how many common days it is; where these are too few, or a result never varies, it is
null: unknown, not zero. What an alert leads to is not decided here.
"""

from __future__ import annotations

import math
from itertools import combinations
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view

from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput
from hive_core.risk.portfolio.shrinkage import shrunk_covariance

THRESHOLD = 0.7
MIN_COMMON_DAYS = 30
"""With fewer, even a correlation of 0.5 has a standard error of 0.14 or more, (1 - r^2) / sqrt(n)."""
MIN_WORST_DAYS = 20
WORST_SHARE = 0.1

DAILY_RESULTS: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "strategy": pl.String(),
    "result": pl.Float64(),
}
"""One row a strategy and day on which it was live, also if it did not trade (0): a missing row is unknown."""

CORRELATIONS: dict[str, pl.DataType] = {
    "one": pl.String(),
    "other": pl.String(),
    "common_days": pl.Int64(),
    "correlation": pl.Float64(),
    "shrunk": pl.Float64(),
    "shrunk_days": pl.Int64(),
    "stress": pl.Float64(),
    "worst_days": pl.Int64(),
    "alerts": pl.List(pl.String()),
}
"""`shrunk_days` are common to all strategies, for shrinking needs one matrix. `alerts` names each of
`correlation`, `shrunk` and `stress` whose size is over the threshold, of either sign."""

ROLLING_CORRELATIONS: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "one": pl.String(),
    "other": pl.String(),
    "correlation": pl.Float64(),
}


def strategy_correlations(
    daily: pl.DataFrame,
    *,
    threshold: float = THRESHOLD,
    min_common_days: int = MIN_COMMON_DAYS,
    worst_share: float = WORST_SHARE,
) -> pl.DataFrame:
    """The correlations of every pair of strategies.

    Args:
        daily: DAILY_RESULTS, in any order.
        threshold: an alert is given above it.
        min_common_days: with fewer nothing is told, at least 3.
        worst_share: the share of a pair's days that counts as stress.

    Returns:
        CORRELATIONS, a row a pair, in order of the names.

    Raises:
        RefusedInput: other columns, a result that is null or not finite, a strategy twice on a day, or a
            setting out of range.
    """
    if not (0 < threshold < 1 and min_common_days >= 3 and 0 < worst_share <= 0.5):
        raise RefusedInput(f"threshold {threshold}, {min_common_days} days, worst share {worst_share}")
    wide, names = _wide(daily)
    shrunk, shrunk_days = _shrunk(wide, names, min_common_days)
    rows = []
    for place, (one, other) in enumerate(combinations(names, 2)):
        pair = wide.select("date", one, other).drop_nulls()
        values = pair.select(one, other).to_numpy()
        is_enough = values.shape[0] >= min_common_days
        found = {
            "correlation": _correlation(values) if is_enough else None,
            "shrunk": shrunk[place],
            "stress": _stress(values, worst_share),
        }
        rows.append(
            {
                "one": one,
                "other": other,
                "common_days": values.shape[0],
                **found,
                "shrunk_days": shrunk_days,
                "worst_days": int(values.shape[0] * worst_share),
                "alerts": [
                    name for name, value in found.items() if value is not None and abs(value) > threshold
                ],
            }
        )
    return pl.DataFrame(rows, schema=CORRELATIONS)


def rolling_correlations(daily: pl.DataFrame, *, window: int = 60) -> pl.DataFrame:
    """The correlation of every pair over the last `window` of its common days, on each of these days.

    Args:
        daily: DAILY_RESULTS, in any order.
        window: common days, at least 3.

    Returns:
        ROLLING_CORRELATIONS in order of names and days, from the first day that ends a whole window. A
        day's value does not change with later days. Null where one of the two did not vary.

    Raises:
        RefusedInput: as `strategy_correlations`.
    """
    if window < 3:
        raise RefusedInput(f"a window of {window} days: at least 3 are needed")
    wide, names = _wide(daily)
    frames = [pl.DataFrame(schema=ROLLING_CORRELATIONS)]
    for one, other in combinations(names, 2):
        pair = wide.select("date", one, other).drop_nulls()
        if pair.height < window:
            continue
        values = sliding_window_view(pair.select(one, other).to_numpy(), window, axis=0)
        frames.append(
            pl.DataFrame(
                {
                    "date": pair["date"][window - 1 :],
                    "one": one,
                    "other": other,
                    "correlation": [_correlation(each.T) for each in values],
                },
                schema=ROLLING_CORRELATIONS,
            )
        )
    return pl.concat(frames)


def _wide(daily: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """A column a strategy, a row a day in order; and the strategies in order."""
    if dict(daily.schema) != DAILY_RESULTS:
        raise RefusedInput(f"daily results have the columns {list(DAILY_RESULTS)}, not {dict(daily.schema)}")
    if daily.null_count().sum_horizontal().sum() > 0 or not daily["result"].is_finite().all():
        raise RefusedInput("daily results: one is null or not finite")
    if daily.select("date", "strategy").is_duplicated().any():
        raise RefusedInput("daily results: a strategy stands twice on a day")
    names = daily["strategy"].unique().sort().to_list()
    if "date" in names:
        raise RefusedInput("daily results: no strategy may be called date")
    wide = daily.pivot("strategy", index="date", values="result").sort("date")
    return wide.select("date", *names), names


def _correlation(values: FloatArray) -> float | None:
    """Pearson's, of days x 2; None where one does not vary beyond rounding."""
    centred = values - values.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    rounding = np.finfo(np.float64).eps * np.abs(values).max(axis=0) * values.shape[0]
    if (lengths <= rounding).any():
        return None
    found = float(centred[:, 0] / lengths[0] @ (centred[:, 1] / lengths[1]))
    return min(max(found, -1.0), 1.0)


def _shrunk(wide: pl.DataFrame, names: list[str], least: int) -> tuple[list[float | None], int]:
    """The correlation of each pair out of the shrunk covariance, and the days common to all."""
    common = wide.drop_nulls()
    pairs = list(combinations(range(len(names)), 2))
    values = common.select(names).to_numpy()
    varies = (
        len(names) > 1
        and all(_correlation(values[:, [column, column]]) is not None for column in range(len(names)))
        if common.height >= least
        else False
    )
    if not varies:
        return [None] * len(pairs), common.height
    covariance = shrunk_covariance(values).covariance
    deviations = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    return [float(correlations[one, other]) for one, other in pairs], common.height


def _stress(values: FloatArray, share: float) -> float | None:
    """The correlation that a normal pair would have whose worst days look like these.

    The worst days are those with the lowest sum S of both results in units of their deviations. Chosen so,
    even a normal pair looks less correlated than it is: the variance of S on them is k times that on all
    days, with k = 1 - z f / q - (f / q)^2, q the share, z its normal quantile and f the density there; that
    of the difference D is unchanged, as S and D are independent. So (1 + r) / (1 - r) is var(S) / k over
    var(D), and r comes out as on all days if the pair is normal, higher if it loses together. Comparing
    with what a normal pair shows is Ang and Chen's way (Asymmetric correlations of equity portfolios,
    Journal of Financial Economics 63, 2002).
    """
    count = int(values.shape[0] * share)
    if count < MIN_WORST_DAYS or _correlation(values) is None:
        return None
    units = (values - values.mean(axis=0)) / values.std(axis=0)
    total = units.sum(axis=1)
    worst = np.argsort(total, kind="stable")[:count]
    apart = units[worst, 0] - units[worst, 1]
    normal = NormalDist()
    z = normal.inv_cdf(share)
    ratio = normal.pdf(z) / share
    kept = 1 - z * ratio - ratio**2
    together, against = float(total[worst].var()) / kept, float(apart.var())
    if not math.isfinite(together + against) or together + against == 0:
        return None
    return (together - against) / (together + against)
