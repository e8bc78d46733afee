"""A connection that sends the same head again: answered as a fresh one, whatever changed."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter

import pytest
from exec_bench import READ_UP, Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import served
from signals_bench import a_message, key_of
from tokens import owner_headers

from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.base import MAX_PAYLOAD_BYTES
from hive_core.landing.home import HiveHome
from hive_exec.http import create_app
from hive_exec.http.application import Application
from hive_exec.http.authentication import RELOAD_EVERY_S
from hive_exec.journal.writing import record_of
from hive_exec.principals import Role, add_principal, remove_principal

Header = tuple[bytes, bytes]


class Caller:
    """One connection, spoken to by hand."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def says(self, head: bytes, headers: list[Header], body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        lines = [head + b" HTTP/1.1", *(name + b": " + value for name, value in headers)]
        self._socket.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._part()
        top, _, rest = received.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", top)
        assert found is not None
        while len(rest) < int(found[1]):
            rest += self._part()
        return int(top[9:12]), rest

    def _part(self) -> bytes:
        part = self._socket.recv(65_536)
        assert part, "hung up"
        return part


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    account = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("live_*",))
    made = Bench(HiveHome(tmp_path_factory.mktemp("repeats") / "hive"), Configuration(accounts=(account,)))
    yield made
    made.cell.stop()


class Watched(Application):
    """Counts how requests were looked at."""

    looked: Counter[str] = Counter()

    def ask(self, *args):
        self.looked["from the beginning"] += 1
        return super().ask(*args)

    def ask_again(self, *args):
        asked = super().ask_again(*args)
        self.looked["refused" if asked is None else "again"] += 1
        return asked


@pytest.fixture(scope="module")
def app(paper):
    made = create_app(paper.cell)
    made.__class__ = Watched
    return made


@pytest.fixture(scope="module")
def port(app):
    with served(app) as at:
        yield at


@pytest.fixture
def looked(app):
    app.looked.clear()
    return app.looked


POST = b"POST /signals"


def headers_for(paper, key: str, body: bytes, token: str | None = None) -> list[Header]:
    bearer = owner_headers(paper.home)["Authorization"] if token is None else f"Bearer {token}"
    return [
        (b"Host", b"127.0.0.1"),
        (b"Authorization", bearer.encode()),
        (b"Content-Type", b"application/json"),
        (b"Idempotency-Key", key.encode()),
        (b"Content-Length", str(len(body)).encode()),
    ]


def a_body(paper, number: int) -> tuple[str, bytes]:
    message = a_message(number, ts_event_ns=paper.wall_ns, text="BUY EURUSD " + "!" * (number % 7))
    return key_of(message), json.dumps(message).encode()


def test_heads_that_repeat_are_looked_at_once_and_each_signal_is_taken_in(paper, port, looked):
    with Caller(port) as caller:
        for number in range(100, 110):
            key, body = a_body(paper, number)
            status, answer = caller.says(POST, headers_for(paper, key, body), body)
            assert (status, json.loads(answer)["key"]) == (202, key)
            assert caller.says(POST, headers_for(paper, key, body), body) == (200, answer)
    assert looked == {"from the beginning": 1, "again": 19}


def test_a_repeated_head_brings_its_own_key_and_its_own_caller(paper, port, app):
    add_principal(paper.home, "desk", Role.SUBMITTER)
    app.gatekeeper.reload()
    desk = (paper.home.tokens / "desk").read_text().strip()
    with Caller(port) as caller:
        for number, token in ((201, None), (202, None), (203, desk), (204, desk), (205, None)):
            key, body = a_body(paper, number)
            assert caller.says(POST, headers_for(paper, key, body, token), body)[0] == 202
    written = (record_of(link) for link in paper.cell.journal.links())
    received = {
        record.body["key"]: record.body["caller"] for record in written if record.kind == "signal_received"
    }
    callers = [received[a_body(paper, number)[0]] for number in range(201, 206)]
    assert callers == ["owner", "owner", "desk", "desk", "owner"]


