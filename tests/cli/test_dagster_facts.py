"""What is made of the webserver's answers, and of none."""

from __future__ import annotations

from typing import Any

import pytest

from hive_cli.facts.dagster import DagsterFacts, DagsterUnreachable, Run


def run(run_id: str, status: str, *, job: str = "signals_job", will_retry: bool = False) -> Run:
    return Run(run_id, status, job, "2017-01-01..2017-12-31", will_retry, (), 0.0, 0.0, 0.0)


def broken(monkeypatch: pytest.MonkeyPatch, *newest_first: Run) -> list[str]:
    monkeypatch.setattr(DagsterFacts, "runs", lambda self, **_: list(newest_first))
    with DagsterFacts("http://127.0.0.1:1") as dagster:
        return [each.run_id for each in dagster.broken_runs()]


def test_a_failed_run_is_broken_until_the_same_work_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken(monkeypatch, run("a", "FAILURE")) == ["a"]
    assert broken(monkeypatch, run("b", "SUCCESS"), run("a", "FAILURE")) == []
    assert broken(monkeypatch, run("c", "FAILURE"), run("b", "SUCCESS")) == ["c"]
    assert broken(monkeypatch, run("b", "SUCCESS", job="bars_job"), run("a", "FAILURE")) == ["a"]


def test_a_run_that_will_be_tried_again_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken(monkeypatch, run("a", "FAILURE", will_retry=True)) == []


def events(monkeypatch: pytest.MonkeyPatch, *found: dict[str, Any]) -> str:
    monkeypatch.setattr(
        DagsterFacts, "_ask", lambda self, query, **_: {"logsForRun": {"events": list(found)}}
    )
    with DagsterFacts("http://127.0.0.1:1") as dagster:
        return dagster.run_error("a")


def test_the_error_of_a_run_is_its_innermost_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    cause = {"error": {"message": "ValueError: row 3:\n  high < low\n"}}
    error = {"message": "DagsterExecutionStepExecutionError", "errorChain": [cause]}
    step = {"__typename": "ExecutionStepFailureEvent", "stepKey": "bars", "error": error}
    end = {"__typename": "RunFailureEvent", "message": "Execution failed", "error": None}
    assert events(monkeypatch, end, step) == "bars: ValueError: row 3: high < low"


def test_a_run_that_never_ran_says_what_kept_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started = {"__typename": "EngineEvent", "error": None}
    engine = {"__typename": "EngineEvent", "error": {"message": "Could not load", "errorChain": []}}
    end = {"__typename": "RunFailureEvent", "message": "marked as failed from outside", "error": None}
    assert events(monkeypatch, started, engine, end) == "Could not load"
    assert events(monkeypatch, end) == "marked as failed from outside"


def test_a_webserver_that_does_not_answer_is_told_with_its_address() -> None:
    with DagsterFacts("http://127.0.0.1:1", timeout_s=1) as dagster:
        assert not dagster.answers()
        with pytest.raises(DagsterUnreachable, match=r"http://127\.0\.0\.1:1"):
            dagster.runs()
