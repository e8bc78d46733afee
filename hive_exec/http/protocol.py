"""One connection of the daemon's server: bytes to requests and answers to bytes, with a limit on everything.

uvicorn owns sockets, signals and the graceful end; httptools (llhttp, strict) reads HTTP. uvicorn's own
protocol has no limit on the size of headers, on slow callers, or on the number of connections. What a
request means belongs to `application`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.config import Config
from uvicorn.server import ServerState

from hive_core.contracts.base import MAX_PAYLOAD_BYTES
from hive_exec.http.answers import error_answer
from hive_exec.http.requests import Message, Scope

_log = logging.getLogger("hive_exec.http")

MAX_CONNECTIONS = 512
MAX_HEAD_BYTES = 16 * 1024
MAX_HEADER_LINES = 128
MAX_PIPELINED = 8
HEAD_TIMEOUT_S = 10.0
BODY_TIMEOUT_S = 5.0
"""64 KiB over loopback take milliseconds; whoever needs seconds holds a place on purpose."""
IDLE_TIMEOUT_S = 30.0
WRITE_TIMEOUT_S = 30.0
"""How long a caller may leave an answer unread."""
WATCH_EVERY_S = 0.5

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii") for status in HTTPStatus
}


class _Refused(Exception):
    """What was sent is not served at all: an answer, and the connection ends."""

    def __init__(self, status: int, field: str, reason: str) -> None:
        super().__init__(reason)
        self.answer = error_answer(status, field, reason, headers={"connection": "close"})


class Exchange:
    """A request and its answer, as ASGI sees them."""

    __slots__ = (
        "_connection",
        "_head",
        "_waiter",
        "body",
        "has_all",
        "is_answered",
        "is_gone",
        "keeps_alive",
        "scope",
        "wants_continue",
    )

    def __init__(self, connection: DaemonProtocol, scope: Scope, *, keeps_alive: bool) -> None:
        self._connection = connection
        self._head: Message | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.scope = scope
        self.keeps_alive = keeps_alive
        self.body = b""
        self.has_all = self.is_answered = self.is_gone = self.wants_continue = False

    @property
    def is_too_large(self) -> bool:
        """Whether more came than any body may have; the rest is not read."""
        return len(self.body) > MAX_PAYLOAD_BYTES

    def wake(self) -> None:
        """There is something to receive."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> Message:
        """ASGI: the body in one part, once all of it (or too much) is here."""
        while not (self.has_all or self.is_too_large or self.is_gone):
            if self.wants_continue:
                self.wants_continue = False
                self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self.is_gone or self.is_answered:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self.body, "more_body": not self.has_all}

    async def send(self, message: Message) -> None:
        """ASGI: the head is kept until the body is there; both leave in one write."""
        if message["type"] == "http.response.start":
            self._head = message
            return
        if self._head is None or self.is_answered:
            raise RuntimeError(f"{message['type']} is out of turn")
        self.is_answered = True
        # A body that was not read cannot be told from the next request.
        if not self.has_all:
            self.keeps_alive = False
        self._connection.answer(self, self._head["status"], self._head["headers"], message["body"])


