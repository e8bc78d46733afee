"""What persons order over HTTP: it is carried out, journaled with who said so, and refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from exec_bench import a_decision
from starlette.testclient import TestClient

from hive_core.landing.daemon_token import bearer_headers
from hive_exec import service
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


def quote(paper, bid, ask):
    """The market is there, a second later."""
    paper.wall_ns += 10**9
    told = ("paper", "EURUSD", Decimal(bid), Decimal(ask), paper.wall_ns)
    paper.cell.call(lambda: service.quote(paper.cell, *told)).result(5)


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
    decide(paper)  # opens the account, and waits for a quote
    (standing,) = owner.get("/modes").json()["accounts"]
    assert standing["waiting_decisions"] == list(paper.cell.bots["paper"].pending) != []
    body = {"scope": "bot:paper", "fallback": "safe", **REASON}
    tripped = owner.post("/breakers", json=body).json()
    assert [one["scope"] for one in tripped["breakers"]] == ["bot:paper"]
    assert tripped["accounts"][0]["mode"] == "reduce_only"
    paper.wall_ns += 10**9
    decide(paper)
    assert denials(paper) == ["breaker_open"] * 2
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


def test_a_review_shows_the_worst_price_that_an_approval_allows(owner, second, paper):
    settings = paper.cell.configuration.account_named("paper")
    quote(paper, "1.0600", "1.0601")
    bot = paper.cell.bots["paper"]
    bot.settings = settings.model_copy(update={"review_over_headroom": Decimal("0.01")})
    paper.wall_ns += 10**9
    decide(paper)
    (shown,) = owner.get("/reviews").json()["reviews"]
    (asked,) = [report for report in paper.reports() if report.kind == "review_requested"]
    assert shown["price_bound"] == asked.body["price_bound"]
    assert Decimal(shown["lots"]) == sum(Decimal(leg["lots"]) for leg in asked.body["legs"]) > 0
    decision = next(iter(bot.pending.values())).delivery.decision
    assert (shown["stop_loss"], shown["take_profits"]) == (
        str(decision.stop_loss),
        [str(price) for price in decision.take_profits],
    )
    assert shown["sources"] == sorted({vote.source for vote in decision.votes})
    quote(paper, "1.0699", "1.0700")
    body = {"verdict": "approve", **REASON}
    path = f"/reviews/{shown['decision_id']}"
    assert second.post(path, json=body).json()["outcome"] == "denied"
    assert denials(paper)[-1] == "review_void"
    assert owner.get("/orders").json() == {"orders": []}


def test_a_second_caller_of_a_decision_that_waits_may_not_approve_it_either(owner, second, paper):
    quote(paper, "1.0600", "1.0601")
    bot = paper.cell.bots["paper"]
    bot.settings = bot.settings.model_copy(update={"review_over_headroom": Decimal("0.01")})
    paper.wall_ns += 10**9
    decide(paper)
    ((decision_id, pending),) = bot.pending.items()
    payload = pending.delivery.model_dump_json()
    headers = {"Idempotency-Key": decision_id, "Content-Type": "application/json"}
    for _ in range(2):
        assert second.post("/decisions", content=payload, headers=headers).status_code == 200
    assert kinds(paper, "decision_submitted_again") == ["decision_submitted_again"]
    (shown,) = owner.get("/reviews").json()["reviews"]
    assert (shown["submitted_by"], shown["also_submitted_by"]) == ("pipelines", ["second"])
    body = {"verdict": "approve", **REASON}
    refused = second.post(f"/reviews/{decision_id}", json=body)
    assert (refused.status_code, "second handed it in" in refused.json()["error"]["reason"]) == (409, True)
    assert owner.post(f"/reviews/{decision_id}", json=body).json()["outcome"] == "traded"


@pytest.mark.parametrize("reason", ["x", "two\nlines", "y" * 201])
def test_a_reason_that_is_none_is_refused_in_words(owner, reason):
    refused = owner.post("/kill", json={"reason": reason})
    assert refused.status_code == 422
    assert "3 to 200 characters on one line" in refused.json()["error"]["reason"]


def test_nothing_unknown_can_be_judged_closed_or_resolved(owner):
    assert owner.post("/reviews/dec_1", json={"verdict": "approve", **REASON}).status_code == 404
    assert owner.post("/orders/ord_1/close").status_code == 404
    assert owner.post("/orders/ord_1/resolve", json=REASON).status_code == 404
    books = {"account": "nobody", "symbol": "EURUSD", **REASON}
    assert owner.post("/positions/accept-broker", json=books).status_code == 404
    assert owner.get("/reviews").json() == {"reviews": []}
    assert owner.get("/positions").json() == {"positions": []}
