"""A TCP proxy that breaks connections on purpose, by a seed: what networks and venues do, at will.

It knows bytes and connections, not protocols, so one proxy serves HTTP and FIX. Faults are called
toxics, as in Toxiproxy: each works on one stream of a connection (`upstream`: from client to server;
`downstream`: back), on a share of the connections (`toxicity`) that depends on the seed and the
connection's number only.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

Stream = Literal["upstream", "downstream"]

_CHUNK_BYTES = 65_536


class _Cut(Exception):
    """The connection ends here."""


@dataclass(slots=True)
class Connection:
    """One connection through the proxy, as its toxics see it."""

    number: int
    chance: random.Random
    upstream_address: tuple[str, int]
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    passed: dict[Stream, int] = field(default_factory=lambda: {"upstream": 0, "downstream": 0})
    request: bytearray = field(default_factory=bytearray)
    """What the client has sent since the server last answered."""

    def cut(self, *, reset: bool) -> _Cut:
        """End both sides: with a reset, which throws away what is under way, or in good order."""
        for writer in (self.client, self.server):
            if reset:
                _reset_on_close(writer)
            writer.close()
        return _Cut()


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    found = writer.get_extra_info("socket")
    if found is not None and found.fileno() >= 0:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """A fault on one stream. `toxicity` is the share of connections that it strikes, 0 to 1."""

    stream: Stream = "downstream"
    toxicity: float = 1.0

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        """What becomes of bytes on their way."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency(Toxic):
    """Bytes come later, by `latency_s` give or take `jitter_s`."""

    latency_s: float
    jitter_s: float = 0.0

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        await asyncio.sleep(
            max(0.0, self.latency_s + connection.chance.uniform(-self.jitter_s, self.jitter_s))
        )
        return chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfOpen(Toxic):
    """After so many bytes of the stream nothing comes through any more, and nobody is told: a dead peer."""

    after_bytes: int = 0

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        left = max(0, self.after_bytes - connection.passed[self.stream])
        return chunk[:left]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Toxic):
    """A TCP reset of both sides once so many bytes of the stream were passed on."""

    after_bytes: int = 0

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        left = self.after_bytes - connection.passed[self.stream]
        if len(chunk) <= left:
            return chunk
        await _pass_on(chunk[:left], self.stream, connection)
        raise connection.cut(reset=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRequest(Toxic):
    """The request never reaches the server; the client sees its connection end."""

    stream: Stream = "upstream"

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        raise connection.cut(reset=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropResponse(Toxic):
    """The server has acted and answered; the client sees its connection end without the answer."""

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        raise connection.cut(reset=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRequest(Toxic):
    """Before the first byte of an answer comes back, the request is sent again on a connection of its
    own, and the second answer is thrown away."""

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        if connection.request:
            again = bytes(connection.request)
            connection.request.clear()
            reader, writer = await asyncio.open_connection(*connection.upstream_address)
            try:
                writer.write(again)
                await writer.drain()
                await reader.read(_CHUNK_BYTES)
            finally:
                writer.close()
        return chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowLoris(Toxic):
    """Bytes trickle: `bytes_at_once` every `pause_s`."""

    stream: Stream = "upstream"
    bytes_at_once: int = 1
    pause_s: float = 0.05

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        for at in range(0, len(chunk), self.bytes_at_once):
            await _pass_on(chunk[at : at + self.bytes_at_once], self.stream, connection)
            await asyncio.sleep(self.pause_s)
        return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage(Toxic):
    """From the byte at `after_bytes` of the stream on, `length` bytes are other ones."""

    after_bytes: int = 0
    length: int = 16

    async def passing(self, chunk: bytes, connection: Connection) -> bytes:
        passed = connection.passed[self.stream]
        first, last = self.after_bytes - passed, self.after_bytes + self.length - passed
        return bytes(
            byte ^ connection.chance.randint(1, 255) if first <= at < last else byte
            for at, byte in enumerate(chunk)
        )


async def _pass_on(chunk: bytes, stream: Stream, connection: Connection) -> None:
    if not chunk:
        return
    writer = connection.server if stream == "upstream" else connection.client
    writer.write(chunk)
    await writer.drain()
    connection.passed[stream] += len(chunk)


class FaultProxy:
    """The proxy, in a thread of its own, while its `with` block lasts. Toxics may come and go meanwhile; they
    strike connections made after they were added, and stop at once where they are taken away."""

    HOST: ClassVar[str] = "127.0.0.1"

    def __init__(self, upstream_port: int, *, seed: int = 0) -> None:
        self._upstream, self._seed = (self.HOST, upstream_port), seed
        self._toxics: dict[str, Toxic] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self.connections = 0
        self.struck: dict[str, int] = {}
        """How many connections each toxic struck."""
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._on_loop(self._listen())
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    def __exit__(self, *_: object) -> None:
        self._on_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def add(self, name: str, toxic: Toxic) -> None:
        """Put a toxic on; another of its name goes."""
        self._toxics[name] = toxic
        self.struck.setdefault(name, 0)

    def remove(self, name: str) -> None:
        """Take a toxic away.

        Raises:
            KeyError: there is none of that name.
        """
        del self._toxics[name]

    def calm(self) -> None:
        """Take every toxic away."""
        self._toxics.clear()

    def cut_all(self) -> None:
        """Reset every connection that stands."""

        async def cut() -> None:
            for task in self._running:
                task.cancel()

        self._on_loop(cut())

    def _on_loop(self, work: Any) -> Any:
        done: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(20)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._connected, self.HOST, 0)

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.sleep(0)  # transports that were aborted close in the loop's next turn

    async def _connected(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._serve(reader, client)
        except (asyncio.CancelledError, OSError):
            _reset_on_close(client)
        finally:
            self._running.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        number, self.connections = self.connections, self.connections + 1
        try:
            from_server, server = await asyncio.open_connection(*self._upstream)
        except OSError:  # nobody listens there: the client learns it as from the kernel
            _reset_on_close(client)
            return
        connection = Connection(
            number,
            random.Random(f"{self._seed}-{number}"),  # noqa: S311 - faults, not secrets
            self._upstream,
            client,
            server,
        )
        names = {name for name, toxic in list(self._toxics.items()) if self._strikes(name, toxic, number)}
        for name in names:
            self.struck[name] += 1
        pumps = [
            asyncio.ensure_future(self._pump(source, stream, connection, names))
            for source, stream in ((reader, "upstream"), (from_server, "downstream"))
        ]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if not any(pump.exception() for pump in done):  # one side ended well: the other may still speak
                await asyncio.wait(pumps, timeout=1)
        finally:
            try:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
            finally:  # also where this connection is cut while its pumps end
                for writer in (client, server):
                    writer.close()

    def _strikes(self, name: str, toxic: Toxic, number: int) -> bool:
        return random.Random(f"{self._seed}-{number}-{name}").random() < toxic.toxicity  # noqa: S311

    async def _pump(
        self, source: asyncio.StreamReader, stream: Stream, connection: Connection, names: set[str]
    ) -> None:
        while chunk := await source.read(_CHUNK_BYTES):
            if stream == "upstream":
                connection.request += chunk
            struck: list[Callable[[bytes, Connection], Awaitable[bytes]]] = [
                toxic.passing
                for name, toxic in list(self._toxics.items())
                if name in names and toxic.stream == stream
            ]
            for passing in struck:
                chunk = await passing(chunk, connection)
            if stream == "downstream":
                connection.request.clear()
            await _pass_on(chunk, stream, connection)
        writer = connection.server if stream == "upstream" else connection.client
        with contextlib.suppress(OSError):
            writer.write_eof()
