"""One FIX session over a socket: a thread that keeps it alive, and sends whose fate is told exactly.

Numbers are durable before a byte leaves. What was received is counted in the file only some time after the
application had it, so that whatever a killed process had not yet journalled is sent again by the venue. A
connection that ends is opened again; nothing that was sent on the old one is ever sent on the new one.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable

from hive_core.configuration.broker_fix import FixEndpoint
from hive_exec.brokers.fix.counting import Counted
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.sequence_store import SequenceStore
from hive_exec.brokers.fix.session import FixSession
from hive_exec.brokers.fix.session_types import NotLoggedOn, Phase, SessionEvent, SessionSettings, Step
from hive_exec.brokers.fix.timestamps import Instant
from hive_exec.brokers.port import Ambiguous, NotSent

CONNECT_TIMEOUT_S = 10
SEND_TIMEOUT_S = 5
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30
_READ_BYTES = 65_536
_TICK_S = 0.2


def machine_now() -> Instant:
    """Both clocks of this machine."""
    return Instant(time.time_ns(), time.monotonic_ns())


class FixConnection:
    """Keeps one session up. `on_message` and `on_event` are called by its thread, in order, and must not
    call back."""

    def __init__(
        self,
        endpoint: FixEndpoint,
        settings: SessionSettings,
        store: SequenceStore,
        on_message: Callable[[Message], None],
        on_event: Callable[[SessionEvent], None],
        oldest_kept: Callable[[], int | None],
        now: Callable[[], Instant] = machine_now,
    ) -> None:
        """`oldest_kept` is the number of the first message that nobody has taken yet, or None."""
        self._endpoint = endpoint
        self._settings = settings
        self._store = store
        self._on_message = on_message
        self._on_event = on_event
        self._counted = Counted(store.next_in, oldest_kept)
        self._next_in = store.next_in
        self._now = now
        self._lock = threading.RLock()
        self._logged_on = threading.Event()
        self._stopping = threading.Event()
        self._session: FixSession | None = None
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.why_down = "not connected yet"
        self.is_down_passing = True
        """False where the venue refused our Logon, or its certificate is not its own."""
        self.logons = 0

    def start(self) -> None:
        """Begin to connect, unless begun."""
        if self._thread is None:
            name = f"fix-{self._settings.target_comp_id}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def wait_logged_on(self, timeout_s: float) -> bool:
        """Whether the session stands, waiting for it."""
        return self._logged_on.wait(timeout_s)

    def send(self, msg_type: str, fields: Iterable[tuple[int, str]]) -> int:
        """Send an application message once.

        Returns:
            its sequence number.

        Raises:
            NotSent: no session, the number could not be made durable, or not one byte left.
            Ambiguous: a part left.
        """
        with self._lock:
            session = self._session
            if session is None or self._socket is None:
                raise self._no_session(self.why_down)
            number = session.next_out
            try:
                step = session.send(msg_type, fields, self._now())
            except NotLoggedOn as error:
                raise self._no_session(str(error)) from None
            self._perform(session, step)
            return number

    def _no_session(self, why: str) -> NotSent:
        return NotSent(
            f"no FIX session with {self._settings.target_comp_id}: {why}", is_passing=self.is_down_passing
        )

    def close(self, text: str = "") -> None:
        """Log out, and stop."""
        self._stopping.set()
        with self._lock:
            if self._session is not None and self._socket is not None:
                try:
                    self._perform(self._session, self._session.log_out(text, self._now()))
                except (NotSent, Ambiguous) as error:
                    self.why_down = str(error)
        if self._thread is not None:
            self._thread.join(self._settings.logout_timeout_s + CONNECT_TIMEOUT_S)
        self._store.close()

    # The thread

    def _run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                self._open()
            except OSError as error:
                self.why_down = f"cannot connect to {self._endpoint.host}:{self._endpoint.port}: {error}"
                self.is_down_passing = not isinstance(error, ssl.SSLCertVerificationError)
            else:
                if self._serve():
                    wait_s = FIRST_WAIT_S
            if self._stopping.wait(wait_s):
                return
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _open(self) -> None:
        address = (self._endpoint.host, self._endpoint.port)
        plain = socket.create_connection(address, timeout=CONNECT_TIMEOUT_S)
        opened = plain
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._endpoint.tls:
                context = ssl.create_default_context()
                opened = context.wrap_socket(plain, server_hostname=self._endpoint.host)
            opened.setblocking(False)
        except OSError:
            plain.close()
            raise
        with self._lock:
            self._socket = opened
            self._session = FixSession(self._settings, self._store.next_out, self._next_in)
            try:
                self._perform(self._session, self._session.connected(self._now()))
            except (NotSent, Ambiguous) as error:
                self._drop(str(error))

    def _serve(self) -> bool:
        """Read until the connection ends; whether the session ever stood."""
        stood = False
        while True:
            with self._lock:
                session, connected = self._session, self._socket
                if session is None or connected is None:
                    return stood
                try:
                    data = self._receive(connected)
                    if data == b"":
                        self._drop("the connection was closed by the other side")
                        return stood
                    if data is not None:
                        self._perform(session, session.received(data, self._now()))
                    self._perform(session, session.tick(self._now()))
                except (NotSent, Ambiguous, OSError) as error:
                    self._drop(str(error))
                    return stood
                stood = stood or session.phase is Phase.LOGGED_ON
                if data is not None:
                    continue
            try:
                select.select([connected], [], [], _TICK_S)
            except (OSError, ValueError):
                # Closed in between by a send that failed.
                continue

    @staticmethod
    def _receive(connected: socket.socket) -> bytes | None:
        try:
            return connected.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def _drop(self, text: str) -> None:
        """Let go of a connection; a new one gets a new session."""
        with self._lock:
            if self._socket is None:
                return
            self._socket.close()
            self._socket = self._session = None
            self._logged_on.clear()
            self.why_down = text
        self._on_event(SessionEvent("disconnected", text))

    def _perform(self, session: FixSession, step: Step) -> None:
        """Numbers, wire, application, in this order."""
        self._next_in = session.next_in
        counted_in = self._counted.at(self._now().monotonic_ns, session.next_in)
        if step.outgoing:
            try:
                self._store.save(session.next_out, counted_in, is_durable=True)
            except OSError as error:
                self._drop(f"sequence numbers cannot be kept: {error}")
                raise NotSent(f"sequence numbers cannot be kept, so nothing was sent: {error}") from None
        try:
            self._write(b"".join(step.outgoing))
        finally:
            for message in step.delivered:
                self._on_message(message)
            self._store.save(session.next_out, counted_in, is_durable=False)
            for event in step.events:
                self._tell(event)
        if step.must_disconnect:
            self.is_down_passing = not session.is_refused
            self._drop(step.events[-1].text)

    def _tell(self, event: SessionEvent) -> None:
        if event.kind == "logged_on":
            self.logons += 1
            self.is_down_passing = True
            self._logged_on.set()
        self._on_event(event)

    def _write(self, data: bytes) -> None:
        """All of it.

        Raises:
            NotSent: the first byte did not leave. Under TLS that is never known.
            Ambiguous: some bytes may have.
        """
        sent, deadline = 0, time.monotonic() + SEND_TIMEOUT_S
        connected = self._socket
        while sent < len(data):
            if connected is None:
                raise NotSent("the connection is closed", is_passing=True)
            try:
                sent += connected.send(data[sent:])
                continue
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                left_s = deadline - time.monotonic()
                problem = f"nothing could be sent for {SEND_TIMEOUT_S} s"
                if left_s > 0 and select.select([], [connected], [], left_s)[1]:
                    continue
            except OSError as error:
                problem = str(error) or os.strerror(error.errno or 0)
            self._drop(problem)
            if sent == 0 and not self._endpoint.tls:
                raise NotSent(f"not one byte left: {problem}", is_passing=True)
            raise Ambiguous(f"{sent} of {len(data)} bytes may have left: {problem}")
