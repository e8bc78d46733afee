"""What a source's voice is worth on a day: from its measured R, shrunk by how little of it there is.

How votes with these weights become decisions is resolution's. Which outcomes a source has is `outcomes`'.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from hive_core.signals.scorecards.records import BY_EXIT
from hive_core.signals.scorecards.tables import OUTCOMES, SOURCE_WEIGHTS
from hive_core.signals.scorecards.target_rates import HAS_ENDED
from hive_core.signals.tables import conform

PRIOR_SIGNALS = 50
"""n0: how many trades of exactly 0 R are believed of every source before its first. In the normal model
n0 = variance of R in a source / variance of the sources' true means: 50 where R scatters by 1.1 within a
source, and true means by 0.15 among sources."""

PRIOR_WEIGHT = 0.1
"""The weight of a source of which nothing has been measured yet."""

FULL_R = 0.2
"""The shrunk mean R that is worth the whole weight."""

MAX_WEIGHT = 1.5
"""The weight that no record reaches: evidence n / (n + n0) stays under one."""

WEIGHT_DECIMALS = 4
"""A weight is written into decisions: as a short decimal it means the same there and here."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight, and what it follows from. `mean_r` and `shrunk_mean_r` are None without a trade."""

    weight: float
    traded: int
    mean_r: float | None
    shrunk_mean_r: float | None
    evidence: float


def weight_of(traded: int, total_r: float) -> Weight:
    """The weight of a source by the number of its trades and the sum of their R.

    The mean is shrunk towards 0 R, the belief of whoever has seen many rooms: with k = n / (n + n0),
    m = k * mean. That is the posterior mean of a normal mean under a normal prior about 0 (B. Efron and
    C. Morris, Stein's Estimation Rule and its Competitors, Journal of the American Statistical
    Association 68, 1973, where n0 is estimated; here it is a fixed `PRIOR_SIGNALS`). Then

        weight = 0                                                    where mean <= 0,
        weight = PRIOR_WEIGHT + (MAX_WEIGHT - PRIOR_WEIGHT) * min(m / FULL_R, k)   else.

    The second bound, k, keeps a few lucky trades of many R from weighing like a long record. It is
    `PRIOR_WEIGHT` without trades, rises with the mean and, for a winner, with n, and stays in
    0 to `MAX_WEIGHT`.
    """
    if traded == 0:
        return Weight(PRIOR_WEIGHT, 0, None, None, 0.0)
    mean = total_r / traded
    evidence = traded / (traded + PRIOR_SIGNALS)
    shrunk = evidence * mean
    if mean <= 0:
        return Weight(0.0, traded, mean, shrunk, evidence)
    earned = min(shrunk / FULL_R, evidence)
    weight = round(PRIOR_WEIGHT + (MAX_WEIGHT - PRIOR_WEIGHT) * earned, WEIGHT_DECIMALS)
    return Weight(weight, traded, mean, shrunk, evidence)


def source_weights(outcomes: pl.DataFrame, days: Iterable[date]) -> pl.DataFrame:
    """The weight of every source on every day, by what was known before the day began.

    On UTC day D count the trades that ended before D 00:00 (`ts_exit`), by bars that had closed by then
    (`ts_known`). A source has a row from the first day after its first signal on; a source without a row
    has `PRIOR_WEIGHT`. Later outcomes change nothing.

    Args:
        outcomes: OUTCOMES of all signals, as far as they are known.
        days: UTC days, in any order.

    Returns:
        SOURCE_WEIGHTS by day and source.
    """
    known = conform(outcomes, OUTCOMES)
    asked = sorted(set(days))
    one_day = timedelta(days=1)
    ended = known.filter(HAS_ENDED).with_columns(
        pl.max_horizontal(
            pl.col("ts_exit").dt.date() + one_day,
            (pl.col("ts_known") - timedelta(microseconds=1)).dt.date() + one_day,
        ).alias("counts_from")
    )
    rows = []
    for (source,), signals in sorted(known.partition_by("source", as_dict=True).items()):
        first = signals["ts_event"].dt.date().min()
        mine = ended.filter(pl.col("source") == source).sort("counts_from", *BY_EXIT)
        counted = mine.select("counts_from", "r_multiple").rows()
        at, total = 0, 0.0
        for day in asked:
            if day <= first:  # type: ignore[operator]
                continue
            while at < len(counted) and counted[at][0] <= day:
                total += counted[at][1]
                at += 1
            found = weight_of(at, total)
            rows.append((source, day, found.weight, at, found.mean_r, found.shrunk_mean_r, found.evidence))
    return pl.DataFrame(rows, schema=SOURCE_WEIGHTS, orient="row").sort("day", "source")
