"""Random numbers for simulations: blocks that do not depend on how many are drawn or by how many threads.

A block is a batch of strips, so small that each product with it stays in one core's cache and thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from hive_core.risk.portfolio.inputs import RefusedInput

SingleArray = NDArray[np.float32]

STRIP = 256
"""Simulations whose assets lie together. A product of 28 x 28 with it is 200,704 multiplications, under the
262,144 from which OpenBLAS starts threads of its own, which cost more here than they bring."""

STRIPS = 16
BLOCK = STRIPS * STRIP
"""Simulations that share a stream of random numbers; a thread takes block after block."""

_TO_UNIT = np.float32(2.0**-32)
_TO_ANGLE = np.float32(2.0 * math.pi * 2.0**-32)
_ALL_BITS = 2**64 - 1

Draw = Callable[[np.random.Generator], SingleArray]
"""The results of one block, one a simulation. They may be overwritten by the next call."""


def simulated(prepare: Callable[[], Draw], simulations: int, seed: int, *, threads: int = 1) -> SingleArray:
    """The results of many simulations, block by block.

    Each block has its own stream, spawned from the seed (numpy's SeedSequence over SFC64). So the same seed
    gives the same results with any number of threads, and more simulations begin with the same ones.

    Args:
        prepare: called once a thread; what it returns may keep arrays from block to block.

    Raises:
        RefusedInput: no simulation, a negative seed, or no thread.
    """
    if simulations < 1 or seed < 0 or threads < 1:
        raise RefusedInput(f"{simulations} simulations with seed {seed} on {threads} threads cannot be run")
    results = np.empty(simulations, dtype=np.float32)
    streams = np.random.SeedSequence(seed).spawn(math.ceil(simulations / BLOCK))
    numbers = iter(range(len(streams)))  # shared: whoever is ready takes the next

    def work(_: int) -> None:
        draw = prepare()
        for number in numbers:
            place = results[number * BLOCK : (number + 1) * BLOCK]
            place[:] = draw(np.random.Generator(np.random.SFC64(streams[number])))[: place.size]

    if threads == 1:
        work(0)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, range(threads)):
                pass
    return results


class Normals:
    """Independent standard normal numbers in single precision, into arrays that are used again.

    The transform of Box and Muller (A note on the generation of random normal deviates, Annals of
    Mathematical Statistics 29, 1958) on pairs of 32-bit integers. In numpy's vectorised single precision it
    takes a third of the time of numpy's ziggurat. The largest number it can make is sqrt(64 ln 2) = 6.66,
    which a normal exceeds once in 7 x 10^10 draws.
    """

    def __init__(self, rank: int) -> None:
        """For blocks of `rank` numbers a simulation."""
        self._numbers = np.empty(BLOCK * rank, dtype=np.float32)
        self._found = np.empty((STRIPS, rank, STRIP), dtype=np.float32)

    def draw(self, generator: np.random.Generator) -> SingleArray:
        """A block, strips x rank x `STRIP`. The next call overwrites it."""
        half = self._numbers.size // 2
        # Each 64-bit integer is two of 32 bits; over the full range it is the generator's plain output.
        bits = generator.integers(0, _ALL_BITS, half, dtype=np.uint64, endpoint=True)
        np.copyto(self._numbers, bits.view(np.uint32), casting="unsafe")
        radius, angle = self._numbers[:half], self._numbers[half:]
        radius += np.float32(1.0)  # above zero, so that its logarithm is finite
        radius *= _TO_UNIT
        np.log(radius, out=radius)
        radius *= np.float32(-2.0)
        np.sqrt(radius, out=radius)
        angle *= _TO_ANGLE
        found = self._found.reshape(-1)
        np.cos(angle, out=found[:half])
        np.sin(angle, out=found[half:])
        found[:half] *= radius
        found[half:] *= radius
        return self._found
