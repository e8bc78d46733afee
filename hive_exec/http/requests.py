"""A request as a handler sees it: who asks, for what, with what. Reading it off the wire, bounded in size
and time, belongs here; what a body must say is its contract's matter."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeVar

from hive_core.contracts.base import MAX_PAYLOAD_BYTES, Contract
from hive_exec.commands import CommandRefused
from hive_exec.principals import Principal

IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_LENGTH = re.compile(rb"[0-9]{1,18}")
OUR_HOSTS = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
MAX_HEADERS = 64

AnyContract = TypeVar("AnyContract", bound=Contract)


class Request(NamedTuple):
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


Headers = dict[bytes, bytes]
"""The headers of a request by their lower-case names."""


def headers_of(raw: list[tuple[bytes, bytes]]) -> Headers:
    """The headers as they came in, those that matter to us each at most once.

    Raises:
        CommandRefused: 431, 400.
    """
    if len(raw) > MAX_HEADERS:
        raise CommandRefused(431, "headers", f"more than {MAX_HEADERS}")
    held = {name.lower(): value for name, value in raw}
    if len(held) != len(raw):
        names = [name.lower() for name, _ in raw]
        for name, spelled in _ONCE.items():
            if names.count(name) > 1:
                raise CommandRefused(400, spelled, "stands twice")
    return held


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
    if not OUR_HOSTS.fullmatch(headers.get(b"host", b"")):
        raise CommandRefused(400, "Host", "not a name of this daemon")


def idempotency_key(headers: Headers) -> str:
    """The key under which a command is carried out once.

    Raises:
        CommandRefused: 400.
    """
    key = headers.get(b"idempotency-key", b"").decode("latin-1")
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise CommandRefused(400, "Idempotency-Key", "the header is missing or malformed")
    return key


def check_body(headers: Headers) -> None:
    """Refuses a payload before it is read when it is too large or not JSON. How long it may take is the
    server's matter.

    Raises:
        CommandRefused: 415, 413, 400.
    """
    if headers.get(b"content-type", b"").split(b";")[0].strip() != b"application/json":
        raise CommandRefused(415, "Content-Type", "application/json is expected")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise CommandRefused(415, "Content-Encoding", "compressed bodies are not accepted")
    length = headers.get(b"content-length", b"0")
    if not _LENGTH.fullmatch(length):
        raise CommandRefused(400, "Content-Length", "not a length")
    if int(length) > MAX_PAYLOAD_BYTES:
        raise too_large()


def is_short_enough(length: bytes) -> bool:
    """Whether a Content-Length is one that `check_body` takes."""
    return _LENGTH.fullmatch(length) is not None and int(length) <= MAX_PAYLOAD_BYTES


def too_large() -> CommandRefused:
    """The refusal of a body over the limit."""
    return CommandRefused(413, "body", f"more than {MAX_PAYLOAD_BYTES} bytes")
