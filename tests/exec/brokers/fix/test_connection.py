"""The line: what is on disk before what leaves, TLS that is checked, prices on a session of their own."""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
import ssl
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fix_venue_bench import VenueBench, bracket_order, endpoint, fix_settings, wait_until

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.fix.secret import PasswordUnusable
from hive_exec.brokers.port import NotSent
from hive_exec.logs import SCRUBBER
from hive_exec.simulators.fix.server import SimulatedServer


def test_the_number_of_an_order_is_on_disk_before_its_first_byte_leaves(plain, monkeypatch):
    broker = plain.ready()
    happened: list[str] = []
    sync, write = os.fdatasync, broker._trading._write

    def synced(file: int) -> None:
        sync(file)
        happened.append("sync")

    def written(data: bytes) -> None:
        happened.extend(["order"] if b"\x0135=E\x01" in data else [])
        write(data)

    monkeypatch.setattr(os, "fdatasync", synced)
    monkeypatch.setattr(broker._trading, "_write", written)
    for number in range(5):
        broker.submit(bracket_order(f"ord_{number}"))
    places = [place for place, what in enumerate(happened) if what == "order"]
    assert len(places) == 5
    assert all(happened[place - 1] == "sync" for place in places)


def test_a_password_is_in_the_logon_and_nowhere_else(plain, caplog, capfd):
    plain.settings = plain.settings.model_copy(update={"secrets": "HIVE_FIX"})
    environment = {"HIVE_FIX_USERNAME": "trader", "HIVE_FIX_PASSWORD": "canary-secret"}
    broker = plain.begin(environment=environment)
    assert broker._trading.wait_logged_on(5)
    assert "canary-secret" not in repr(broker._trading._settings)
    plain.server.log_out("maintenance")
    wait_until(lambda: not broker._trading.wait_logged_on(0), "logged out")
    assert "canary" not in caplog.text + "".join(capfd.readouterr()) + broker._trading.why_down
    assert SCRUBBER.scrub("a library says canary-secret") == "a library says [hidden]"


def test_a_password_too_short_to_be_hidden_is_refused_and_the_files_stay_free(tmp_path, plain):
    """To hide a word by its value blanks innocent lines, and tells whoever reads them which word it is."""
    plain.settings = plain.settings.model_copy(update={"secrets": "HIVE_FIX"})
    with pytest.raises(PasswordUnusable, match="HIVE_FIX_PASSWORD has fewer than 8") as refusal:
        plain.begin(environment={"HIVE_FIX_USERNAME": "trader", "HIVE_FIX_PASSWORD": "demo-77"})
    assert "demo-77" not in str(refusal.value)
    assert SCRUBBER.scrub("a demo-77 account") == "a demo-77 account"
    assert plain.begin(environment={"HIVE_FIX_PASSWORD": "demo-778"})._trading.wait_logged_on(5)


def test_quotes_on_a_session_of_their_own(tmp_path):
    settings = fix_settings()
    with SimulatedServer(settings) as prices:
        made = settings.model_copy(update={"quotes": endpoint(prices.port)})
        bench = VenueBench(tmp_path, made)
        try:
            broker = bench.ready()
            wait_until(lambda: prices.logons, "the session for prices")
            prices.quote("EUR/USD", "1.2000", "1.2001")
            heard = ("EURUSD", Decimal("1.2"), Decimal("1.2001"))
            wait_until(lambda: heard in bench.sink.quotes, "the quote")
            assert "V" not in bench.wire_types()
            assert broker.submit(bracket_order())[0].kind is ReportKind.ACCEPTED
            prices.cut()
            wait_until(lambda: prices.logons == 2, "prices again")
            prices.quote("EUR/USD", "1.3000", "1.3001")
            wait_until(lambda: bench.sink.quotes[-1][1] == Decimal("1.3"), "subscribed again")
        finally:
            bench.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a venue")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private


class TlsFront:
    """Ends TLS in front of a plain server, one connection after another."""

    def __init__(self, certificate: Path, key: Path, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._behind = port
        self.port = self._listener.getsockname()[1]
        self._is_over = False
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self._is_over:
            try:
                plain, _ = self._listener.accept()
                front = self._context.wrap_socket(plain, server_side=True)
            except OSError:
                continue
            back = socket.create_connection(("127.0.0.1", self._behind))
            for source, sink in ((front, back), (back, front)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()

    def close(self) -> None:
        self._is_over = True
        self._listener.close()


@pytest.mark.parametrize("is_trusted", [True, False])
def test_tls_is_spoken_with_a_venue_whose_certificate_is_trusted_and_with_no_other(
    tmp_path, plain, monkeypatch, is_trusted
):
    certificate, key = _certificate(tmp_path)
    front = TlsFront(certificate, key, plain.server.port)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    plain.settings = plain.settings.model_copy(update={"trading": endpoint(front.port, tls=True)})
    try:
        broker = plain.begin()
        if is_trusted:
            assert broker._trading.wait_logged_on(5), broker._trading.why_down
            plain.server.quote("EUR/USD", "1.1000", "1.1001")
            assert broker.submit(bracket_order())[0].kind is ReportKind.ACCEPTED
        else:
            wait_until(lambda: "certificate" in broker._trading.why_down, "the refusal")
            with pytest.raises(NotSent, match="certificate"):
                broker.submit(bracket_order())
            assert plain.server.logons == 0
    finally:
        plain.end()
        front.close()


def test_nothing_is_said_in_the_clear_where_tls_is_set(tmp_path, plain):
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            connection, _ = listener.accept()
            heard.append(connection.recv(65_536))
            connection.close()

        listening = threading.Thread(target=listen)
        listening.start()
        port = listener.getsockname()[1]
        plain.settings = plain.settings.model_copy(update={"trading": endpoint(port, tls=True)})
        plain.begin()
        listening.join(5)
    assert heard
    assert b"8=FIX" not in heard[0]
