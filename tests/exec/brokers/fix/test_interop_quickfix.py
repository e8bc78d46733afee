"""Our session and adapter against QuickFIX, an engine that is not ours, over a real socket.

QuickFIX lives in an environment of its own under pytest's cache, made on first use: `make interop`.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from fix_venue_bench import HeardSink, bracket_order, endpoint, fix_settings, wait_until

from hive_core.configuration.broker_fix import AttachedBracket
from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.fix.adapter import FixBroker
from hive_exec.brokers.port import NotSent

pytestmark = [pytest.mark.slow, pytest.mark.interop]

QUICKFIX = "quickfix-py==0.0.3"
ACCEPTOR = Path(__file__).parent / "quickfix_acceptor.py"


@pytest.fixture(scope="session")
def quickfix_python(request) -> Path:
    """The interpreter of an environment with QuickFIX."""
    folder = Path(request.config.cache.mkdir("quickfix"))
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
        ]
        subprocess.run([*pip, QUICKFIX], check=True)
        done.touch()
    return python


class QuickFix:
    """The acceptor's process."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python, self._folder = python, folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._python, ACCEPTOR, str(self.port), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def tell(self, command: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            self._process = None

    def lines(self) -> list[str]:
        log = self._folder / "log"
        return log.read_text().splitlines() if log.exists() else []


class Line:
    """QuickFIX, the adapter on it, and a listener."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.peer = QuickFix(python, folder)
        self.peer.start()
        bracket = AttachedBracket(style="attached", stop_tag=6002, target_tag=6000)
        self.settings = fix_settings(
            bracket, trading=endpoint(self.peer.port, heartbeat_s=2), answer_timeout_s=5
        )
        self._folder = folder
        self.sink = HeardSink()
        self.begin()

    def begin(self) -> None:
        self.broker = FixBroker("demo", self.settings, self._folder / "hive", {})
        self._stop = threading.Event()
        listen = ([], self.sink, self._stop)
        self._thread = threading.Thread(target=self.broker.listen, args=listen, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self.broker.close()

    def up(self) -> None:
        assert self.broker._trading.wait_logged_on(15), self.broker._trading.why_down

    def fills(self, name: str) -> None:
        self.up()
        reports = self.broker.submit(bracket_order(name))
        assert reports[0].kind is ReportKind.ACCEPTED
        wait_until(lambda: self.sink.lots(ReportKind.FILLED, name) == Decimal("0.2"), f"the fill of {name}")


@pytest.fixture
def line(quickfix_python, tmp_path) -> Iterator[Line]:
    made = Line(quickfix_python, tmp_path)
    yield made
    made.end()
    made.peer.kill()


def test_orders_are_filled_and_known_to_a_question(line):
    for number in range(20):
        line.fills(f"ord_{number}")
    known = line.broker.look_up(bracket_order("ord_3"), "")
    assert [report.kind for report in known.reports] == [ReportKind.ACCEPTED, ReportKind.FILLED]
    assert line.broker.look_up(bracket_order("ord_99"), "").reports == ()
    assert "sent 3" not in line.peer.lines()
    assert line.sink.troubles == []


def test_heartbeats_keep_the_session_for_longer_than_either_side_would_wait(line):
    line.fills("ord_1")
    time.sleep(6)
    line.fills("ord_2")
    assert line.peer.lines().count("logon") == 1


def test_a_gap_of_theirs_is_asked_for_and_filled(line):
    line.fills("ord_1")
    line.peer.tell("gap")
    line.fills("ord_2")
    wait_until(lambda: line.sink.gaps, "the gap is told")
    line.fills("ord_3")


def test_o8_everything_asked_for_again_is_gap_filled_and_no_order_comes_twice(line):
    for number in range(5):
        line.fills(f"ord_{number}")
    line.peer.tell("everything")
    wait_until(lambda: "sent 2" in line.peer.lines() and "got 4" in line.peer.lines(), "the gap fill", 10)
    line.fills("ord_5")
    orders = [entry for entry in line.peer.lines() if entry.startswith("order ")]
    assert orders == [f"order ord_{number}" for number in range(6)]
    assert "sent 3" not in line.peer.lines()


def test_a_killed_peer_is_logged_on_to_again_and_no_order_is_sent_twice(line):
    for kill in range(5):
        line.fills(f"ord_{kill}")
        line.peer.kill()
        wait_until(lambda: not line.broker._trading.wait_logged_on(0), "the loss")
        with pytest.raises(NotSent):
            line.broker.submit(bracket_order(f"lost_{kill}"))
        line.peer.start()
        line.up()
    line.fills("last")
    orders = [entry for entry in line.peer.lines() if entry.startswith("order ")]
    assert orders == [*(f"order ord_{kill}" for kill in range(5)), "order last"]
    assert line.peer.lines().count("logon") == 6


def test_our_own_restart_goes_on_with_its_numbers(line):
    for restart in range(3):
        line.fills(f"ord_{restart}")
        line.end()
        line.begin()
    line.fills("last")
    orders = [entry for entry in line.peer.lines() if entry.startswith("order ")]
    assert orders == [*(f"order ord_{restart}" for restart in range(3)), "order last"]
    assert "sent 3" not in line.peer.lines()