def test_one_who_is_removed_is_nobody_on_his_open_connection_too(paper, port, app, monkeypatch):
    add_principal(paper.home, "gone", Role.SUBMITTER)
    app.gatekeeper.reload()
    token = (paper.home.tokens / "gone").read_text().strip()
    now = app.gatekeeper._monotonic_s
    with Caller(port) as caller:
        for number in (301, 302):
            key, body = a_body(paper, number)
            assert caller.says(POST, headers_for(paper, key, body, token), body)[0] == 202
        remove_principal(paper.home, "gone")
        monkeypatch.setattr(app.gatekeeper, "_monotonic_s", lambda: now() + RELOAD_EVERY_S)
        key, body = a_body(paper, 303)
        assert caller.says(POST, headers_for(paper, key, body, token), body)[0] == 401


def changed(data: st.DataObject, head: bytes, headers: list[Header]) -> tuple[bytes, list[Header]]:
    """A head in which one thing is another than before."""
    place = data.draw(st.integers(0, len(headers) - 1), "place")
    name, value = headers[place]
    kind = data.draw(
        st.sampled_from(
            ["value", "spelling", "renamed", "twice", "gone", "first", "more", "path", "query", "key"]
        ),
        "kind",
    )
    if name == b"Content-Length" and kind in {"value", "renamed", "gone", "twice"}:
        kind = "first"  # another length would only say that another body follows
    match kind:
        case "value":
            headers[place] = (
                name,
                data.draw(st.sampled_from([b"", b"x", value + b"x", value[:-1], value.upper()])),
            )
        case "spelling":
            headers[place] = (data.draw(st.sampled_from([name.lower(), name.upper()])), value)
        case "renamed":
            headers[place] = (b"X-" + name, value)
        case "twice":
            headers.insert(place, (name, data.draw(st.sampled_from([value, b"x"]))))
        case "gone":
            del headers[place]
        case "first":
            headers.insert(0, headers.pop(place))
        case "more":
            headers.insert(
                place, data.draw(st.sampled_from([(b"X-More", b"1"), (b"Content-Encoding", b"gzip")]))
            )
        case "path":
            head = data.draw(
                st.sampled_from(
                    [b"POST /decisions", b"POST /signals/", b"POST /", b"PUT /signals", b"POST /kill"]
                )
            )
        case "query":
            head += data.draw(st.sampled_from([b"?", b"?limit=1", b"?x=y"]))
        case "key":
            key = data.draw(st.sampled_from([b"", b"a b", b"k" * 129, b"\xe9", b"message:other:1:1"]))
            headers = [(n, key if n.lower() == b"idempotency-key" else v) for n, v in headers]
    return head, headers


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), body=st.sampled_from([b"{}", b"{", b'{"message": {}}', b'{"message": 1, "message": 2}'])
)
def test_whatever_changes_is_answered_as_on_a_fresh_connection(paper, port, app, data, body):
    """The body is always refused at the end, so that both are the first to ask."""
    app.gatekeeper._failures.clear()  # too many in a minute are another answer
    key, sound = a_body(paper, 400)
    head, headers = changed(data, POST, headers_for(paper, key, body))
    with Caller(port) as fresh, Caller(port) as used:
        assert used.says(POST, headers_for(paper, key, sound), sound)[0] in {202, 200}
        assert used.says(POST, headers_for(paper, key, sound), sound)[0] == 200
        assert used.says(head, headers, body) == fresh.says(head, headers, body)


def test_a_body_that_is_too_long_is_refused_before_it_is_read(paper, port, looked):
    key, body = a_body(paper, 501)
    with Caller(port) as caller:
        assert caller.says(POST, headers_for(paper, key, body), body)[0] == 202
        too_long = (b"Content-Length", str(MAX_PAYLOAD_BYTES + 1).encode())
        assert caller.says(POST, [*headers_for(paper, key, body)[:-1], too_long], b"")[0] == 413
    assert looked == {"from the beginning": 2, "refused": 1}
