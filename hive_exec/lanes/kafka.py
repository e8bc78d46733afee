"""The Kafka lane: signals from a topic into the inbox, each with the meaning that `POST /signals` gives it.

An offset is committed only after what it stands for is durable in the journal, or has reached the dead-letter
topic; so a message may come twice, and the inbox takes it in once. What may be submitted is the contract's,
what becomes of a signal the cell's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hive_core.configuration.kafka_lane import KafkaSettings
from hive_core.contracts.base import ContractError, parse_contract
from hive_core.contracts.submission import SignalSubmission
from hive_exec.commands import Busy, CommandRefused
from hive_exec.lanes.kafka_security import security_properties
from hive_exec.signal_inbox import Submitted

_log = logging.getLogger("hive_exec.lanes.kafka")

KEY_HEADER = "idempotency-key"
REASON_HEADER = "hive-refused-because"
PLACE_HEADER = "hive-refused-at"
CALLER = "kafka"

POLL_S = 0.2
RETRY_S = 0.2
FLUSH_S = 10.0
LOOK_S = 1.0
MAX_REASON_BYTES = 1_024
TOO_MUCH = 429
"""The status of a signal that finds no room now."""

_Trouble = Literal["stopped", "brokers", "dead letters"]
Outcome = tuple[int, bytes] | CommandRefused
Submit = Callable[[list[Submitted]], Future[list[Outcome]]]
"""Hands signals to the inbox; the answer comes once they are durable. Raises Busy when too much waits."""


class KafkaMissing(RuntimeError):
    """The optional dependency is not installed."""


@dataclass(slots=True)
class Counts:
    """What the lane did since it was started."""

    taken: int = 0
    repeated: int = 0
    dead_lettered: int = 0
    back_pressure: int = 0
    revoked: int = 0


@dataclass(slots=True)
class _InHand:
    """A message of the topic: parsed, or with the reason why it is none."""

    message: Any
    submitted: Submitted | None
    reason: str = ""
    is_counted: bool = False

    @property
    def partition(self) -> int:
        """The partition it stands in."""
        return int(self.message.partition())


@dataclass(slots=True)
class _Hand:
    """What was polled and is not committed: at most one batch."""

    messages: list[_InHand] = field(default_factory=list)

    def drop(self, partitions: set[int]) -> int:
        """Let go of what others will read; returns how many."""
        kept = [each for each in self.messages if each.partition not in partitions]
        dropped = len(self.messages) - len(kept)
        self.messages = kept
        return dropped


class KafkaLane:
    """A consumer in a thread of its own."""

    def __init__(
        self, settings: KafkaSettings, submit: Submit, alarm: Callable[[str], None] = _log.error
    ) -> None:
        """Connects to nothing yet.

        Args:
            submit: as `Submit`.
            alarm: is told what a person must know of.

        Raises:
            KafkaMissing: confluent-kafka is not installed.
            SecurityFileUnusable: the security file is missing or others can read it.
        """
        self._client = _client_library()
        self._settings, self._submit, self._tell = settings, submit, alarm
        self._standing: dict[_Trouble, str] = {}
        self.counts = Counts()
        self._security = (
            {} if settings.security_file is None else security_properties(Path(settings.security_file))
        )
        self._hand = _Hand()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hive-kafka", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the group; what is in hand and not committed comes again."""
        self._stopping.set()
        self._thread.join()

    def alarm(self) -> str:
        """What keeps it from taking messages now, or "". From any thread."""
        return next(iter(list(self._standing.values())), "")

    def is_alive(self) -> bool:
        """Whether it still reads."""
        return self._thread.is_alive()

    def _run(self) -> None:
        servers = ",".join(self._settings.brokers)
        common = {"bootstrap.servers": servers, "logger": _log, **self._security}
        consumer = self._client.Consumer(
            {
                **common,
                "group.id": self._settings.group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "error_cb": self._error,
            }
        )
        producer = self._client.Producer({**common, "enable.idempotence": True, "error_cb": self._error})
        try:
            consumer.subscribe([self._settings.topic], on_revoke=self._revoked, on_lost=self._revoked)
            while not self._stopping.is_set():
                self._round(consumer, producer)
        except Exception as error:  # noqa: BLE001 (whatever ends the lane must be heard of)
            self._stands("stopped", f"the Kafka lane stopped: {type(error).__name__}: {error}")
        finally:
            consumer.close()

    def _round(self, consumer: Any, producer: Any) -> None:
        polled = consumer.consume(self._settings.batch, timeout=POLL_S)
        if "brokers" in self._standing:
            self._look_again(consumer, is_heard=bool(polled))
        self._hand.messages = [self._parsed(message) for message in polled if self._is_message(message)]
        while self._hand.messages and not self._stopping.is_set():
            if self._taken_in(producer):
                self._commit(consumer)
                return
            self._wait(consumer)

    def _wait(self, consumer: Any) -> None:
        """Keep the place in the group while the inbox, or the dead-letter topic, takes nothing."""
        self.counts.back_pressure += 1
        assigned = consumer.assignment()
        consumer.pause(assigned)
        # Polling paused partitions gives nothing, and lets a rebalance take place.
        surplus = [message for message in consumer.consume(1, timeout=RETRY_S) if self._is_message(message)]
        for message in surplus:
            consumer.seek(self._client.TopicPartition(message.topic(), message.partition(), message.offset()))
        consumer.resume(consumer.assignment())

    def _taken_in(self, producer: Any) -> bool:
        """Whether everything in hand is durable somewhere; False to try again."""
        good = [each.submitted for each in self._hand.messages if each.submitted is not None]
        try:
            outcomes = iter(self._submit(good).result() if good else [])
        except Busy:
            return False
        is_held_back = False
        refused: list[tuple[Any, str]] = []
        for each in self._hand.messages:
            if each.submitted is None:
                refused.append((each.message, each.reason))
                continue
            outcome = next(outcomes)
            if not isinstance(outcome, CommandRefused):
                self._count(each, outcome[0])
            elif outcome.status == TOO_MUCH:
                is_held_back = True  # no fault of the message: it comes again, with those after it
            else:
                refused.append((each.message, f"{outcome.status} {outcome.field}: {outcome.reason}"))
        return not is_held_back and self._bury(producer, refused)

    def _count(self, each: _InHand, status: int) -> None:
        """Once, however often what is in hand is tried."""
        if each.is_counted:
            return
        each.is_counted = True
        if status == 202:
            self.counts.taken += 1
        else:
            self.counts.repeated += 1

    def _bury(self, producer: Any, refused: Sequence[tuple[Any, str]]) -> bool:
        """Send to the dead-letter topic; whether all of it has arrived there."""
        failed: list[str] = []

        def arrived(error: Any, _: Any) -> None:
            if error is not None:
                failed.append(str(error))

        for message, reason in refused:
            place = f"{message.topic()}/{message.partition()}/{message.offset()}"
            self._tell(f"refused from Kafka at {place}: {reason}")
            headers = [
                (REASON_HEADER, reason.encode("utf-8", "backslashreplace")[:MAX_REASON_BYTES]),
                (PLACE_HEADER, place.encode("ascii")),
            ]
            producer.produce(
                self._settings.dead_letter_topic,
                value=message.value(),
                key=message.key(),
                headers=headers,
                on_delivery=arrived,
            )
        if not refused:
            return True
        waiting = producer.flush(FLUSH_S)
        if waiting or failed:
            why = failed[0] if failed else f"{waiting} messages not answered for in {FLUSH_S:g} s"
            topic = self._settings.dead_letter_topic
            self._stands("dead letters", f"the dead-letter topic {topic} takes nothing: {why}")
            return False
        self._standing.pop("dead letters", None)
        self.counts.dead_lettered += len(refused)
        return True

    def _commit(self, consumer: Any) -> None:
        """Move the offsets past what was in hand."""
        last: dict[int, Any] = {each.partition: each.message for each in self._hand.messages}
        offsets = [
            self._client.TopicPartition(message.topic(), partition, message.offset() + 1)
            for partition, message in last.items()
        ]
        self._hand.messages = []
        try:
            consumer.commit(offsets=offsets, asynchronous=False)
        except self._client.KafkaException as error:
            # It comes again, here or elsewhere, and is taken in once all the same.
            _log.warning("offsets were not committed: %s", error)

    def _revoked(self, _: Any, partitions: Sequence[Any]) -> None:
        """Others read these now: what is in hand of them is theirs, and its offset must not move here."""
        self.counts.revoked += self._hand.drop({each.partition for each in partitions})

    def _is_message(self, message: Any) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.fatal():
            raise self._client.KafkaException(error)
        _log.warning("Kafka: %s", error)
        return False

    def _error(self, error: Any) -> None:
        if error.fatal() or error.code() == self._client.KafkaError._ALL_BROKERS_DOWN:
            self._stands("brokers", f"Kafka: {error}")

    def _stands(self, trouble: _Trouble, text: str) -> None:
        """That something keeps the lane from its work, from now until it does not."""
        self._standing[trouble] = text
        self._tell(text)

    def _look_again(self, consumer: Any, *, is_heard: bool) -> None:
        """Whether a broker answers again: the client says that all are away, not that one is back."""
        if not is_heard:
            try:
                consumer.list_topics(self._settings.topic, timeout=LOOK_S)
            except self._client.KafkaException:
                return
        self._standing.pop("brokers", None)

    def _parsed(self, message: Any) -> _InHand:
        try:
            submission = parse_contract(SignalSubmission, message.value() or b"")
            return _InHand(message, Submitted.of(_key_of(message), submission, CALLER))
        except ContractError as fault:
            return _InHand(message, None, str(fault))


def _key_of(message: Any) -> str:
    """The idempotency key: the header, else the message's key.

    Raises:
        ContractError: there is none, it stands twice, or is not ASCII.
    """
    given = [value for name, value in (message.headers() or []) if name.lower() == KEY_HEADER]
    if len(given) > 1:
        raise ContractError(KEY_HEADER, "the header stands twice")
    raw = given[0] if given else message.key()
    if not raw:
        raise ContractError(KEY_HEADER, "neither the header nor a key is there")
    try:
        return bytes(raw).decode("ascii")
    except UnicodeDecodeError:
        raise ContractError(KEY_HEADER, "not ASCII") from None


def _client_library() -> Any:
    try:
        import confluent_kafka
    except ImportError:
        raise KafkaMissing(
            "the Kafka lane needs confluent-kafka: install hive-trading[kafka], or remove [kafka] "
            "from hive.toml"
        ) from None
    return confluent_kafka
