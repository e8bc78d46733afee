"""The bridge's wire: who may speak, what may be called, and what becomes of everything else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pytest
from metatrader_bench import TOKEN, an_order

from hive_exec.brokers.metatrader import bridge as wire
from hive_exec.brokers.metatrader.channel import Channel, NoAnswer, NotAsked
from hive_exec.brokers.port import NotSent, Unavailable
from hive_exec.simulators.metatrader.faults import Fault, FaultKind


@pytest.fixture
def port(mt5):
    return mt5.bridge.address[1]


@pytest.fixture
def channel(port):
    made = Channel("127.0.0.1", port, TOKEN, 5)
    yield made
    made.close()


class Raw:
    """A client that says whatever it likes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.lines = self.socket.makefile("rb")
        self.hello = json.loads(self.lines.readline())

    def say(self, line):
        self.socket.sendall(line if isinstance(line, bytes) else line.encode() + b"\n")

    def prove(self, token=TOKEN):
        nonce = "0" * 64
        mac = wire.mac_of(token.encode(), "client", self.hello["nonce"], nonce)
        self.say(json.dumps({"nonce": nonce, "mac": mac}))
        self.key = bytes.fromhex(wire.mac_of(token.encode(), "session", self.hello["nonce"], nonce))
        return self.hear()

    def ask(self, body, number=0):
        self.say(f"{wire.mac_of(self.key, 'request', str(number), body)} {body}")
        line = self.hear()
        return json.loads(line.partition(" ")[2]) if line else None

    def hear(self):
        try:
            return self.lines.readline().decode().rstrip("\n")
        except ConnectionError:
            return ""

    def close(self):
        self.lines.close()
        self.socket.close()


@pytest.fixture
def raw(port):
    made = Raw(port)
    yield made
    made.close()


def test_a_wrong_token_is_denied_by_the_bridge(raw, mt5):
    assert "denied" in raw.prove("another token, as long as the right one")
    assert raw.hear() == ""
    assert mt5.package.sent == []


def test_a_wrong_token_is_said_to_be_one(mt5):
    channel = Channel("127.0.0.1", mt5.bridge.address[1], "another token, as long as the right one", 5)
    with pytest.raises(NotAsked, match="same token"):
        channel.ask("account_info", {})


def test_a_server_that_does_not_know_the_token_is_left():
    """Whoever took the port hears no order, and the token cannot be had from what the client says."""
    with socket.create_server(("127.0.0.1", 0)) as impostor:
        heard = []

        def pretend():
            connection, _ = impostor.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(json.dumps({"bridge": wire.PROTOCOL, "nonce": "1" * 64}).encode() + b"\n")
                heard.append(lines.readline())
                connection.sendall(json.dumps({"mac": "2" * 64}).encode() + b"\n")
                heard.append(lines.readline())

        thread = threading.Thread(target=pretend)
        thread.start()
        channel = Channel("127.0.0.1", impostor.getsockname()[1], TOKEN, 5)
        with pytest.raises(NotAsked, match="same token"):
            channel.ask("order_send", {"request": {"action": 1}})
        thread.join(5)
    assert heard[1] == b""
    assert TOKEN.encode() not in heard[0]


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n", b"\x80\x04\x95pickle\n", b"[]\n", b"{}\n", b"\n"])
def test_garbage_before_the_token_ends_the_connection(raw, said, mt5):
    raw.say(said)
    assert raw.hear() == ""
    assert mt5.package.sent == []


def test_a_client_that_says_nothing_is_not_waited_for(port, monkeypatch, mt5):
    monkeypatch.setattr(wire, "HANDSHAKE_S", 0.1)
    raw = Raw(port)
    assert raw.hear() == ""
    raw.close()


