"""Connections: limits, certificates, proxies, and streams that say too little or too much."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time

import pytest
from oanda_bench import ACCOUNT, TOKEN, OandaBench, limit_order, order, settings
from pydantic import SecretStr

from hive_exec.brokers.oanda.adapter import OandaBroker
from hive_exec.brokers.oanda.transport import StreamBroke, Transport
from hive_exec.brokers.port import NotSent, Throttled
from hive_exec.brokers.rate_limit import RateLimit
from hive_exec.simulators.oanda.faults import Fault


def test_a_rate_limit_lets_through_what_it_says_in_any_second():
    now = [0.0]
    limit = RateLimit(100, lambda: now[0])
    taken = []
    for _ in range(3_000):
        if limit.take() == 0:
            taken.append(now[0])
        now[0] += 0.001
    assert len(taken) == 300
    for start in taken:
        assert sum(start <= one < start + 0.9999 for one in taken) <= 100
    assert all(wait > 0 for wait in [limit.take() for _ in range(200)][150:])


def test_a_clock_that_goes_backwards_gives_nothing():
    now = [10.0]
    limit = RateLimit(2, lambda: now[0])
    assert [limit.take() for _ in range(2)] == [0, 0]
    now[0] = 5.0
    assert limit.take() == pytest.approx(1)


def test_who_may_wait_is_told_when_in_the_order_of_asking():
    now = [0.0]
    limit = RateLimit(2, lambda: now[0])
    assert [limit.reserve() for _ in range(5)] == [0, 0, 1, 1, 2]
    assert limit.take() == pytest.approx(2.0)  # who may not wait comes behind them, and takes nothing
    now[0] = 2.0
    assert limit.take() == 0


class Closing:
    """A venue that closes each connection after one answer."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

    def __init__(self):
        self.accepted_s: list[float] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.accepted_s.append(time.monotonic())
            with connection:
                connection.recv(65_536)
                connection.sendall(self.ANSWER)


def test_our_own_limit_is_waited_for_and_is_no_fault_of_the_venue():
    with Closing() as venue:
        transport = Transport(settings(rest_url=venue.url, stream_url=venue.url), SecretStr(TOKEN))
        failures = []

        def ask() -> None:
            for method in ("GET", "PUT"):
                try:
                    transport.ask("/x") if method == "GET" else transport.change(method, "/x")
                except Exception as error:  # noqa: BLE001 - whatever it is, it must not be
                    failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        with pytest.raises(Throttled, match="2 new connections a second"):
            transport.change("POST", "/orders", {})
        transport.close()
    assert failures == []
    assert len(venue.accepted_s) == 6
    assert venue.accepted_s[-1] - venue.accepted_s[0] > 1.8


def test_connections_stay_open():
    with OandaBench() as bench:
        opened = []
        accept = bench.server._server.process_request
        bench.server._server.process_request = lambda *a: (opened.append(a), accept(*a))  # type: ignore[method-assign]
        for number in range(10):
            bench.broker.submit(limit_order(number))
        assert len(opened) == 1


def test_new_connections_are_limited_before_anything_is_sent():
    with OandaBench() as bench:
        bench.broker.submit(limit_order(1))
        for number in (2, 3, 4):
            bench.faults.plan(Fault.LOST_ANSWER)
            with pytest.raises(Exception):  # noqa: B017, PT011 - ambiguous or throttled, by how fast this runs
                bench.broker.submit(limit_order(number))
        before = len(bench.arrived("POST"))
        with pytest.raises(Throttled, match="2 new connections a second"):
            bench.broker.submit(limit_order(5))
        assert len(bench.arrived("POST")) == before


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    """Orders and the token go to the venue and nowhere else."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with OandaBench() as bench:
        assert bench.broker.submit(limit_order())


@pytest.fixture
def certificate(tmp_path):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_server_with_a_certificate_of_its_own_making_gets_no_byte(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    with context.wrap_socket(connection, server_side=True) as secure:
                        heard.append(secure.recv(65_536))
                except OSError as error:
                    heard.append(type(error).__name__.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        chosen = settings().model_copy(update={"rest_url": f"https://127.0.0.1:{server.getsockname()[1]}"})
        one = OandaBroker(chosen, ACCOUNT, SecretStr(TOKEN))
        with pytest.raises(NotSent, match="ConnectError"):
            one.cancel(order())
        thread.join()
        one.close()
    assert TOKEN.encode() not in b"".join(heard)
    assert b"SSLError" in b"".join(heard)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "answered 401"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "ended the stream"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (1024 * 1024 + 70_000), "bytes that make no line"),
        (b"nonsense\r\n\r\n", "broke: RemoteProtocolError"),
    ],
)
def test_a_stream_that_is_none_is_said_to_be_broken(said, reason):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                try:
                    connection.sendall(said)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        transport = Transport(settings(stream_url=url), SecretStr(TOKEN))
        with pytest.raises(StreamBroke, match=reason), transport.stream("/v3/x") as lines:
            list(lines)
        transport.close()
        thread.join()
