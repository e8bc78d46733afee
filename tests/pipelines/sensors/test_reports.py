"""Reports: a run is asked for when the journal has grown and come to rest, and not for ever later."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import polars as pl
import pytest
from exec_bench import a_decision, delivery_bytes
from tokens import owner_headers

from hive_pipelines.lake import Lake
from hive_pipelines.sensors.reports import MAX_WAIT_TICKS, READ_BESIDE_REPORTS, pull_reports

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def tick(ticker, small):
    """The sensor, in a home whose signals were resolved."""
    for table in READ_BESIDE_REPORTS:
        _written(small, table)
    return ticker(pull_reports)


def _written(small, table: str) -> None:
    Lake(small.home.lake).write(table, "room", pl.DataFrame({"source": []}), run_id="run-1")


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


def test_before_signals_were_resolved_reports_are_about_nothing(ticker, daemon, small):
    tick = ticker(pull_reports)
    for number, table in enumerate(READ_BESIDE_REPORTS):
        told = "nothing is there yet that reports could be about: no "
        assert tick.told() == told + ", ".join(READ_BESIDE_REPORTS[number:])
        assert tick.cursor is None
        _written(small, table)
    assert "the journal grows" in tick.told()


def test_what_the_marts_read_of_other_runs_is_waited_for():
    """Every table that a mart reads is written by the run over reports itself, or waited for."""
    by_reports = {
        "execution_reports",
        "orders",
        "fills",
        "positions",
        "account_equity",
        "denials",
        "source_outcomes",
    }
    read = {
        table
        for path in (REPOSITORY / "dbt_project" / "models").rglob("*.sql")
        for table in re.findall(r"source\('lake', '(\w+)'\)", path.read_text("utf-8"))
    }
    assert read - by_reports - {"messages"} == set(
        READ_BESIDE_REPORTS
    )  # messages: parsed_signals are made of them


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
