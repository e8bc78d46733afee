"""What a connection remembers of the request before: callers that send many signals send the same head each
time, but for the key and the length of the body.

Such a head passes the gates as the one before did, and costs a fifth of a request less. Whatever else differs
by one byte is looked at from the beginning; what may change between two requests is the application's matter.
"""

from __future__ import annotations

from typing import NamedTuple

from hive_exec.http.answers import Answer
from hive_exec.http.application import Application, Asked

_KEY, _LENGTH = b"idempotency-key", b"content-length"


class _Before(NamedTuple):
    method: bytes
    url: bytes
    headers: list[tuple[bytes, bytes]]
    key_at: int
    length_at: int
    asked: Asked


class Repeats:
    """The last request of one connection that passed every gate of its head."""

    __slots__ = ("_app", "_before")

    def __init__(self, app: Application) -> None:
        self._app = app
        self._before: _Before | None = None

    def ask_again(self, method: bytes, url: bytes, headers: list[tuple[bytes, bytes]]) -> Asked | None:
        """The request, if it is the one before under another key; None where it must be looked at."""
        before = self._before
        if (
            before is None
            or method != before.method
            or url != before.url
            or len(headers) != len(before.headers)
        ):
            return None
        (key_name, key), (length_name, length) = headers[before.key_at], headers[before.length_at]
        held = before.headers
        if key_name != held[before.key_at][0] or length_name != held[before.length_at][0]:
            return None
        held[before.key_at], held[before.length_at] = headers[before.key_at], headers[before.length_at]
        return self._app.ask_again(before.asked, key, length) if held == headers else None

    def remember(
        self, method: bytes, url: bytes, headers: list[tuple[bytes, bytes]], asked: Asked | Answer
    ) -> None:
        """A request that was looked at from the beginning. `headers` are kept, and changed."""
        self._before = None
        if isinstance(asked, Answer) or not asked.route.is_idempotent or asked.route.body is None:
            return
        names = [name.lower() for name, _ in headers]
        if _LENGTH in names:  # each stands once: the application looked
            self._before = _Before(method, url, headers, names.index(_KEY), names.index(_LENGTH), asked)
