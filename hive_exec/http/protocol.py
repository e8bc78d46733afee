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
from hive_exec.http.answers import Answer, error_answer, header_lines
from hive_exec.http.application import Application, Asked
from hive_exec.http.repeats import Repeats

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
    """A request and its answer: what waits for one in the application."""

    __slots__ = (
        "_connection",
        "asked",
        "body",
        "has_all",
        "is_head",
        "is_served",
        "is_waited_for",
        "keeps_alive",
    )

    def __init__(
        self, connection: DaemonProtocol, asked: Asked | Answer, *, keeps_alive: bool, is_head: bool
    ) -> None:
        self._connection = connection
        self.asked = asked
        self.keeps_alive = keeps_alive
        self.is_head = is_head
        self.body = b""
        self.has_all = self.is_served = self.is_waited_for = False

    @property
    def is_too_large(self) -> bool:
        """Whether more came than any body may have; the rest is not read."""
        return len(self.body) > MAX_PAYLOAD_BYTES

    @property
    def needs_no_more(self) -> bool:
        """Whether it can be answered as it stands."""
        asked = self.asked
        return self.has_all or isinstance(asked, Answer) or asked.route.body is None or self.is_too_large

    def tell(self, answer: Answer) -> None:
        """The answer leaves, in turn."""
        self._connection.answer(self, answer)

    def hang_up(self) -> None:
        """There is no answer."""
        self._connection.hang_up()


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
        self._app: Application = config.loaded_app  # what `server_of` gave it
        self._loop = _loop or asyncio.get_event_loop()
        self._server = server_state
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._exchanges: deque[Exchange] = deque()
        self._reading: Exchange | None = None
        self._is_in_head = self._begins_here = False
        self._head_bytes = self._part_bytes = 0
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._deadline_s: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._is_ending = False
        self._lines_of: list[tuple[bytes, bytes]] | None = None
        self._lines = b""
        self._repeats = Repeats(self._app)

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
        self._part_bytes, self._begins_here = len(data), False
        try:
            self._parser.feed_data(data)
            if self._is_in_head:  # of a part with other requests in it the parser's count is the right one
                self._head_bytes = self._head_size() if self._begins_here else self._head_bytes + len(data)
                self._check_head(self._head_bytes)
            if self._reading is not None:
                self._look_at(self._reading)
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

    def pause_writing(self) -> None:
        """The caller does not read his answer."""
        self._deadline_s = self._loop.time() + WRITE_TIMEOUT_S

    def resume_writing(self) -> None:
        """He reads again."""
        self._deadline_s = self._loop.time() + IDLE_TIMEOUT_S

    # What the parser calls.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._is_in_head = self._begins_here = True
        self._head_bytes = 0
        self._url, self._headers = b"", []
        self._deadline_s = self._loop.time() + HEAD_TIMEOUT_S

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The request may be served; its body is still to come."""
        self._is_in_head = False
        if self._is_ending:
            return
        if self._head_bytes + self._part_bytes > MAX_HEAD_BYTES:  # it may be: a body came along
            self._check_head(self._head_size())
        if len(self._headers) > MAX_HEADER_LINES:
            raise _Refused(431, "headers", f"more than {MAX_HEADER_LINES}")
        if self._parser.should_upgrade():
            raise _Refused(400, "Upgrade", "nothing else than HTTP is spoken here")
        if not self._url.startswith(b"/"):
            raise _Refused(400, "path", "an address begins with /")
        if len(self._exchanges) >= MAX_PIPELINED:
            raise _Refused(429, "", f"more than {MAX_PIPELINED} requests wait on this connection")
        method = self._parser.get_method()
        asked: Asked | Answer | None = self._repeats.ask_again(method, self._url, self._headers)
        if asked is None:
            asked = self._ask(method)
            self._repeats.remember(method, self._url, self._headers, asked)
        exchange = Exchange(
            self, asked, keeps_alive=self._parser.should_keep_alive(), is_head=method == b"HEAD"
        )
        self._deadline_s = self._loop.time() + BODY_TIMEOUT_S
        self._reading = exchange
        self._exchanges.append(exchange)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        exchange = self._reading
        if exchange is None or exchange.is_too_large:
            return
        exchange.body = exchange.body + body if exchange.body else body

    def on_message_complete(self) -> None:
        """All of the request is here."""
        exchange, self._reading = self._reading, None
        if exchange is not None:
            exchange.has_all = True
            self._deadline_s = None
            if self._exchanges[0] is exchange:
                self._serve(exchange)

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

    def answer(self, exchange: Exchange, answer: Answer) -> None:
        """The answer to the oldest request of this connection; then the next one is served."""
        parts = [
            _STATUS_LINES[answer.status],
            self._server_lines(),
            answer.head_lines(),
        ]
        parts.append(b"\r\n" if exchange.keeps_alive else b"connection: close\r\n\r\n")
        if not exchange.is_head:
            parts.append(answer.body)
        self.write(b"".join(parts))
        self._exchanges.popleft()
        self._server.total_requests += 1
        if self._transport is None or self._is_ending:
            return
        if not exchange.keeps_alive:
            self._is_ending = True
            self._transport.close()
        elif self._exchanges:
            self._look_at(self._exchanges[0])
        elif self._reading is None and not self._is_in_head and self._deadline_s is None:
            self._deadline_s = self._loop.time() + IDLE_TIMEOUT_S

    def _server_lines(self) -> bytes:
        """uvicorn's own headers, the date; it makes a new list when that changes."""
        headers = self._server.default_headers
        if headers is not self._lines_of:
            self._lines_of, self._lines = headers, header_lines(headers)
        return self._lines

    def hang_up(self) -> None:
        """A fault of ours: whoever waits on this connection gets no answer."""
        self._is_ending = True
        if self._transport is not None:
            self._transport.close()

    def _ask(self, method: bytes) -> Asked | Answer:
        parsed = httptools.parse_url(self._url)
        path = parsed.path.decode("latin-1")
        path = unquote(path) if "%" in path else path
        return self._app.ask(method.decode("ascii"), path, parsed.query or b"", self._headers)

    def _look_at(self, exchange: Exchange) -> None:
        """Serve a request as soon as it is the oldest one here and all is there that it needs."""
        if self._is_ending or self._exchanges[0] is not exchange:
            return
        if exchange.needs_no_more:
            self._serve(exchange)
        elif not exchange.is_waited_for:
            exchange.is_waited_for = True
            if any(name.lower() == b"expect" for name, _ in self._headers):
                self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _serve(self, exchange: Exchange) -> None:
        if exchange.is_served:
            return
        exchange.is_served = True
        # A body that was not read cannot be told from the next request.
        if not exchange.has_all:
            exchange.keeps_alive = False
        if isinstance(exchange.asked, Answer):
            self.answer(exchange, exchange.asked)
            return
        work = self._app.serve(exchange.asked, exchange.body, exchange)
        if isinstance(work, asyncio.Task):  # uvicorn ends it where it takes too long
            self._server.tasks.add(work)
            work.add_done_callback(self._server.tasks.discard)

    def _head_size(self) -> int:
        return len(self._url) + sum(len(name) + len(value) for name, value in self._headers)

    def _check_head(self, size: int) -> None:
        if size > MAX_HEAD_BYTES:
            raise _Refused(431, "headers", f"more than {MAX_HEAD_BYTES} bytes")

    def _end(self, refused: _Refused) -> None:
        """Tell why, and hang up. Requests before it on this connection are given up: it was misused."""
        self._is_ending = True
        parts = [_STATUS_LINES[refused.answer.status], self._server_lines()]
        self.write(b"".join([*parts, refused.answer.head_lines(), b"\r\n", refused.answer.body]))
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
