"""A home of its own for every test, and a cell on it."""

from __future__ import annotations

import pytest
from exec_bench import Bench

from hive_core.configuration.model import Configuration
from hive_core.landing.home import HiveHome


@pytest.fixture
def home(tmp_path, monkeypatch) -> HiveHome:
    monkeypatch.delenv("HIVE_LAKE", raising=False)
    return HiveHome(tmp_path / "hive")


@pytest.fixture
def bench(home):
    made = Bench(home, Configuration())
    yield made
    if made.cell.fatal is None:
        made.cell.stop()
