"""Clocks that jump and processes that are stopped: nothing stale leaves, the daemon says what is wrong."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_time import FakeTime

from proofs.paper_daemon import PaperDaemon, decision_of

pytestmark = pytest.mark.slow

NS = 10**9
YEAR_S = 365 * 86_400


def until(year, month, day, hour, minute=59, second=50):
    """Seconds from now to a moment in UTC."""
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() - time.time())


JUMPS = {
    "an hour ahead": 3_600,
    "an hour back": -3_600,
    "a day ahead": 86_400,
    "a year ahead": YEAR_S,
    "a year back": -YEAR_S,
    "to the night before a leap day": until(2028, 2, 28, 23),
    "to the hour that Prague skips": until(2027, 3, 28, 0),
    "to the hour that Prague has twice": until(2027, 10, 31, 0),
    "to the end of the year": until(2027, 12, 31, 23),
}


@pytest.fixture
def wall(tmp_path):
    """A daemon whose wall clock can be set, and what sets it."""
    fake = FakeTime(tmp_path, is_elapsed=False)
    daemon = PaperDaemon(tmp_path / "home", environment=fake.environment)
    yield daemon, fake
    if daemon.process is not None:
        daemon.kill()


def became(daemon, decision):
    """What became of a decision: the states of its orders, or why it was denied."""
    reports = [r for r in daemon.reports() if r["body"].get("decision_id") == decision.decision_id]
    reasons = [r["body"]["reason_code"] for r in reports if r["kind"] == "decision_denied"]
    states = [o["state"] for o in daemon.orders() if o["decision_id"] == decision.decision_id]
    return states, reasons


def decide(daemon, decision, ts_ns=None):
    """Deliver a decision, or one that is made of a name and a time; what became of it."""
    decision = decision_of(decision, ts_ns=ts_ns) if isinstance(decision, str) else decision
    client = daemon.client()
    try:
        client.quote()
        assert client.decide(decision).status_code in {200, 202}
    finally:
        client.close()
    return became(daemon, decision)


def after_a_tick(daemon, is_wanted, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while not is_wanted():
        assert time.monotonic() < deadline, daemon.log_tail()
        time.sleep(0.2)


def halts(daemon):
    return [
        r for r in daemon.reports() if r["kind"] == "health_changed" and r["body"]["dependency"] == "clock"
    ]


@pytest.mark.parametrize("jump_s", [1, -1])
def test_a_second_is_no_jump(wall, jump_s):
    daemon, fake = wall
    daemon.start()
    assert decide(daemon, "before", time.time_ns()) == (["accepted"], [])
    fake.set(jump_s)
    time.sleep(1.5)
    states, reasons = decide(daemon, "after", time.time_ns())
    assert (states, reasons) == (["accepted"], [])
    assert halts(daemon) == []


def test_while_the_walls_clock_is_wrong_nothing_leaves_and_afterwards_it_does(wall):
    daemon, fake = wall
    daemon.start()
    assert decide(daemon, "before", time.time_ns()) == (["accepted"], [])
    wrong = []
    for name, jump_s in JUMPS.items():
        before = len(halts(daemon))
        fake.set(jump_s)
        after_a_tick(daemon, lambda before=before: len(halts(daemon)) > before)
        assert halts(daemon)[-1]["body"]["health"] == "down", name
        label = name.replace(" ", "_")
        states, _ = decide(daemon, f"true_{label}", time.time_ns())
        assert states == [], f"{name}: an order left while the clock is wrong"
        by_the_wall = decision_of(f"wall_{label}", ts_ns=time.time_ns() + jump_s * NS)
        wrong.append(by_the_wall)
        assert decide(daemon, by_the_wall)[0] == [], f"{name}: an order left by the wrong clock"
        fake.set(0)
        after_a_tick(daemon, lambda: halts(daemon)[-1]["body"]["health"] == "ok")
        states, reasons = decide(daemon, f"well_{label}", time.time_ns())
        assert (states, reasons) == (["accepted"], []), name
    for decision in wrong:
        assert became(daemon, decision)[0] == [], "an order left for a decision of another time"
    stamps = [r["seq"] for r in daemon.reports()]
    assert stamps == list(range(1, len(stamps) + 1))
    assert daemon.stop() == 0
    verified = daemon.hive("verify", "--journal", str(daemon.home.journal))
    assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize("name", ["a year ahead", "a year back", "an hour back"])
def test_what_was_decided_before_a_jump_is_stale_after_a_start_under_it(wall, name):
    daemon, fake = wall
    daemon.start()
    assert decide(daemon, "before", time.time_ns()) == (["accepted"], [])
    assert daemon.stop() == 0
    fake.set(JUMPS[name])
    daemon.start()
    states, reasons = decide(daemon, "after", time.time_ns())
    assert states == []
    assert len(reasons) == 1
    assert daemon.stop() == 0


@pytest.mark.parametrize("place", ["inbox.before_record", "inbox.after_record", "effect.before"])
def test_ten_minutes_asleep_make_a_decision_stale(tmp_path, place):
    """Stopped (SIGSTOP) for ten minutes of its time: between taking a decision and judging it, or between its
    order's intent and the venue."""
    fake = FakeTime(tmp_path, is_elapsed=True)
    daemon = PaperDaemon(tmp_path / "home", environment=fake.environment)
    daemon.start(f"{place}:1:stop")
    client = daemon.client(timeout_s=1)
    decision = decision_of("asleep")
    try:
        assert client.quote().status_code == 202
        with pytest.raises(Exception, match="timed out"):
            client.decide(decision)
        status = Path(f"/proc/{daemon.running().pid}/stat").read_text().rpartition(")")[2].split()[0]
        assert status == "T"
        fake.set(600)
        daemon.send_signal(signal.SIGCONT)
        after_a_tick(daemon, lambda: became(daemon, decision) != ([], []))
        states, reasons = became(daemon, decision)
        assert "accepted" not in states, "an order left ten minutes late"
        assert (states, len(reasons)) == ((["not_accepted"], 0) if place == "effect.before" else ([], 1))
    finally:
        client.close()
        daemon.kill()
    assert [entry for entry in daemon.venue_log() if entry["kind"] == "accepted"] == []
