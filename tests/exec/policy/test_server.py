"""The client of an OPA server against servers that answer badly: each of them denies, by its own code."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from policy_bench import allowed_document

from hive_exec.policy.answer import PolicyCode
from hive_exec.policy.server import ServerEngine

REVISION = "a" * 64
Script = Callable[[socket.socket, bytes], None]


@contextmanager
def server(script: Script) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request whole and then does as the script says; its address and what it heard."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return  # the test has ended
                with connection:
                    connection.settimeout(20)
                    try:
                        request = _whole_request(connection)
                        heard.append(request)
                        script(connection, request)
                    except OSError:
                        continue  # the client has hung up

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(30)
    assert not thread.is_alive()


def _whole_request(connection: socket.socket) -> bytes:
    held = b""
    while b"\r\n\r\n" not in held:
        held += _more(connection)
    head, _, body = held.partition(b"\r\n\r\n")
    (length,) = (
        int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65_536)
    if not chunk:
        raise ConnectionError("the client has hung up")
    return chunk


def says(body: object, *, status: str = "200 OK", kind: str = "application/json", more: str = "") -> Script:
    """Answers with a body: bytes as they are, anything else as JSON."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(payload)}\r\n{more}\r\n"
    return lambda connection, _: connection.sendall(head.encode() + payload)


def answers(
    answer: object, *, revision: object = REVISION, envelope: dict[str, object] | None = None
) -> Script:
    """Answers with a decision to the question that it was asked."""

    def script(connection: socket.socket, request: bytes) -> None:
        asked = json.loads(request.partition(b"\r\n\r\n")[2])["input"]["decision_id"]
        decision = {"answer": answer, "decision_id": asked, "revision": revision}
        says({"result": decision, **(envelope or {})})(connection, request)

    return script


def asked(script: Script, *, timeout_s: float = 20):
    with server(script) as (address, heard):
        engine = ServerEngine(address, REVISION, timeout_s=timeout_s)
        answer = engine.decide(allowed_document())
        engine.close()
    assert len(heard) == 1, "a question is asked once"
    return answer


YES = {"allow": True, "reasons": []}


def test_yes_and_no():
    assert asked(answers(YES)).allow
    no = asked(answers({"allow": False, "reasons": ["closed"]}))
    assert (no.code, no.reasons) == (PolicyCode.DENIED, ("closed",))


def test_what_is_asked():
    with server(answers(YES)) as (address, heard):
        engine = ServerEngine(address, REVISION, timeout_s=20)
        answer = engine.decide(allowed_document())
        engine.close()
    head, _, body = heard[0].partition(b"\r\n\r\n")
    line, *headers = head.decode().lower().split("\r\n")
    assert line == "post /v1/data/hive/served/decision?strict-builtin-errors=true http/1.1"
    assert {"content-type: application/json", "accept-encoding: identity"} <= set(headers)
    assert json.loads(body) == {"input": {**allowed_document(), "decision_id": answer.decision_id}}


@pytest.mark.parametrize("logged", ["4ca636c1-55e4-417a-b1d8-4aceb67960d1", ""])
def test_opas_own_number_of_the_decision_may_stand_beside_it(logged):
    assert asked(answers(YES, envelope={"decision_id": logged})).allow


MALFORMED, UNDEFINED = PolicyCode.MALFORMED_ANSWER, PolicyCode.UNDEFINED
MOVED = "Location: http://127.0.0.1:1/v1/data/hive/served/decision\r\n"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (says({}), UNDEFINED),
        (says({"decision_id": "4ca636c1"}), UNDEFINED),
        (says({"result": None}), MALFORMED),
        (says({"result": True}), MALFORMED),
        (says({"result": YES}), MALFORMED),
        (says([]), MALFORMED),
        (says(True), MALFORMED),
        (says(b""), MALFORMED),
        (says(b"yes"), MALFORMED),
        (says(b'{"result": {}, "result": {}}'), MALFORMED),
        (says(b'{"result": NaN}'), MALFORMED),
        (says(b"\xff"), MALFORMED),
        (says(b"[" * 8_000 + b"]" * 8_000), MALFORMED),
        (answers(YES, envelope={"warning": {"code": "api_usage_warning", "message": "x"}}), MALFORMED),
        (answers(YES, envelope={"metrics": {}}), MALFORMED),
        (answers(YES, envelope={"decision_id": 1}), MALFORMED),
        (answers({"allow": "true", "reasons": []}), MALFORMED),
        (answers({"allow": True}), MALFORMED),
        (answers({**YES, "more": 1}), MALFORMED),
        (answers({"allow": False, "reasons": []}), MALFORMED),
        (answers(YES, revision="b" * 64), PolicyCode.UNKNOWN_REVISION),
        (answers(YES, revision=None), PolicyCode.UNKNOWN_REVISION),
        (
            says({"result": {"answer": YES, "decision_id": "pol_1", "revision": REVISION}}),
            PolicyCode.OTHER_QUESTION,
        ),
        (says({"result": YES}, kind="text/html"), MALFORMED),
        (says({"result": YES}, more="Content-Encoding: gzip\r\n"), MALFORMED),
        (says({}, status="301 Moved Permanently", more=MOVED), PolicyCode.REDIRECTED),
        (says({}, status="307 Temporary Redirect", more=MOVED), PolicyCode.REDIRECTED),
        (says({}, status="304 Not Modified"), PolicyCode.REDIRECTED),
        *(
            (says({"code": "x", "message": "y"}, status=status), PolicyCode.UNEXPECTED_STATUS)
            for status in (
                "201 Created",
                "204 No Content",
                "400 Bad Request",
                "401 Unauthorized",
                "403 Forbidden",
                "404 Not Found",
                "429 Too Many Requests",
                "500 Internal Server Error",
                "503 Service Unavailable",
            )
        ),
        (says({"result": "x" * 20_000}), PolicyCode.ANSWER_TOO_BIG),
        (lambda connection, _: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 99_999), MALFORMED),
        (lambda connection, _: None, PolicyCode.UNREACHABLE),
        (lambda connection, _: connection.sendall(b"no HTTP\r\n\r\n"), PolicyCode.UNREACHABLE),
        (
            lambda connection, _: connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
            ),
            PolicyCode.UNREACHABLE,
        ),
    ],
)
def test_a_server_that_answers_badly_denies(script, code):
    answer = asked(script)
    assert (answer.code, answer.allow, answer.reasons) == (code, False, ())


