"""Every route, every role: who gets in is what the table says, and nobody gets in without a token."""

from __future__ import annotations

import pytest
from exec_bench import Bench
from starlette.testclient import TestClient

from hive_core.configuration.model import Configuration
from hive_core.landing.daemon_token import bearer_headers
from hive_exec.http import create_app
from hive_exec.http.routes import ROUTES
from hive_exec.http.routing import Everybody, Route
from hive_exec.principals import PERMISSIONS, Permission, Role, add_principal

OPEN_PATHS = {"/health", "/ready", "/openapi.json"}
"""The whole list of what everybody may ask. A route that is added to it is a decision, made here too."""

ROUTE_IDS = [f"{route.method} {route.path}" for route in ROUTES]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from hive_core.landing.home import HiveHome

    bench = Bench(HiveHome(tmp_path_factory.mktemp("permissions") / "hive"), Configuration())
    client = TestClient(create_app(bench.cell), base_url="http://127.0.0.1")
    for role in Role:
        add_principal(bench.home, f"a-{role.value}", role)
    client.app.gatekeeper.reload()
    yield bench, client
    bench.cell.stop()


def ask(client: TestClient, route: Route, headers: dict[str, str]):
    path = route.path.replace("{", "").replace("}", "")
    return client.request(route.method, path, headers=headers)


def test_every_route_declares_who_may_ask():
    for route in ROUTES:
        assert isinstance(route.permission, (Permission, Everybody)), route.path
    assert {route.path for route in ROUTES if route.permission is Everybody.MAY_ASK} == OPEN_PATHS


@pytest.mark.parametrize("route", ROUTES, ids=ROUTE_IDS)
def test_nobody_gets_in_without_a_token(served, route):
    _, client = served
    client.app.gatekeeper._failures.clear()  # the limit on failures has a test of its own
    status = ask(client, route, {}).status_code
    assert (status == 401) is (route.path not in OPEN_PATHS)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", ROUTES, ids=ROUTE_IDS)
def test_a_role_may_what_the_table_says(served, route, role):
    bench, client = served
    # The limit on failures has a test of its own; here every answer counts.
    client.app.gatekeeper._failures.clear()
    response = ask(client, route, bearer_headers(bench.home, f"a-{role.value}"))
    may = route.permission is Everybody.MAY_ASK or route.permission in PERMISSIONS[role]
    assert (response.status_code != 403) is may
    assert response.status_code != 401
    if not may:
        assert response.json()["error"]["code"] == "not_permitted"


def test_no_role_may_both_submit_and_approve_but_the_owner():
    both = {Permission.SUBMIT, Permission.APPROVE}
    assert [role for role in Role if both <= PERMISSIONS[role]] == [Role.OWNER]
