"""A simulated FIX venue and the adapter on it, for every bracket style."""

from __future__ import annotations

import pytest
from fix_venue_bench import ATTACHED, LIST, VenueBench, fix_settings


@pytest.fixture(params=["list", "attached", "attached_hedging"])
def bench(request, tmp_path):
    bracket = LIST if request.param == "list" else ATTACHED
    made = VenueBench(tmp_path, fix_settings(bracket, is_hedging=request.param == "attached_hedging"))
    yield made
    made.close()


@pytest.fixture
def plain(tmp_path):
    made = VenueBench(tmp_path)
    yield made
    made.close()
