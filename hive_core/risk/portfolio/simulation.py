"""Monte Carlo: results of a book under normal, Student-t and bootstrapped returns, seeded.

What the results say is `tail`'s (`monte_carlo_risk`), what a move does to the book `revaluation`'s.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from hive_core.risk.portfolio.covariance import factor_of
from hive_core.risk.portfolio.draws import BLOCK, STRIP, STRIPS, Draw, Normals, SingleArray, simulated
from hive_core.risk.portfolio.ewma import DECAY, FIRST_ROWS, standardised
from hive_core.risk.portfolio.inputs import FloatArray, RefusedInput, checked_matrix, checked_vector
from hive_core.risk.portfolio.revaluation import Book

_DEGREES = np.concatenate([np.arange(2.5, 10, 0.25), np.arange(10, 31, 1.0), [40.0, 60.0, 100.0]])


def simulate_normal(
    book: Book,
    covariance: ArrayLike,
    *,
    simulations: int,
    seed: int,
    means: ArrayLike | None = None,
    threads: int = 1,
) -> SingleArray:
    """Results of a book whose assets' log returns are jointly normal.

    In single precision, which rounds a result by about a millionth of it: a thousandth of the error of a
    million simulations.

    Args:
        covariance: assets x assets, of log returns; may be singular, must be positive semidefinite.
        means: assets; zero where none are given.

    Returns:
        simulations; gains positive, in the unit of the book's exposures.

    Raises:
        NotPositiveSemidefinite: repair it first (`covariance.repaired_covariance`).
        RefusedInput: shapes that do not fit, a number that is not finite, or no simulations.
    """
    factor, shift = _factor(book, covariance, means)

    def prepare() -> Draw:
        normals, moves = Normals(factor.shape[1]), _strips(book)

        def draw(generator: np.random.Generator) -> SingleArray:
            np.matmul(factor, normals.draw(generator), out=moves)
            np.add(moves, shift, out=moves)
            return book.results(moves).reshape(-1)

        return draw

    return simulated(prepare, simulations, seed, threads=threads)


def simulate_student_t(
    book: Book,
    covariance: ArrayLike,
    degrees_of_freedom: float,
    *,
    simulations: int,
    seed: int,
    means: ArrayLike | None = None,
    threads: int = 1,
) -> SingleArray:
    """Results of a book whose assets' log returns are jointly Student-t with the given covariance.

    A normal vector times sqrt((d - 2) / chi-square with d degrees): one shock to all assets of a
    simulation, so that extremes come together (McNeil, Frey and Embrechts, Quantitative Risk Management,
    2015, section 6.2).

    Args and returns: as `simulate_normal`.

    Raises:
        RefusedInput: as `simulate_normal`, or not more than 2 degrees, with which there is no covariance.
    """
    if not (math.isfinite(degrees_of_freedom) and degrees_of_freedom > 2):
        raise RefusedInput(f"{degrees_of_freedom} degrees of freedom: more than 2 are needed")
    factor, shift = _factor(book, covariance, means)
    half = degrees_of_freedom / 2

    def prepare() -> Draw:
        normals, moves = Normals(factor.shape[1]), _strips(book)

        def draw(generator: np.random.Generator) -> SingleArray:
            np.matmul(factor, normals.draw(generator), out=moves)
            # A chi-square is twice a gamma of half the degrees.
            shock = np.sqrt(np.float32(half - 1) / generator.standard_gamma(half, BLOCK, dtype=np.float32))
            np.multiply(moves, shock.reshape(STRIPS, 1, STRIP), out=moves)
            np.add(moves, shift, out=moves)
            return book.results(moves).reshape(-1)

        return draw

    return simulated(prepare, simulations, seed, threads=threads)


def simulate_filtered_bootstrap(
    book: Book,
    log_returns: ArrayLike,
    *,
    simulations: int,
    seed: int,
    horizon: int = 1,
    decay: float = DECAY,
    threads: int = 1,
) -> SingleArray:
    """Results of a book over `horizon` rows, drawn from past days' residuals with volatility that goes on.

    Each step draws a past row, scales its residuals by the deviations of the path, and lets these follow
    what was drawn (Barone-Adesi, Giannopoulos and Vosper, VaR without correlations for portfolios of
    derivative securities, Journal of Futures Markets 19, 1999). With a horizon of one this only adds noise
    to `filtered_by_asset_value_at_risk` of a linear book; it is for longer horizons and for full revaluation.

    Args:
        log_returns: rows x assets, oldest first; the first `FIRST_ROWS` only start the volatility.
        horizon: rows ahead, at least 1.

    Returns:
        simulations; gains positive, in the unit of the book's exposures.

    Raises:
        RefusedInput: shapes that do not fit, fewer than 100 rows to draw from, a number that is not
            finite, an asset that does not move, a horizon below 1.
    """
    rows = checked_matrix(log_returns, "log returns", at_least=FIRST_ROWS + 100)
    if rows.shape[1] != book.assets:
        raise RefusedInput(f"a book of {book.assets} assets and returns of {rows.shape[1]} do not fit")
    if horizon < 1:
        raise RefusedInput(f"a horizon of {horizon} rows: at least 1 is expected")
    residuals, deviations = standardised(rows, decay=decay)
    pool = np.ascontiguousarray(residuals, dtype=np.float32)
    first = (deviations**2).astype(np.float32)
    kept, new = np.float32(decay), np.float32(1 - decay)

    def draw(generator: np.random.Generator) -> SingleArray:
        variances = np.broadcast_to(first, (BLOCK, first.size)).copy()
        total = np.zeros_like(variances)
        for _ in range(horizon):
            moves = pool[generator.integers(0, pool.shape[0], BLOCK)]
            moves *= np.sqrt(variances)
            total += moves
            variances *= kept
            variances += new * moves**2
        strips = np.ascontiguousarray(total.reshape(STRIPS, STRIP, first.size).transpose(0, 2, 1))
        return book.results(strips).reshape(-1)

    return simulated(lambda: draw, simulations, seed, threads=threads)


def fitted_degrees_of_freedom(residuals: ArrayLike) -> float:
    """The degrees of freedom of a Student-t with variance 1 under which residuals are likeliest.

    The best of a grid from 2.5 to 100, by the log likelihood of the scaled density; 100 is as good as
    normal. All assets' residuals count alike.

    Args:
        residuals: rows x assets, as `ewma.standardised` makes them.

    Raises:
        RefusedInput: fewer than 100 rows, or a number that is not finite.
    """
    squares = checked_matrix(residuals, "residuals", at_least=100).reshape(-1) ** 2
    likelihoods = [_mean_log_density(squares, float(degrees)) for degrees in _DEGREES]
    return float(_DEGREES[int(np.argmax(likelihoods))])


def _mean_log_density(squares: FloatArray, degrees: float) -> float:
    constant = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)
    constant -= 0.5 * math.log(math.pi * (degrees - 2))
    return constant - (degrees + 1) / 2 * float(np.log1p(squares / (degrees - 2)).mean())


def _strips(book: Book) -> SingleArray:
    return np.empty((STRIPS, book.assets, STRIP), dtype=np.float32)


def _factor(book: Book, covariance: ArrayLike, means: ArrayLike | None) -> tuple[SingleArray, SingleArray]:
    """The covariance's factor, and the means as assets x 1."""
    factor = factor_of(covariance).astype(np.float32)
    shift = np.zeros(book.assets) if means is None else checked_vector(means, "means")
    if not book.assets == factor.shape[0] == shift.size:
        raise RefusedInput(
            f"a book of {book.assets} assets, covariances of {factor.shape[0]} and {shift.size} means "
            "do not fit"
        )
    return factor, shift.astype(np.float32)[:, None]
