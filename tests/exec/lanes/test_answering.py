"""The live lane in a cell: what is posted is judged and traded once, and what was not answered is, after a
restart."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import polars as pl
import pytest
from exec_bench import write_bars
from lane_bench import Pipeline, in_order, message_of
from lane_rooms import BEGIN, made_up_rooms

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.live_lane import LiveLaneSettings
from hive_core.contracts.submission import SignalSubmission
from hive_core.landing.decks import KEY_NAME, keys_folder, publish_deck
from hive_core.landing.keys import signing_key
from hive_core.signals.lane_context import make_deck
from hive_exec.cell import Cell
from hive_exec.commands import CommandRefused
from hive_exec.core.events import Kill
from hive_exec.core.records import Kind, Record
from hive_exec.journal.writing import record_of
from hive_exec.lane_standing import LaneStanding
from hive_exec.lanes import answering, live
from hive_exec.lanes.answering import Lanes
from hive_exec.signal_inbox import Submitted, submit_signals

MESSAGES = 40
FIFTY_MINUTES = timedelta(minutes=50)


class Clock:
    """The daemon's wall clock, where the test puts it."""

    def __init__(self) -> None:
        self.now_ns = to_ns(BEGIN)

    def __call__(self) -> int:
        self.now_ns += 1_000
        return self.now_ns


class Daemon:
    """A cell with its lanes, that can be ended and begun again."""

    def __init__(self, home, rooms: Pipeline) -> None:
        settings = LiveLaneSettings(enabled=True)
        self.home, self.rooms, self.clock = home, rooms, Clock()
        self.configuration = rooms.configuration.model_copy(update={"live_lane": settings})
        self.begin()

    def begin(self) -> None:
        self.cell = Cell(self.home, self.configuration, wall_clock_ns=self.clock)
        self.lanes = Lanes(self.cell)

    def start(self) -> None:
        """Without the thread that looks for decks: the tests say when."""
        self.cell.start()
        self.cell.call(self.lanes._answer_all).result()

    def end(self) -> None:
        self.cell.stop()

    def publish(self, made_at) -> None:
        known = Pipeline(
            self.rooms.messages.filter(pl.col("ts_event") < made_at), self.rooms.bars, self.configuration
        )
        deck, payloads = make_deck(
            known.tables(),
            self.configuration,
            made_at=made_at,
            valid_for=timedelta(days=6),
            run_id="run-1",
            inputs=(),
        )
        publish_deck(self.home, deck, payloads, signing_key(keys_folder(self.home), KEY_NAME))

    def post(self, row: dict, caller: str = "somebody") -> int:
        """The status of the answer."""
        return self.answer(row, caller)["status"]

    def answer(self, row: dict, caller: str = "somebody") -> dict:
        """The answer to a message, with its status."""
        self.clock.now_ns = max(self.clock.now_ns, to_ns(row["ts_event"]))
        submission = SignalSubmission(message=message_of(row))
        submitted = Submitted.of(submission.key, submission, caller)
        ((status, body),) = self.cell.call(lambda: submit_signals(self.cell, [submitted])).result()
        self.cell.call(lambda: None).result()  # the round in which it was answered is over
        return {"status": status, **json.loads(body)}

    def records(self, kind: Kind) -> list[Record]:
        found = (record_of(link) for link in self.cell.journal.links())
        return [record for record in found if record.kind is kind]

    def received(self) -> dict[str, str]:
        """The lane of every decision, by its id."""
        return {
            record.body["decision_id"]: record.body["delivery"]["origin"]["lane"]
            for record in self.records(Kind.DECISION_RECEIVED)
        }


@pytest.fixture
def daemon(home) -> Iterator[Daemon]:
    rooms = made_up_rooms()
    write_bars(home, rooms.bars)
    made = Daemon(home, rooms)
    yield made
    made.end()


def rows_of(daemon: Daemon) -> list[dict]:
    return in_order(daemon.rooms.messages.filter(pl.col("ts_event") >= BEGIN))[:MESSAGES]


def wanted(daemon: Daemon) -> set[str]:
    last = rows_of(daemon)[-1]["ts_event"]
    made = daemon.rooms.resolved().decisions.filter(pl.col("ts_decided").is_between(BEGIN, last))
    return set(made["decision_id"])


