"""The Kafka lane over the real protocol: librdkafka's mock cluster on TCP, or the brokers that
HIVE_TEST_KAFKA names. Committed after the inbox, refused to the dead-letter topic, never twice."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from uuid import uuid4

import pytest
from exec_bench import Bench

from hive_core.configuration.kafka_lane import KafkaSettings
from hive_core.configuration.model import Configuration
from hive_core.contracts.base import parse_contract
from hive_core.contracts.submission import SignalSubmission
from hive_exec.cell import Cell
from hive_exec.commands import Busy, CommandRefused
from hive_exec.core.records import Kind
from hive_exec.journal.writing import record_of
from hive_exec.lanes import kafka
from hive_exec.lanes.kafka import KEY_HEADER, PLACE_HEADER, REASON_HEADER, KafkaLane, KafkaMissing
from hive_exec.lanes.kafka_security import SecurityFileUnusable, security_properties
from hive_exec.logs import SCRUBBER
from hive_exec.signal_inbox import Submitted, submit_signals

confluent_kafka = pytest.importorskip("confluent_kafka")


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    if given := os.environ.get("HIVE_TEST_KAFKA"):
        yield given
        return
    cluster = confluent_kafka.Producer(
        {"bootstrap.servers": "nowhere:1", "test.mock.num.brokers": 1, "log_level": 0}
    )
    found = cluster.list_topics(timeout=10).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in found)


class Topic:
    """A topic of its own for each test, and the lane's other end."""

    def __init__(self, brokers: str) -> None:
        name = f"t{uuid4().hex[:12]}"
        self.brokers = brokers
        self.settings = KafkaSettings(
            brokers=tuple(brokers.split(",")),
            topic=name,
            group=name,
            dead_letter_topic=f"{name}-dead",
            batch=8,
        )
        self.producer = confluent_kafka.Producer({"bootstrap.servers": brokers})
        # Both topics must be there before they are read: brokers make them on first use.
        for topic in (name, f"{name}-dead"):
            self.producer.list_topics(topic, timeout=10)

    def send(self, value: bytes | None, *, key: str | None = None, header: str | None = None) -> None:
        headers = [] if header is None else [(KEY_HEADER, header.encode())]
        self.producer.produce(self.settings.topic, value=value, key=key, headers=headers, partition=0)
        assert self.producer.flush(10) == 0

    def dead_letters(self, wanted: int) -> list:
        consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": self.brokers,
                "group.id": uuid4().hex,
                "auto.offset.reset": "earliest",
            }
        )
        places = [
            confluent_kafka.TopicPartition(self.settings.dead_letter_topic, number, 0) for number in range(4)
        ]
        consumer.assign(places if "HIVE_TEST_KAFKA" not in os.environ else places[:1])
        found, until = [], time.monotonic() + 10
        while len(found) < wanted and time.monotonic() < until:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                found.append(message)
        consumer.close()
        # They stand in several partitions: in the order in which they stood where they came from.
        return sorted(found, key=lambda each: int(dict(each.headers())[PLACE_HEADER].rpartition(b"/")[2]))

    def committed(self) -> int:
        """The offset from which the group goes on in partition 0."""
        consumer = confluent_kafka.Consumer(
            {"bootstrap.servers": self.brokers, "group.id": self.settings.group}
        )
        place = confluent_kafka.TopicPartition(self.settings.topic, 0)
        (found,) = consumer.committed([place], timeout=10)
        consumer.close()
        return found.offset


@pytest.fixture
def topic(brokers) -> Topic:
    return Topic(brokers)


@pytest.fixture
def bench(home):
    made = Bench(home, Configuration())
    yield made
    if made.cell.fatal is None:
        made.cell.stop()


def message_of(number: int, cell: Cell, text: str = "BUY EURUSD NOW SL 1.07 TP 1.09") -> tuple[str, bytes]:
    """A submission that the cell takes now, with its key."""
    message = {
        "source": "room_a",
        "message_id": f"m{number}",
        "ts_event_ns": cell.wall_clock_ns() // 10**9 * 10**9,
        "text": text,
    }
    return f"message:room_a:m{number}:1", json.dumps({"message": message}).encode()


