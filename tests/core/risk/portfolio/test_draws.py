"""Random numbers: that they are normal and independent, and that threads and counts change none of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hive_core.risk.portfolio.draws import BLOCK, STRIP, STRIPS, Normals, simulated
from hive_core.risk.portfolio.inputs import RefusedInput


def many(rank, blocks, seed=20170101):
    normals, generator = Normals(rank), np.random.Generator(np.random.SFC64(seed))
    return np.concatenate(
        [normals.draw(generator).transpose(1, 0, 2).reshape(rank, -1) for _ in range(blocks)], 1
    )


def test_the_numbers_are_standard_normal():
    drawn = many(rank=4, blocks=125).astype(np.float64).reshape(-1)
    count = drawn.size
    assert count == 2_048_000
    assert abs(drawn.mean()) < 4 / math.sqrt(count)
    assert abs(drawn.var() - 1) < 4 * math.sqrt(2 / count)
    assert abs((drawn**3).mean()) < 4 * math.sqrt(15 / count)
    assert abs((drawn**4).mean() - 3) < 4 * math.sqrt(96 / count)
    assert stats.kstest(drawn, "norm").pvalue > 0.001


@pytest.mark.parametrize("deviations", [2, 3, 4, 4.5])
def test_the_tails_are_as_heavy_as_they_should_be(deviations):
    drawn = many(rank=7, blocks=300)
    for count in ((drawn > deviations).sum(), (drawn < -deviations).sum()):
        expected = drawn.size * stats.norm.sf(deviations)
        assert stats.poisson.cdf(count, expected) > 1e-4
        assert stats.poisson.sf(count - 1, expected) > 1e-4


def test_the_numbers_of_a_simulation_are_independent():
    """Also those that come from one pair of Box and Muller, and their sizes."""
    drawn = many(rank=6, blocks=50)
    simulations = drawn.shape[1]
    for numbers in (drawn, drawn**2, np.abs(drawn)):
        off = np.corrcoef(numbers)[~np.eye(6, dtype=bool)]
        assert np.abs(off).max() < 4.5 / math.sqrt(simulations)
    one = drawn[0]
    for lag in (1, 2, STRIP, BLOCK):
        assert abs(np.corrcoef(one[:-lag], one[lag:])[0, 1]) < 4.5 / math.sqrt(simulations)


def test_the_ends_of_the_integers_give_finite_numbers():
    class Ends:
        def __init__(self, value):
            self.value = value

        def integers(self, _low, _high, count, **_):
            return np.full(count, self.value, dtype=np.uint64)

    for value in (0, 2**64 - 1):
        drawn = Normals(2).draw(Ends(value))
        assert np.isfinite(drawn).all()
        assert np.abs(drawn).max() <= math.sqrt(64 * math.log(2)) + 1e-5


def noise():
    normals = Normals(1)
    return lambda generator: normals.draw(generator).reshape(-1)


def test_threads_and_counts_change_no_number():
    long = simulated(noise, 3 * BLOCK + 100, seed=5)
    for threads in (2, 3, 16):
        assert (simulated(noise, 3 * BLOCK + 100, seed=5, threads=threads) == long).all()
    for count in (1, STRIP, BLOCK, BLOCK + 1):
        assert (simulated(noise, count, seed=5) == long[:count]).all()
    assert not (simulated(noise, BLOCK, seed=6) == long[:BLOCK]).any()
    assert not (long[:BLOCK] == long[BLOCK : 2 * BLOCK]).all()
    assert STRIPS * STRIP == BLOCK


def test_a_fault_in_a_thread_is_heard():
    def failing():
        raise ZeroDivisionError

    for threads in (1, 2):
        with pytest.raises(ZeroDivisionError):
            simulated(failing, 10, seed=1, threads=threads)


@pytest.mark.parametrize("wrong", [{"simulations": 0}, {"seed": -1}, {"threads": 0}])
def test_nothing_to_run_is_refused(wrong):
    told = {"simulations": 10, "seed": 1, "threads": 1, **wrong}
    with pytest.raises(RefusedInput, match="cannot be run"):
        simulated(noise, **told)