class DaemonProtocol(asyncio.Protocol):
    """A connection. Requests on it are answered in turn."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self._app: Any = config.loaded_app
        self._loop = _loop or asyncio.get_event_loop()
        self._server = server_state
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._exchanges: deque[Exchange] = deque()
        self._reading: Exchange | None = None
        self._is_in_head = False
        self._head_bytes = 0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._deadline_s: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._is_ending = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller connected."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, and does not say so
        self._server.connections.add(self)  # type: ignore[arg-type]  # uvicorn names its own two classes
        if len(self._server.connections) > MAX_CONNECTIONS:
            self._end(
                _Refused(503, "", f"there are {MAX_CONNECTIONS} connections, which is all there can be")
            )
            return
        self._deadline_s = self._loop.time() + HEAD_TIMEOUT_S
        self._watch = self._loop.call_later(WATCH_EVERY_S, self._look_at_the_time)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._is_ending:
            return
        was_in_head = self._is_in_head
        try:
            self._parser.feed_data(data)
            if self._is_in_head and was_in_head:
                self._count_head(len(data))
        except _Refused as refused:
            self._end(refused)
        except httptools.HttpParserCallbackError as error:
            thrown = error.__context__
            self._end(thrown if isinstance(thrown, _Refused) else _Refused(400, "", "not a request"))
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._end(_Refused(400, "", "not HTTP that is spoken here"))

    def eof_received(self) -> None:
        """The caller sends no more: the connection ends."""

    def connection_lost(self, error: Exception | None) -> None:
        """It ended."""
        self._server.connections.discard(self)  # type: ignore[arg-type]  # as above
        self._is_ending = True
        if self._watch is not None:
            self._watch.cancel()
        for exchange in self._exchanges:
            exchange.is_gone = True
            exchange.wake()

    def pause_writing(self) -> None:
        """The caller does not read his answer."""
        self._deadline_s = self._loop.time() + WRITE_TIMEOUT_S

    def resume_writing(self) -> None:
        """He reads again."""
        self._deadline_s = self._loop.time() + IDLE_TIMEOUT_S

    # What the parser calls.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._is_in_head, self._head_bytes = True, 0
        self._url, self._headers = b"", []
        self._deadline_s = self._loop.time() + HEAD_TIMEOUT_S

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._count_head(len(url))
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._count_head(len(name) + len(value))
        if len(self._headers) >= MAX_HEADER_LINES:
            raise _Refused(431, "headers", f"more than {MAX_HEADER_LINES}")
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The request may be served; its body is still to come."""
        self._is_in_head = False
        if self._parser.should_upgrade():
            raise _Refused(400, "Upgrade", "nothing else than HTTP is spoken here")
        if not self._url.startswith(b"/"):
            raise _Refused(400, "path", "an address begins with /")
        parsed = httptools.parse_url(self._url)
        path = parsed.path.decode("latin-1")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": self._parser.get_http_version(),
            "method": self._parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "query_string": parsed.query or b"",
            "headers": self._headers,
        }
        exchange = Exchange(self, scope, keeps_alive=self._parser.should_keep_alive())
        exchange.wants_continue = any(name == b"expect" for name, _ in self._headers)
        if len(self._exchanges) >= MAX_PIPELINED:
            raise _Refused(429, "", f"more than {MAX_PIPELINED} requests wait on this connection")
        self._deadline_s = self._loop.time() + BODY_TIMEOUT_S
        self._reading = exchange
        self._exchanges.append(exchange)
        if len(self._exchanges) == 1:
            self._serve(exchange)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        exchange = self._reading
        if exchange is None or exchange.is_too_large:
            return
        exchange.body = exchange.body + body if exchange.body else body
        if exchange.is_too_large:
            exchange.wake()

    def on_message_complete(self) -> None:
        """All of the request is here."""
        if self._reading is not None:
            self._reading.has_all = True
            self._reading.wake()
            self._reading = None
            self._deadline_s = None

    # What the server and exchanges call.

    def shutdown(self) -> None:
        """The server ends: what is being served is answered, then the connection ends."""
        for exchange in self._exchanges:
            exchange.keeps_alive = False
        if not self._exchanges and self._transport is not None:
            self._transport.close()

    def write(self, data: bytes) -> None:
        """Bytes to the caller, if he is still there."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def answer(
        self, exchange: Exchange, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """The answer to the oldest request of this connection; then the next one is served."""
        parts = [_STATUS_LINES[status]]
        for name, value in (*self._server.default_headers, *headers):
            parts += (name, b": ", value, b"\r\n")
        if not exchange.keeps_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        if exchange.scope["method"] != "HEAD":
            parts.append(body)
        self.write(b"".join(parts))
        self._exchanges.popleft()
        self._server.total_requests += 1
        if self._transport is None or self._is_ending:
            return
        if not exchange.keeps_alive:
            self._is_ending = True
            self._transport.close()
        elif self._exchanges:
            self._serve(self._exchanges[0])
        elif self._reading is None and not self._is_in_head and self._deadline_s is None:
            self._deadline_s = self._loop.time() + IDLE_TIMEOUT_S

    def _serve(self, exchange: Exchange) -> None:
        task = self._loop.create_task(self._run(exchange))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception as error:  # noqa: BLE001 (nothing of one request may end the server)
            _log.error("a request failed", exc_info=error)
        if not exchange.is_answered and self._transport is not None:
            self._transport.close()

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise _Refused(431, "headers", f"more than {MAX_HEAD_BYTES} bytes")

    def _end(self, refused: _Refused) -> None:
        """Tell why, and hang up. Requests before it on this connection are given up: it was misused."""
        self._is_ending = True
        for exchange in self._exchanges:
            exchange.is_gone = True
            exchange.wake()
        parts = [_STATUS_LINES[refused.answer.status]]
        for name, value in (*self._server.default_headers, *refused.answer.head()):
            parts += (name, b": ", value, b"\r\n")
        self.write(b"".join([*parts, b"\r\n", refused.answer.body]))
        if self._transport is not None:
            self._transport.close()

    def _look_at_the_time(self) -> None:
        if self._transport is None or self._is_ending:
            return
        if self._deadline_s is not None and self._loop.time() >= self._deadline_s:
            if self._transport.get_write_buffer_size():
                self._transport.abort()
            elif self._is_in_head or self._reading is not None:
                field = "headers" if self._is_in_head else "body"
                self._end(_Refused(408, field, "not here in time"))
            else:
                self._transport.close()
            return
        self._watch = self._loop.call_later(WATCH_EVERY_S, self._look_at_the_time)