def test_what_is_posted_is_decided_as_by_the_pipeline_and_taken_in_once(daemon):
    daemon.start()
    daemon.publish(BEGIN)
    assert daemon.lanes.look()
    assert not daemon.lanes.look()
    assert [daemon.post(row) for row in rows_of(daemon)] == [202] * MESSAGES
    assert [daemon.post(row) for row in rows_of(daemon)[-3:]] == [200] * 3
    assert daemon.received() == dict.fromkeys(wanted(daemon), "live")
    assert daemon.received()
    assert len(daemon.records(Kind.SIGNAL_JUDGED)) == MESSAGES
    ends = [
        record.body["decision_id"]
        for kind in (Kind.DECISION_DENIED, Kind.ORDER_INTENDED, Kind.DECISION_HELD)
        for record in daemon.records(kind)
        if "decision_id" in record.body
    ]
    assert len(ends) == len(set(ends)), "a decision was judged twice"


def test_restarts_and_a_new_deck_in_the_middle_change_nothing(daemon):
    daemon.start()
    daemon.publish(BEGIN)
    daemon.lanes.look()
    for number, row in enumerate(rows_of(daemon)):
        if number in (10, 25):
            daemon.end()
            daemon.begin()
            daemon.start()
            if number == 25:
                daemon.publish(row["ts_event"])
                daemon.clock.now_ns = max(daemon.clock.now_ns, to_ns(row["ts_event"]))
            assert daemon.lanes.look()
        daemon.post(row)
    assert set(daemon.received()) == wanted(daemon)
    assert len(daemon.records(Kind.SIGNAL_JUDGED)) == MESSAGES


def test_killed_before_it_was_answered_a_message_is_answered_after_the_start(daemon):
    daemon.publish(BEGIN)
    daemon.start()
    daemon.lanes.look()
    daemon.cell.on_signal = None  # as if the daemon had ended between receipt and answer
    rows = rows_of(daemon)
    for row in rows:
        daemon.post(row)
    assert daemon.records(Kind.SIGNAL_JUDGED) == []
    daemon.end()
    daemon.begin()
    daemon.cell.start()
    assert daemon.lanes.look()
    daemon.cell.call(daemon.lanes._answer_all).result()
    until_s = time.monotonic() + 20  # they are answered a while at a time
    while len(daemon.records(Kind.SIGNAL_JUDGED)) < MESSAGES and time.monotonic() < until_s:
        time.sleep(0.01)
    assert len(daemon.records(Kind.SIGNAL_JUDGED)) == MESSAGES
    assert set(daemon.received()) == wanted(daemon)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_decision_has_all_who_handed_in_its_signals(daemon, restarts):
    """Of a message that two handed in, before it is judged and after, the decision is of both."""
    daemon.start()
    daemon.publish(BEGIN)
    daemon.lanes.look()
    rows = rows_of(daemon)
    for number, row in enumerate(rows):
        if restarts and number == 20:
            daemon.end()
            daemon.begin()
            daemon.start()
            daemon.lanes.look()
        daemon.post(row, f"caller{number % 2}")
        daemon.post(row, "again")
        daemon.post(row, "again")
    again = daemon.records(Kind.SIGNAL_SUBMITTED_AGAIN)
    assert [record.body["caller"] for record in again] == ["again"] * MESSAGES
    callers = {}
    for record in daemon.records(Kind.SIGNAL_RECEIVED):
        callers[record.body["key"]] = record.body["caller"]
    of_signal = {
        fate["signal_id"]: callers[record.body["key"]]
        for record in daemon.records(Kind.SIGNAL_JUDGED)
        for fate in record.body["fates"]
    }
    received = daemon.records(Kind.DECISION_RECEIVED)
    assert received
    several = 0
    for record in received:
        votes = record.body["delivery"]["decision"]["votes"]
        wanted_here = {of_signal[vote["signal_id"]] for vote in votes if vote["signal_id"] in of_signal}
        found = {record.body["submitted_by"], *record.body.get("also_submitted_by", ())}
        assert found - {"again"} == wanted_here
        several += len(found) > 1
    assert several


