"""Callers on keep-alive connections that post prepared requests one after the other: raw bytes over asyncio.

The same ones ask the daemon and what it is compared to. They run in this process, on one core of the machine:
a server that has another is not held up by them. What an answer must be is checked for every one.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvloop

Request = bytes


@dataclass(slots=True)
class Answers:
    """What a run of callers got: seconds of each answer, and of all of them together."""

    seconds: list[float] = field(default_factory=list)
    took_s: float = 0.0

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.took_s

    def percentile_ms(self, share: float) -> float:
        """The time under which this share of answers came, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1e3


class UnexpectedAnswer(AssertionError):
    """An answer that is no success, or the end of a connection."""


def post(path: str, body: bytes, headers: dict[str, str], *, method: str = "POST") -> Request:
    """The bytes of a request."""
    told = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("ascii") + body


class _Caller(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(
        self, requests: Iterator[Request], answers_each: int, answers: Answers, done: Callable[[], None]
    ) -> None:
        self._requests, self._answers, self._done = requests, answers, done
        self._answers_each = self._awaited = answers_each
        self._read = b""
        self._transport: asyncio.Transport | None = None
        self._sent_s = 0.0
        self.fault: str = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected: ask."""
        self._transport = transport  # type: ignore[assignment]
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Bytes of answers."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            place = head.index(b"content-length:") + 15
            end += 4 + int(head[place:].split(b"\r\n", 1)[0])
            if len(self._read) < end:
                return
            if not head.startswith(b"http/1.1 20"):
                self.fault = self._read[:400].decode("latin-1")
                self._end()
                return
            self._read = self._read[end:]
            self._awaited -= 1
            if self._awaited == 0:
                self._answers.seconds.append(time.perf_counter() - self._sent_s)
                self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """It ended, by us or by the server."""
        if self._transport is not None:
            self.fault = self.fault or f"the connection ended: {error}"
            self._end()

    def _ask(self) -> None:
        request = next(self._requests, None)
        if request is None or self._transport is None:
            self._end()
            return
        self._awaited = self._answers_each
        self._sent_s = time.perf_counter()
        self._transport.write(request)

    def _end(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            self._done()


async def _call(port: int, requests: Iterator[Request], clients: int, answers_each: int) -> Answers:
    loop = asyncio.get_running_loop()
    answers, over = Answers(), loop.create_future()
    left = clients

    def one_is_done() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            over.set_result(None)

    callers: list[_Caller] = []
    began = time.perf_counter()
    for _ in range(clients):
        caller = _Caller(requests, answers_each, answers, one_is_done)
        callers.append(caller)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
    await over
    answers.took_s = time.perf_counter() - began
    for caller in callers:
        if caller.fault:
            raise UnexpectedAnswer(caller.fault)
    return answers


@contextmanager
def _on_one_core() -> Iterator[None]:
    """Else Linux moves callers whom an answer wakes to the core of the server that just answered, where one
    waits for the other: that measures where they landed, not what the server can do."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def call(port: int, requests: Iterator[Request], *, clients: int, answers_each: int = 1) -> Answers:
    """Ask until the requests end, so many at a time, each on its own connection. A request may be several
    that are sent together (`answers_each`); it is answered when the last of them is.

    Raises:
        UnexpectedAnswer: an answer was no success, or a connection ended early.
    """
    with _on_one_core(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_call(port, requests, clients, answers_each))
