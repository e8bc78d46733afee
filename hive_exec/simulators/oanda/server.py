"""The simulated venue's HTTP: REST and streams on one loopback port, and the faults of requests and streams.

What a request does is `venue`'s. Paths are those of the published interface.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from hive_exec.simulators.oanda.documents import Document, stamp
from hive_exec.simulators.oanda.faults import REQUEST_FAULTS, STREAM_FAULTS, Fault
from hive_exec.simulators.oanda.routes import ROUTES, Desk
from hive_exec.simulators.oanda.venue import Refused, Venue

PAGE = 1_000
"""The most transactions of one answer."""
_NOT_DONE = {
    Fault.THROTTLED: (429, b'{"errorMessage":"Too many requests"}'),
    Fault.MAINTENANCE: (503, b"<html><body>Scheduled maintenance</body></html>"),
}
_LINGER = struct.pack("ii", 1, 0)
"""Closing a socket with this resets the connection."""


class SimulatedVenue:
    """The venue, listening. Use it in a `with` block."""

    def __init__(self, venue: Venue, token: str, *, heartbeat_s: float = 5.0, page: int = PAGE) -> None:
        self.venue = venue
        self.token = token
        self.heartbeat_s = heartbeat_s
        self.desk = Desk(venue, page)
        self.closing = threading.Event()
        self.requests: list[tuple[str, str, Any]] = []
        """What arrived: method, path without its account, and body."""
        handler = type("Handler", (_Handler,), {"simulated": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where it listens, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        with self.venue.changed:
            self.venue.changed.notify_all()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    """Knows its connections, so that it can end. A client that hangs up is no event here."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Reset every connection that is open."""
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients break connections on purpose here."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    simulated: SimulatedVenue
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        """Silence: a simulator does not write to the console."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def _serve(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        prefix = f"/v3/accounts/{self.simulated.venue.account_id}"
        path = unquote(parts.path)
        if self.headers.get("Authorization") != f"Bearer {self.simulated.token}":
            self._answer(401, b'{"errorMessage":"Insufficient authorization to perform request."}')
            return
        if path == "/v3/accounts" and method == "GET":
            listed = {"accounts": [{"id": self.simulated.venue.account_id, "tags": []}]}
            self._answer(200, json.dumps(listed).encode())
            return
        if not path.startswith(prefix):
            self._answer(403, b'{"errorMessage":"Insufficient authorization to perform request."}')
            return
        inside = path.removeprefix(prefix)
        body = json.loads(raw) if raw else None
        self.simulated.requests.append((method, inside, body))
        if inside.endswith("/stream"):
            self._stream(inside, query)
            return
        self._once(method, inside, query, body)

    def _once(self, method: str, path: str, query: dict[str, str], body: Document | None) -> None:
        faults = self.simulated.venue.faults
        fault = faults.at(f"{method} {path}", REQUEST_FAULTS)
        if fault in _NOT_DONE:
            self._answer(*_NOT_DONE[fault])
            return
        if fault is Fault.LOST_REQUEST:
            self._reset()
            return
        if fault is Fault.LATE_ACCEPT:
            time.sleep(faults.delay_s)
        if fault is Fault.REJECT_IN_200 and body is not None:
            body = {"order": {**body.get("order", {}), "instrument": "NO_SUCH"}}
        status, document = self._done(method, path, query, body)
        if fault is Fault.REPLAYED:
            status, document = self._done(method, path, query, body)
        if fault is Fault.REJECT_IN_200:
            status = 200
        payload = json.dumps(document).encode()
        match fault:
            case Fault.LOST_ANSWER:
                self._reset()
            case Fault.DONE_THEN_500:
                self._answer(500, b'{"errorMessage":"Internal server error"}')
            case Fault.TRUNCATED:
                self._answer(status, payload[: len(payload) // 2], length=len(payload))
                self._reset()
            case Fault.GARBAGE:
                self._answer(status, b"<html>" + payload)
            case Fault.UNKNOWN_ENUM:
                self._answer(status, re.sub(rb'"type": "[A-Z_]+"', b'"type": "MOON_PHASE"', payload, count=1))
            case Fault.MISSING_FIELD:
                self._answer(status, re.sub(rb'"batchID": "[0-9]+", ', b"", payload, count=1))
            case Fault.DUPLICATE_KEY:
                self._answer(status, b'{"lastTransactionID": "1", ' + payload[1:])
            case Fault.NOT_A_NUMBER:
                self._answer(status, b'{"spread": NaN, ' + payload[1:])
            case _:
                self._answer(status, payload)

    def _done(
        self, method: str, path: str, query: dict[str, str], body: Document | None
    ) -> tuple[int, Document]:
        venue = self.simulated.venue
        for wanted, pattern, do in ROUTES:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                with venue.changed:
                    try:
                        return do(self.simulated.desk, found.groups(), query, body or {})
                    except Refused as refused:
                        return refused.status, refused.body
        return 404, {"errorMessage": "no such endpoint"}

    def _answer(self, status: int, payload: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload) if length is None else length))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self.connection.close()

    def _stream(self, path: str, query: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            if path.startswith("/pricing"):
                self._prices(query["instruments"].split(","))
            else:
                self._transactions()
        except OSError:
            return  # the client has hung up

    def _prices(self, names: list[str]) -> None:
        simulated, venue = self.simulated, self.simulated.venue
        told: dict[str, Any] = {}
        beat = 0.0
        while not simulated.closing.is_set():
            with venue.changed:
                fresh = [one for one in names if told.get(one) != (venue.prices[one], one in venue.halted)]
                lines = [venue.price_document(one) for one in fresh]
                told |= {one: (venue.prices[one], one in venue.halted) for one in fresh}
                if not lines and time.monotonic() < beat:
                    venue.changed.wait(max(0.0, beat - time.monotonic()))
                    continue
            if not lines:
                lines = [{"type": "HEARTBEAT", "time": stamp(time.time_ns())}]
            beat = time.monotonic() + simulated.heartbeat_s
            if self._is_over("STREAM /pricing", lines):
                return

    def _transactions(self) -> None:
        simulated, venue = self.simulated, self.simulated.venue
        told, beat = len(venue.transactions), 0.0
        while not simulated.closing.is_set():
            with venue.changed:
                lines = [dict(one) for one in venue.transactions[told:]]
                told += len(lines)
                if not lines and time.monotonic() < beat:
                    venue.changed.wait(max(0.0, beat - time.monotonic()))
                    continue
                last = venue.transactions[told - 1]["id"]
            if not lines:
                lines = [{"type": "HEARTBEAT", "lastTransactionID": last, "time": stamp(time.time_ns())}]
            beat = time.monotonic() + simulated.heartbeat_s
            if self._is_over("STREAM /transactions", lines):
                return

    def _is_over(self, where: str, lines: list[Document]) -> bool:
        """Write lines, with a fault if there is one. Says whether the stream ends with it."""
        script = self.simulated.venue.faults
        is_heartbeat = lines[0]["type"] == "HEARTBEAT"
        among = frozenset({Fault.STREAM_DROPPED, Fault.STREAM_SILENT}) if is_heartbeat else STREAM_FAULTS
        fault = script.at(where, among | (frozenset() if is_heartbeat else {Fault.UNKNOWN_ENUM}))
        match fault:
            case Fault.STREAM_DROPPED:
                return True
            case Fault.STREAM_SILENT:
                self.simulated.closing.wait()
                return True
            case Fault.STREAM_GAP:
                lines = lines[1:]
            case Fault.STREAM_DUPLICATES:
                lines = [one for one in lines for _ in range(2)]
            case Fault.STREAM_DISORDER:
                lines = lines[::-1]
            case Fault.UNKNOWN_ENUM:
                lines[0]["type"] = "MOON_PHASE"
        for line in lines:
            self.wfile.write(json.dumps(line).encode() + b"\n")
        self.wfile.flush()
        return False
