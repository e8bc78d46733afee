"""A hedging account at the simulated venue, quoted 1.10000 to 1.10010."""

from __future__ import annotations

import pytest
from metatrader_bench import MetaTraderBench


@pytest.fixture
def mt5():
    bench = MetaTraderBench()
    yield bench
    bench.close()


@pytest.fixture
def netting():
    bench = MetaTraderBench(is_hedging=False)
    yield bench
    bench.close()
