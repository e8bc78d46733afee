"""Reports: a run is asked for when the journal has grown and come to rest, and not for ever later."""

from __future__ import annotations

import httpx
import polars as pl
import pytest
from exec_bench import a_decision, delivery_bytes
from tokens import owner_headers

from hive_pipelines.lake import Lake
from hive_pipelines.sensors.reports import MAX_WAIT_TICKS, pull_reports

pytestmark = pytest.mark.slow


@pytest.fixture
def tick(ticker, small):
    """The sensor, in a home that has read a message."""
    Lake(small.home.lake).write("parsed_signals", "room", pl.DataFrame({"source": []}), run_id="run-1")
    return ticker(pull_reports)


@pytest.fixture
def grow(daemon):
    """Let the journal grow by a decision of its own."""
    made = []

    def deliver() -> int:
        decision = a_decision(targets=(f"1.063{len(made):02}",))
        made.append(decision)
        httpx.post(
            f"http://127.0.0.1:{daemon.port}/decisions",
            content=delivery_bytes(decision),
            headers={
                **owner_headers(daemon.home),
                "Content-Type": "application/json",
                "Idempotency-Key": decision.decision_id,
            },
        ).raise_for_status()
        return int(daemon.get("/health")["journal_head_seq"])

    return deliver


def test_before_any_message_was_read_reports_are_about_nothing(ticker, daemon):
    tick = ticker(pull_reports)
    assert tick.told() == "no message was read yet: there is nothing that reports could be about"
    assert tick.cursor is None


def test_a_journal_at_rest_is_asked_for_once(tick, grow):
    head = grow()
    assert tick.told() == f"the journal grows, at record {head} now"
    (request,) = tick().run_requests
    assert request.run_key == f"reports-{head}"
    assert tick.told() == f"nothing new after record {head}"


def test_a_journal_that_grows_is_waited_for(tick, grow):
    grow()
    tick()
    head = grow()
    assert tick.told() == f"the journal grows, at record {head} now"
    (request,) = tick().run_requests
    assert request.run_key == f"reports-{head}"


def test_a_journal_that_never_rests_is_pulled_all_the_same(tick, grow):
    for _ in range(MAX_WAIT_TICKS):
        grow()
        assert "the journal grows" in tick.told()
    head = grow()
    (request,) = tick().run_requests
    assert request.run_key == f"reports-{head}"
    grow()
    assert "the journal grows" in tick.told(), "the wait begins anew"


def test_a_tick_whose_cursor_was_lost_asks_for_the_same_run(tick, grow):
    grow()
    tick()
    before = tick.cursor
    first = tick().run_requests[0].run_key
    tick.cursor = before
    assert tick().run_requests[0].run_key == first


def test_a_daemon_that_is_down_is_told_and_asked_again(tick, grow, daemon):
    grow()
    tick()
    before = tick.cursor
    daemon.stop()
    told = tick.told()
    assert told.startswith("the daemon does not answer (")
    assert told.endswith("`hive doctor` says more")
    assert tick.cursor == before
    daemon.start()
    assert "the journal grows" in tick.told()  # the start itself is a record
    assert len(tick().run_requests) == 1


def test_a_daemon_that_has_stopped_trading_is_told_as_well(tick, grow, daemon, monkeypatch):
    grow()
    monkeypatch.setattr(daemon._cell, "fatal", RuntimeError("disk full"))
    assert tick.told().startswith("the daemon does not answer (")
    monkeypatch.setattr(daemon._cell, "fatal", None)
