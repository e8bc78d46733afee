"""The daemon's HTTP face, over a running cell: every status, one shape for every error, no leaks."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from exec_bench import MONDAY, READ_UP, Bench, a_decision, bars_of, delivery_bytes, write_bars
from starlette.testclient import TestClient
from tokens import owner_headers

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.base import MAX_PAYLOAD_BYTES
from hive_core.contracts.report import ReportPage
from hive_core.evidence.chain import ChainLink, first_fault
from hive_exec import cell as cell_module
from hive_exec import commands
from hive_exec.http import MAX_PAGE, create_app
from hive_exec.http.answers import CODES

JSON = {"Content-Type": "application/json"}
PAPER = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("live_*",))
CONFIGURATION = Configuration(accounts=(PAPER, *Configuration().accounts))
HOUR = timedelta(hours=1)


@pytest.fixture
def bench(home):
    write_bars(home, bars_of([(MONDAY + h * HOUR, 1.06, 1.0602, 1.0598, 1.06) for h in range(4)]))
    made = Bench(home, CONFIGURATION)
    yield made
    if made.cell.fatal is None:
        made.cell.stop()


@pytest.fixture
def client(bench):
    app = create_app(bench.cell)
    return TestClient(app, base_url="http://127.0.0.1:8787", headers=owner_headers(bench.home))


def post_decision(client, decision=None, *, body: bytes | None = None, key: str | None = None, **headers):
    decision = decision or a_decision()
    sent = {**JSON, "Idempotency-Key": decision.decision_id if key is None else key, **headers}
    return client.post("/decisions", content=delivery_bytes(decision) if body is None else body, headers=sent)


def error_of(response) -> tuple[int, str, str]:
    """Status, field and reason; and that it is nothing but that."""
    body = response.json()
    assert list(body) == ["error"]
    assert sorted(body["error"]) == ["code", "field", "reason"]
    assert body["error"]["code"] in {
        CODES[response.status_code],
        *({"number"} if response.status_code == 422 else ()),
    }
    for leak in ("Traceback", "hive_exec/", "site-packages", "pydantic", ".py", os.getcwd(), os.sep + "tmp"):
        assert leak not in response.text
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["error"]["field"], body["error"]["reason"]


def test_a_decision_is_accepted_once_and_answered_alike_ever_after(client):
    first, again = post_decision(client), post_decision(client)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.content == again.content
    assert first.json() == {"decision_id": a_decision().decision_id, "outcome": "accepted", "seq": 3}


def test_health_tells_who_answers_and_how_far_the_journal_is(client, bench):
    before = client.get("/health").json()
    assert before == {
        "status": "ok",
        "mode": "normal",
        "attention": [],
        "version": before["version"],
        "pid": os.getpid(),
        "home": str(bench.home.root),
        "journal_head_seq": 1,
    }
    post_decision(client)
    assert client.get("/health").json()["journal_head_seq"] == 3


@pytest.mark.parametrize("key", ["", " ", "a b", "d\u00e9c", "k" * 129, "dec/1", "dec\t1"])
def test_a_missing_or_malformed_key_is_400(client, key):
    assert error_of(post_decision(client, key=key.encode("latin-1")))[:2] == (400, "Idempotency-Key")
    without = client.post("/decisions", content=delivery_bytes(a_decision()), headers=JSON)
    assert error_of(without)[:2] == (400, "Idempotency-Key")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonx"},
        {"Content-Encoding": "gzip"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("path", ["/decisions", "/accounts/samples/advance", "/accounts/paper/quotes"])
def test_what_is_not_plain_json_is_415(client, path, headers):
    sent = {**JSON, "Idempotency-Key": "dec_1", **headers}
    status, field, _ = error_of(client.post(path, content=b"{}", headers=sent))
    assert (status, field) == (415, next(iter(headers)))


def test_json_with_a_character_set_is_json(client):
    assert post_decision(client, **{"Content-Type": "application/json; charset=utf-8"}).status_code == 202


@pytest.mark.parametrize("path", ["/decisions", "/accounts/samples/advance", "/accounts/paper/quotes"])
def test_more_bytes_than_a_decision_can_have_are_413(client, path):
    sent = {**JSON, "Idempotency-Key": "dec_1"}
    status, field, _ = error_of(client.post(path, content=b" " * (MAX_PAYLOAD_BYTES + 1), headers=sent))
    assert (status, field) == (413, "body")
    assert client.post(path, content=b" " * MAX_PAYLOAD_BYTES, headers=sent).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"decision": NaN}',
        b'{"until_ns": 1e999}',
        b'{"until_ns": ' + b"9" * 5_000 + b"}",
        b'{"until_ns": 1e99999999999999999999}',
        b'{"until_ns": 1, "until_ns": 2}',
        rb'{"\ud800": 1, "\ud800": 2}',
        rb'{"\ud800": 1}',
        rb'{"symbol": "\udfff"}',
        b"[" * 600 + b"]" * 600,
        b'{"a":' * 600 + b"1" + b"}" * 600,
        b"[" * 30_000,
        b'{"until_ns": 1, "extra": 2}',
        b'{"symbol": "EURUSD", "bid": 1.06, "ask": 1.07, "ts_ns": 1}',
    ],
    ids=lambda body: repr(body[:40]),
)
@pytest.mark.parametrize("path", ["/decisions", "/accounts/samples/advance", "/accounts/paper/quotes"])
def test_a_body_that_is_not_its_contract_is_422_and_the_daemon_lives(client, path, body):
    assert error_of(client.post(path, content=body, headers={**JSON, "Idempotency-Key": "dec_1"}))[0] == 422
    assert client.get("/health").status_code == 200


def test_another_content_under_a_known_key_is_409(client):
    decision = a_decision()
    post_decision(client, decision)
    other = delivery_bytes(decision.model_copy(update={"stop_loss": Decimal("1.05700")}))
    assert error_of(post_decision(client, decision, body=other))[:2] == (409, "Idempotency-Key")


def test_a_key_that_is_not_the_decisions_is_422(client):
    assert error_of(post_decision(client, key="dec_other"))[:2] == (422, "Idempotency-Key")


def test_an_id_that_is_not_the_contents_is_422(client):
    forged = a_decision().model_copy(update={"decision_id": "dec_forged"})
    assert error_of(post_decision(client, forged))[:2] == (422, "decision.decision_id")


def test_an_account_that_is_not_configured_is_422(client):
    assert error_of(post_decision(client, a_decision(account="nobody")))[:2] == (422, "decision.account")


def test_a_pending_order_without_its_price_is_422_and_never_reaches_the_venue(client):
    body = delivery_bytes(a_decision()).replace(b'"market"', b'"limit"')
    status, _, reason = error_of(post_decision(client, body=body))
    assert (status, "needs its entry price" in reason) == (422, True)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.2", "", "localhost@evil", "[::2]", "::1"]
)
def test_a_foreign_host_is_400_whatever_it_asks(client, host):
    for path in ("/health", "/orders", "/nowhere"):
        assert error_of(client.get(path, headers={"Host": host}))[:2] == (400, "Host")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8787", "localhost:8787", "LOCALHOST", "[::1]:8787"])
def test_our_own_names_are_served(client, host):
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("hosts", [[], [b"127.0.0.1", b"evil.example"], [b"127.0.0.1", b"127.0.0.1"]])
def test_no_host_or_two_are_400(bench, hosts):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "headers": [(b"host", host) for host in hosts],
    }
    asyncio.run(create_app(bench.cell)(scope, None, send))
    assert sent[0]["status"] == 400


@pytest.mark.parametrize("path", ["/decisions", "/accounts/samples/advance", "/accounts/paper/quotes"])
def test_reading_what_is_only_written_is_405(client, path):
    response = client.get(path)
    assert error_of(response)[:2] == (405, "method")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/health", "/accounts", "/orders", "/orders/x", "/reports", "/journal"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_writing_what_is_only_read_is_405(client, path, method):
    assert error_of(client.request(method, path))[:2] == (405, "method")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/accounts/samples/x", "/journal/1", "/../etc/passwd"])
def test_an_unknown_path_is_404(client, path):
    assert error_of(client.get(path))[:2] == (404, "path")


def test_an_order_that_there_is_not_is_404(client):
    assert error_of(client.get("/orders/ord_none"))[:2] == (404, "client_order_id")


@pytest.mark.parametrize("name", ["nobody", "Samples", "a%20b", "..", "%D0%B0", "s" * 97])
def test_an_account_that_there_is_not_is_404(client, name):
    for what, body in (("advance", {"until_ns": 1}), ("quotes", a_quote())):
        response = client.post(f"/accounts/{name}/{what}", json=body)
        assert error_of(response)[0] == 404


def a_quote(**changes):
    return {"symbol": "EURUSD", "bid": "1.06", "ask": "1.0601", "ts_ns": 1, **changes}


def test_advancing_answers_202_and_never_goes_back(client, bench):
    post_decision(client)
    until = to_ns(MONDAY + 2 * HOUR)
    response = client.post("/accounts/samples/advance", json={"until_ns": until})
    assert (response.status_code, response.json()) == (202, {"account": "samples", "until_ns": until})
    again = client.post("/accounts/samples/advance", json={"until_ns": until - 1})
    assert again.json() == response.json()


def test_advancing_into_the_future_or_a_wall_clock_account_is_refused(client, bench):
    post_decision(client)
    ahead = {"until_ns": bench.wall_ns + 1}
    assert error_of(client.post("/accounts/samples/advance", json=ahead))[:2] == (422, "until_ns")
    post_decision(client, a_decision(account="paper"))
    assert error_of(client.post("/accounts/paper/advance", json={"until_ns": 1}))[:2] == (409, "account")


def test_quotes_are_taken_by_paper_accounts_alone(client, bench):
    assert client.post("/accounts/paper/quotes", json=a_quote(ts_ns=bench.wall_ns)).status_code == 202
    assert error_of(client.post("/accounts/samples/quotes", json=a_quote()))[:2] == (409, "account")


@pytest.mark.parametrize(
    "changes",
    [
        {"ts_ns": 10**30},  # no date at all
        {"ts_ns": 4_102_444_800_000_000_001},
        {"ts_ns": -1},
        {"ts_ns": 1},
        {"bid": "1.07"},
        {"bid": "0"},
        {"ask": "106"},
        {"symbol": "EURXXX"},
    ],
    ids=repr,
)
def test_a_quote_that_cannot_be_is_422_and_the_daemon_lives(client, bench, changes):
    quote = a_quote(**{"ts_ns": bench.wall_ns, **changes})
    assert error_of(client.post("/accounts/paper/quotes", json=quote))[0] == 422
    assert client.get("/accounts").status_code == 200


@pytest.mark.parametrize("moment", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)])
def test_a_decision_of_any_time_leaves_a_daemon_that_answers(client, moment):
    assert post_decision(client, a_decision(ts=moment)).status_code == 202
    for path in ("/accounts", "/reports", "/orders", "/journal"):
        assert client.get(path).status_code == 200


def test_an_order_is_told_with_its_records_and_its_decision(client, bench):
    post_decision(client)
    bench.advance(MONDAY + 3 * HOUR)
    (listed,) = client.get("/orders").json()["orders"]
    told = client.get(f"/orders/{listed['client_order_id']}").json()
    assert told["order"] == listed
    assert told["decision"] == json.loads(delivery_bytes(a_decision()))
    kinds = [record["kind"] for record in told["records"]]
    assert kinds == ["decision_received", "order_intended", "order_accepted", "order_filled"]
    assert client.get("/orders", params={"account": "samples"}).json()["orders"] == [listed]
    assert client.get("/orders", params={"account": "paper"}).json() == {"orders": []}


def test_reports_come_in_pages_without_gap_or_double(client, bench):
    for minute in range(5):
        post_decision(client, a_decision(ts=MONDAY + timedelta(minutes=minute)))
    bench.advance(MONDAY + 3 * HOUR)
    whole = ReportPage.model_validate_json(client.get("/reports").content)
    assert whole.head_seq == len(whole.reports) > 10
    paged, after = [], 0
    while page := client.get("/reports", params={"after_seq": after, "limit": 3}).json()["reports"]:
        assert len(page) <= 3
        paged += page
        after = page[-1]["seq"]
    assert [report["seq"] for report in paged] == list(range(1, whole.head_seq + 1))
    assert client.get("/reports", params={"after_seq": whole.head_seq}).json()["reports"] == []
    assert client.get("/reports", params={"limit": 0}).json() == {"reports": [], "head_seq": whole.head_seq}


@pytest.mark.parametrize("path", ["/reports", "/journal"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", str(MAX_PAGE + 1)),
        ("limit", "-1"),
        ("limit", "1.0"),
        ("limit", "1e3"),
        ("limit", ""),
        ("limit", "\u0661"),
        ("limit", "9" * 5_000),
        ("after_seq", "-1"),
        ("after_seq", "x"),
        ("after_seq", str(10**15 + 1)),
    ],
)
def test_a_page_that_cannot_be_is_422(client, path, name, value):
    assert error_of(client.get(path, params={name: value}))[:2] == (422, name)


def test_the_journals_links_verify_by_themselves(client, bench):
    post_decision(client)
    bench.advance(MONDAY + 3 * HOUR)
    page = client.get("/journal").json()
    links = [
        ChainLink(link["seq"], link["body"].encode(), link["previous_hash"], link["record_hash"])
        for link in page["links"]
    ]
    held, head, fault = first_fault(links)
    assert (held, fault) == (page["head_seq"], None)
    reports = client.get("/reports").json()["reports"]
    assert [report["record_sha256"] for report in reports] == [link.record_hash for link in links]
    assert head == reports[-1]["record_sha256"]


def test_more_callers_than_can_wait_are_429_and_the_rest_is_served(home, monkeypatch):
    monkeypatch.setattr(commands, "MAX_QUEUED_COMMANDS", 2)
    bench = Bench(home, CONFIGURATION)
    app = create_app(bench.cell)
    client = TestClient(app, base_url="http://127.0.0.1", headers=owner_headers(home))
    goes_on, is_held = threading.Event(), threading.Event()
    bench.cell.call(lambda: (is_held.set(), goes_on.wait(10)))
    assert is_held.wait(10)
    waiting = [bench.cell.call(lambda: "served") for _ in range(2)]
    status, field, reason = error_of(client.get("/accounts"))
    assert (status, field, reason) == (429, "", "2 commands wait")
    assert error_of(post_decision(client))[0] == 429
    goes_on.set()
    assert [future.result(10) for future in waiting] == ["served", "served"]
    assert post_decision(client).status_code == 202
    bench.cell.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_fatal_error_every_question_is_503_at_once(client, bench):
    def fault():
        raise OSError("disk I/O error at /secret/place.py")

    with pytest.raises(RuntimeError, match="the cell stopped"):
        bench.cell.call(fault).result(10)
    bench.cell._thread.join(10)
    assert error_of(client.get("/health"))[0] == 503
    for path in ("/accounts", "/orders", "/orders/x", "/reports", "/journal"):
        assert error_of(client.get(path))[0] == 503
    assert error_of(post_decision(client))[0] == 503
    assert error_of(client.post("/accounts/samples/advance", json={"until_ns": 1}))[0] == 503


def test_a_fault_of_ours_is_500_without_its_inside(client, monkeypatch):
    def fault(_):
        raise ZeroDivisionError("at hive_exec/secret.py")

    monkeypatch.setattr(cell_module.Cell, "call", fault)
    status, field, reason = error_of(client.get("/accounts"))
    assert (status, field, reason) == (500, "", "a fault of the daemon; see its log")


def test_a_caller_who_goes_away_while_he_waits_does_no_harm(bench):
    goes_on, is_held = threading.Event(), threading.Event()
    held = bench.cell.call(lambda: (is_held.set(), goes_on.wait(10)))
    assert is_held.wait(10)
    done = []
    left = bench.cell.call(lambda: done.append("by one who left"))
    stays = bench.cell.call(lambda: done.append("by one who stays"))
    assert left.cancel()
    assert not held.cancel()  # its work has begun
    goes_on.set()
    stays.result(10)
    assert done == ["by one who stays"]
    assert bench.cell.fatal is None
