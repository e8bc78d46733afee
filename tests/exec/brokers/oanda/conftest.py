"""A simulated venue and an adapter on it, for every test."""

from __future__ import annotations

import pytest
from oanda_bench import OandaBench


@pytest.fixture
def bench():
    with OandaBench() as made:
        yield made