def test_whoever_hands_a_signal_in_again_is_a_submitter_of_what_waits(daemon):
    daemon.start()
    daemon.publish(BEGIN)
    daemon.lanes.look()
    daemon.cell.decide_soon = lambda *_: None  # what is decided waits
    daemon.cell._ticking.look = lambda: None  # and no tick, hours of the rooms later, ends it for its age
    rows = rows_of(daemon)
    for row in rows:
        daemon.post(row)
    (bot, *_) = [bot for bot in daemon.cell.bots.values() if bot.pending]
    decision_id, pending = next(iter(bot.pending.items()))
    assert pending.submitters == ("somebody",)
    for row in rows:
        daemon.post(row, "another")
    assert bot.pending[decision_id].submitters == ("somebody", "another")
    (said,) = [
        one for one in daemon.records(Kind.DECISION_SUBMITTED_AGAIN) if one.body["decision_id"] == decision_id
    ]
    assert said.body["submitted_by"] == "another"


def test_without_a_deck_every_message_is_refused_and_the_alarm_says_why(daemon):
    daemon.start()
    assert not daemon.lanes.look()
    assert "materialise the asset deck" in daemon.lanes.alarm()
    rows = rows_of(daemon)[:5]
    for row in rows:
        assert daemon.post(row) == 202
    assert [record.body["fate"] for record in daemon.records(Kind.SIGNAL_RECEIVED)] == ["no_deck"] * 5
    assert daemon.records(Kind.SIGNAL_JUDGED) == []
    daemon.end()
    daemon.begin()
    daemon.start()
    daemon.publish(BEGIN)
    assert daemon.lanes.look()
    assert [daemon.post(row) for row in rows] == [200] * 5, "what was refused stays so"
    assert daemon.records(Kind.SIGNAL_JUDGED) == []
    assert daemon.received() == {}
    assert daemon.post(rows_of(daemon)[5]) == 202
    assert "fate" not in daemon.records(Kind.SIGNAL_RECEIVED)[-1].body
    assert [record.body["outcome"] for record in daemon.records(Kind.SIGNAL_JUDGED)] == ["judged"]


def test_the_answer_says_whether_a_lane_will_judge_it(daemon):
    daemon.start()
    first, second = rows_of(daemon)[:2]
    assert daemon.answer(first)["fate"] == "no_deck"
    daemon.publish(BEGIN)
    daemon.lanes.look()
    assert daemon.answer(second)["fate"] == "to_be_judged"
    assert daemon.answer(first)["fate"] == "no_deck"


@pytest.mark.parametrize("lasting", [False, True])
def test_a_fault_of_ours_is_answered_and_ends_nothing(daemon, monkeypatch, caplog, lasting):
    daemon.start()
    daemon.publish(BEGIN)
    daemon.lanes.look()
    rows = rows_of(daemon)
    calls = [row for row in rows if "SL" in row["text"] and "TP" in row["text"]]
    begin = next(number for number, row in enumerate(rows) if number >= 10 and row in calls)
    for row in rows[:begin]:
        daemon.post(row)
    faults = []
    judge = live.validate_signals

    def failing(*args):
        faults.append(1)
        return 1 / 0 if lasting or len(faults) == 1 else judge(*args)

    with monkeypatch.context() as patched:
        patched.setattr(live, "validate_signals", failing)
        daemon.post(rows[begin])
    last = daemon.records(Kind.SIGNAL_JUDGED)[-1].body
    assert (last["outcome"], "ZeroDivisionError" in last["detail"]) == ("failed", True)
    assert "the live lane failed at" in caplog.text
    heard = daemon.lanes.lane.heard
    daemon.post(rows[begin + 1])
    if lasting:
        assert daemon.records(Kind.SIGNAL_RECEIVED)[-1].body["fate"] == "no_deck"
    else:
        assert daemon.records(Kind.SIGNAL_JUDGED)[-1].body["outcome"] == "judged"
    assert ("failed" in daemon.lanes.alarm()) is lasting
    assert len(heard) == begin, "what was heard before is not forgotten"


def test_a_decision_that_cannot_be_taken_in_is_answered_so_and_ends_nothing(daemon, monkeypatch, caplog):
    daemon.start()
    daemon.publish(BEGIN)
    daemon.lanes.look()

    def failing(*_, **__):
        raise KeyError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr("hive_exec.service.deliver", failing)
        for row in rows_of(daemon):
            daemon.post(row)
            last = daemon.records(Kind.SIGNAL_JUDGED)[-1].body
            if last["outcome"] == "failed":
                break
    assert (last["outcome"], "a fault of ours" in last["detail"]) == ("failed", True)
    assert "could not be taken in" in caplog.text
    assert daemon.cell.fatal is None