def received(cell: Cell) -> list[str]:
    """The keys of the signals in the journal."""
    records = (record_of(link) for link in cell.journal.links())
    return [record.body["key"] for record in records if record.kind is Kind.SIGNAL_RECEIVED]


def into(cell: Cell) -> Callable[[list[Submitted]], Future]:
    return lambda batch: cell.call(lambda: submit_signals(cell, batch))


def until(holds: Callable[[], bool], wait_s: float = 20) -> None:
    end = time.monotonic() + wait_s
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


class Running:
    """A lane that is stopped at the end, with its alarms."""

    def __init__(self, topic: Topic, submit, settings: KafkaSettings | None = None) -> None:
        self.alarms: list[str] = []
        self.lane = KafkaLane(settings or topic.settings, submit, self.alarms.append)

    def __enter__(self) -> Running:
        self.lane.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.lane.stop()


pytestmark = pytest.mark.slow


def test_messages_are_taken_in_once_and_offsets_move_past_them(topic, bench):
    for number in range(20):
        key, value = message_of(number, bench.cell)
        topic.send(value, key=key)
    with Running(topic, into(bench.cell)) as running:
        until(lambda: running.lane.counts.taken == 20)
        until(lambda: topic.committed() == 20)
        assert running.alarms == []
    assert sorted(received(bench.cell)) == sorted(f"message:room_a:m{number}:1" for number in range(20))


def test_killed_between_inbox_and_offset_a_message_comes_twice_and_is_taken_in_once(topic, bench):
    key, value = message_of(1, bench.cell)
    topic.send(value, header=key)
    with Running(topic, into(bench.cell)) as running:
        killed = []
        running.lane._commit = lambda _: killed.append(running.lane._stopping.set())
        until(lambda: bool(killed))
    assert received(bench.cell) == [key]
    # The mock cluster serves no second member of a group; there another group reads from the beginning too.
    again = topic.settings
    if "HIVE_TEST_KAFKA" not in os.environ:
        again = again.model_copy(update={"group": f"{again.group}-2"})
    with Running(topic, into(bench.cell), again) as running:
        until(lambda: running.lane.counts.repeated == 1)
    assert received(bench.cell) == [key]


def test_the_same_signal_by_http_and_by_kafka_is_one(topic, bench):
    key, value = message_of(1, bench.cell)
    posted = Submitted.of(key, parse_contract(SignalSubmission, value), "somebody")
    ((status, _),) = bench.cell.call(lambda: submit_signals(bench.cell, [posted])).result()
    assert status == 202
    topic.send(value, key=key)
    with Running(topic, into(bench.cell)) as running:
        until(lambda: running.lane.counts.repeated == 1)
    assert received(bench.cell) == [key]


def test_poison_goes_to_the_dead_letter_topic_with_its_reason_and_holds_nothing_up(topic, bench):
    good, value = message_of(1, bench.cell)
    other = message_of(1, bench.cell, text="SELL EURUSD NOW")[1]
    poison = [
        (b"{not json", good, "JSON"),
        (None, good, ""),
        (value, None, "neither the header nor a key"),
        (value, "message:room_b:m1:1", "must be message:room_a:m1:1"),
        (b'{"message": null}', good, "exactly one"),
        (b"\xff\xfe", good, "UTF-8"),
        (b'{"message": {}, "message": {}}', good, "twice"),
        (b"[" * 70_000, good, "bytes"),
    ]
    for payload, key, _ in poison:
        topic.send(payload, key=key)
    topic.send(value, key=good)
    topic.send(other, key=good)
    last = message_of(2, bench.cell)
    topic.send(last[1], key=last[0])
    count = len(poison) + 1
    with Running(topic, into(bench.cell)) as running:
        until(lambda: running.lane.counts.taken == 2)
        until(lambda: topic.committed() == count + 2)
        assert running.lane.counts.dead_lettered == count
        assert len(running.alarms) == count
    found = topic.dead_letters(count)
    assert [message.value() for message in found] == [payload for payload, *_ in poison] + [other]
    reasons = [dict(message.headers())[REASON_HEADER].decode() for message in found]
    for reason, (_, _, part) in zip(reasons, poison, strict=False):
        assert part in reason
    assert "another content" in reasons[-1]
    places = [dict(message.headers())[PLACE_HEADER].decode() for message in found]
    assert places[0] == f"{topic.settings.topic}/0/0"
    assert received(bench.cell) == [good, last[0]]


