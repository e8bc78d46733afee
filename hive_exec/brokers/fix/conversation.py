"""One question at a time over a session, and everything nobody asked for.

Turns a stream of messages into answers: who waits gets what answers it, all else goes to the listener, and
is kept for one who comes later. What an answer means is the adapter's business.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hive_exec.brokers.fix.connection import FixConnection
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.session_types import SessionEvent
from hive_exec.brokers.fix.tags import MsgType, Tag

MAX_KEPT = 10_000
"""Messages kept while nobody listens; what is beyond them is lost, and said to be."""
Heard = Message | SessionEvent


class Broken(RuntimeError):
    """The connection ended, or the venue rejected the message, before the answer was complete."""

    def __init__(self, text: str, *, is_rejected: bool = False) -> None:
        super().__init__(text)
        self.is_rejected = is_rejected


def _happened(message: Message) -> bool:
    """Whether a message tells of something that happened to an order, and not how it stands."""
    return (
        message.msg_type == MsgType.EXECUTION_REPORT
        and message.text(Tag.EXEC_TYPE) != "I"
        and not message.text(Tag.MASS_STATUS_REQ_ID)
    )


@dataclass(slots=True)
class _Question:
    answers: Callable[[Message], bool]
    is_complete: Callable[[list[Message]], bool]
    heard: list[Message] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
    number: int = 0
    broken: str = ""

    def is_over(self) -> bool:
        return bool(self.broken or self.number in self.rejected or self.is_complete(self.heard))


class Conversation:
    """What is heard on a session, sorted. `heard` and `noted` are called by the connection's thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._question: _Question | None = None
        self._listener: Callable[[Heard], None] | None = None
        self._kept: deque[Heard] = deque()
        self._has_lost = False

    def heard(self, message: Message) -> None:
        """A message of the venue. What happened to an order goes to the listener even where it answers a
        question, so that it is told before whatever came after it; told twice, it counts once."""
        with self._condition:
            question = self._question
            if question is not None and not question.is_over() and question.answers(message):
                question.heard.append(message)
                self._condition.notify_all()
                if not _happened(message):
                    return
        self.pass_on(message)

    def noted(self, event: SessionEvent) -> None:
        """Something happened to the session."""
        with self._condition:
            question = self._question
            if question is not None and event.kind == "disconnected":
                question.broken = event.text
                self._condition.notify_all()
            if question is not None and event.kind == "rejected":
                question.rejected[event.reference] = event.text
                self._condition.notify_all()
                if question.number in {0, event.reference}:
                    return
        self.pass_on(event)

    def pass_on(self, heard: Heard) -> None:
        """Give the listener what answers nobody's question, or keep it for one who comes."""
        with self._condition:
            listener = self._listener
            if listener is None:
                if len(self._kept) >= MAX_KEPT:
                    self._kept.popleft()
                    self._has_lost = True
                self._kept.append(heard)
                return
        listener(heard)

    def oldest_kept(self) -> int | None:
        """The number of the first message that waits for a listener, or None."""
        with self._condition:
            numbers = (heard.sequence_number for heard in self._kept if isinstance(heard, Message))
            return next(numbers, None)

    def listen(self, listener: Callable[[Heard], None] | None) -> bool:
        """Give everything unasked to `listener` from now on, what was kept first; whether some was lost."""
        while True:
            with self._condition:
                if not self._kept or listener is None:
                    self._listener = listener
                    has_lost, self._has_lost = self._has_lost, False
                    return has_lost
                kept = self._kept.popleft()
            listener(kept)

    def ask(
        self,
        connection: FixConnection,
        msg_type: str,
        fields: Iterable[tuple[int, str]],
        answers: Callable[[Message], bool],
        is_complete: Callable[[list[Message]], bool],
        timeout_s: float,
    ) -> list[Message]:
        """Send once and wait for the answer. What came of an answer that was not complete goes to the
        listener.

        Raises:
            NotSent, Ambiguous: as `FixConnection.send`.
            TimeoutError: not answered in time.
            Broken: the connection ended, or the venue rejected the message as such.
        """
        question = _Question(answers, is_complete)
        with self._condition:
            self._question = question
        heard: list[Message] = []
        try:
            number = connection.send(msg_type, fields)
            deadline = time.monotonic() + timeout_s
            with self._condition:
                question.number = number
                while not question.is_over():
                    left_s = deadline - time.monotonic()
                    if left_s <= 0:
                        raise TimeoutError(f"no answer within {timeout_s} s")
                    self._condition.wait(left_s)
                if is_complete(question.heard):
                    heard, question.heard = question.heard, []
                    return heard
                if number in question.rejected:
                    raise Broken(question.rejected[number], is_rejected=True)
                raise Broken(question.broken)
        finally:
            with self._condition:
                self._question = None
            for message in question.heard:
                if not _happened(message):
                    self.pass_on(message)
            for reference, text in question.rejected.items():
                if reference != question.number:
                    self.pass_on(SessionEvent("rejected", text, reference))
