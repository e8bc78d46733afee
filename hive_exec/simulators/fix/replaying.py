"""The simulated venue's session: Hive's, except that it sends application messages again when asked.

Hive's own session cannot do that (guarantee O8); a venue does, and its replays must be survived.
"""

from __future__ import annotations

from hive_core.configuration.broker_fix import FixEndpoint
from hive_exec.brokers.fix import composing
from hive_exec.brokers.fix.decoding import Message, decode
from hive_exec.brokers.fix.session import FixSession
from hive_exec.brokers.fix.session_types import Phase, Role, SessionSettings, Step
from hive_exec.brokers.fix.tags import MsgType, Tag
from hive_exec.brokers.fix.timestamps import Instant
from hive_exec.brokers.fix.wire import encode

Pairs = list[tuple[int, str]]
_HEADER = frozenset({8, 9, 10, 34, 35, 43, 49, 50, 52, 56, 57, 122})


class ReplayingSession(FixSession):
    """Keeps what it sent, by number, in `sent`, which outlives it."""

    def __init__(
        self, settings: SessionSettings, next_out: int, next_in: int, sent: dict[int, bytes]
    ) -> None:
        super().__init__(settings, next_out, next_in)
        self._sent = sent

    def said(self, msg_type: str, pairs: Pairs, now: Instant) -> bytes:
        """A message under the next number, kept for a replay unless it is the session's own."""
        data = encode([*composing.header(self.settings, msg_type, self.next_out, now), *pairs])
        if msg_type != MsgType.REJECT:
            self._sent[self.next_out] = data
        self.next_out += 1
        return data

    @staticmethod
    def kept_for_later(
        endpoint: FixEndpoint, number: int, msg_type: str, pairs: Pairs, now: Instant, sent: dict[int, bytes]
    ) -> bytes:
        """A message that has a number and no session: it waits for a replay."""
        settings = SessionSettings(
            Role.ACCEPTOR, endpoint.target_comp_id, endpoint.sender_comp_id, accepted_types=frozenset()
        )
        sent[number] = encode([*composing.header(settings, msg_type, number, now), *pairs])
        return sent[number]

    def refused(self, text: str, now: Instant) -> Step:
        """A Logout in place of a Logon."""
        step = Step()
        self._log_out_and_end(step, text, now)
        return step

    def ask_for_everything(self, now: Instant) -> bytes:
        """ResendRequest 1 to 0, as a venue that lost its memory sends it."""
        return self.said(MsgType.RESEND_REQUEST, [(Tag.BEGIN_SEQ_NO, "1"), (Tag.END_SEQ_NO, "0")], now)

    def replayed(self, begin: int, end: int, now: Instant) -> list[bytes]:
        """Application messages again, marked as possible duplicates; gap fills over the session's own."""
        out: list[bytes] = []
        gap_from: int | None = None
        for number in range(begin, end + 2):
            data = self._sent.get(number) if number <= end else None
            message = decode(data) if data is not None else None
            if message is not None and message.msg_type not in {MsgType.RESEND_REQUEST}:
                if gap_from is not None:
                    out.append(self._gap_fill(gap_from, number, now))
                    gap_from = None
                out.append(self._again(message, data or b"", number, now))
            elif gap_from is None and number <= end:
                gap_from = number
        if gap_from is not None:
            out.append(self._gap_fill(gap_from, end + 1, now))
        return out

    def _gap_fill(self, begin: int, new: int, now: Instant) -> bytes:
        header = composing.header(self.settings, MsgType.SEQUENCE_RESET, begin, now, is_duplicate=True)
        return encode([*header, (Tag.NEW_SEQ_NO, str(new)), (Tag.GAP_FILL_FLAG, "Y")])

    def _again(self, message: Message, data: bytes, number: int, now: Instant) -> bytes:
        header = composing.header(self.settings, message.msg_type, number, now, is_duplicate=True)
        header = [pair for pair in header if pair[0] != Tag.ORIG_SENDING_TIME]
        header.append((Tag.ORIG_SENDING_TIME, message.header[Tag.SENDING_TIME]))
        fields = [part.split(b"=", 1) for part in data.split(b"\x01")[:-1]]
        body = [(int(tag), value.decode()) for tag, value in fields if int(tag) not in _HEADER]
        return encode([*header, *body])

    def _answer_resend_request(self, message: Message, step: Step, now: Instant) -> None:
        begin, end = int(message.text(Tag.BEGIN_SEQ_NO)), int(message.text(Tag.END_SEQ_NO))
        last = self.next_out - 1
        if self.phase is Phase.ENDED or not 1 <= begin <= last:
            return
        step.outgoing += self.replayed(begin, last if end == 0 else min(end, last), now)