@pytest.mark.parametrize(
    "said",
    [
        b"x" * (wire.MAX_REQUEST_BYTES + 10) + b"\n",
        b"0" * 64 + b' {"id": 0, "function": "account_info", "arguments": {}}\n',
        b"no mac\n",
        b"\xff\xfe\n",
        "é".encode() * 32 + b" {}\n",
    ],
)
def test_an_oversize_altered_or_unreadable_line_ends_the_connection(raw, said):
    assert "mac" in raw.prove()
    raw.say(said)
    assert raw.hear() == ""


def test_a_line_cannot_be_repeated(raw):
    raw.prove()
    body = json.dumps({"id": 0, "function": "account_info", "arguments": {}})
    assert raw.ask(body)["called"]
    assert raw.ask(body, number=0) is None  # its number was used


def test_a_line_cut_off_is_never_called(raw, mt5):
    raw.prove()
    request = {"action": 1, "symbol": "EURUSD.m", "volume": "0.10", "type": 0, "price": "1.10010"}
    body = json.dumps({"id": 0, "function": "order_send", "arguments": {"request": request}})
    line = f"{wire.mac_of(raw.key, 'request', '0', body)} {body}"
    raw.say(line.encode())  # without its end
    raw.socket.shutdown(socket.SHUT_WR)
    assert raw.hear() == ""
    assert mt5.package.sent == []


def body_of(function, arguments):
    return json.dumps({"id": 0, "function": function, "arguments": arguments})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (body_of("login", {}), "not on the list"),
        (body_of("shutdown", {}), "not on the list"),
        (body_of("__class__", {}), "not on the list"),
        (body_of("server", {}), "not on the list"),
        (body_of(["order_send"], {}), "not on the list"),
        (body_of("account_info", {"x": 1}), "does not take"),
        (body_of("symbol_info", {}), "does not take"),
        (body_of("symbol_info", {"symbol": 5}), "printable"),
        (body_of("symbol_info", {"symbol": "EUR\x00USD"}), "printable"),
        (body_of("history_deals_get", {"date_from": 1}), "does not take"),
        (body_of("history_deals_get", {"ticket": True}), "whole number"),
        (body_of("history_deals_get", {"ticket": -1}), "whole number"),
        (body_of("history_deals_get", {"ticket": 2**63}), "whole number"),
        (body_of("order_send", {"request": {}}), "JSON object"),
        (body_of("order_send", {"request": {"action": 1, "volume": "1e5"}}), "decimal travels"),
        (body_of("order_send", {"request": {"action": 1, "volume": "NaN"}}), "decimal travels"),
        (body_of("order_send", {"request": {"action": 1, "volume": 1}}), "decimal travels"),
        (body_of("order_send", {"request": {"action": 1, "volume": 0.1}}), "travel as text"),
        (body_of("order_send", {"request": {"action": 1, "__import__": "os"}}), "no field"),
        (body_of("order_send", {"request": [1]}), "JSON object"),
        ('{"id": 0, "id": 0, "function": "account_info", "arguments": {}}', "twice"),
        ('{"id": 0, "function": "account_info", "arguments": NaN}', "travel as text"),
        ('{"id": 0, "function": "account_info"}', "are expected"),
        ('{"id": "0", "function": "account_info", "arguments": {}}', "whole number"),
        ("[" * 5_000, "not JSON"),
        ("17", "not a JSON object"),
    ],
)
def test_what_is_not_on_the_list_is_not_called(raw, mt5, body, why):
    raw.prove()
    answer = raw.ask(body)
    assert answer["called"] is False
    assert why in answer["error"]
    assert mt5.package.sent == []
    # The connection is still good: the next line is served.
    assert raw.ask(body_of("account_info", {}), number=1)["called"] is True


