"""What persons order over HTTP: it is carried out, journaled with who said so, and refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from exec_bench import a_decision
from starlette.testclient import TestClient

from hive_core.landing.daemon_token import bearer_headers
from hive_exec.http import create_app
from hive_exec.principals import Role, add_principal, ensure_principals

REASON = {"reason": "because I say so"}


@pytest.fixture
def second(paper):
    """The client of another person, who may do everything too."""
    ensure_principals(paper.home)
    add_principal(paper.home, "second", Role.OWNER)
    headers = bearer_headers(paper.home, "second")
    return TestClient(create_app(paper.cell), base_url="http://127.0.0.1:8787", headers=headers)


def decide(paper):
    """Hand a decision of this moment in."""
    paper.deliver(a_decision(account="paper", ts=datetime.fromtimestamp(paper.wall_ns / 1e9, tz=UTC)))


def kinds(paper, *wanted):
    """The records of some kinds, in order."""
    return [report.kind for report in paper.reports() if report.kind in wanted]


def denials(paper):
    """Why decisions were denied."""
    return [report.body["reason_code"] for report in paper.reports() if report.kind == "decision_denied"]


def test_the_kill_switch_denies_what_comes_and_needs_two_people_to_end(owner, second, paper):
    killed = owner.post("/kill", json=REASON)
    assert killed.status_code == 200
    assert killed.json()["kill_switch"]["principal"] == "owner"
    decide(paper)
    assert denials(paper) == ["kill_switch"]
    assert owner.post("/resume", json=REASON).json()["kill_switch"]["confirmed_by"] == ["owner"]
    again = owner.post("/resume", json=REASON)
    assert again.status_code == 409
    assert "another person" in again.json()["error"]["reason"]
    assert second.post("/resume", json=REASON).json()["kill_switch"] is None
    told = kinds(paper, "killed", "resume_confirmed", "resumed")
    assert told == ["killed", "resume_confirmed", "resume_confirmed", "resumed"]


def test_a_thrown_switch_is_thrown_after_a_restart(owner, paper):
    owner.post("/kill", json=REASON)
    paper.reopen()
    assert paper.cell.state.controls.kill is not None


def test_an_open_breaker_denies_until_a_person_closes_it(owner, paper):
    decide(paper)  # opens the account, and is denied for want of a quote
    body = {"scope": "bot:paper", "fallback": "safe", **REASON}
    tripped = owner.post("/breakers", json=body).json()
    assert [one["scope"] for one in tripped["breakers"]] == ["bot:paper"]
    assert tripped["accounts"][0]["mode"] == "reduce_only"
    paper.wall_ns += 10**9
    decide(paper)
    assert denials(paper) == ["no_quote", "breaker_open"]
    closed = owner.post("/breakers/reset", json={"scope": "bot:paper", **REASON}).json()
    assert closed["breakers"] == []
    refused = owner.post("/breakers/reset", json={"scope": "bot:paper", **REASON})
    assert (refused.status_code, refused.json()["error"]["reason"]) == (409, "breaker bot:paper is not open")


def test_a_breaker_of_no_account_is_refused(owner):
    refused = owner.post("/breakers", json={"scope": "bot:nobody", "fallback": "safe", **REASON})
    assert refused.status_code == 404


def test_what_a_caller_hands_in_stands_with_his_name(paper):
    decide(paper)
    (received,) = [report for report in paper.reports() if report.kind == "decision_received"]
    assert received.body["submitted_by"] == "pipelines"


@pytest.mark.parametrize("reason", ["x", "two\nlines", "y" * 201])
def test_a_reason_that_is_none_is_refused_in_words(owner, reason):
    refused = owner.post("/kill", json={"reason": reason})
    assert refused.status_code == 422
    assert "3 to 200 characters on one line" in refused.json()["error"]["reason"]


def test_nothing_unknown_can_be_judged_closed_or_resolved(owner):
    assert owner.post("/reviews/dec_1", json={"verdict": "approve", **REASON}).status_code == 404
    assert owner.post("/orders/ord_1/close").status_code == 404
    assert owner.post("/orders/ord_1/resolve", json=REASON).status_code == 404
    assert owner.get("/reviews").json() == {"reviews": []}
    assert owner.get("/positions").json() == {"positions": []}