@pytest.mark.slow
def test_the_thread_finds_a_deck_by_itself_and_ends_with_the_daemon(daemon):
    daemon.publish(BEGIN)
    daemon.cell.start()
    daemon.lanes.start()
    first = daemon.lanes.lane.deck_sha256
    assert first is not None, "a deck that is there counts from the first message on"
    daemon.clock.now_ns += 60 * 10**9
    daemon.publish(BEGIN + timedelta(seconds=30))
    until = time.monotonic() + 20
    while daemon.lanes.lane.deck_sha256 == first and time.monotonic() < until:
        time.sleep(0.05)
    assert daemon.lanes.lane.deck_sha256 != first
    assert daemon.lanes.alarm() == ""
    daemon.lanes.stop()


def soon_after_each_other(daemon: Daemon, count: int) -> list[dict]:
    """Messages that a daemon may all take in at the time of the last."""
    rows = in_order(daemon.rooms.messages.filter(pl.col("ts_event") >= BEGIN))
    ends = zip(rows, rows[count - 1 :], strict=False)
    first = next(
        place for place, (one, last) in enumerate(ends) if last["ts_event"] - one["ts_event"] < FIFTY_MINUTES
    )
    return rows[first : first + count]


def posted(daemon: Daemon, rows: list[dict]) -> list[tuple[int, bytes] | CommandRefused]:
    """What one batch of messages is answered."""
    daemon.clock.now_ns = max(daemon.clock.now_ns, to_ns(rows[-1]["ts_event"]))
    signals = [SignalSubmission(message=message_of(row)) for row in rows]
    batch = [Submitted.of(each.key, each, "somebody") for each in signals]
    return daemon.cell.call(lambda: submit_signals(daemon.cell, batch)).result()


def test_more_than_the_lane_may_hold_is_refused_before_a_record_and_taken_in_later(daemon, monkeypatch):
    monkeypatch.setattr(answering, "MAX_WAITING", 4)
    assert "no deck" in daemon.cell.lane_standing().live_alarm
    daemon.publish(BEGIN)
    daemon.start()
    daemon.lanes.look()
    monkeypatch.setattr(daemon.lanes, "_answer_all", lambda: None)  # the lane hangs
    rows = soon_after_each_other(daemon, 7)
    first = posted(daemon, rows)
    assert [one[0] for one in first[:4]] == [202] * 4
    assert [(one.status, one.reason) for one in first[4:]] == [(429, "4 signals wait to be judged")] * 3
    assert daemon.cell.lane_standing() == LaneStanding("", 4)
    assert len(daemon.lanes._waiting) == len(daemon.records(Kind.SIGNAL_RECEIVED)) == 4
    known, refused = posted(daemon, [rows[0], rows[6]])
    assert (known[0], known[1], refused.status) == (200, first[0][1], 429)
    # Whatever is urgent is answered while the lane is full.
    daemon.cell.call(lambda: daemon.cell.command(Kill("stop", "anna")), is_urgent=True).result(5)
    assert daemon.cell.state.controls.kill is not None
    monkeypatch.undo()
    daemon.cell.call(daemon.lanes._answer_all).result()
    again = posted(daemon, rows)
    assert [one[0] for one in again] == [200] * 4 + [202] * 3
    daemon.cell.call(daemon.lanes._answer_all).result()
    judged = [record.body["key"] for record in daemon.records(Kind.SIGNAL_JUDGED)]
    assert judged == [record.body["key"] for record in daemon.records(Kind.SIGNAL_RECEIVED)]
    assert len(judged) == 7


def test_what_was_taken_in_before_a_restart_is_judged_however_much_it_is(daemon, monkeypatch):
    daemon.publish(BEGIN)
    daemon.start()
    daemon.lanes.look()
    daemon.cell.on_signal = None  # as if the daemon had ended between receipt and answer
    posted(daemon, soon_after_each_other(daemon, 6))
    daemon.end()
    monkeypatch.setattr(answering, "MAX_WAITING", 2)
    daemon.begin()
    daemon.start()
    assert len(daemon.records(Kind.SIGNAL_JUDGED)) == 6
