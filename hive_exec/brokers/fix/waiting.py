"""What arrived too early: messages behind a gap, and what was asked for to close it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hive_exec.brokers.fix.decoding import Message

MAX_WAITING = 1024
"""Messages held behind a gap; those beyond are asked for again once the gap is closed."""


@dataclass(slots=True)
class Waiting:
    """Messages behind a gap by number, which of them were answered already, and the request for the gap.

    `asked_up_to` is the highest number known to be missing, `asked_from` where the last request began,
    `asked_times` how often the same beginning was asked for, `asked_ns` when (monotonic).
    """

    asked_up_to: int = 0
    asked_from: int = 0
    asked_times: int = 0
    asked_ns: int = 0
    _messages: dict[int, Message] = field(default_factory=dict)
    _answered: set[int] = field(default_factory=set)

    def hold(self, number: int, message: Message, *, is_answered: bool) -> bool:
        """Keep a message for its turn; False where there is no room. The first of a number counts."""
        if number in self._messages:
            return True
        if len(self._messages) >= MAX_WAITING:
            return False
        self._messages[number] = message
        if is_answered:
            self._answered.add(number)
        return True

    def holds(self, number: int) -> bool:
        """Whether a message of this number waits."""
        return number in self._messages

    def take(self, number: int) -> tuple[Message, bool] | None:
        """The message whose turn it is, and whether it was answered when it came."""
        message = self._messages.pop(number, None)
        if message is None:
            return None
        is_answered = number in self._answered
        self._answered.discard(number)
        return message, is_answered

    def drop_below(self, number: int) -> None:
        """Forget what a gap fill passed over."""
        for passed in [held for held in self._messages if held < number]:
            del self._messages[passed]
            self._answered.discard(passed)

    def clear(self) -> None:
        """Forget everything: numbers begin again."""
        self._messages.clear()
        self._answered.clear()
        self.asked_up_to = 0
