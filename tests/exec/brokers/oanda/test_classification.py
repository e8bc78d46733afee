"""What follows from every HTTP status and every transport error: the unknown is never taken for a refusal."""

from __future__ import annotations

import inspect
import json
import socket
import ssl
import threading
from decimal import Decimal

import httpx
import pytest
from oanda_bench import ACCOUNT, TOKEN, Clock, order, settings
from pydantic import SecretStr

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.oanda.adapter import OandaBroker
from hive_exec.brokers.oanda.classification import (
    NEVER_CONNECTED,
    Outcome,
    outcome_of_error,
    outcome_of_status,
)
from hive_exec.brokers.port import Ambiguous, NotSent, Throttled, Unavailable
from hive_exec.simulators.oanda.instruments import INSTRUMENTS

STATUSES = range(100, 600)
READ = {200, 201}
READ_REFUSAL = {400, 404}
REFUSED = {401, 403}

ERRORS = sorted(
    {
        kind
        for kind in vars(httpx).values()
        if inspect.isclass(kind) and issubclass(kind, (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError))
    },
    key=lambda kind: kind.__name__,
)
OTHER_ERRORS = (
    OSError,
    ConnectionResetError,
    BrokenPipeError,
    TimeoutError,
    ssl.SSLError,
    UnicodeError,
    ValueError,
)
"""What a library below may let through."""

ABSTRACT = {httpx.StreamConsumed, httpx.ResponseNotRead, httpx.RequestNotRead, httpx.StreamClosed}


def made(kind: type[Exception]) -> Exception:
    if kind is httpx.HTTPStatusError:
        return kind("x", request=httpx.Request("GET", "http://x"), response=httpx.Response(500))
    return kind() if kind in ABSTRACT else kind("x")


class Network(httpx.BaseTransport):
    """Answers the question after instruments; whatever changes something meets what the test says."""

    def __init__(self, what):
        self.what = what
        self.changes = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/instruments"):
            listed = {"instruments": [one.document() for one in INSTRUMENTS.values()]}
            return httpx.Response(200, stream=httpx.ByteStream(json.dumps(listed).encode()))
        if request.method != "GET":
            self.changes += 1
        if isinstance(self.what, Exception):
            raise self.what
        status, body = self.what
        return httpx.Response(status, stream=httpx.ByteStream(body))


def broker(what) -> tuple[OandaBroker, Network]:
    network = Network(what)
    return OandaBroker(settings(), ACCOUNT, SecretStr(TOKEN), now_ns=Clock(), transport=network), network


CALLS = {
    "submit": lambda one: one.submit(order()),
    "cancel": lambda one: one.cancel(order()),
    "close": lambda one: one.close_position(order(), None, "req_1"),
}
REFUSED_KIND = {
    "submit": ReportKind.REJECTED,
    "cancel": ReportKind.CANCEL_REJECTED,
    "close": ReportKind.MODIFY_REJECTED,
}


def expected(status: int) -> Outcome:
    if status in READ:
        return Outcome.READ
    if status in READ_REFUSAL:
        return Outcome.READ_REFUSAL
    if status in REFUSED:
        return Outcome.REFUSED
    return Outcome.THROTTLED if status == 429 else Outcome.AMBIGUOUS


@pytest.mark.parametrize("status", STATUSES)
def test_the_table_holds_every_status(status):
    assert outcome_of_status(status) is expected(status)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"errorMessage":"no","lastTransactionID":"7"}', b"<html>", b"[]"]
)
def test_every_status_through_the_adapter_with_a_body_that_says_nothing(call, body):
    """Without the venue's own word, only 401, 403 and 429 are known to be refusals."""
    for status in [one for one in STATUSES if one >= 200]:
        one, network = broker((status, body))
        if status in REFUSED:
            [said] = CALLS[call](one)
            assert (said.client_order_id, said.kind) == (order().client_order_id, REFUSED_KIND[call])
            assert said.reason == "not_authorised"
            assert str(status) in said.text
        else:
            with pytest.raises(Throttled if status == 429 else Ambiguous) as caught:
                CALLS[call](one)
            assert isinstance(caught.value, NotSent) is (status == 429)
        assert network.changes == 1, "a request was sent again"
        one.close()


