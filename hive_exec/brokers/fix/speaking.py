"""The speaking half of a session: messages under the next number, logout, rejects. What calls for them is
decided in `session`."""

from __future__ import annotations

from collections.abc import Iterable

from hive_exec.brokers.fix import composing
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.session_types import Phase, SessionEvent, SessionSettings, Step
from hive_exec.brokers.fix.tags import MsgType, RejectReason, Tag
from hive_exec.brokers.fix.timestamps import Instant
from hive_exec.brokers.fix.wire import encode


class Speaking:
    """Numbers and sends what a session says."""

    def __init__(self, settings: SessionSettings, next_out: int) -> None:
        self.settings = settings
        self.next_out = next_out
        self.phase = Phase.AWAITING_LOGON
        self.heartbeat_s = settings.heartbeat_s
        self._sent_ns = 0
        self._phase_since_ns = 0

    def _enter(self, phase: Phase, now: Instant) -> None:
        self.phase = phase
        self._phase_since_ns = now.monotonic_ns

    def _send(self, step: Step, msg_type: str, fields: Iterable[tuple[int, str]], now: Instant) -> None:
        step.outgoing.append(
            encode([*composing.header(self.settings, msg_type, self.next_out, now), *fields])
        )
        self.next_out += 1
        self._sent_ns = now.monotonic_ns

    def _send_logon(self, step: Step, now: Instant, *, is_reset: bool) -> None:
        fields = composing.logon(self.settings, self.heartbeat_s, is_reset=is_reset)
        self._send(step, MsgType.LOGON, fields, now)

    def _say_logout(self, step: Step, text: str, now: Instant) -> None:
        self._send(step, MsgType.LOGOUT, [(Tag.TEXT, text)] if text else [], now)

    def _end(self, step: Step, text: str) -> None:
        self.phase = Phase.ENDED
        step.must_disconnect = True
        step.events.append(SessionEvent("ended", text))

    def _log_out_and_end(self, step: Step, text: str, now: Instant) -> None:
        self._say_logout(step, text, now)
        self._end(step, text)

    def _log_out_for(self, step: Step, text: str, now: Instant) -> None:
        """Logout for a fault of the other side; its answer is awaited, unless one was before."""
        if self.phase is Phase.LOGGING_OUT:
            self._end(step, text)
            return
        self._say_logout(step, text, now)
        self._enter(Phase.LOGGING_OUT, now)

    def _reject(self, message: Message, reason: RejectReason, tag: str, step: Step, now: Instant) -> None:
        self._send(step, MsgType.REJECT, composing.reject(message, reason, tag), now)
        self._say_refused(message, f"{reason.text}{f', field {tag}' if tag else ''}", step)

    def _reject_type(self, message: Message, step: Step, now: Instant) -> None:
        self._send(step, MsgType.BUSINESS_MESSAGE_REJECT, composing.unsupported(message), now)
        self._say_refused(message, "unsupported message type", step)

    def _say_refused(self, message: Message, text: str, step: Step) -> None:
        number = message.sequence_number or 0
        step.events.append(SessionEvent("refused", f"{message.msg_type} number {number}: {text}", number))