def test_a_yes_with_any_other_status_is_none():
    def script(connection: socket.socket, request: bytes) -> None:
        number = json.loads(request.partition(b"\r\n\r\n")[2])["input"]["decision_id"]
        decision = {"answer": YES, "decision_id": number, "revision": REVISION}
        says({"result": decision}, status="500 Internal Server Error")(connection, request)

    assert asked(script).code is PolicyCode.UNEXPECTED_STATUS


def test_a_server_that_says_nothing_denies_in_time():
    began = time.monotonic()
    answer = asked(lambda connection, _: time.sleep(1.0), timeout_s=0.2)
    assert answer.code is PolicyCode.TIMED_OUT
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_drips_denies_in_time(part):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n"

    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head if part == "head" else head + b"\r\n")
        for _ in range(200):
            connection.sendall(b"X-Drip: 1\r\n" if part == "head" else b" ")
            time.sleep(0.02)

    with server(drip) as (address, _):
        engine = ServerEngine(address, REVISION, timeout_s=0.3)
        began = time.monotonic()
        assert engine.decide(allowed_document()).code is PolicyCode.TIMED_OUT
        assert time.monotonic() - began < 3, "200 drips of 20 ms are four seconds"
        engine.close()


def test_nobody_listens():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    engine = ServerEngine(f"http://127.0.0.1:{port}", REVISION, timeout_s=20)
    assert engine.decide(allowed_document()).code is PolicyCode.UNREACHABLE
    engine.close()


def test_a_server_with_a_certificate_that_nobody_vouches_for_is_not_asked(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):  # the client ends the handshake
                heard.append(context.wrap_socket(connection, server_side=True).recv(1))

        thread = threading.Thread(target=serve)
        thread.start()
        engine = ServerEngine(f"https://127.0.0.1:{listener.getsockname()[1]}", REVISION, timeout_s=20)
        assert engine.decide(allowed_document()).code is PolicyCode.UNREACHABLE
        engine.close()
        thread.join(30)
    assert heard == []


def self_signed(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(pem))
    return file


def test_an_input_that_is_refused_is_not_sent():
    with server(answers(YES)) as (address, heard):
        engine = ServerEngine(address, REVISION, timeout_s=20)
        assert engine.decide({"drawdown": 0.01}).code is PolicyCode.INPUT_REFUSED
        engine.close()
    assert heard == []


def test_the_environments_proxy_is_not_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert asked(answers(YES)).allow


def test_one_answer_after_another_on_a_connection_that_was_closed_between():
    with server(answers(YES)) as (address, heard):
        engine = ServerEngine(address, REVISION, timeout_s=20)
        assert engine.decide(allowed_document()).allow
        time.sleep(0.3)
        assert engine.decide(allowed_document()).allow
        engine.close()
    assert len(heard) == 2


@pytest.mark.parametrize(
    "address",
    [
        "http://opa.example.com",
        "http://10.0.0.7:8181",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1:8181/",
        "http://127.0.0.1:8181/v1",
        "http://127.0.0.1:8181?x=1",
        "http://user:word@127.0.0.1:8181",
        "https://user@opa.example.com",
        "https://opa.example.com/v1/data",
        "ftp://127.0.0.1",
        "127.0.0.1:8181",
        "",
    ],
)
def test_an_address_is_https_or_this_machine_and_nothing_more(address):
    with pytest.raises(ValueError, match="neither https"):
        ServerEngine(address, REVISION)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8181", "http://localhost", "http://[::1]:8181", "https://opa.example.com:8443"],
)
def test_addresses_that_may_be_asked(address):
    sent: list[httpx.Request] = []

    def nothing(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        kind = {"Content-Type": "application/json"}
        return httpx.Response(200, headers=kind, stream=httpx.ByteStream(b"{}"))

    engine = ServerEngine(address, REVISION, transport=httpx.MockTransport(nothing))
    assert engine.decide({}).code is PolicyCode.UNDEFINED
    engine.close()
    assert str(sent[0].url).startswith(address + "/v1/data/hive/served/decision?")


@pytest.mark.parametrize("revision", ["", "latest", "A" * 64, "a" * 63])
def test_a_revision_is_a_sha256(revision):
    with pytest.raises(ValueError, match="SHA-256"):
        ServerEngine("http://127.0.0.1:8181", revision)


def test_a_closed_engine_denies():
    engine = ServerEngine("http://127.0.0.1:8181", REVISION)
    engine.close()
    assert engine.decide({}).code is PolicyCode.ENGINE_FAILED
