"""Value at risk of 28 pairs by a million simulations: the plain way beside Hive's, and what each part takes.

The plain way is numpy's multivariate normal, a product and a sort: it moves the book linearly. Revalued in
full it has the exponential and the conversion of each profit too, written as one would write them. Hive's is
the full revaluation. Both have the same covariance, and their errors stand beside their times. A covariance
of broker prices has as many sources as assets; that of 28 pairs of eight currencies has seven, and Hive draws
seven.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from bench.reporting import Row, row
from hive_core.instruments.specification import instruments
from hive_core.risk.portfolio.draws import BLOCK, STRIP, STRIPS, Normals, SingleArray
from hive_core.risk.portfolio.ewma import ewma_covariance
from hive_core.risk.portfolio.inputs import FloatArray
from hive_core.risk.portfolio.revaluation import RevaluedBook
from hive_core.risk.portfolio.simulation import simulate_normal
from hive_core.risk.portfolio.tail import MonteCarloRisk, monte_carlo_risk
from hive_core.risk.portfolio.value_at_risk import WINDOW
from proofs.portfolio_risk import (
    LEVEL,
    PAIRS,
    PORTFOLIOS,
    available_threads,
    ecb_history,
    exposures_of,
)

SIMULATIONS, ASSETS = 1_000_000, len(PAIRS)
RUNS = 7
SEED = 20170101
NOISE = 0.01
"""Of each variance, of its own: so the covariance has as many sources as assets."""
WORK = f"value at risk of {ASSETS} pairs, {SIMULATIONS:,} simulations"
PARTS = "one core's parts of it, alone"
GOAL = 5
"""Times faster than the plain way."""


def plain(exposures: FloatArray, covariance: FloatArray, seed: int) -> FloatArray:
    """The plain way: results of a book that moves linearly."""
    generator = np.random.RandomState(seed)
    moves = generator.multivariate_normal(np.zeros(ASSETS), covariance, size=SIMULATIONS)
    found: FloatArray = moves.dot(exposures)
    return found


def plain_revalued(exposures: FloatArray, covariance: FloatArray, seed: int) -> FloatArray:
    """The same, with the exponential, and each profit converted at the moved rate."""
    generator = np.random.RandomState(seed)
    moves = generator.multivariate_normal(np.zeros(ASSETS), covariance, size=SIMULATIONS)
    prices = np.exp(moves)
    total = np.zeros(SIMULATIONS)
    for place, pair in enumerate(PAIRS):
        profit = exposures[place] * (prices[:, place] - 1)
        quote = instruments()[pair].quote
        if quote + "USD" in PAIRS:
            profit *= prices[:, PAIRS.index(quote + "USD")]
        elif quote != "USD":
            profit /= prices[:, PAIRS.index("USD" + quote)]
        total += profit
    return total


def sorted_risk(results: FloatArray) -> float:
    """Value at risk as the plain way reads it."""
    results.sort()
    return float(-results[int((1 - LEVEL) * results.size)])


def portfolio_rows() -> list[Row]:
    """Times side by side in one run, turn by turn; their errors; and the parts."""
    history = ecb_history()
    few = ewma_covariance(history.log_returns()[-WINDOW:])
    many = few + NOISE * np.diag(np.diag(few))
    held = exposures_of(PORTFOLIOS["all 28 pairs"])
    book, cores = RevaluedBook.of(PAIRS, held, "USD"), available_threads()

    def ours(covariance: FloatArray, threads: int, seed: int) -> MonteCarloRisk:
        results = simulate_normal(book, covariance, simulations=SIMULATIONS, seed=seed, threads=threads)
        return monte_carlo_risk(results, LEVEL)

    ways: dict[str, Callable[[int], object]] = {
        "plain, linear": lambda seed: sorted_risk(plain(held, many, seed)),
        "plain, revalued in full": lambda seed: sorted_risk(plain_revalued(held, many, seed)),
        "Hive, revalued in full, one thread": partial(ours, many, 1),
        f"Hive, revalued in full, {cores} threads": partial(ours, many, cores),
        f"Hive, revalued in full, {cores} threads, seven sources": partial(ours, few, cores),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(RUNS + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way(SEED + turn)
            if turn > 0:  # the first one fills caches
                times[name].append(time.perf_counter() - began)
    rows = []
    for name, seconds in times.items():
        if not name.startswith("Hive"):
            rows.append(row(WORK, name, "time", "s", seconds))
            continue
        for peer in ("plain, revalued in full", "plain, linear"):
            floor = (peer, statistics.median(times[peer]))
            rows.append(row(WORK, name, "time", "s", seconds, floor=floor, ratio_under=1 / GOAL))
    return [*rows, *_error_rows(held, many, ours), *_part_rows(book, many)]


def _error_rows(
    held: FloatArray, covariance: FloatArray, ours: Callable[[FloatArray, int, int], MonteCarloRisk]
) -> list[Row]:
    """How far value at risk strays by seed, as a share of it, and how far the two ways lie apart."""
    theirs, mine = [], []
    for turn in range(RUNS):
        theirs.append(monte_carlo_risk(plain_revalued(held, covariance, SEED + turn), LEVEL))
        mine.append(ours(covariance, available_threads(), SEED + turn))
    apart = [
        abs(one.value_at_risk - other.value_at_risk)
        / float(np.hypot(one.value_at_risk_error, other.value_at_risk_error))
        for one, other in zip(mine, theirs, strict=True)
    ]
    return [
        *(
            row(
                WORK,
                name,
                "standard error of value at risk",
                "%",
                [100 * each.value_at_risk_error / each.value_at_risk for each in found],
            )
            for name, found in (("plain, revalued in full", theirs), ("Hive, revalued in full", mine))
        ),
        row(WORK, "Hive and plain, apart", "value at risk", "standard errors", apart, goal=3),
    ]


def _part_rows(book: RevaluedBook, covariance: FloatArray) -> list[Row]:
    """What one core takes for what nobody can leave out: the floor under the whole."""
    blocks = -(-SIMULATIONS // BLOCK)
    generator = np.random.Generator(np.random.SFC64(SEED))
    normals, count = Normals(ASSETS), BLOCK * ASSETS
    factor = np.linalg.cholesky(covariance).astype(np.float32)
    drawn = normals.draw(generator).copy()
    moves: SingleArray = np.empty((STRIPS, ASSETS, STRIP), dtype=np.float32)
    small = (drawn * np.float32(0.01)).copy()
    wide = np.ones((SIMULATIONS, ASSETS))
    copy = np.zeros_like(wide)
    parts: dict[str, Callable[[], object]] = {
        "random bits": lambda: generator.integers(0, 2**64 - 1, count // 2, dtype=np.uint64, endpoint=True),
        "normal numbers, bits with them": lambda: normals.draw(generator),
        "numpy's own normal numbers": lambda: generator.standard_normal(count, dtype=np.float32),
        "the product with the factor": lambda: np.matmul(factor, drawn, out=moves),
        "exponentials": lambda: np.expm1(small, out=moves),
        "revaluation, exponentials with it": lambda: (np.copyto(moves, small), book.results(moves)),
    }
    times = {name: [_timed(work, blocks) for _ in range(RUNS)] for name, work in parts.items()}
    rows = [row(PARTS, name, "time", "s", seconds) for name, seconds in times.items()]
    needed = (
        "normal numbers, bits with them",
        "the product with the factor",
        "revaluation, exponentials with it",
    )
    together = [sum(each) for each in zip(*(times[name] for name in needed), strict=True)]
    rows.append(
        row(PARTS, "the sum that nothing leaves out: normals, product, revaluation", "time", "s", together)
    )
    copied = [_timed(lambda: np.copyto(copy, wide), 1) for _ in range(RUNS)]
    rows.append(row(PARTS, "one copy of the plain way's array in memory", "time", "s", copied))
    return rows


def _timed(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - began
