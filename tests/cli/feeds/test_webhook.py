"""The webhook over real HTTP: a token, a size, an answer only when durable, and every alert once."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from hive_cli.feeds.alerts import REPEAT_S, AlertLog
from hive_cli.feeds.webhook import MAX_ALERT_BYTES, create_app
from hive_core.landing.feed_log import FeedLog
from hive_core.landing.home import HiveHome
from hive_core.signals.messages import MessageDeclaration, merge_messages, parse_message_file

TOKEN = "correct-horse-battery"  # noqa: S105
ALERT = "SYMBOL=EURUSD;SIGNAL=BUY;STOP_PRICE=1.0483;TAKE_PROFIT_PRICE=1.0561"
BEGAN_NS = 1_767_607_200_000_000_000


class Listener:
    """A listener on a port of its own, with a clock that is set by hand."""

    def __init__(self, root: Path) -> None:
        self.home = HiveHome(root)
        self.now_ns = BEGAN_NS
        self.log = FeedLog(self.home, "desk")
        app = create_app(AlertLog(self.log), TOKEN, now_ns=lambda: self.now_ns, hand_over_s=600)
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        (server,) = self._server.servers
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url)

    def post(
        self, content: str | bytes = ALERT, *, token: str | None = TOKEN, **headers: str
    ) -> httpx.Response:
        shown = {} if token is None else {"Authorization": f"Bearer {token}"}
        plain = {"Content-Type": "text/plain; charset=utf-8"}
        return self.client.post("/tradingview", content=content, headers={**plain, **shown, **headers})

    def stored(self) -> list[dict[str, Any]]:
        """The rows that are on the disk."""
        text = (self.home.feeds / "desk.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def stop(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(10)
        self.log.close()


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    """One for all tests after which nothing may be stored."""
    running = Listener(tmp_path_factory.mktemp("strict"))
    yield running
    running.stop()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    running = Listener(tmp_path)
    yield running
    running.stop()


def test_an_alert_is_on_the_disk_when_it_is_answered(listener: Listener) -> None:
    answer = listener.post()
    assert answer.status_code == 202
    (row,) = listener.stored()
    assert answer.json() == {"id": row["id"], "is_new": True}
    assert (row["text"], row["ts"], row["ts_init"]) == (ALERT, "2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z")


def test_the_token_may_stand_in_the_address(listener: Listener) -> None:
    answer = listener.client.post(f"/tradingview?token={TOKEN}", content=ALERT)
    assert answer.status_code == 202


@pytest.mark.parametrize("token", [None, "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper()])
def test_without_the_token_nothing_is_taken(strict: Listener, token: str | None) -> None:
    answer = strict.post(token=token)
    assert answer.status_code == 401
    assert answer.json()["error"]["field"] == "token"
    assert strict.client.post(f"/tradingview?token={token}", content=ALERT).status_code == 401
    assert strict.stored() == []


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"x" * (MAX_ALERT_BYTES + 1), {}, 413),
        ("é" * (MAX_ALERT_BYTES // 2 + 1), {}, 413),
        (b"", {}, 422),
        (b" \n\t", {}, 422),
        (b"caf\xff", {}, 422),
        (b'{"id":"not an id","symbol":"EURUSD"}', {}, 422),
        (ALERT.encode(), {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (ALERT.encode(), {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_what_is_no_alert_is_refused_and_not_stored(
    strict: Listener, content: str | bytes, headers: dict[str, str], status: int
) -> None:
    answer = strict.post(content, **headers)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"field", "reason"}
    assert strict.stored() == []


def test_a_body_that_never_ends_is_refused_by_its_size(strict: Listener) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 1024

    shown = {"Authorization": f"Bearer {TOKEN}"}
    try:
        status = httpx.post(f"{strict.url}/tradingview", content=endless(), headers=shown).status_code
    except httpx.WriteError:  # it may hang up before the whole of it is sent
        status = 413
    assert status == 413
    assert strict.stored() == []


def test_other_places_and_methods_answer_in_the_same_shape(strict: Listener) -> None:
    assert strict.client.get("/tradingview").json()["error"]["field"] == "method"
    assert strict.client.post("/").json()["error"]["field"] == "path"
    assert strict.client.get("/health").json() == {"status": "ok"}


def test_an_alert_sent_again_within_the_minute_is_the_same_alert(listener: Listener) -> None:
    first = listener.post()
    listener.now_ns += (REPEAT_S - 1) * 1_000_000_000
    again = listener.post()
    assert (again.status_code, again.json()) == (200, {"id": first.json()["id"], "is_new": False})
    assert len(listener.stored()) == 1
    listener.now_ns += 2_000_000_000
    assert listener.post().status_code == 202
    assert len(listener.stored()) == 2


@pytest.mark.parametrize(
    "alert",
    [ALERT + ";ID=a-7", '{"id":"a-7","ticker":"EURUSD","action":"close"}', ALERT + "\nsignal_id = a-7 "],
)
def test_an_alert_with_an_id_is_taken_once_whenever_it_comes(listener: Listener, alert: str) -> None:
    assert listener.post(alert).json() == {"id": "a-7", "is_new": True}
    listener.now_ns += 10 * REPEAT_S * 1_000_000_000
    assert listener.post(alert).json() == {"id": "a-7", "is_new": False}
    other = listener.post(alert.replace("EURUSD", "GBPUSD"))
    assert (other.status_code, other.json()["error"]["field"]) == (409, "id")
    assert len(listener.stored()) == 1


def test_what_came_before_is_known_after_a_restart(tmp_path: Path) -> None:
    first = Listener(tmp_path)
    first.post()
    first.post(ALERT + ";ID=a-7")
    first.stop()
    second = Listener(tmp_path)
    second.now_ns += 1_000_000_000
    assert not second.post().json()["is_new"]
    assert not second.post(ALERT + ";ID=a-7").json()["is_new"]
    second.stop()


def test_a_full_disk_is_told_and_the_alert_may_be_sent_again(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert listener.post().status_code == 503
    assert listener.stored() == []
    assert listener.post().status_code == 202


def test_many_at_once_are_each_taken_once(listener: Listener) -> None:
    def send(number: int) -> None:
        listener.post(f"{ALERT};ID=a-{number % 10}")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row["id"] for row in listener.stored()) == [f"a-{number}" for number in range(10)]


def test_alerts_reach_the_inbox_when_the_listener_stops(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    listener.post()
    listener.stop()
    (file,) = (tmp_path / "inbox" / "messages" / "desk").iterdir()
    said = MessageDeclaration(source="desk", format="jsonl")
    frame = parse_message_file(file.read_bytes(), said, landing_sha256="0" * 64).frame
    assert frame.select("text", "version").rows() == [(ALERT, 1)]
    assert frame["ts_init"].to_list() == frame["ts_event"].to_list()


def test_the_command_needs_a_token_and_a_sources_name(hive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HIVE_WEBHOOK_TOKEN", raising=False)
    said = hive("listen", "tradingview", "--source", "desk")
    assert said.code == 2
    assert "HIVE_WEBHOOK_TOKEN" in said.err
    monkeypatch.setenv("HIVE_WEBHOOK_TOKEN", "short")
    assert hive("listen", "tradingview", "--source", "desk").code == 2
    monkeypatch.setenv("HIVE_WEBHOOK_TOKEN", TOKEN)
    said = hive("listen", "tradingview", "--source", "My Desk", "--port", str(free_port()))
    assert (said.code, "no source's name" in said.err) == (2, True)
    assert TOKEN not in said.err + said.out


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_what_was_answered_survives_a_kill_and_the_token_is_written_nowhere(tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "hive_cli",
        "listen",
        "tradingview",
        "--source",
        "desk",
        "--port",
        str(port),
    ]
    known = {**os.environ, "HIVE_HOME": str(tmp_path / "home"), "HIVE_WEBHOOK_TOKEN": TOKEN}
    output = tmp_path / "output"
    answered: list[str] = []
    for round_ in range(3):
        with output.open("ab") as said:
            process = subprocess.Popen(command, cwd=tmp_path, env=known, stdout=said, stderr=said)
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", params={"token": TOKEN})
        for _ in range(200):
            try:
                client.get("/health")
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        for number in range(20):
            text = f"{ALERT};ID=a-{round_}-{number}"
            answered.append(client.post("/tradingview", content=text).json()["id"])
        time.sleep(0 if round_ else 2.5)  # once a piece is handed over, once none is
        process.send_signal(signal.SIGKILL if round_ < 2 else signal.SIGTERM)
        process.wait(20)
        client.close()
    assert TOKEN not in output.read_text()
    pieces = sorted((tmp_path / "home" / "inbox" / "messages" / "desk").iterdir())
    said_of = MessageDeclaration(source="desk", format="jsonl")
    frames = [parse_message_file(p.read_bytes(), said_of, landing_sha256="0" * 64).frame for p in pieces]
    merged, _ = merge_messages(frames)
    assert sorted(merged["message_id"]) == sorted(answered)
    assert merged["version"].to_list() == [1] * 60
    assert all(re.fullmatch(r"\d+-\d+\.whole\.jsonl", piece.name) for piece in pieces)