def test_every_function_on_the_list_answers(channel, mt5):
    mt5.broker.submit(an_order())
    now_s = mt5.server_ms() // 1000
    asked = {
        "symbol": "EURUSD.m",
        "date_from": now_s - 60,
        "date_to": now_s + 60,
        "ticket": next(iter(mt5.books.orders)),
        "position": next(iter(mt5.books.positions)),
        "request": {"action": 6, "position": next(iter(mt5.books.positions)), "sl": "1.09000"},
    }
    for function, forms in wire.FUNCTIONS.items():
        for form in forms:
            result, error = channel.ask(function, {name: asked[name] for name in form})
            assert result not in (None, []) or function == "orders_get", (function, form)
            assert "Success" in error


def test_two_clients_are_served_and_a_fifth_is_not(port, channel):
    others = [Raw(port) for _ in range(3)]
    for other in others:
        other.prove()
    assert channel.ask("account_info", {})
    for number, other in enumerate(others):
        assert other.ask(body_of("account_info", {}))["result"]["login"] == 5_001, number
    fifth = socket.create_connection(("127.0.0.1", port), timeout=5)
    assert fifth.recv(10) == b""
    for one in (*others, fifth):
        one.close()


def test_two_clients_never_call_at_once(port, mt5, monkeypatch):
    inside, most = [], []

    def slow():
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        inside.pop()
        return True

    monkeypatch.setattr(mt5.package, "account_info", slow)
    channels = [Channel("127.0.0.1", port, TOKEN, 5) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda one=one: [one.ask("account_info", {}) for _ in range(5)])
        for one in channels
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    for one in channels:
        one.close()
    assert len(most) == 15
    assert max(most) == 1


def test_a_request_behind_one_that_hangs_is_refused_uncalled(port, channel, mt5, monkeypatch):
    """Its client will have given up by the time the terminal is free: the order must not leave then."""
    monkeypatch.setattr(wire, "BUSY_S", 0.1)
    hanging, free = threading.Event(), threading.Event()

    def hang():
        hanging.set()
        free.wait(5)
        return True

    monkeypatch.setattr(mt5.package, "account_info", hang)
    other = Channel("127.0.0.1", port, TOKEN, 5)
    thread = threading.Thread(target=lambda: other.ask("account_info", {}))
    thread.start()
    assert hanging.wait(5)
    with pytest.raises(NotAsked, match="busy"):
        channel.ask("order_send", {"request": {"action": 1}})
    free.set()
    thread.join(5)
    other.close()
    assert mt5.package.sent == []


def test_an_error_inside_the_package_is_not_taken_for_a_refusal(channel, mt5, monkeypatch):
    def broken(_request):
        raise OSError("pipe broken")

    monkeypatch.setattr(mt5.package, "order_send", broken)
    with pytest.raises(NoAnswer, match="pipe broken"):
        channel.ask("order_send", {"request": {"action": 1}})


@pytest.mark.parametrize("value", [{1}, b"x", object()])
def test_what_json_cannot_hold_is_an_error(channel, mt5, monkeypatch, value):
    monkeypatch.setattr(mt5.package, "account_info", lambda: value)
    with pytest.raises(NoAnswer):
        channel.ask("account_info", {})


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_is_no_number_here_either(mt5, monkeypatch, value):
    told = mt5.package.account_info()
    monkeypatch.setattr(mt5.package, "account_info", lambda: told._replace(equity=value))
    with pytest.raises(Unavailable, match="equity is None"):
        mt5.broker.snapshot()


