"""One FIX session on a bench: a peer made of plain messages, a clock that is turned by hand."""

from __future__ import annotations

from collections.abc import Sequence

from hive_exec.brokers.fix.decoding import Message, decode
from hive_exec.brokers.fix.session import FixSession
from hive_exec.brokers.fix.session_types import Phase, Role, SessionSettings, Step
from hive_exec.brokers.fix.timestamps import NS, Instant, timestamp_text
from hive_exec.brokers.fix.wire import FrameReader, encode

START_NS = 1_790_000_000 * NS
TYPES = frozenset({"D", "8", "9"})

Pairs = Sequence[tuple[int, str]]


def settings(role: Role, **changes) -> SessionSettings:
    values = {
        "role": role,
        "sender_comp_id": "HIVE",
        "target_comp_id": "VENUE",
        "accepted_types": frozenset({"D"}) if role is Role.ACCEPTOR else frozenset({"8", "9"}),
    }
    return SessionSettings(**{**values, **changes})


class FixBench:
    """A session under test and the peer that speaks to it. `said` is all that the session sent."""

    def __init__(self, role: Role, next_out: int = 1, next_in: int = 1, **changes) -> None:
        self.role = role
        self.seconds = 0.0
        self.wall_shift_s = 0.0
        self.session = FixSession(settings(role, **changes), next_out, next_in)
        self.number = 1  # the peer's next
        self.steps: list[Step] = []
        self.said: list[Message] = []
        self.delivered: list[Message] = []
        self._take(self.session.connected(self.now))

    @property
    def now(self) -> Instant:
        lapse_ns = int(self.seconds * NS)
        return Instant(START_NS + lapse_ns + int(self.wall_shift_s * NS), lapse_ns)

    @property
    def is_over(self) -> bool:
        return self.session.phase is Phase.ENDED

    def _take(self, step: Step) -> list[Message]:
        self.steps.append(step)
        answer = [self.decoded(data) for data in step.outgoing]
        self.said += answer
        self.delivered += step.delivered
        return answer

    @staticmethod
    def decoded(data: bytes) -> Message:
        (frame,) = FrameReader().feed(data)
        message = decode(frame)
        assert message is not None
        assert message.fault is None, (message.fault, data)
        return message

    def events(self, kind: str) -> list[str]:
        return [event.text for step in self.steps for event in step.events if event.kind == kind]

    # What the peer says

    def message(
        self,
        msg_type: str,
        body: Pairs = (),
        number: int | None = None,
        *,
        begin: str = "FIX.4.4",
        sent_s: float = 0,
        head: Pairs = (),
        sender: str = "VENUE",
        target: str = "HIVE",
        is_duplicate: bool = False,
        original_s: float | None = 0,
    ) -> bytes:
        if number is None:
            number, self.number = self.number, self.number + 1
        pairs = [(8, begin), (35, msg_type), (34, str(number)), (49, sender), (56, target)]
        pairs.append((52, timestamp_text(self.now.wall_ns + int(sent_s * NS))))
        if is_duplicate:
            pairs.append((43, "Y"))
            if original_s is not None:
                pairs.append((122, timestamp_text(self.now.wall_ns + int(original_s * NS))))
        return encode([*pairs, *head, *body])

    def says(self, msg_type: str, body: Pairs = (), number: int | None = None, **changes) -> list[Message]:
        return self.hears(self.message(msg_type, body, number, **changes))

    def hears(self, data: bytes) -> list[Message]:
        return self._take(self.session.received(data, self.now))

    def waits(self, seconds: float) -> list[Message]:
        self.seconds += seconds
        return self._take(self.session.tick(self.now))

    def sends(self, msg_type: str, body: Pairs) -> list[Message]:
        return self._take(self.session.send(msg_type, body, self.now))

    def logs_out(self, text: str = "") -> list[Message]:
        return self._take(self.session.log_out(text, self.now))

    def logged_on(self, heartbeat_s: int = 30, number: int | None = None) -> FixBench:
        self.says("A", [(98, "0"), (108, str(heartbeat_s))], number)
        assert self.session.phase is Phase.LOGGED_ON
        return self

    def application(self, name: str) -> tuple[str, Pairs]:
        """A message that this side accepts: an order for an acceptor, a report for an initiator."""
        if self.role is Role.ACCEPTOR:
            return "D", order(name)
        return "8", report(name)

    def own(self, name: str) -> tuple[str, Pairs]:
        """A message that this side sends."""
        return ("8", report(name)) if self.role is Role.ACCEPTOR else ("D", order(name))

    @property
    def names(self) -> list[str]:
        return [message.text(11) for message in self.delivered]


def order(name: str, **changes) -> Pairs:
    values = {11: name, 21: "3", 38: "1000", 40: "1", 54: "1", 55: "EURUSD", 60: "20260921-13:33:20.000"}
    return [*{**values, **{int(tag[1:]): value for tag, value in changes.items()}}.items()]


def report(name: str, **changes) -> Pairs:
    values = {
        37: "o1",
        17: "e1",
        150: "0",
        39: "0",
        11: name,
        55: "EURUSD",
        54: "1",
        151: "1",
        14: "0",
        6: "0",
    }
    return [*{**values, **{int(tag[1:]): value for tag, value in changes.items()}}.items()]


def kinds(messages: Sequence[Message]) -> list[str]:
    return [message.msg_type for message in messages]