@pytest.mark.parametrize("status", [one for one in STATUSES if one >= 200])
def test_questions_are_unavailable_and_never_half_answered(status):
    one, _ = broker((status, b"{}"))
    for ask in (one.snapshot, lambda: one.reports_since("1"), lambda: one.look_up(order(), "1")):
        with pytest.raises(Unavailable):
            ask()
    one.close()


@pytest.mark.parametrize("kind", [*ERRORS, *OTHER_ERRORS], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("began", [False, True])
def test_the_table_holds_every_error(kind, began):
    known = not began and issubclass(kind, NEVER_CONNECTED)
    assert outcome_of_error(made(kind), began=began) is (Outcome.NOT_SENT if known else Outcome.AMBIGUOUS)


def test_only_these_errors_come_from_before_a_connection():
    assert {kind.__name__ for kind in NEVER_CONNECTED} == {
        "ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol",
    }  # fmt: skip
    assert len(ERRORS) >= 25


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", [*ERRORS, *OTHER_ERRORS], ids=lambda kind: kind.__name__)
def test_every_error_through_the_adapter(call, kind):
    one, network = broker(made(kind))
    with pytest.raises(NotSent if issubclass(kind, NEVER_CONNECTED) else Ambiguous):
        CALLS[call](one)
    assert network.changes == 1, "a request was sent again"
    with pytest.raises(Unavailable):
        one.snapshot()
    one.close()


def test_no_server_is_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    one = OandaBroker(settings(rest_url=url), ACCOUNT, SecretStr(TOKEN))
    with pytest.raises(NotSent, match="ConnectError"):
        one.cancel(order())
    one.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"\x00" * 100,
    ],
)
def test_a_real_server_that_says_less_than_an_answer_leaves_it_unknown(answer):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        one = OandaBroker(settings(rest_url=url), ACCOUNT, SecretStr(TOKEN))
        with pytest.raises(Ambiguous):
            one.cancel(order())
        thread.join()
        one.close()


def test_an_answer_that_never_ends_is_given_up():
    """Every byte comes in time, and the whole never does."""
    chosen = settings().model_copy(update={"answer_timeout_s": 1.0, "connect_timeout_s": 0.2})
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
                while not over.wait(0.02):
                    connection.sendall(b" ")

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        one = OandaBroker(chosen.model_copy(update={"rest_url": url}), ACCOUNT, SecretStr(TOKEN))
        with pytest.raises(Ambiguous, match="did not end in time"):
            one.cancel(order())
        over.set()
        thread.join()
        one.close()


def test_a_body_without_bounds_is_given_up():
    one, _ = broker((200, b" " * (8 * 1024 * 1024 + 1)))
    with pytest.raises(Ambiguous, match="more than 8388608 bytes"):
        one.cancel(order())
    one.close()


def created(**changes) -> dict:
    """An answer that an order was created, with changes to its transaction."""
    transaction = {
        "id": "5", "time": "2026-09-21T14:13:20.000000001Z", "userID": 1, "accountID": settings().account_id,
        "batchID": "5", "type": "MARKET_ORDER", "instrument": "EUR_USD", "units": "10000",
        "reason": "CLIENT_ORDER", "clientExtensions": {"id": order().client_order_id}, **changes,
    }  # fmt: skip
    return {
        "orderCreateTransaction": {k: v for k, v in transaction.items() if v is not None},
        "lastTransactionID": "5",
    }


