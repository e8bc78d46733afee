"""What the daemon answers with: canonical JSON, one error shape with stable codes, fixed headers.

Which refusal becomes which answer stands here too; what a route answers when all is well does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hive_core.contracts.base import Contract, ContractError
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.commands import Busy, CommandRefused
from hive_exec.refusals import CodedRefusal

RETRY_AFTER_S = 1

CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    413: "too_large",
    414: "address_too_long",
    415: "not_json",
    422: "invalid",
    429: "busy",
    431: "headers_too_large",
    500: "fault",
    503: "stopped",
}
"""The code of an error whose thrower named none. A code never changes its meaning."""

_FIXED_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_JSON = (b"content-type", b"application/json")


def header_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they stand on the wire."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


_FIXED_LINES = header_lines(_FIXED_HEADERS)


class ErrorFacts(Contract):
    """What is wrong: a stable code, the field at fault ("" where there is none), and the reason in words."""

    code: str
    field: str
    reason: str


class ErrorBody(Contract):
    """The one shape of every refusal."""

    error: ErrorFacts


class Answer(NamedTuple):
    """A whole answer. `headers` come after the fixed ones."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    content_type: tuple[bytes, bytes] = _JSON

    def head(self) -> list[tuple[bytes, bytes]]:
        """Every header, the length among them."""
        length = (b"content-length", b"%d" % len(self.body))
        return [self.content_type, length, *_FIXED_HEADERS, *self.headers]

    def head_lines(self) -> bytes:
        """The same as it stands on the wire."""
        name, text = self.content_type
        lines = b"%b: %b\r\ncontent-length: %d\r\n%b" % (name, text, len(self.body), _FIXED_LINES)
        return lines + header_lines(self.headers) if self.headers else lines


def json_answer(status: int, body: Any) -> Answer:
    """An answer with the canonical JSON of a body."""
    return Answer(status, canonical_bytes(body))


def error_answer(
    status: int, field: str, reason: str, *, code: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """A refusal in the one shape."""
    body = {"error": {"code": code or CODES[status], "field": field, "reason": reason}}
    extra = dict(headers or {})
    if status == 429:
        extra.setdefault("retry-after", str(RETRY_AFTER_S))
    if status == 401:
        extra.setdefault("www-authenticate", 'Bearer realm="hive exec"')
    spelled = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in extra.items())
    return Answer(status, canonical_bytes(body), spelled)


def answer_to(error: Exception, *, cell_stopped: bool) -> Answer | None:
    """The answer to a refusal that was raised, or None for a fault of ours."""
    if isinstance(error, ContractError):
        return error_answer(422, error.field, error.reason, code=error.code)
    if isinstance(error, CodedRefusal):
        return error_answer(error.status, error.field, error.reason, code=error.code)
    if isinstance(error, CommandRefused):
        return error_answer(error.status, error.field, error.reason)
    if isinstance(error, Busy):
        return error_answer(429, "", str(error))
    if isinstance(error, RuntimeError) and cell_stopped:
        return error_answer(503, "", "the daemon has stopped trading; see its log")
    return None
