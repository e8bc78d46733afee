"""The server on real sockets: what is too much, too slow, or can be read in two ways."""

from __future__ import annotations

import json
import socket
import time

import pytest
from exec_bench import Bench
from served import served
from signals_bench import a_message, key_of
from tokens import owner_headers

from hive_core.configuration.model import Configuration
from hive_core.contracts.base import MAX_PAYLOAD_BYTES
from hive_core.landing.home import HiveHome
from hive_exec.http import create_app, protocol

HEAD = b"Host: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """One for all: what these tests send seldom reaches it."""
    made = Bench(HiveHome(tmp_path_factory.mktemp("protocol") / "hive"), Configuration())
    yield made
    made.cell.stop()


@pytest.fixture(scope="module")
def port(paper):
    with served(create_app(paper.cell)) as at:
        yield at


@pytest.fixture
def quick(monkeypatch):
    """Limits of time short enough for a test."""
    for name in ("HEAD_TIMEOUT_S", "BODY_TIMEOUT_S", "IDLE_TIMEOUT_S"):
        monkeypatch.setattr(protocol, name, 0.3)
    monkeypatch.setattr(protocol, "WATCH_EVERY_S", 0.05)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def until_closed(caller: socket.socket) -> bytes:
    received = b""
    try:
        while part := caller.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


def said(port: int, *parts: bytes) -> bytes:
    """What comes back until the server hangs up, when these bytes are sent."""
    with connect(port) as caller:
        for part in parts:
            try:
                caller.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
        return until_closed(caller)


def statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def get(path: bytes = b"/health", *, close: bool = True, extra: bytes = b"") -> bytes:
    ending = b"Connection: close\r\n" if close else b""
    return b"GET " + path + b" HTTP/1.1\r\n" + HEAD + ending + extra + b"\r\n"


def test_one_is_served_in_our_shape_and_with_our_headers(port):
    received = said(port, get())
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    for header in (b"x-content-type-options: nosniff", b"cache-control: no-store", b"date: "):
        assert header in head
    assert b"server:" not in head
    assert json.loads(body)["status"] == "ok"


def test_several_on_one_connection_are_answered_in_turn(port):
    pipelined = get(close=False) * 3 + get(b"/nowhere")
    assert statuses(said(port, pipelined)) == [200, 200, 200, 404]


def test_a_large_body_does_not_count_as_the_head_behind_it(port, paper):
    large = post(b" " * 60_000, paper).replace(b"Connection: close\r\n", b"")
    second = get()
    with connect(port) as caller:
        caller.sendall(large + second[:20])
        time.sleep(0.1)
        caller.sendall(second[20:])
        assert statuses(until_closed(caller)) == [422, 200]


def test_a_request_in_single_bytes_is_a_request(port):
    assert statuses(said(port, *(bytes([byte]) for byte in get()))) == [200]


def test_more_than_may_wait_on_a_connection_ends_it(port):
    assert 429 in statuses(said(port, get(close=False) * 200))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET @evil HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET http://evil.example/health HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET /health HTTP/1.1\r\n" + HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + HEAD + b"X: a\rb\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + HEAD + b"X: a\x00b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\n"
        + HEAD
        + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST /signals HTTP/1.1\r\n" + HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /signals HTTP/1.1\r\n" + HEAD + b"Content-Length: -1\r\n\r\n",
        b"POST /signals HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip, chunked, x\r\n\r\nzz",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET /health HTTP/9.9\r\n" + HEAD + b"\r\n",
        b"FOO /health HTTP/1.1\r\n" + HEAD + b"\r\n",
    ],
    ids=lambda value: repr(value)[:50],
)
def test_what_can_be_read_in_two_ways_is_400_and_the_connection_ends(port, request_bytes):
    received = said(port, request_bytes)
    assert statuses(received)[:1] == [400]
    assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]["code"] == "bad_request"
    assert statuses(said(port, get())) == [200]


@pytest.mark.parametrize(
    "extra",
    [
        b"X-Long: " + b"a" * 20_000 + b"\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(200)),
        b"Cookie: " + b"a" * 9_000 + b"\r\nX: " + b"b" * 9_000 + b"\r\n",
    ],
    ids=["one long", "many", "long together"],
)
def test_too_large_headers_are_431(port, extra):
    assert statuses(said(port, get(extra=extra))) == [431]


def test_a_header_that_never_ends_is_cut_off(port):
    endless = [get()[:-4] + b"\r\nX: ", *[b"a" * 4_096] * 64]
    assert statuses(said(port, *endless)) == [431]


def test_an_address_without_end_is_refused(port):
    assert statuses(said(port, get(b"/" + b"a" * 20_000))) == [431]
    assert statuses(said(port, get(b"/health?" + b"a=1&" * 3_000))) == [414]
    assert statuses(said(port, get(b"/health?" + b"a=1&" * 100 + b"a=1"))) == [422]


def post(body: bytes, paper, extra: bytes = b"", length: int | None = None) -> bytes:
    (token,) = owner_headers(paper.home).values()
    head = (
        b"POST /signals HTTP/1.1\r\n%bAuthorization: %b\r\nContent-Type: application/json\r\n"
        b"Idempotency-Key: signal:a:b\r\nContent-Length: %d\r\nConnection: close\r\n%b\r\n"
    )
    return head % (HEAD, token.encode(), len(body) if length is None else length, extra) + body


def test_a_body_too_large_is_413_before_it_is_read(port, paper):
    assert statuses(said(port, post(b"", paper, length=10**12))) == [413]
    assert statuses(said(port, post(b"", paper, length=MAX_PAYLOAD_BYTES + 1))) == [413]


def test_a_chunked_body_without_end_is_413(port, paper):
    head = post(b"", paper).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunks = [b"1000\r\n" + b" " * 4_096 + b"\r\n"] * 20
    assert statuses(said(port, head, *chunks)) == [413]


def test_a_body_is_waited_for_when_the_caller_asks_first(port, paper):
    body = json.dumps(a_message(ts_event_ns=paper.wall_ns)).encode()
    head = post(body, paper, extra=b"Expect: 100-continue\r\n")[: -len(body)]
    head = head.replace(b"signal:a:b", key_of(json.loads(body)).encode())
    with connect(port) as caller:
        caller.sendall(head)
        assert caller.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        caller.sendall(body)
        assert statuses(until_closed(caller)) == [202]


@pytest.mark.parametrize(
    ("part", "status"),
    [
        (b"GET /hea", [408]),
        (get()[:-2], [408]),
        (b"", []),
        (get(close=False), [200]),
    ],
    ids=["address", "headers", "nothing", "idle"],
)
def test_who_is_slow_is_told_and_let_go(quick, port, part, status):
    began_s = time.monotonic()
    assert statuses(said(port, part)) == status
    assert time.monotonic() - began_s < 5


def test_a_body_that_does_not_come_is_408(quick, port, paper):
    assert statuses(said(port, post(b"", paper, length=100))) == [408]
    assert statuses(said(port, get())) == [200]


def test_a_drip_of_bytes_gains_no_time(quick, port):
    with connect(port) as caller:
        began_s = time.monotonic()
        try:
            for byte in get()[:-2] * 10:
                caller.sendall(bytes([byte]))
                time.sleep(0.02)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - began_s < 3


def test_connections_have_a_limit_and_places_come_back(monkeypatch, port):
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 5)
    callers = [connect(port) for _ in range(5)]
    time.sleep(0.1)
    assert statuses(said(port, get())) == [503]
    for caller in callers:
        caller.close()
    time.sleep(0.1)
    assert statuses(said(port, get())) == [200]


def test_a_caller_who_hangs_up_in_the_middle_of_a_body_harms_nobody(port, paper):
    for _ in range(50):
        with connect(port) as caller:
            caller.sendall(post(b"{", paper, length=100))
    assert statuses(said(port, get())) == [200]


def test_head_has_no_body_and_options_is_no_way_in(port):
    head, _, body = said(port, get().replace(b"GET", b"HEAD")).partition(b"\r\n\r\n")
    assert (b"405" in head, body) == (True, b"")
    assert statuses(said(port, get(b"*").replace(b"GET", b"OPTIONS"))) == [400]