def answering(lines):
    """A bridge that knows the token, and then answers each question with what it is given."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with listener, connection, connection.makefile("rb") as heard:
            ours = "1" * 64
            connection.sendall(json.dumps({"bridge": wire.PROTOCOL, "nonce": ours}).encode() + b"\n")
            theirs = json.loads(heard.readline())["nonce"]
            proof = wire.mac_of(TOKEN.encode(), "server", ours, theirs)
            connection.sendall(json.dumps({"mac": proof}).encode() + b"\n")
            key = bytes.fromhex(wire.mac_of(TOKEN.encode(), "session", ours, theirs))
            for number, line in enumerate(lines):
                heard.readline()
                mac = wire.mac_of(key, "answer", str(number), line)
                connection.sendall(f"{mac} {line}\n".encode())

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "{}",
        '{"id": 1, "called": false, "error": "of another question"}',
        '{"id": 0, "called": "no", "error": "x"}',
        '{"id": 0, "called": 0, "error": "x"}',
        '{"id": 0, "error": "does not say"}',
        '{"id": 0, "called": true}',
        '{"id": 0, "called": true, "result": NaN}',
        '{"id": 0, "called": false, "called": true, "result": 1}',
        "not JSON",
    ],
)
def test_an_answer_that_does_not_say_is_never_a_no(line):
    channel = Channel("127.0.0.1", answering([line]), TOKEN, 5)
    with pytest.raises(NoAnswer):
        channel.ask("order_send", {"request": {"action": 1}})
    channel.close()


def test_only_an_explicit_not_called_is_one():
    channel = Channel("127.0.0.1", answering(['{"id": 0, "called": false, "error": "busy"}']), TOKEN, 5)
    with pytest.raises(NotAsked, match="busy"):
        channel.ask("order_send", {"request": {"action": 1}})
    channel.close()


def test_an_answer_that_is_too_long_is_said_to_be(channel, mt5, monkeypatch):
    monkeypatch.setattr(wire, "MAX_ANSWER_BYTES", 1_000)
    monkeypatch.setattr(mt5.package, "account_info", lambda: "x" * 2_000)
    with pytest.raises(NoAnswer, match="too long"):
        channel.ask("account_info", {})


def test_the_bridge_goes_away_between_two_questions(channel, mt5):
    assert channel.ask("account_info", {})
    mt5.bridge.close()
    channel.close()
    with pytest.raises(NotAsked, match="cannot be reached"):
        channel.ask("account_info", {})


def test_nothing_leaves_without_a_bridge(mt5):
    mt5.bridge.close()
    with pytest.raises(NotSent, match="cannot be reached"):
        mt5.broker.submit(an_order())


def test_a_call_that_takes_too_long_is_no_answer(mt5):
    slow = Channel("127.0.0.1", mt5.bridge.address[1], TOKEN, 0.1)
    mt5.faults(Fault(FaultKind.HANG, 300))
    request = {"action": 1, "symbol": "EURUSD.m", "volume": "0.10", "type": 0, "price": "1.10010"}
    with pytest.raises(NoAnswer, match="timed out"):
        slow.ask("order_send", {"request": request})
    assert len(mt5.package.sent) == 1


def test_floats_become_the_decimals_that_they_spell(channel, mt5):
    """A double that arithmetic has been through says 1.10005 as 1.1000500000000002; a row says 1.10005."""
    mt5.quote("1.10005", "1.10015")
    raw_bid = mt5.package.symbol_info_tick("EURUSD.m").bid
    result, _ = channel.ask("symbol_info_tick", {"symbol": "EURUSD.m"})
    assert result["bid"] == Decimal(repr(raw_bid))
    assert mt5.broker._terminal.symbol("EURUSD.m").digits == 5
    assert str(mt5.broker._terminal.tick("EURUSD.m").bid) == "1.10005"


def run_bridge(environment):
    return subprocess.run(
        [sys.executable, "-m", "hive_exec.brokers.metatrader.bridge", "--port", "0"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_without_the_vendors_package_it_says_so():
    done = run_bridge({wire.TOKEN_VARIABLE: TOKEN})
    assert done.returncode == 78
    assert "MetaTrader5 cannot be imported" in done.stderr
    assert "pip install MetaTrader5" in done.stderr


@pytest.mark.parametrize("token", ["", "short"])
def test_without_a_token_worth_the_name_it_does_not_start(token):
    done = run_bridge({wire.TOKEN_VARIABLE: token})
    assert done.returncode == 78
    assert "at least 32" in done.stderr


def test_it_listens_on_loopback_unless_told_otherwise(mt5):
    assert mt5.bridge.address[0] == "127.0.0.1"
