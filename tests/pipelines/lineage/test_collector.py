"""The HTTP side: a collector on loopback that answers, refuses, breaks, hangs, or is not there."""

from __future__ import annotations

import json
import time

import pytest

from hive_pipelines.lineage import emit

pytestmark = pytest.mark.slow

TIMEOUT_S = 0.3
"""What the `collector` fixture writes into hive.toml."""


def identities(events):
    return [(event["eventType"], event["run"]["runId"], event["eventTime"]) for event in events]


def sent_offset(tick) -> int:
    return json.loads(tick.cursor)["sent"]["offset"]


def test_a_collector_that_answers_gets_every_event_in_order(materialize, tick, events, collector):
    materialize("bars", "scores", partitions=("2024-01-02", "2024-01-04"))
    tick()
    assert collector.accepted == events()
    tick()
    assert collector.accepted == events()


def test_the_key_goes_along_as_a_bearer_token(materialize, tick, collector, monkeypatch):
    monkeypatch.setenv("HIVE_OPENLINEAGE_API_KEY", "key-of-the-collector")
    materialize("scores")
    tick()
    assert collector.authorization == "Bearer key-of-the-collector"


@pytest.mark.parametrize("answer", [500, 429, 408, 401, 404, 302, 307, "hang"])
def test_a_collector_that_does_not_take_events_holds_only_itself(
    answer, materialize, tick, events, collector
):
    collector.answer = answer
    for round_ in (1, 2):
        materialize("scores")
        before = time.monotonic()
        tick()
        assert time.monotonic() - before < 2 * TIMEOUT_S + 0.5
        assert len(events()) == 2 * round_
        assert sent_offset(tick) == 0
        assert collector.asked == round_, "one try a tick"
    assert "the collector does not answer" in tick.told
    collector.answer = 201
    collector.released.set()
    tick()
    assert collector.accepted == events()


def test_a_collector_that_is_not_there_loses_nothing(materialize, tick, events, collector, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    materialize("scores")
    tick()
    materialize("scores")
    tick()
    assert len(events()) == 4
    monkeypatch.setenv("OPENLINEAGE_URL", collector.url)
    tick()
    assert collector.accepted == events()


def test_an_address_that_is_none_does_not_stop_the_file(materialize, tick, events, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_URL", "not an address")
    materialize("scores")
    tick()
    materialize("scores")
    tick()
    assert len(events()) == 4
    assert "the collector does not answer" in tick.told


def test_a_refused_event_is_put_beside_and_the_others_go_on(materialize, tick, events, collector, home):
    collector.answer = lambda event: 400 if event["job"]["name"] == "scores" else 201
    materialize("scores", "bars", partitions=("2024-01-02", "2024-01-02"))
    tick()
    wanted = [event for event in events() if event["job"]["name"] != "scores"]
    assert collector.accepted == wanted
    refused = [
        json.loads(line)
        for line in emit.refused_file(home / "lineage" / "openlineage.jsonl").read_text("utf-8").splitlines()
    ]
    assert [json.loads(one["line"]) for one in refused] == [
        event for event in events() if event["job"]["name"] == "scores"
    ]
    assert all(one["reason"].startswith("HTTP 400") for one in refused)
    assert "2 refused" in tick.told
    tick()
    assert collector.asked == len(events())


def test_a_crash_before_the_cursor_is_stored_sends_again_but_loses_nothing(
    materialize, tick, events, collector
):
    materialize("scores")
    tick()
    tick.cursor = tick.beginning
    tick()
    assert set(identities(collector.accepted)) == set(identities(events()))
    assert len(set(identities(collector.accepted))) == 2, "the collector can tell repeats apart"


def test_it_fails_in_the_middle_and_goes_on_from_there(materialize, tick, events, collector):
    collector.answer = lambda event: 201 if collector.asked <= 3 else 500
    materialize("bars", "scores", partitions=("2024-01-02", "2024-01-04"))
    tick()
    assert collector.accepted == events()[:3]
    collector.answer = 201
    tick()
    assert collector.accepted == events()


def test_a_backlog_is_sent_a_bounded_piece_a_tick(materialize, tick, events, collector, monkeypatch):
    monkeypatch.setattr(emit, "EVENTS_PER_TICK", 2)
    materialize("bars", "scores", partitions=("2024-01-02", "2024-01-02"))
    tick()
    assert len(collector.accepted) == 2
    tick()
    tick()
    assert collector.accepted == events()


def test_a_slow_collector_ends_the_sending_of_a_tick(materialize, tick, collector, monkeypatch):
    monkeypatch.setattr(emit, "SENDING_BUDGET_S", 0.2)

    def slowly(event):
        time.sleep(0.15)
        return 201

    collector.answer = slowly
    materialize("bars", "scores", partitions=("2024-01-02", "2024-01-02"))
    before = time.monotonic()
    tick()
    assert time.monotonic() - before < 1
    assert len(collector.accepted) == 2


@pytest.mark.parametrize("names", [("scores", "stubborn"), ("scores", "bars"), ("scores",)])
def test_a_file_that_was_replaced_is_sent_from_its_beginning(
    names, materialize, tick, events, collector, home
):
    """Whether the new file is shorter, longer, or as long as the old one."""
    materialize("scores", "stubborn")
    tick()
    file = home / "lineage" / "openlineage.jsonl"
    file.rename(file.with_name("old.jsonl"))
    collector.accepted.clear()
    materialize(*names, partitions=("2024-01-02", "2024-01-04"))
    tick()
    assert collector.accepted == events()


def test_the_configured_address_goes_before_the_environment(
    materialize, tick, events, collector, monkeypatch, tmp_path
):
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    tmp_path.joinpath("hive.toml").write_text(f'[lineage]\nurl = "{collector.url}"\n', "utf-8")
    materialize("scores")
    tick()
    assert collector.accepted == events()


def test_a_secret_in_the_answer_is_not_kept(materialize, tick, collector, home, monkeypatch):
    monkeypatch.setenv("HIVE_OPENLINEAGE_API_KEY", "s3cret-key-of-mine")
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9/s3cret-key-of-mine/")
    materialize("scores")
    sending = None

    def watch(*arguments, **settings):
        nonlocal sending
        sending = emit.send_backlog(*arguments, **settings)
        return sending

    monkeypatch.setattr("hive_pipelines.lineage.sensor.send_backlog", watch)
    tick()
    assert sending.problem
    assert "s3cret" not in sending.problem