def test_an_answer_that_is_understood_is_believed():
    one, _ = broker((201, json.dumps(created()).encode()))
    [said] = one.submit(order())
    assert (said.kind, said.ts_ns) == (ReportKind.ACCEPTED, 1_789_999_999_999_999_999 + 2)
    one.close()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(created(type="MOON_ORDER")),
        json.dumps(created(type="CREATE")),
        json.dumps(created(type=None)),
        json.dumps(created(id=None)),
        json.dumps(created(id=5)),
        json.dumps(created(id="-5")),
        json.dumps(created(batchID=None)),
        json.dumps(created(time="yesterday")),
        json.dumps(created(time="2026-02-30T00:00:00Z")),
        json.dumps(created(time="2026-09-21T14:13:20+02:00")),
        json.dumps(created(accountID="101-004-1435156-002")),
        json.dumps(created(clientExtensions=None)),
        json.dumps(created(clientExtensions={"id": "ord_of_another"})),
        json.dumps(created(stopLossOnFill={"price": 1.095})),
        json.dumps(created(stopLossOnFill={"price": "NaN"})),
        json.dumps(created(stopLossOnFill={"price": "1e5"})),
        json.dumps(created(stopLossOnFill={"price": "-1"})),
        json.dumps({**created(), "lastTransactionID": None}),
        json.dumps({**created(), "orderFillTransaction": {"type": "ORDER_FILL"}}),
        json.dumps(created())[:-1],
        json.dumps(created()) + "x",
        json.dumps(created()).replace("{", '{"lastTransactionID": "5", ', 1),
        json.dumps(created()).replace("{", '{"spread": NaN, ', 1),
        json.dumps(created()).replace("{", '{"spread": 1e999999999999999999999999999999999, ', 1),
        "[" * 100_000,
        "\ufeff" + json.dumps(created()),
        "",
    ],
)
def test_an_answer_with_anything_wrong_in_it_leaves_it_unknown(body):
    one, _ = broker((201, body.encode()))
    with pytest.raises(Ambiguous):
        one.submit(order())
    one.close()


def test_invalid_utf8_leaves_it_unknown():
    one, _ = broker((201, json.dumps(created()).encode().replace(b"EUR_USD", b"\xff")))
    with pytest.raises(Ambiguous):
        one.submit(order())
    one.close()


@pytest.mark.parametrize("status", [200, 201, 400, 404])
def test_a_refusal_in_the_venues_words_is_one_with_any_status(status):
    refusal = created(type="MARKET_ORDER_REJECT", rejectReason="INSTRUMENT_NOT_TRADEABLE")
    body = {"orderRejectTransaction": refusal.pop("orderCreateTransaction"), **refusal, "errorMessage": "no"}
    one, _ = broker((status, json.dumps(body).encode()))
    [said] = one.submit(order())
    assert (said.kind, said.reason, said.text) == (
        ReportKind.REJECTED, "instrument_not_tradeable", "INSTRUMENT_NOT_TRADEABLE",
    )  # fmt: skip
    one.close()


def test_a_refusal_for_a_reason_that_nobody_documented_is_a_refusal_all_the_same():
    refusal = created(type="MARKET_ORDER_REJECT", rejectReason="MOON_PHASE")
    body = {"orderRejectTransaction": refusal.pop("orderCreateTransaction"), **refusal}
    one, _ = broker((400, json.dumps(body).encode()))
    [said] = one.submit(order())
    assert (said.reason, said.text) == ("refused_by_venue", "MOON_PHASE")
    one.close()


def test_our_own_limit_refuses_an_order_before_sending_and_lets_a_cancel_wait():
    network, slept = Network((404, b"{}")), []
    one = OandaBroker(
        settings(),
        ACCOUNT,
        SecretStr(TOKEN),
        now_ns=Clock(),
        monotonic=lambda: 0.0,
        sleep=slept.append,
        transport=network,
    )
    for number in range(1, 102):
        with pytest.raises(Ambiguous):
            one.cancel(order())
        assert len(slept) == (number > 100)
    with pytest.raises(Throttled, match="more than 100 requests a second") as caught:
        one.submit(order())
    assert caught.value.retry_after_s == 1
    assert network.changes == 101
    one.close()


def test_modify_that_cannot_ask_which_sends_nothing():
    one, network = broker((503, b""))
    with pytest.raises(NotSent, match="nothing was changed"):
        one.modify(order(), Decimal("1.09"), None)
    assert network.changes == 0
    one.close()
