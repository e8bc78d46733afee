"""HTTP to the venue: one request at a time over connections that stay open, and what is known after it.

Three outcomes of a request that changes something: an answer, `NotSent`, `Ambiguous`. Nothing is ever
retried here. What an answer says belongs to `adapter`; which error means what to `classification`.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from hive_core.configuration.broker_oanda import OandaSettings
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.brokers.oanda.classification import Outcome, may_pass, outcome_of_error, outcome_of_status
from hive_exec.brokers.oanda.limits import CONNECTIONS_PER_S, REQUESTS_PER_S
from hive_exec.brokers.oanda.reading import MAX_BODY_BYTES
from hive_exec.brokers.port import Ambiguous, NotSent, Throttled, Unavailable
from hive_exec.brokers.rate_limit import RateLimit

MAX_LINE_BYTES = 1024 * 1024
KEEP_ALIVE_S = 30.0
"""Idle connections are given up after this: one that the venue closed meanwhile makes an order ambiguous."""
_CONNECTIONS = f"{CONNECTIONS_PER_S} new connections"


class StreamBroke(Exception):
    """A stream ended, was never opened, or said nothing for longer than the venue promises."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and the whole body."""

    status: int
    body: bytes


class _Bearer(httpx.Auth):
    """Puts the token on a request. The token is held by nothing that is printed."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request


class Transport:
    """Requests and streams of one account. Safe to use from several threads."""

    def __init__(
        self,
        settings: OandaSettings,
        token: SecretStr,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._sleep = sleep
        self._requests = RateLimit(REQUESTS_PER_S, monotonic)
        self._connections = RateLimit(CONNECTIONS_PER_S, monotonic)
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._client = httpx.Client(
            auth=_Bearer(token),
            headers={
                "Accept-Datetime-Format": "RFC3339",
                "Accept-Encoding": "identity",  # no body can grow while it is unpacked
                "User-Agent": "hive",
            },
            http1=True,
            http2=False,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(
                max_connections=8, max_keepalive_connections=4, keepalive_expiry=KEEP_ALIVE_S
            ),
            timeout=httpx.Timeout(settings.answer_timeout_s, connect=settings.connect_timeout_s),
            transport=transport,
        )

    def change(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Send a request that changes something, once. One that makes an order (POST) does not wait for our
        own limits: it would be sent late.

        Returns:
            an answer whose body is to be read, of status 200, 201, 400, 401, 403 or 404.

        Raises:
            NotSent, Throttled: it did not reach the venue, or was refused before it was processed.
            Ambiguous: anything else.
        """
        may_wait = method != "POST"
        self._keep_to(self._requests, f"{REQUESTS_PER_S} requests", may_wait=may_wait)
        answer = self._send(method, path, body, None, may_wait=may_wait)
        outcome = outcome_of_status(answer.status)
        if outcome is Outcome.THROTTLED:
            raise Throttled("OANDA answered 429: too many requests")
        if outcome is Outcome.AMBIGUOUS:
            raise Ambiguous(
                f"OANDA answered {answer.status} to {method} {path}: what became of it is not known"
            )
        return answer

    def ask(self, path: str, params: dict[str, str] | None = None) -> Answer:
        """Ask a question: status 200 with its body, or 404.

        Raises:
            Unavailable: any other answer, or none.
        """
        self._keep_to(self._requests, f"{REQUESTS_PER_S} requests", may_wait=True)
        try:
            answer = self._send("GET", path, None, params, may_wait=True)
        except NotSent as error:
            raise Unavailable(str(error), is_passing=error.is_passing) from None
        except Ambiguous as error:
            raise Unavailable(str(error)) from None
        if answer.status not in {200, 404}:
            is_passing = outcome_of_status(answer.status) is not Outcome.REFUSED
            raise Unavailable(f"OANDA answered {answer.status} to GET {path}", is_passing=is_passing)
        return answer

    @contextmanager
    def stream(self, path: str, params: dict[str, str] | None = None) -> Iterator[Iterator[bytes]]:
        """Open a stream and hear its lines.

        Raises:
            StreamBroke: from here, or from the lines, however it ends.
        """
        heartbeat_s = self._settings.heartbeat_timeout_s
        timeout = httpx.Timeout(heartbeat_s, connect=self._settings.connect_timeout_s)
        connection: socket.socket | None = None
        try:
            self._keep_to(self._connections, _CONNECTIONS, may_wait=True)
            with self._client.stream(
                "GET", self._settings.stream_base + path, params=params, timeout=timeout
            ) as response:
                if response.status_code != 200:
                    raise StreamBroke(f"OANDA answered {response.status_code} to the stream {path}")
                connection = response.extensions["network_stream"].get_extra_info("socket")
                with self._lock:
                    self._sockets.add(connection)
                yield self._lines(response, heartbeat_s)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise StreamBroke(f"the stream {path} broke: {type(error).__name__}") from None
        finally:
            if connection is not None:
                with self._lock:
                    self._sockets.discard(connection)

    def hang_up(self) -> None:
        """End every open stream, so that whoever waits on one goes on."""
        with self._lock:
            for connection in self._sockets:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it has ended by itself

    def close(self) -> None:
        """Let go of every connection."""
        self.hang_up()
        self._client.close()

    def _lines(self, response: httpx.Response, heartbeat_s: float) -> Iterator[bytes]:
        held = b""
        last = self._monotonic()
        for chunk in response.iter_raw():
            held += chunk
            *lines, held = held.split(b"\n")
            if lines:
                last = self._monotonic()
            elif len(held) > MAX_LINE_BYTES or self._monotonic() - last > heartbeat_s:
                raise StreamBroke("the stream sends bytes that make no line")
            for line in lines:
                if line.strip():
                    yield line.strip()
        raise StreamBroke("OANDA ended the stream")

    def _keep_to(self, limit: RateLimit, text: str, *, may_wait: bool) -> None:
        """Wait for our own limit. Who must not wait is told when to come again, by `Throttled`."""
        wait_s = limit.reserve() if may_wait else limit.take()
        if wait_s and not may_wait:
            raise Throttled(f"more than {text} a second to OANDA", max(1, math.ceil(wait_s)))
        if wait_s:
            self._sleep(wait_s)

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        params: dict[str, str] | None,
        *,
        may_wait: bool,
    ) -> Answer:
        began = False
        until = self._monotonic() + self._settings.answer_timeout_s

        def trace(event: str, _: dict[str, Any]) -> None:
            nonlocal began, until
            if event == "connection.connect_tcp.started":
                self._keep_to(self._connections, _CONNECTIONS, may_wait=may_wait)
            elif event == "http11.send_request_headers.started":
                began = True
                until = self._monotonic() + self._settings.answer_timeout_s

        content = None if body is None else canonical_bytes(body)
        headers = {} if content is None else {"Content-Type": "application/json"}
        try:
            with self._client.stream(
                method,
                self._settings.rest_base + path,
                params=params,
                content=content,
                headers=headers,
                extensions={"trace": trace},
            ) as response:
                return Answer(response.status_code, self._whole_body(response, until))
        except (NotSent, Ambiguous):
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong: after the first byte nothing is known
            said = f"{method} {path}: {type(error).__name__}"
            if outcome_of_error(error, began=began) is Outcome.NOT_SENT:
                raise NotSent(
                    f"OANDA was not reached ({said}): nothing was sent", is_passing=may_pass(error)
                ) from None
            raise Ambiguous(f"no readable answer from OANDA ({said}): it may have arrived") from None

    def _whole_body(self, response: httpx.Response, until: float) -> bytes:
        body = b""
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise Ambiguous(f"an answer of more than {MAX_BODY_BYTES} bytes")
            if self._monotonic() > until:
                raise Ambiguous("the answer did not end in time")
        return body
