"""No token of a caller gets into a log, unscrubbed, nor onto the disk, wherever in a request it is put.

The daemon keeps hashes of tokens, so it cannot hide those of later starts by their value; it must not write
them at all. Every logger writes everything here, and through no formatter of ours.
"""

from __future__ import annotations

import io
import logging
import socket

import pytest
from served import served
from tokens import owner_headers

from hive_exec.http import create_app
from hive_exec.logs import SCRUBBER
from hive_exec.principals import Role, add_principal

HOST = b"Host: 127.0.0.1\r\nConnection: close\r\n"
LOST = "tok3n-0f-n0b0dy-0123456789abcdefghijklmn"


def owner_token(home) -> str:
    return owner_headers(home)["Authorization"].removeprefix("Bearer ")


def placements(token: bytes) -> list[bytes]:
    """Requests that carry a token where it belongs, and wherever a hand may slip."""
    body = b'{"message": {"text": "%b"}}' % token
    sized = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    whole = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    bearer = b"Authorization: Bearer %b\r\n" % token
    return [
        b"GET /orders HTTP/1.1\r\n" + HOST + bearer + b"\r\n",
        b"GET /orders?x=1&x=2 HTTP/1.1\r\n" + HOST + bearer + b"\r\n",
        b"GET /nowhere HTTP/1.1\r\n" + HOST + bearer + b"\r\n",
        b"GET /orders HTTP/1.1\r\n" + HOST + b"Authorization: %b\r\n\r\n" % token,
        b"GET /orders HTTP/1.1\r\n" + HOST + b"Authorization: Basic %b\r\n\r\n" % token,
        b"GET /orders HTTP/1.1\r\n" + HOST + b"Authorization: bearer  %b\r\n\r\n" % token,
        b"GET /orders HTTP/1.1\r\n" + HOST + bearer + bearer + b"\r\n",
        b"GET /orders HTTP/1.1\r\n" + HOST + b"Cookie: session=%b\r\n\r\n" % token,
        b"GET /orders HTTP/1.1\r\n" + HOST + b"X-%b: 1\r\n\r\n" % token,
        b"GET /orders HTTP/1.1\r\n" + HOST + b"Bad header %b\r\n\r\n" % token,
        b"GET /orders HTTP/1.1\r\n" + HOST + b"Authorization: Bearer %b\x00\r\n\r\n" % token,
        b"GET /orders HTTP/1.1\r\n" + HOST + b"Authorization: Bearer %b\r\n\r\n" % (token * 20_000),
        b"GET /orders HTTP/1.1\r\nHost: %b\r\n\r\n" % token,
        b"GET /orders?token=%b HTTP/1.1\r\n" % token + HOST + b"\r\n",
        b"GET /orders/%b HTTP/1.1\r\n" % token + HOST + bearer + b"\r\n",
        b"GET /%b HTTP/1.1\r\n" % token + HOST + b"\r\n",
        b"GET http://%b@127.0.0.1/orders HTTP/1.1\r\n" % token + HOST + b"\r\n",
        b"%b /orders HTTP/1.1\r\n" % token + HOST + b"\r\n",
        b"GET /orders %b\r\n" % token + HOST + b"\r\n",
        b"%b\r\n\r\n" % token,
        b"POST /signals HTTP/1.1\r\n" + HOST + bearer + b"Idempotency-Key: %b\r\n" % token + sized,
        b"POST /signals HTTP/1.1\r\n" + HOST + bearer + b"Idempotency-Key: x\r\n" + sized,
        *(
            b"POST " + path % token + b" HTTP/1.1\r\n" + HOST + bearer + sized
            for path in (b"/orders/%b/close", b"/orders/%b/resolve", b"/reviews/%b", b"/accounts/%b/quotes")
        ),
        *(
            b"POST " + path % token + b" HTTP/1.1\r\n" + HOST + bearer + whole % len(good) + good
            for path, good in (
                (b"/orders/%b/resolve", b'{"reason": "asked them by telephone"}'),
                (b"/reviews/%b", b'{"verdict": "approve", "reason": "looked at it"}'),
            )
        ),
        b"POST /kill HTTP/1.1\r\n" + HOST + b"Idempotency-Key: %b\r\n" % token + sized,
    ]


def answered(port: int, request: bytes) -> bytes:
    """What the daemon says to a request, until it is silent."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as caller:
        try:
            caller.sendall(request)
            while part := caller.recv(65_536):
                said += part
        except OSError:
            return said
    return said


@pytest.fixture
def everything():
    """All that any logger says, as it says it."""
    heard, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(heard), root.level
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(handler)
    root.setLevel(level)


def on_disk(home, token: str) -> list[str]:
    """The files under a home that hold a token, but the one that is made to hold it."""
    return [
        str(path.relative_to(home.root))
        for path in home.root.rglob("*")
        if path.is_file() and home.tokens not in path.parents and token.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize("who", ["owner", "viewer", "nobody"])
def test_no_token_gets_into_a_log_or_onto_the_disk(paper, everything, who):
    app = create_app(paper.cell)
    if who == "viewer":
        add_principal(paper.home, "viewer", Role.VIEWER)
    token = {
        "owner": lambda: owner_token(paper.home),
        "viewer": lambda: (paper.home.tokens / "viewer").read_text().strip(),
        "nobody": lambda: LOST,
    }[who]()
    with served(app) as port:
        answers = [answered(port, request) for request in placements(token.encode())]
    assert [answer[:12] for answer in answers].count(b"HTTP/1.1 200") == (0 if who == "nobody" else 1)
    logging.getLogger("hive_exec.test").info("the end")
    assert "the end" in everything.getvalue()
    assert token not in everything.getvalue()
    paper.cell.call(paper.cell.journal.flush).result(10)
    assert on_disk(paper.home, token) == []


@pytest.mark.parametrize("name", ["orders", "modes"])
def test_a_fault_of_ours_while_a_caller_waits_does_not_tell_its_token(paper, everything, monkeypatch, name):
    app = create_app(paper.cell)
    token = owner_token(paper.home)

    def fails(*_, **__):
        raise OSError("a fault of ours")

    monkeypatch.setattr(paper.cell, "call", fails)
    request = b"GET /%b HTTP/1.1\r\n%bAuthorization: Bearer %b\r\n\r\n" % (
        name.encode(),
        HOST,
        token.encode(),
    )
    with served(app) as port:
        said = answered(port, request)
    monkeypatch.undo()
    assert said.startswith(b"HTTP/1.1 500")
    assert "a fault of ours" in everything.getvalue()
    assert token not in everything.getvalue()
    assert token.encode() not in said


def test_a_token_that_this_process_made_is_hidden_by_its_value_too(paper):
    add_principal(paper.home, "viewer", Role.VIEWER)
    token = (paper.home.tokens / "viewer").read_text().strip()
    assert SCRUBBER.scrub(f"somebody says {token}") == "somebody says [hidden]"
