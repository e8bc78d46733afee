"""A request as a handler sees it: who asks, for what, with what. Reading it off the wire, bounded in size
and time, belongs here; what a body must say is its contract's matter."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hive_core.contracts.base import MAX_PAYLOAD_BYTES, Contract
from hive_exec.cell import CommandRefused
from hive_exec.principals import Principal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_LENGTH = re.compile(rb"[0-9]{1,18}")
OUR_HOSTS = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
MAX_HEADERS = 64

AnyContract = TypeVar("AnyContract", bound=Contract)


class CallerGone(Exception):
    """The caller hung up before all of his body was here; nobody is left to answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request that may be carried out: authenticated, permitted, within every limit."""

    caller: Principal | None
    places: dict[str, str]
    query: dict[str, int | str | None]
    idempotency_key: str
    payload: bytes
    document: Contract | None

    @property
    def caller_name(self) -> str:
        """Who asks, as the journal names him. Only on routes that need authentication."""
        if self.caller is None:
            raise TypeError("a route for everybody has no caller")
        return self.caller.name

    def document_as(self, model: type[AnyContract]) -> AnyContract:
        """The body, as the contract that the route declares."""
        if not isinstance(self.document, model):
            raise TypeError(f"the route does not declare {model.__name__} as its body")
        return self.document

    def count(self, name: str) -> int:
        """A number of the query that the route declares."""
        value = self.query[name]
        if not isinstance(value, int):
            raise TypeError(f"{name} is no count")
        return value

    def word(self, name: str) -> str | None:
        """A text of the query that the route declares."""
        value = self.query[name]
        if isinstance(value, int):
            raise TypeError(f"{name} is no word")
        return value


class Headers:
    """The headers of a request that matter to us, each at most once."""

    __slots__ = ("_held",)

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        if len(raw) > MAX_HEADERS:
            raise CommandRefused(431, "headers", f"more than {MAX_HEADERS}")
        self._held: dict[bytes, bytes] = {}
        for name, value in raw:
            if name in _ONCE and name in self._held:
                raise CommandRefused(400, _ONCE[name], "stands twice")
            self._held[name] = value

    def get(self, name: bytes, default: bytes = b"") -> bytes:
        """The value of a header, by its lower-case name."""
        return self._held.get(name, default)


_ONCE = {
    b"host": "Host",
    b"authorization": "Authorization",
    b"content-type": "Content-Type",
    b"content-length": "Content-Length",
    b"content-encoding": "Content-Encoding",
    b"idempotency-key": "Idempotency-Key",
}


def check_host(headers: Headers) -> None:
    """Turns away a page in the user's browser that resolves its own name to us.

    Raises:
        CommandRefused: 400.
    """
    if not OUR_HOSTS.fullmatch(headers.get(b"host")):
        raise CommandRefused(400, "Host", "not a name of this daemon")


def idempotency_key(headers: Headers) -> str:
    """The key under which a command is carried out once.

    Raises:
        CommandRefused: 400.
    """
    key = headers.get(b"idempotency-key").decode("latin-1")
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise CommandRefused(400, "Idempotency-Key", "the header is missing or malformed")
    return key


async def read_body(headers: Headers, receive: Receive) -> bytes:
    """The payload, refused before it is read when it is too large or not JSON.

    Raises:
        CommandRefused: 415, 413. How long it may take is the server's matter.
        CallerGone: he hung up.
    """
    if headers.get(b"content-type").split(b";")[0].strip() != b"application/json":
        raise CommandRefused(415, "Content-Type", "application/json is expected")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise CommandRefused(415, "Content-Encoding", "compressed bodies are not accepted")
    length = headers.get(b"content-length", b"0")
    if not _LENGTH.fullmatch(length):
        raise CommandRefused(400, "Content-Length", "not a length")
    if int(length) > MAX_PAYLOAD_BYTES:
        raise _too_large()
    message = await receive()
    payload = _part(message)
    while message.get("more_body"):
        if len(payload) > MAX_PAYLOAD_BYTES:
            break
        message = await receive()
        payload += _part(message)
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise _too_large()
    return payload


def _part(message: Message) -> bytes:
    if message["type"] != "http.request":
        raise CallerGone
    part: bytes = message.get("body", b"")
    return part


def _too_large() -> CommandRefused:
    return CommandRefused(413, "body", f"more than {MAX_PAYLOAD_BYTES} bytes")
