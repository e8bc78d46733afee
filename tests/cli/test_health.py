"""`hive health`: 0 for a daemon that works; 1 and a reason for one that stopped, is missing, or not ours."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hive_core.landing.home import HiveHome


class Answering:
    """A daemon that says one thing."""

    def __init__(self, code: int, body: dict[str, object]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                payload = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def daemon(tmp_path: Path, home: HiveHome):
    from hive_exec.principals import ensure_principals

    ensure_principals(home)
    started: list[Answering] = []

    def start(code: int, **facts: object) -> None:
        body = {"status": "ok", "mode": "normal", "journal_head_seq": 7, "home": str(home.root), **facts}
        started.append(Answering(code, body))
        (tmp_path / "hive.toml").write_text(f"[ports]\nhive_exec = {started[0].port}\n")

    yield start
    for one in started:
        one.close()


def test_a_daemon_that_works(hive, daemon) -> None:
    daemon(200)
    said = hive("health")
    assert (said.code, said.out) == (0, "ok, mode normal, journal at record 7\n")


def test_a_daemon_that_stopped_itself(hive, daemon) -> None:
    daemon(503)
    said = hive("health")
    assert said.code == 1
    assert "HTTP 503" in said.err
    assert "hive exec" in said.err


def test_the_daemon_of_another_home(hive, daemon) -> None:
    daemon(200, home="/elsewhere")
    said = hive("health")
    assert said.code == 1
    assert "/elsewhere" in said.err


def test_no_daemon(hive) -> None:
    said = hive("health")
    assert said.code == 1
    assert "does not answer" in said.err
