"""When the flow counts as settled: nothing waits, and every sensor has looked since the last change."""

from __future__ import annotations

import time

import pytest

from hive_cli.commands import flow
from hive_cli.facts.dagster import DagsterUnreachable, Sensor
from hive_cli.facts.settling import Look, Settling
from hive_cli.failure import Failure
from hive_cli.settings import load_settings
from hive_core.landing.home import HiveHome


def look(*waits: str, state: int = 1, ticked_s: float | None = None, running: bool = True) -> Look:
    sensor = Sensor("landing_sensor", running, None, ticked_s, "SKIPPED", None)
    return Look(waits, (state,), {"messages": 3}, 0, 0, (sensor,))


@pytest.fixture
def settling(home: HiveHome, monkeypatch: pytest.MonkeyPatch) -> Settling:
    monkeypatch.setattr(flow, "POLL_S", 0.0)
    monkeypatch.setattr(flow, "_refuse_failed_runs", lambda settings: None)
    return Settling(load_settings(), frozenset())


def shows(settling: Settling, monkeypatch: pytest.MonkeyPatch, *looks: Look) -> None:
    left = list(looks)
    monkeypatch.setattr(Settling, "_look", lambda self: left.pop(0) if len(left) > 1 else left[0])


def test_work_in_sight_is_waited_for(settling: Settling, monkeypatch: pytest.MonkeyPatch) -> None:
    shows(settling, monkeypatch, look("2 runs", ticked_s=time.time() + 60))
    assert settling.look()[1] == "2 runs"


def test_a_sensor_that_has_not_looked_since_the_last_change_is_waited_for(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(settling, monkeypatch, look(ticked_s=time.time() - 60))
    assert settling.look()[1] == "sensor landing_sensor to look again"


def test_it_is_settled_when_every_running_sensor_looked_and_nothing_changed(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(settling, monkeypatch, look(ticked_s=time.time() + 60))
    assert settling.look()[1] == ""


def test_a_change_asks_every_sensor_again(settling: Settling, monkeypatch: pytest.MonkeyPatch) -> None:
    ticked_s = time.time() + 0.05
    shows(settling, monkeypatch, look(ticked_s=ticked_s), look(state=2, ticked_s=ticked_s))
    assert settling.look()[1] == ""
    time.sleep(0.06)
    assert settling.look()[1] == "sensor landing_sensor to look again"


def test_a_stopped_sensor_is_not_waited_for(settling: Settling, monkeypatch: pytest.MonkeyPatch) -> None:
    shows(settling, monkeypatch, look(running=False))
    assert settling.look()[1] == ""


def test_a_flow_that_hangs_names_what_it_waits_for(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(settling, monkeypatch, look("reports 10 of 12 to reach the lake"))
    with pytest.raises(Failure, match="it waits for reports 10 of 12 to reach the lake"):
        flow.wait(settling, settling.settings, within_s=0.05)


def test_a_flow_that_settles_returns(settling: Settling, monkeypatch: pytest.MonkeyPatch) -> None:
    ticked_s = time.time() + 60
    shows(settling, monkeypatch, look("2 runs"), look("the replay of samples"), look(ticked_s=ticked_s))
    flow.wait(settling, settling.settings, within_s=5)


def test_a_service_that_died_is_named(settling: Settling, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(self: Settling) -> Look:
        raise DagsterUnreachable("connection refused")

    monkeypatch.setattr(Settling, "_look", unreachable)
    with pytest.raises(Failure, match="hive-exec died"):
        flow.wait(settling, settling.settings, within_s=5)