def test_no_offset_moves_while_the_dead_letter_topic_takes_nothing(topic, bench, monkeypatch):
    monkeypatch.setattr(kafka, "FLUSH_S", 0.2)
    topic.send(b"poison", key="k")
    with Running(topic, into(bench.cell)) as running:
        bury = running.lane._bury
        running.lane._bury = lambda producer, refused: False
        until(lambda: running.lane.counts.back_pressure >= 2)
        assert topic.committed() < 0
        running.lane._bury = bury
        until(lambda: running.lane.counts.dead_lettered == 1)
        until(lambda: topic.committed() == 1)


def test_the_alarm_of_the_dead_letter_topic_stands_until_it_takes_them(topic, bench, monkeypatch):
    monkeypatch.setattr(kafka, "FLUSH_S", 0.2)
    topic.send(b"poison", key="k")
    is_away = threading.Event()
    is_away.set()

    class Producer(confluent_kafka.Producer):
        def flush(self, *_):
            return 1 if is_away.is_set() else super().flush(10)

    monkeypatch.setattr(confluent_kafka, "Producer", Producer)
    with Running(topic, into(bench.cell)) as running:
        until(lambda: running.lane.alarm())
        assert "-dead takes nothing: 1 messages not answered for" in running.lane.alarm()
        assert topic.committed() < 0
        is_away.clear()
        until(lambda: not running.lane.alarm())
        until(lambda: topic.committed() == 1)


def test_the_alarm_of_the_brokers_stands_until_one_answers(topic, bench):
    away = topic.settings.model_copy(update={"brokers": ("127.0.0.1:9",)})
    with Running(topic, into(bench.cell), away) as running:
        until(lambda: running.lane.alarm())
        assert running.lane.alarm().startswith("Kafka: ")
        assert running.lane.is_alive()
        time.sleep(2 * kafka.LOOK_S)
        assert running.lane.alarm()
    with Running(topic, into(bench.cell)) as running:
        until(lambda: running.lane.is_alive())
        running.lane._error(confluent_kafka.KafkaError(confluent_kafka.KafkaError._ALL_BROKERS_DOWN))
        assert running.lane.alarm()
        until(lambda: not running.lane.alarm())


def test_a_full_inbox_holds_the_topic_back_and_nothing_is_lost(topic, bench):
    keys = []
    for number in range(12):
        key, value = message_of(number, bench.cell)
        keys.append(key)
        topic.send(value, key=key)
    refusals = []

    def submit(batch):
        if len(refusals) < 4:
            refusals.append(len(batch))
            raise Busy("full")
        return into(bench.cell)(batch)

    with Running(topic, submit) as running:
        until(lambda: running.lane.counts.taken == 12)
        until(lambda: topic.committed() == 12)
        assert running.lane.counts.back_pressure == 4
        assert max(refusals) <= topic.settings.batch
    assert received(bench.cell) == keys


def test_a_full_lane_holds_the_topic_back_and_nothing_is_lost(topic, bench):
    keys = []
    for number in range(12):
        key, value = message_of(number, bench.cell)
        keys.append(key)
        topic.send(value, key=key)
        if number == 5:
            topic.send(b"not json", key="poison")
    taken = []

    def submit(batch):
        """Room for two each time."""

        def work():
            outcomes, room = [], 2
            for one in batch:
                is_new = one.key not in taken
                if is_new and not room:
                    outcomes.append(CommandRefused(429, "", "4096 signals wait to be judged"))
                    continue
                outcomes += submit_signals(bench.cell, [one])
                if is_new:
                    room -= 1
                    taken.append(one.key)
            return outcomes

        return bench.cell.call(work)

    with Running(topic, submit) as running:
        until(lambda: topic.committed() == 13)
        counts = running.lane.counts
        assert (counts.taken, counts.repeated, counts.dead_lettered) == (12, 0, 1)
        assert counts.back_pressure >= 4
    assert len(topic.dead_letters(2)) == 1
    assert received(bench.cell) == keys


