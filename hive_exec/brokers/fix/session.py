"""The FIX session: what follows from a message, from a lapse of time, or from a wish to send. No I/O.

One instance lives for one connection; only the sequence numbers outlive it (`sequence_store`). It plays the
initiator or the acceptor, so that the simulator speaks through the same code. Rules are those of FIX 4.4
volume 2 (session protocol); one is stricter: an application message is never sent again. Every
ResendRequest is answered by SequenceReset-GapFill, whatever was sent under those numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from hive_exec.brokers.fix import composing
from hive_exec.brokers.fix.decoding import Fault, Message, decode
from hive_exec.brokers.fix.logon import logon_fault
from hive_exec.brokers.fix.session_types import (
    NotLoggedOn,
    Phase,
    Role,
    SessionEvent,
    SessionSettings,
    Step,
)
from hive_exec.brokers.fix.speaking import Speaking
from hive_exec.brokers.fix.tags import ADMINISTRATIVE, MsgType, RejectReason, Tag
from hive_exec.brokers.fix.timestamps import NS, Instant, timestamp_ns
from hive_exec.brokers.fix.waiting import Waiting
from hive_exec.brokers.fix.wire import BEGIN_STRING, FrameReader, encode

TIMEOUT_FACTOR = 1.2
"""How many heartbeat intervals of silence lead to a TestRequest, and after it to a disconnect."""
MAX_RESEND_REQUESTS = 3
"""How often the same gap is asked for before the session is given up."""


class FixSession(Speaking):
    """One connection's session. Not thread-safe; whoever drives it holds a lock."""

    def __init__(self, settings: SessionSettings, next_out: int, next_in: int) -> None:
        super().__init__(settings, next_out)
        self.next_in = next_in
        self._reader = FrameReader()
        self._waiting = Waiting()
        self._received_ns = 0
        self._test_request_ns: int | None = None
        self.is_refused = False
        """Whether the other side answered our Logon with a refusal."""

    @property
    def has_gap(self) -> bool:
        """Whether messages are missing that were asked for."""
        return self.next_in <= self._waiting.asked_up_to

    # What drives it

    def connected(self, now: Instant) -> Step:
        """The connection stands. An initiator says Logon."""
        step = Step()
        self._enter(Phase.AWAITING_LOGON, now)
        self._sent_ns = self._received_ns = now.monotonic_ns
        if self.settings.role is Role.INITIATOR:
            if self.settings.reset_on_logon:
                self.next_out = self.next_in = 1
                step.events.append(SessionEvent("numbers_reset", "we asked for it at logon"))
            self._send_logon(step, now, is_reset=self.settings.reset_on_logon)
        return step

    def received(self, data: bytes, now: Instant) -> Step:
        """Bytes came in."""
        step = Step()
        garbled = self._reader.garbled
        frames = self._reader.feed(data)
        for frame in frames:
            if self.phase is Phase.ENDED:
                break
            message = decode(frame)
            if message is None:
                self._reader.garbled += 1
                continue
            self._received_ns = now.monotonic_ns
            self._test_request_ns = None
            self._take(message, step, now)
        if self._reader.garbled > garbled:
            step.events.append(SessionEvent("garbled", f"{self._reader.garbled - garbled} ignored"))
            if self.phase is Phase.AWAITING_LOGON and self.settings.role is Role.ACCEPTOR:
                self._end(step, "garbled bytes before a Logon")
        return step

    def tick(self, now: Instant) -> Step:
        """Time passed: heartbeats, and every time-out."""
        step = Step()
        in_phase_ns = now.monotonic_ns - self._phase_since_ns
        if self.phase is Phase.AWAITING_LOGON and in_phase_ns > self.settings.logon_timeout_s * NS:
            self._end(step, f"no Logon within {self.settings.logon_timeout_s} s")
        elif self.phase is Phase.LOGGING_OUT and in_phase_ns > self.settings.logout_timeout_s * NS:
            self._end(step, f"no answer to our Logout within {self.settings.logout_timeout_s} s")
        elif self.phase is Phase.LOGGED_ON:
            self._keep_alive(step, now)
        return step

    def send(self, msg_type: str, fields: Iterable[tuple[int, str]], now: Instant) -> Step:
        """Send an application message under the next number.

        Raises:
            NotLoggedOn: there is no established session; nothing was consumed.
        """
        if self.phase is not Phase.LOGGED_ON:
            raise NotLoggedOn(f"the session is {self.phase}")
        if msg_type in ADMINISTRATIVE:
            raise ValueError(f"{msg_type} belongs to the session")
        step = Step()
        self._send(step, msg_type, fields, now)
        return step

    def log_out(self, text: str, now: Instant) -> Step:
        """Begin an orderly end."""
        step = Step()
        if self.phase is Phase.LOGGED_ON:
            self._say_logout(step, text, now)
            self._enter(Phase.LOGGING_OUT, now)
        elif self.phase is Phase.AWAITING_LOGON:
            self._end(step, text)
        return step

    def _keep_alive(self, step: Step, now: Instant) -> None:
        interval_ns = self.heartbeat_s * NS
        if interval_ns:
            if self._test_request_ns is not None:
                if now.monotonic_ns - self._test_request_ns > interval_ns * TIMEOUT_FACTOR:
                    self._end(step, "the other side is silent, also after a TestRequest")
                    return
            elif now.monotonic_ns - self._received_ns > interval_ns * TIMEOUT_FACTOR:
                self._send(step, MsgType.TEST_REQUEST, [(Tag.TEST_REQ_ID, f"T{self.next_out}")], now)
                self._test_request_ns = now.monotonic_ns
            if now.monotonic_ns - self._sent_ns >= interval_ns:
                self._send(step, MsgType.HEARTBEAT, [], now)
        if self.has_gap and now.monotonic_ns - self._waiting.asked_ns > self.settings.resend_timeout_s * NS:
            self._ask(step, now)

    # Receiving

    def _take(self, message: Message, step: Step, now: Instant) -> None:
        if message.header.get(Tag.BEGIN_STRING) != BEGIN_STRING:
            if self.phase is Phase.AWAITING_LOGON:
                self._end(step, "Incorrect BeginString")
            else:
                self._log_out_for(step, "Incorrect BeginString", now)
            return
        if self.phase is Phase.AWAITING_LOGON:
            self._take_first(message, step, now)
            return
        number = message.sequence_number
        if number is None:
            self._log_out_and_end(step, "MsgSeqNum is missing or no number", now)
            return
        if not self._is_ours(message):
            self._reject(message, RejectReason.COMP_ID_PROBLEM, "", step, now)
            self._consume(number)
            self._log_out_for(step, "", now)
            return
        if message.sending_time_ns is not None and not self._is_timely(message, now):
            self._reject(message, RejectReason.SENDING_TIME_PROBLEM, "", step, now)
            self._consume(number)
            self._log_out_for(step, "", now)
            return
        self._take_numbered(message, number, step, now)

    def _is_ours(self, message: Message) -> bool:
        return (
            message.header.get(Tag.SENDER_COMP_ID) == self.settings.target_comp_id
            and message.header.get(Tag.TARGET_COMP_ID) == self.settings.sender_comp_id
        )

    def _is_timely(self, message: Message, now: Instant) -> bool:
        sent_ns = message.sending_time_ns
        return sent_ns is not None and (
            abs(now.wall_ns - sent_ns) <= self.settings.sending_time_tolerance_s * NS
        )

    def _consume(self, number: int) -> None:
        if number == self.next_in:
            self.next_in += 1

    def _take_first(self, message: Message, step: Step, now: Instant) -> None:
        """What may come before the session stands: a Logon, or the other side's refusal of ours."""
        number = message.sequence_number
        if message.msg_type == MsgType.LOGOUT and self.settings.role is Role.INITIATOR and number is not None:
            self._consume(number)
            self.is_refused = True
            self._end(
                step, f"the other side refused our Logon: {message.text(Tag.TEXT) or 'no reason given'}"
            )
        elif (
            message.msg_type == MsgType.REJECT and self.settings.role is Role.INITIATOR and number is not None
        ):
            self._consume(number)
            self.is_refused = True
            self._end(step, f"the other side rejected our Logon: {message.text(Tag.TEXT)}")
        elif message.msg_type != MsgType.LOGON:
            self._end(step, f"the first message was {message.msg_type}, not a Logon")
        elif number is None or not self._is_ours(message) or not self._is_timely(message, now):
            self._end(step, "a Logon with a wrong CompID, MsgSeqNum or SendingTime")
        else:
            self._take_logon(message, number, step, now)

    def _take_logon(self, message: Message, number: int, step: Step, now: Instant) -> None:
        is_initiator = self.settings.role is Role.INITIATOR
        is_reset = message.text(Tag.RESET_SEQ_NUM_FLAG) == "Y"
        fault = logon_fault(
            message, role=self.settings.role, heartbeat_s=self.heartbeat_s, is_first=self.next_out == 2
        )
        if fault:
            self._log_out_and_end(step, fault, now)
            return
        if is_reset and not (is_initiator and self.settings.reset_on_logon):
            # Asked for by an initiator, or told by an acceptor that answers our first message.
            self.next_in = 1
            self._waiting.clear()
            if not is_initiator:
                self.next_out = 1
            step.events.append(SessionEvent("numbers_reset", "the other side asked for it at logon"))
        if number < self.next_in:
            text = f"MsgSeqNum too low, expecting {self.next_in} but received {number}"
            self._log_out_and_end(step, text, now)
            return
        if not is_initiator:
            self.heartbeat_s = message.whole(Tag.HEART_BT_INT) or 0
            self._send_logon(step, now, is_reset=is_reset)
        self._enter(Phase.LOGGED_ON, now)
        step.events.append(SessionEvent("logged_on"))
        if number > self.next_in:
            self._waiting.hold(number, message, is_answered=True)
            self._ask_for_gap(number, step, now)
        else:
            self.next_in += 1

    def _take_numbered(self, message: Message, number: int, step: Step, now: Instant) -> None:
        """Sequence rules, then content."""
        kind = message.msg_type
        if kind == MsgType.LOGON and message.text(Tag.RESET_SEQ_NUM_FLAG) == "Y" and message.fault is None:
            self._take_reset_logon(message, number, step, now)
        elif kind == MsgType.SEQUENCE_RESET and message.text(Tag.GAP_FILL_FLAG) != "Y" and not message.fault:
            self._take_reset(message, step, now)
        elif kind == MsgType.LOGOUT:
            self._consume(number)
            self._take_logout(message, step, now)
        elif number < self.next_in:
            self._take_too_low(message, number, step, now)
        elif number > self.next_in:
            self._take_too_high(message, number, step, now)
        else:
            if not self._has_lying_duplicate_time(message, step, now):
                self._process(message, number, step, now)
            self._drain(step, now)

    def _has_lying_duplicate_time(self, message: Message, step: Step, now: Instant) -> bool:
        """Whether a possible duplicate says no, or no possible, time of its first sending."""
        if not message.is_possible_duplicate or message.msg_type == MsgType.SEQUENCE_RESET:
            return False
        number = message.sequence_number or 0
        original_ns = timestamp_ns(message.header.get(Tag.ORIG_SENDING_TIME, ""))
        if original_ns is None:
            reason = RejectReason.REQUIRED_TAG_MISSING
            self._reject(message, reason, str(int(Tag.ORIG_SENDING_TIME)), step, now)
            self._consume(number)
            return True
        if message.sending_time_ns is not None and original_ns > message.sending_time_ns:
            self._reject(message, RejectReason.SENDING_TIME_PROBLEM, "", step, now)
            self._consume(number)
            self._log_out_for(step, "", now)
            return True
        return False

    def _take_too_low(self, message: Message, number: int, step: Step, now: Instant) -> None:
        if message.is_possible_duplicate:
            # Seen before: looked at only for an impossible time.
            self._has_lying_duplicate_time(message, step, now)
            return
        text = f"MsgSeqNum too low, expecting {self.next_in} but received {number}"
        self._log_out_and_end(step, text, now)

    def _take_too_high(self, message: Message, number: int, step: Step, now: Instant) -> None:
        is_answered = False
        if (
            message.msg_type == MsgType.RESEND_REQUEST
            and not message.fault
            and not self._waiting.holds(number)
        ):
            # Answered at once: two sides that both wait for the other's gap would wait for ever.
            self._answer_resend_request(message, step, now)
            is_answered = True
        is_held = self._waiting.hold(number, message, is_answered=is_answered)
        self._ask_for_gap(number if is_held else number + 1, step, now)

    def _ask_for_gap(self, number: int, step: Step, now: Instant) -> None:
        """Everything below `number` that is missing is asked for, unless it was."""
        if self.has_gap:
            self._waiting.asked_up_to = max(self._waiting.asked_up_to, number - 1)
            return
        self._waiting.asked_up_to = number - 1
        self._waiting.asked_times = 0
        self._ask(step, now)
        step.events.append(SessionEvent("gap", f"messages {self.next_in} to {number - 1} are missing"))

    def _ask(self, step: Step, now: Instant) -> None:
        if self.next_in > self._waiting.asked_from:
            self._waiting.asked_times = 0
        if self._waiting.asked_times >= MAX_RESEND_REQUESTS:
            text = f"message {self.next_in} was asked for {self._waiting.asked_times} times and did not come"
            self._log_out_for(step, text, now)
            return
        self._waiting.asked_ns = now.monotonic_ns
        self._waiting.asked_from = self.next_in
        self._waiting.asked_times += 1
        fields = [(int(Tag.BEGIN_SEQ_NO), str(self.next_in)), (int(Tag.END_SEQ_NO), "0")]
        self._send(step, MsgType.RESEND_REQUEST, fields, now)

    def _drain(self, step: Step, now: Instant) -> None:
        """Process what was held behind a gap, as far as it is closed."""
        while self.phase is not Phase.ENDED and (held := self._waiting.take(self.next_in)) is not None:
            message, is_answered = held
            if not self._has_lying_duplicate_time(message, step, now):
                self._process(message, self.next_in, step, now, is_answered=is_answered)
        self._waiting.drop_below(self.next_in)

    def _process(
        self, message: Message, number: int, step: Step, now: Instant, *, is_answered: bool = False
    ) -> None:
        """A message whose turn it is."""
        if message.msg_type == MsgType.SEQUENCE_RESET and message.fault is None:
            self._take_gap_fill(message, step, now)
            return
        self.next_in = number + 1
        if message.fault is not None:
            self._refuse(message, message.fault, step, now)
        elif message.msg_type == MsgType.TEST_REQUEST:
            self._send(step, MsgType.HEARTBEAT, [(Tag.TEST_REQ_ID, message.text(Tag.TEST_REQ_ID))], now)
        elif message.msg_type == MsgType.RESEND_REQUEST:
            if not is_answered:
                self._answer_resend_request(message, step, now)
        elif message.msg_type == MsgType.REJECT:
            reference = message.whole(Tag.REF_SEQ_NUM) or 0
            tag, text = message.text(Tag.REF_TAG_ID), message.text(Tag.TEXT)
            step.events.append(SessionEvent("rejected", f"{text} {tag}".strip(), reference))
        elif message.msg_type == MsgType.LOGON:
            if not is_answered:
                step.events.append(SessionEvent("odd", "a Logon in an established session"))
        elif message.msg_type not in ADMINISTRATIVE:
            self._deliver(message, step, now)

    def _refuse(self, message: Message, fault: Fault, step: Step, now: Instant) -> None:
        if fault.is_unsupported:
            self._reject_type(message, step, now)
        else:
            self._reject(message, fault.reason, fault.tag, step, now)

    def _deliver(self, message: Message, step: Step, now: Instant) -> None:
        if message.msg_type in self.settings.accepted_types:
            step.delivered.append(message)
        else:
            self._reject_type(message, step, now)

    def _take_reset_logon(self, message: Message, number: int, step: Step, now: Instant) -> None:
        """Logon with ResetSeqNumFlag in an established session: both sides begin with 1 again."""
        if number != 1:
            self._log_out_and_end(step, "ResetSeqNumFlag=Y with a MsgSeqNum that is not 1", now)
            return
        self.next_out, self.next_in = 1, 2
        self._waiting.clear()
        step.events.append(SessionEvent("numbers_reset", "the other side asked for it"))
        self._send_logon(step, now, is_reset=True)

    def _take_reset(self, message: Message, step: Step, now: Instant) -> None:
        """SequenceReset-Reset: counts whatever its own number is, and may only go up."""
        new = int(message.text(Tag.NEW_SEQ_NO))
        if new < self.next_in:
            self._reject(message, RejectReason.VALUE_INCORRECT, "", step, now)
            return
        if new > self.next_in:
            skipped = f"messages {self.next_in} to {new - 1} were given up by the other side"
            step.events.append(SessionEvent("numbers_reset", skipped))
        self.next_in = new
        self._drain(step, now)

    def _take_gap_fill(self, message: Message, step: Step, now: Instant) -> None:
        new = int(message.text(Tag.NEW_SEQ_NO))
        if new <= self.next_in:
            self._reject(message, RejectReason.VALUE_INCORRECT, "", step, now)
            return
        self.next_in = new

    def _answer_resend_request(self, message: Message, step: Step, now: Instant) -> None:
        """Gap fill over all that was asked for: nothing is ever sent a second time."""
        begin, end = int(message.text(Tag.BEGIN_SEQ_NO)), int(message.text(Tag.END_SEQ_NO))
        last = self.next_out - 1
        if not 1 <= begin <= last or (end != 0 and end < begin):
            self._reject(message, RejectReason.VALUE_INCORRECT, str(int(Tag.BEGIN_SEQ_NO)), step, now)
            return
        end = last if end == 0 else min(end, last)
        header = composing.header(self.settings, MsgType.SEQUENCE_RESET, begin, now, is_duplicate=True)
        step.outgoing.append(encode([*header, (Tag.NEW_SEQ_NO, str(end + 1)), (Tag.GAP_FILL_FLAG, "Y")]))
        self._sent_ns = now.monotonic_ns
        step.events.append(SessionEvent("resend_asked", f"messages {begin} to {end}", begin))

    def _take_logout(self, message: Message, step: Step, now: Instant) -> None:
        text = message.text(Tag.TEXT)
        if self.phase is Phase.LOGGED_ON:
            self._say_logout(step, "", now)
        step.events.append(SessionEvent("logged_out", text))
        self._end(step, f"logged out: {text}" if text else "logged out")
