"""The webhook of TradingView alerts: one path, a token, a size limit, and an answer only when durable.

TradingView posts `text/plain`, or `application/json` when the alert is JSON; it can set no header of its
own, so the token may stand in the address (`?token=`), and is never logged. It gives up after 3 seconds.
Source: https://www.tradingview.com/support/solutions/43000529348. What becomes of an alert stands in
`alerts`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hive_cli.feeds.alerts import AlertLog, AlertRefused

PATH = "/tradingview"
MAX_ALERT_BYTES = 16 * 1024
MAX_BODY_S = 5.0
"""A body that trickles in is a fault, or somebody who holds connections open."""
HAND_OVER_S = 2.0
MIN_TOKEN_CHARACTERS = 16

_TYPES = frozenset({"text/plain", "application/json"})
_log = logging.getLogger("hive_cli.webhook")


def create_app(
    alerts: AlertLog,
    token: str,
    *,
    now_ns: Callable[[], int] = time.time_ns,
    hand_over_s: float = HAND_OVER_S,
) -> Starlette:
    """The application over an open log. `token` is what callers must show."""
    one_at_a_time = asyncio.Lock()

    async def take(request: Request) -> Response:
        try:
            _authorise(request, token)
            payload = await _body(request)
            async with one_at_a_time:
                taken = await asyncio.to_thread(alerts.take, payload, now_ns())
        except AlertRefused as refusal:
            # The sender shows this to nobody, so it must stand in our own log: a call may be lost.
            _log.warning("refused an alert: %s: %s", refusal.field, refusal.reason)
            return _error(refusal.status, refusal.field, refusal.reason)
        except OSError as error:
            _log.error("an alert could not be stored: %s", error.strerror)
            return _error(503, "", "it could not be stored; send it again")
        return JSONResponse({"id": taken.message_id, "is_new": taken.is_new}, 202 if taken.is_new else 200)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    @asynccontextmanager
    async def handing_over(_: Starlette) -> AsyncIterator[None]:
        async def for_ever() -> None:
            while True:
                await asyncio.sleep(hand_over_s)
                await asyncio.to_thread(_hand_over, alerts)

        task = asyncio.create_task(for_ever())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            _hand_over(alerts)

    return Starlette(
        routes=[Route(PATH, take, methods=["POST"]), Route("/health", health)],
        exception_handlers={HTTPException: _no_such_place, Exception: _fault_of_ours},
        lifespan=handing_over,
    )


def _hand_over(alerts: AlertLog) -> None:
    try:
        alerts.hand_over()
    except OSError as error:
        # The alerts are safe in their log; they are handed over at the next try.
        _log.error("alerts could not be handed to the inbox: %s", error.strerror)


def _authorise(request: Request, token: str) -> None:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        shown = request.query_params.get("token", "")
    if not hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), token.encode()):
        raise AlertRefused(401, "token", "missing or wrong")


async def _body(request: Request) -> bytes:
    """The payload, refused before it is read when it is too large or no text."""
    if request.headers.get("content-type", "text/plain").split(";")[0].strip().lower() not in _TYPES:
        raise AlertRefused(415, "Content-Type", f"one of {', '.join(sorted(_TYPES))} is expected")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise AlertRefused(415, "Content-Encoding", "compressed bodies are not accepted")
    payload = b""
    try:
        async with asyncio.timeout(MAX_BODY_S):
            async for chunk in request.stream():
                payload += chunk
                if len(payload) > MAX_ALERT_BYTES:
                    raise AlertRefused(413, "body", f"more than {MAX_ALERT_BYTES} bytes")
    except (TimeoutError, ClientDisconnect):
        raise AlertRefused(408, "body", f"not all of it came within {MAX_BODY_S:g} s") from None
    return payload


def _error(status: int, field: str, reason: str) -> Response:
    return JSONResponse({"error": {"field": field, "reason": reason}}, status)


async def _no_such_place(_: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, HTTPException):
        raise refusal
    field = "method" if refusal.status_code == 405 else "path"
    return _error(refusal.status_code, field, refusal.detail)


async def _fault_of_ours(_: Request, __: Exception) -> Response:
    return _error(500, "", "a fault of the listener; see its log")