def test_what_others_read_now_is_let_go_and_its_offset_does_not_move(topic, bench):
    key, value = message_of(1, bench.cell)
    topic.send(value, key=key)
    held = []

    def submit(batch):
        held.append(batch)
        raise Busy("full")

    with Running(topic, submit) as running:
        until(lambda: len(held) >= 2)
        running.lane._revoked(None, [confluent_kafka.TopicPartition(topic.settings.topic, 0)])
        until(lambda: running.lane.counts.revoked == 1)
        before = len(held)
        time.sleep(0.6)
        assert len(held) <= before + 1
        assert topic.committed() < 0
    assert received(bench.cell) == []


@pytest.mark.skipif("HIVE_TEST_KAFKA" not in os.environ, reason="the mock cluster serves no second member")
def test_a_second_member_comes_and_the_first_goes_and_every_signal_is_taken_in_once(topic, bench):
    keys = []
    for number in range(120):
        key, value = message_of(number, bench.cell)
        keys.append(key)
        topic.send(value, key=key)
    slow = topic.settings.model_copy(update={"batch": 2})
    with Running(topic, into(bench.cell), slow) as second:
        with Running(topic, into(bench.cell), slow) as first:
            until(lambda: first.lane.counts.taken + second.lane.counts.taken > 20)
        until(lambda: topic.committed() == 120, wait_s=60)
        assert second.alarms == first.alarms == []
    assert sorted(received(bench.cell)) == sorted(keys)


def test_a_cell_that_stopped_ends_the_lane_with_an_alarm_and_no_offset(topic, bench):
    key, value = message_of(1, bench.cell)
    topic.send(value, key=key)

    def submit(_):
        answer: Future = Future()
        answer.set_exception(RuntimeError("the cell stopped: disk full"))
        return answer

    with Running(topic, submit) as running:
        until(lambda: not running.lane.is_alive())
        assert "disk full" in running.alarms[-1]
        assert running.lane.alarm() == running.alarms[-1]
    assert topic.committed() < 0


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "confluent_kafka", None)
    with pytest.raises(KafkaMissing, match=r"hive-trading\[kafka\]"):
        KafkaLane(KafkaSettings(brokers=("localhost:9092",)), lambda _: Future())


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("security.protocol=SSL\n", 0o644, "only its owner"),
        ("bootstrap.servers=elsewhere:1\n", 0o600, ":1: a security."),
        ("ssl.ca.location=/a\nssl.ca.location=/b\n", 0o600, ":2: a security."),
        ("sasl.password=\n", 0o600, ":1: a security."),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_security_file_holds_security_and_is_its_owners(tmp_path, text, mode, why):
    path = tmp_path / "kafka.properties"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(SecurityFileUnusable, match=why) as refusal:
        security_properties(path)
    assert "elsewhere" not in str(refusal.value)


def test_a_good_security_file_is_read(tmp_path):
    path = tmp_path / "kafka.properties"
    path.write_text("# ours\nsecurity.protocol=SASL_SSL\n\nsasl.password=a = b, and c\n")
    path.chmod(0o600)
    assert security_properties(path) == {"security.protocol": "SASL_SSL", "sasl.password": "a = b, and c"}


@pytest.mark.parametrize(
    "name",
    [
        "sasl.password",
        "ssl.key.password",
        "ssl.keystore.password",
        "ssl.key.pem",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.assertion.private.key.passphrase",
    ],
)
def test_a_secret_of_the_security_file_is_hidden_by_its_value_and_refused_if_it_cannot_be(tmp_path, name):
    path, canary = tmp_path / "kafka.properties", f"canary {uuid4().hex}"
    path.write_text(f"{name}={canary}\nssl.ca.location=/etc/ssl/ours.pem\n")
    path.chmod(0o600)
    assert security_properties(path)[name] == canary
    assert SCRUBBER.scrub(f"SASL said {canary} is wrong") == "SASL said [hidden] is wrong"
    assert SCRUBBER.scrub("cannot read /etc/ssl/ours.pem") == "cannot read /etc/ssl/ours.pem"
    path.write_text(f"{name}=short-1\n")
    with pytest.raises(SecurityFileUnusable, match=":1: a secret of fewer than 8") as refusal:
        security_properties(path)
    assert "short-1" not in str(refusal.value)


def test_dead_letters_do_not_come_back():
    with pytest.raises(ValueError, match="must be another topic"):
        KafkaSettings(brokers=("localhost:9092",), topic="a", dead_letter_topic="a")
