"""What follows from an HTTP status or a transport error: the one table. Nothing here reads a body.

The rule behind it (guarantees O4): once a byte of an order request has left, only words of the venue that
were understood say what became of it. A refusal before processing is one of those; silence never is.
"""

from __future__ import annotations

import ssl
from enum import StrEnum

import httpx


class Outcome(StrEnum):
    """What an answer, or its absence, means for a request that changes something."""

    READ = "read"
    """The body says what became of it."""
    READ_REFUSAL = "read_refusal"
    """Refused, if the body says so in the venue's own words; otherwise nothing is known."""
    REFUSED = "refused"
    """Refused before it was processed: the token or its rights do not suffice, whatever the body says."""
    THROTTLED = "throttled"
    """Refused before it was processed, for the rate of requests."""
    AMBIGUOUS = "ambiguous"
    """Nothing is known."""
    NOT_SENT = "not_sent"
    """Nothing left."""


_STATUSES = {
    200: Outcome.READ,
    201: Outcome.READ,
    400: Outcome.READ_REFUSAL,
    401: Outcome.REFUSED,
    403: Outcome.REFUSED,
    404: Outcome.READ_REFUSAL,
    429: Outcome.THROTTLED,
}

NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Errors from before a connection stands. Every other error may come after bytes were sent."""


def outcome_of_status(status: int) -> Outcome:
    """The meaning of a status. What is not listed is ambiguous: 5xx, redirects, 408, and those that the
    interface does not document, which a proxy may have said after passing the request on."""
    return _STATUSES.get(status, Outcome.AMBIGUOUS)


def outcome_of_error(error: BaseException, *, began: bool) -> Outcome:
    """The meaning of an error while a request was made.

    Args:
        began: whether writing the request had begun.
    """
    return Outcome.NOT_SENT if isinstance(error, NEVER_CONNECTED) and not began else Outcome.AMBIGUOUS


def may_pass(error: BaseException) -> bool:
    """Whether a connection that did not come about may come about within seconds: not where the address is
    none, or the certificate is not the venue's."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx.UnsupportedProtocol | ssl.SSLCertVerificationError):
            return False
        cause = cause.__cause__ or cause.__context__
    return True
