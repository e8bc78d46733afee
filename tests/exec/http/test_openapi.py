"""The OpenAPI document: it tells what is served, and what is served is what it tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import schemathesis
from exec_bench import READ_UP, Bench, a_decision, delivery_bytes
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from served import served
from tokens import owner_headers

from hive_core.configuration.model import Account, Configuration
from hive_core.landing.home import HiveHome
from hive_exec.http import create_app
from hive_exec.http.openapi import document
from hive_exec.http.routes import ROUTES
from hive_exec.http.routing import Everybody

DOCUMENT = document(ROUTES)
schema = schemathesis.openapi.from_dict(DOCUMENT)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """Base URL and the owner's header, over loopback. Accounts have had a decision each."""
    paper = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("live_*",))
    configuration = Configuration(accounts=(paper, *Configuration().accounts))
    bench = Bench(HiveHome(tmp_path_factory.mktemp("openapi") / "hive"), configuration)
    bench.deliver(a_decision())
    bench.deliver(a_decision(account="paper"))
    app = create_app(bench.cell)
    app.gatekeeper._failures = type("Endless", (list,), {"__len__": lambda _: 0})()
    with served(app) as port:
        yield f"http://127.0.0.1:{port}", owner_headers(bench.home)
    assert bench.cell.fatal is None
    bench.cell.stop()


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_as_it_says_and_never_with_a_fault(case, daemon):
    url, headers = daemon
    response = case.call(base_url=url, headers=headers)
    case.validate_response(
        response,
        checks=[
            checks.not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
        excluded_checks=[checks.not_a_server_error] if response.status_code == 503 else [],
    )


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_operation_answers_2xx_to_a_stranger(case, daemon):
    url, _ = daemon
    response = case.call(base_url=url)
    is_open = case.operation.definition.raw.get("security") == []
    assert is_open or 400 <= response.status_code < 500


def test_the_document_is_served_as_it_is_made(owner):
    response = owner.get("/openapi.json", headers={"Authorization": ""})
    assert response.status_code == 200
    assert response.json() == json.loads(json.dumps(DOCUMENT))


def test_what_is_open_is_declared_and_all_else_needs_the_bearer():
    assert DOCUMENT["security"] == [{"bearer": []}]
    for route in ROUTES:
        operation = DOCUMENT["paths"][route.path][route.method.lower()]
        assert (operation.get("security") == []) is (route.permission is Everybody.MAY_ASK)


def test_operations_have_names_of_their_own():
    names = [each["operationId"] for path in DOCUMENT["paths"].values() for each in path.values()]
    assert len(set(names)) == len(names)


def page() -> str:
    """docs/api.md's table, as the routes have it."""
    lines = ["| Route | Permission | Answers | What it is for |", "|---|---|---|---|"]
    for route in ROUTES:
        permission = "none" if isinstance(route.permission, Everybody) else route.permission.value
        answers = ", ".join(str(status) for status in (*route.answers, *route.refusals))
        lines.append(f"| `{route.method} {route.path}` | {permission} | {answers} | {route.summary} |")
    return "\n".join(lines)


def test_the_page_of_the_docs_has_every_route():
    """When it fails: put what `page()` says between the page's two marks."""
    text = PAGE.read_text("utf-8")
    told = text.partition("<!-- routes -->\n")[2].partition("\n<!-- end -->")[0]
    assert told == page()


def test_a_delivery_is_posted_as_the_document_says(daemon):
    import httpx

    url, headers = daemon
    decision = a_decision(side="sell", stop="1.06200", targets=("1.05700",))
    answer = httpx.post(
        f"{url}/decisions",
        content=delivery_bytes(decision),
        headers={**headers, "Content-Type": "application/json", "Idempotency-Key": decision.decision_id},
    )
    assert answer.status_code == 202
