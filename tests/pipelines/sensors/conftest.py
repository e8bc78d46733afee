"""A home of its own for every test, one Dagster instance for all, and sensors ticked as the daemon does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from small_home import SmallHome

from hive_pipelines.resources import HiveResource


@pytest.fixture(scope="session")
def instance() -> Iterator[dg.DagsterInstance]:
    """One for all tests, as its tables are slow to make; each test starts at the end of its log."""
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallHome:
    """A home with default settings, where the sensors look for it."""
    for name in ("HIVE_LAKE", "HIVE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    return SmallHome(tmp_path)


class Ticker:
    """Evaluates a sensor as the Dagster daemon does: each tick gets the last tick's cursor."""

    def __init__(self, instance: dg.DagsterInstance, sensor: Any) -> None:
        self.instance, self.sensor = instance, sensor
        self.cursor: str | None = None

    def __call__(self) -> dg.SensorResult | dg.SkipReason:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"hive": HiveResource()}
        )
        result = self.sensor(context)
        if isinstance(result, dg.SensorResult) and result.cursor is not None:
            self.cursor = result.cursor
        return result

    def told(self) -> str:
        """Tick once; what the tick says when it asks for no run."""
        result = self()
        reason = result.skip_reason if isinstance(result, dg.SensorResult) else result
        assert isinstance(reason, dg.SkipReason), f"runs were asked for: {result}"
        return str(reason.skip_message)


@pytest.fixture
def ticker(instance: dg.DagsterInstance, small: SmallHome) -> Callable[[Any], Ticker]:
    """A ticker of a sensor over the small home."""
    return lambda sensor: Ticker(instance, sensor)
