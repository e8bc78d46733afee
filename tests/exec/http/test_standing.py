"""Metrics and readiness: what they say of a cell that trades, one that is killed, and one that is silent."""

from __future__ import annotations

import shutil
import subprocess
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families
from signals_bench import a_message, post_signal
from starlette.testclient import TestClient

from hive_exec.core.events import Kill
from hive_exec.facts import facts_of
from hive_exec.http import create_app
from hive_exec.http import face as face_module
from hive_exec.lane_standing import LaneStanding
from hive_exec.metrics import STAGES


def exposition(owner) -> str:
    response = owner.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return response.text


def samples(owner) -> dict[tuple[str, ...], float]:
    """Value by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition(owner))
        for sample in family.samples
    }


@pytest.fixture
def silent(paper):
    """The cell does nothing until the test ends."""
    goes_on, is_held = threading.Event(), threading.Event()
    waits = paper.cell.call(lambda: (is_held.set(), goes_on.wait(20)))
    assert is_held.wait(10)
    yield
    goes_on.set()
    waits.result(20)


def test_stages_are_timed_and_answers_counted(owner, paper):
    for number in range(3):
        post_signal(owner, a_message(number, ts_event_ns=paper.wall_ns))
    post_signal(owner, a_message(0, ts_event_ns=paper.wall_ns))
    found = samples(owner)
    assert (
        found[("hive_stage_seconds_count", "accept")] == found[("hive_stage_seconds_count", "durable")] == 3
    )
    assert 0 < found[("hive_stage_seconds_sum", "accept")] < 3
    assert found[("hive_http_answers_total", "/signals", "202")] == 3
    assert found[("hive_http_answers_total", "/signals", "200")] == 1
    assert {stage for name, stage, *_ in (k for k in found if k[0] == "hive_stage_seconds_count")} == set(
        STAGES
    )


def test_gauges_are_those_of_the_cells_facts(owner, paper):
    post_signal(owner, a_message(ts_event_ns=paper.wall_ns))
    facts = paper.cell.call(lambda: facts_of(paper.cell)).result(10)
    found = samples(owner)
    assert found[("hive_journal_head_seq",)] == facts.journal_head_seq > 0
    assert found[("hive_journal_bytes",)] == facts.journal_bytes > 0
    assert found[("hive_unresolved_orders",)] == 0
    assert found[("hive_cell_answers",)] == found[("hive_ready",)] == 1
    assert found[("hive_orders", "unresolved")] == 0


def test_the_lanes_alarms_stand_in_metrics_modes_and_health(owner, paper):
    found = samples(owner)
    names = ("hive_live_lane_alarm", "hive_kafka_alarm", "hive_lane_signals_waiting")
    assert [found[(name,)] for name in names] == [0, 0, 0]
    assert not [key for key in found if key[0] == "hive_kafka_messages_total"]
    assert (owner.get("/modes").json()["live_lane_alarm"], owner.get("/modes").json()["kafka_alarm"]) == (
        "",
        "",
    )
    counts = {"taken": 5, "dead_lettered": 2}
    paper.cell.lane_standing = lambda: LaneStanding("no deck in x", 7, "Kafka: all are away", counts)
    found = samples(owner)
    assert [found[(name,)] for name in names] == [1, 1, 7]
    assert found[("hive_kafka_messages_total", "taken")] == 5
    assert found[("hive_kafka_messages_total", "dead_lettered")] == 2
    modes = owner.get("/modes").json()
    assert (modes["live_lane_alarm"], modes["kafka_alarm"]) == ("no deck in x", "Kafka: all are away")
    told = owner.get("/health").json()["attention"]
    assert told == ["the live lane refuses messages: no deck in x", "the Kafka lane takes no messages"]


def test_failed_authentication_is_counted(owner):
    owner.get("/orders", headers={"Authorization": "Bearer nobody"})
    assert samples(owner)[("hive_authentication_failures_total",)] == 1


def test_a_killed_cell_is_not_ready_and_says_so(owner, paper):
    assert owner.get("/ready").json() == {
        "is_ready": True,
        "is_answering": True,
        "is_journal_sound": True,
        "is_reconciled": True,
        "mode": "normal",
    }
    paper.cell.call(lambda: paper.cell.command(Kill("a test", "owner"))).result(10)
    response = owner.get("/ready")
    assert (response.status_code, response.json()["mode"]) == (503, "halt")
    assert owner.get("/health").json()["mode"] == "halt"
    found = samples(owner)
    assert found[("hive_killed",)] == 1
    assert found[("hive_ready",)] == 0


def test_a_silent_cell_is_not_ready_and_its_old_gauges_are_gone(owner, silent, monkeypatch):
    monkeypatch.setattr(face_module, "FACTS_TIMEOUT_S", 0.1)
    response = owner.get("/ready")
    assert (response.status_code, response.json()["is_answering"]) == (503, False)
    found = samples(owner)
    assert found[("hive_cell_answers",)] == 0
    assert ("hive_journal_head_seq",) not in found
    assert owner.get("/health").status_code == 200


def test_readiness_and_health_need_no_token_and_metrics_do(paper):
    stranger = TestClient(create_app(paper.cell), base_url="http://127.0.0.1")
    assert stranger.get("/ready").status_code == 200
    assert stranger.get("/health").status_code == 200
    assert stranger.get("/metrics").status_code == 401


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this machine")
def test_prometheus_own_check_finds_nothing(owner):
    check = subprocess.run(
        ["promtool", "check", "metrics"], input=exposition(owner), text=True, capture_output=True
    )
    assert (check.returncode, check.stdout + check.stderr) == (0, "")
