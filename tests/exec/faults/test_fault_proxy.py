"""Each toxic of the fault proxy does what it says, on the connections that the seed names and no other."""

from __future__ import annotations

import asyncio
import gc
import socket
import socketserver
import threading
import time

import pytest
from fault_proxy import (
    DropRequest,
    DropResponse,
    DuplicateRequest,
    FaultProxy,
    Garbage,
    HalfOpen,
    Latency,
    Reset,
    SlowLoris,
    Toxic,
)


class Echo(socketserver.ThreadingTCPServer):
    """Answers each line with `<line`, and remembers every line it heard."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        self.heard = []
        super().__init__(("127.0.0.1", 0), Line)


class Line(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                self.server.heard.append(line)
                self.wfile.write(b"<" + line)
        except ConnectionError:
            return


@pytest.fixture
def echo():
    with Echo() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(echo):
    with FaultProxy(echo.server_address[1], seed=7) as made:
        yield made


def ask(proxy, line=b"hello\n", *, timeout_s=2.0):
    """Send a line and read what comes back, until its end or the end of the connection."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout_s) as caller:
        caller.sendall(line)
        answer = b""
        while not answer.endswith(b"\n"):
            chunk = caller.recv(1_000)
            if not chunk:
                return answer
            answer += chunk
        return answer


def wait_for(condition, timeout_s=5.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_without_a_toxic_everything_passes(proxy, echo):
    long = b"x" * 300_000 + b"\n"
    assert ask(proxy, long) == b"<" + long
    assert echo.heard == [long]
    assert proxy.connections == 1


def test_latency_is_added_and_taken_away(proxy):
    proxy.add("slow", Latency(latency_s=0.2, jitter_s=0.05))
    began = time.monotonic()
    assert ask(proxy) == b"<hello\n"
    assert time.monotonic() - began >= 0.15
    proxy.remove("slow")
    began = time.monotonic()
    assert ask(proxy) == b"<hello\n"
    assert time.monotonic() - began < 0.15


def test_a_half_open_connection_says_nothing_and_does_not_end(proxy, echo):
    proxy.add("dead", HalfOpen(after_bytes=3))
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.3) as caller:
        caller.sendall(b"hello\n")
        got = caller.recv(3)
        while len(got) < 3:
            got += caller.recv(3 - len(got))
        assert got == b"<he"
        with pytest.raises(TimeoutError):
            caller.recv(1)
    assert echo.heard == [b"hello\n"]


def test_a_reset_before_the_first_byte_and_after_some(proxy, echo):
    proxy.add("reset", Reset(stream="upstream"))
    with pytest.raises(ConnectionResetError):
        ask(proxy)
    assert echo.heard == []
    proxy.add("reset", Reset(stream="downstream", after_bytes=4))
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=2) as caller:
        caller.sendall(b"hello\n")
        with pytest.raises(ConnectionResetError), caller.makefile("rb") as answer:
            answer.read(5)
    assert echo.heard == [b"hello\n"]


def test_a_reset_beyond_what_is_sent_does_nothing(proxy):
    proxy.add("reset", Reset(stream="downstream", after_bytes=7))
    assert ask(proxy) == b"<hello\n"


def test_a_dropped_request_is_never_heard(proxy, echo):
    proxy.add("drop", DropRequest())
    assert ask(proxy) == b""
    assert echo.heard == []


def test_a_dropped_response_was_acted_upon(proxy, echo):
    proxy.add("drop", DropResponse())
    assert ask(proxy) == b""
    assert echo.heard == [b"hello\n"]


def test_a_duplicated_request_is_heard_twice_and_answered_once(proxy, echo):
    proxy.add("twice", DuplicateRequest())
    assert ask(proxy) == b"<hello\n"
    wait_for(lambda: len(echo.heard) == 2)
    assert echo.heard == [b"hello\n"] * 2


def test_slow_loris_trickles(proxy, echo):
    proxy.add("slow", SlowLoris(bytes_at_once=2, pause_s=0.05))
    began = time.monotonic()
    assert ask(proxy) == b"<hello\n"
    assert time.monotonic() - began >= 0.1
    assert echo.heard == [b"hello\n"]


def test_garbage_is_where_it_was_asked_for_and_nowhere_else(proxy):
    proxy.add("garbage", Garbage(after_bytes=1, length=2))
    answer = ask(proxy)
    assert len(answer) == 7
    assert answer[:1] == b"<"
    assert answer[3:] == b"llo\n"
    assert answer[1] != ord("h")
    assert answer[2] != ord("e")


def test_the_same_seed_strikes_the_same_connections(echo):
    def struck(seed):
        with FaultProxy(echo.server_address[1], seed=seed) as proxy:
            proxy.add("drop", DropRequest(toxicity=0.5))
            answers = [ask(proxy) for _ in range(24)]
            assert proxy.struck == {"drop": answers.count(b"")}
            return [answer == b"" for answer in answers]

    first = struck(1)
    assert first == struck(1)
    assert first != struck(2)
    assert 4 < sum(first) < 20


def test_connections_that_stand_can_be_cut(proxy):
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=2) as caller:
        caller.sendall(b"hello\n")
        assert caller.recv(100)
        proxy.cut_all()
        with pytest.raises(ConnectionResetError):
            caller.recv(1)


def test_where_nobody_listens_the_caller_is_reset():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with FaultProxy(port) as proxy, pytest.raises(ConnectionResetError):
        ask(proxy)


def test_an_unknown_toxic_cannot_be_removed(proxy):
    with pytest.raises(KeyError):
        proxy.remove("nothing")


class _EndsLate(Toxic):
    """Takes its time also where it is stopped, and says so."""

    is_ending = threading.Event()

    async def passing(self, chunk, connection):
        try:
            await asyncio.sleep(30)
        finally:
            self.is_ending.set()
            await asyncio.sleep(0.5)
        return chunk


def test_a_connection_that_is_cut_while_it_ends_leaves_nothing_open():
    with socket.create_server(("127.0.0.1", 0)) as server, FaultProxy(server.getsockname()[1]) as proxy:
        server.settimeout(10)
        proxy.add("late", _EndsLate(stream="upstream"))
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as caller:
            caller.sendall(b"hello")
            answering, _ = server.accept()
            with answering:
                answering.settimeout(10)
                answering.shutdown(socket.SHUT_WR)
                assert _EndsLate.is_ending.wait(10)
                proxy.cut_all()
                assert answering.recv(1) == b""
        gc.collect()  # a writer that nobody closed would say so
