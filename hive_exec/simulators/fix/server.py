"""The simulated venue behind a socket: an acceptor on loopback, with faults. A simulator, for tests only.

One thread serves; tests speak to it through methods that hold its lock. Unlike Hive's own side it sends
application messages again when asked, as venues do.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Self

from hive_core.configuration.broker_fix import FixSettings
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.session_types import Phase, Role, SessionSettings, Step
from hive_exec.brokers.fix.tags import ORDER_CREATING, MsgType, RejectReason, Tag
from hive_exec.brokers.fix.timestamps import Instant
from hive_exec.simulators.fix.book import Book
from hive_exec.simulators.fix.faults import Fault, FaultScript
from hive_exec.simulators.fix.replaying import ReplayingSession
from hive_exec.simulators.fix.venue import ACCEPTED_TYPES, Outgoing, SimulatedVenue


def _now() -> Instant:
    return Instant(time.time_ns(), time.monotonic_ns())


class SimulatedServer:
    """A FIX 4.4 acceptor with a venue behind it. `wire` is every application message that arrived."""

    def __init__(self, settings: FixSettings, script: FaultScript | None = None) -> None:
        self.venue = SimulatedVenue(settings, Book(settings.is_hedging, time.time_ns))
        self.script = script or FaultScript()
        self.wire: list[Message] = []
        self.logons = 0
        self.is_in_maintenance = False
        self.is_silent = False
        self.asks_for_everything = False
        self._endpoint = settings.trading
        self._lock = threading.RLock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._next_out, self._next_in = 1, 1
        self._sent: dict[int, bytes] = {}
        self._session: ReplayingSession | None = None
        self._connection: socket.socket | None = None
        self._held: list[Outgoing] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fix-simulator", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(5)
        self._cut()
        self._listener.close()

    # What a test does

    def quote(self, symbol: str, bid: str, ask: str) -> None:
        """Feed a price."""
        with self._lock:
            self._say(self.venue.quote(symbol, Decimal(bid), Decimal(ask)))

    def release(self) -> None:
        """Let the reports go that were held back."""
        with self._lock:
            held, self._held = self._held, []
            self._say(held)

    def cut(self) -> None:
        """Cut the connection."""
        with self._lock:
            self._cut()

    def log_out(self, text: str) -> None:
        """Maintenance begins: log out, refuse every logon until `is_in_maintenance` is False again."""
        with self._lock:
            self.is_in_maintenance = True
            self._perform(lambda session: session.log_out(text, _now()))

    def lose_memory(self) -> None:
        """The venue restarts and asks for every message there ever was (ResendRequest 1 to 0)."""
        with self._lock:
            self._cut()
            self.asks_for_everything = True

    def replay(self, begin: int) -> None:
        """Send reports again that nobody asked for, marked as possible duplicates."""
        with self._lock:
            if self._session is not None:
                self._transmit(self._session.replayed(begin, self._session.next_out - 1, _now()))

    # Serving

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                connection = self._connection
            waiting = [self._listener, *([connection] if connection else [])]
            try:
                readable, _, _ = select.select(waiting, [], [], 0.02)
            except (OSError, ValueError):
                continue
            with self._lock:
                if self._listener in readable:
                    self._accept()
                if connection is not None and connection is self._connection:
                    if connection in readable:
                        self._read(connection)
                    self._perform(lambda session: session.tick(_now()))

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if self._connection is not None:
            # The identity is logged on already: the second connection is closed without a word.
            connection.close()
            return
        self._connection = connection
        settings = SessionSettings(
            role=Role.ACCEPTOR,
            sender_comp_id=self._endpoint.target_comp_id,
            target_comp_id=self._endpoint.sender_comp_id,
            accepted_types=ACCEPTED_TYPES,
        )
        self._session = ReplayingSession(settings, self._next_out, self._next_in, self._sent)
        self._perform(lambda session: session.connected(_now()))

    def _read(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._cut()
            return
        if not self.is_silent:
            self._perform(lambda session: session.received(data, _now()))

    def _perform(self, act: Callable[[ReplayingSession], Step]) -> None:
        session = self._session
        if session is None or self.is_silent:
            return
        was = session.phase
        step = act(session)
        stands = was is Phase.AWAITING_LOGON and session.phase is Phase.LOGGED_ON
        if stands and self.is_in_maintenance:
            session.next_out -= len(step.outgoing)
            step = session.refused("closed for maintenance", _now())
        self._next_out, self._next_in = session.next_out, session.next_in
        self._transmit(step.outgoing)
        for message in step.delivered:
            self._take(message)
        if step.must_disconnect:
            self._cut()
        elif stands:
            self.logons += 1
            if self.asks_for_everything:
                self.asks_for_everything = False
                self._transmit([session.ask_for_everything(_now())])
                self._next_out = session.next_out

    def _take(self, message: Message) -> None:
        self.wire.append(message)
        fault = self.script.next() if message.msg_type in ORDER_CREATING else None
        if fault is Fault.LOST_ORDER:
            # As if it had never been read: the number is expected again.
            self._next_in = message.sequence_number or self._next_in
            self._cut()
            return
        if fault is Fault.MESSAGE_REJECT:
            self._reject(message)
            return
        answers = self.venue.handle(message, fault)
        if fault is Fault.FILL_THEN_DISCONNECT:
            self._say(answers, is_cut=True)
            self._cut()
        elif fault is Fault.LATE_REPORTS:
            self._held += answers
        else:
            self._say(self._distorted(answers, fault))

    def _distorted(self, answers: list[Outgoing], fault: Fault | None) -> list[Outgoing]:
        if fault is Fault.REPORTS_OUT_OF_ORDER:
            return answers[::-1]
        if fault is Fault.DUPLICATE_REPORTS:
            return [twice for answer in answers for twice in (answer, answer)]
        if fault is Fault.UNKNOWN_ENUM and answers:
            kind, pairs = answers[0]
            strange = [
                (tag, "Z" if tag in {Tag.EXEC_TYPE, Tag.ORD_STATUS} else value) for tag, value in pairs
            ]
            return [(kind, strange), *answers[1:]]
        if fault is Fault.NUMBER_GAP:
            self._say(answers[:1], is_cut=True)
            return answers[1:]
        return answers

    def _reject(self, message: Message) -> None:
        pairs = [
            (int(Tag.REF_SEQ_NUM), str(message.sequence_number)),
            (int(Tag.REF_TAG_ID), str(int(Tag.ORDER_QTY))),
            (int(Tag.REF_MSG_TYPE), message.msg_type),
            (int(Tag.SESSION_REJECT_REASON), str(int(RejectReason.VALUE_INCORRECT))),
            (int(Tag.TEXT), "quantity step"),
        ]
        self._say([(MsgType.REJECT, pairs)])

    def _say(self, messages: list[Outgoing], *, is_cut: bool = False) -> None:
        """Send under the next numbers; without a session they are used up all the same and replayed later."""
        for kind, pairs in messages:
            if self._session is not None and self._session.phase is Phase.LOGGED_ON:
                data = self._session.said(kind, pairs, _now())
                self._next_out = self._session.next_out
            else:
                data = ReplayingSession.kept_for_later(
                    self._endpoint, self._next_out, kind, pairs, _now(), self._sent
                )
                self._next_out += 1
            if not is_cut:
                self._transmit([data])

    def _transmit(self, messages: list[bytes]) -> None:
        if self._connection is None or self.is_silent or not messages:
            return
        try:
            self._connection.sendall(b"".join(messages))
        except OSError:
            self._cut()

    def _cut(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._session = None
