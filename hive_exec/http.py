"""The daemon's HTTP face: strict parsing in, one error shape out. Loopback only; no browser's page
can post here (JSON content type, our own header, known hosts, no CORS)."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hive_core import __version__
from hive_core.contracts.base import (
    MAX_PAYLOAD_BYTES,
    Contract,
    ContractError,
    Price,
    Symbol,
    TimestampNs,
    parse_contract,
)
from hive_core.contracts.decision import Delivery
from hive_core.evidence.canonical import canonical_bytes
from hive_exec import service
from hive_exec.cell import Busy, Cell, CommandRefused
from hive_exec.failpoints import failpoint

_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,95}", re.ASCII)
_OUR_HOSTS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
MAX_PAGE = 5_000


class AdvanceRequest(Contract):
    """How far a replay account shall go."""

    until_ns: TimestampNs


class QuoteRequest(Contract):
    """A live quote."""

    symbol: Symbol
    bid: Price
    ask: Price
    ts_ns: TimestampNs


def _json(status: int, body: Any) -> Response:
    return Response(canonical_bytes(body), status, media_type="application/json")


def _error(status: int, field: str, reason: str) -> Response:
    return _json(status, {"error": {"field": field, "reason": reason}})


async def _no_such_place(_: Request, refusal: Exception) -> Response:
    """An unknown path or method, in our shape."""
    if not isinstance(refusal, HTTPException):
        raise refusal
    field = "method" if refusal.status_code == 405 else "path"
    response = _error(refusal.status_code, field, refusal.detail)
    response.headers.update(refusal.headers or {})
    return response


async def _fault_of_ours(_: Request, __: Exception) -> Response:
    return _error(500, "", "a fault of the daemon; see its log")


class KnownHosts:
    """Turns away a page in the user's browser that resolves its own name to us: by its Host header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = Headers(scope=scope).getlist("host")
            if len(hosts) != 1 or not _OUR_HOSTS.fullmatch(hosts[0]):
                await _error(400, "Host", "not a name of this daemon")(scope, receive, send)
                return
        await self._app(scope, receive, send)


class AnswerFailpoints:
    """The places just before an answer is sent, and just after the kernel has it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                failpoint("answer.before_send")
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                failpoint("answer.after_send")

        await self._app(scope, receive, watched)


async def _body(request: Request) -> bytes:
    """The payload, refused before it is read when it is too large or not JSON."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise CommandRefused(415, "Content-Type", "application/json is expected")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise CommandRefused(415, "Content-Encoding", "compressed bodies are not accepted")
    payload = b""
    async for chunk in request.stream():
        payload += chunk
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise CommandRefused(413, "body", f"more than {MAX_PAYLOAD_BYTES} bytes")
    return payload


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or int(text) > most:
        raise CommandRefused(422, name, f"a whole number from 0 to {most} is expected")
    return int(text)


def create_app(cell: Cell) -> Starlette:
    """The application over a started cell."""

    async def ask(work: Callable[[], Any]) -> Any:
        return await asyncio.wrap_future(cell.call(work))

    def guarded(handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                response: Response = await handler(request)
                return response
            except ContractError as error:
                return _error(422, error.field, error.reason)
            except CommandRefused as error:
                return _error(error.status, error.field, error.reason)
            except Busy as error:
                return _error(429, "", str(error))
            except RuntimeError:
                if cell.fatal is None:
                    raise
                return _error(503, "", "the daemon has stopped trading; see its log")

        return endpoint

    async def health(_: Request) -> Response:
        if cell.fatal is not None:
            return _error(503, "", "the daemon has stopped trading; see its log")
        facts = {
            "status": "ok",
            "mode": "normal",
            "version": __version__,
            "home": str(cell.home.root),
            "pid": os.getpid(),
            "journal_head_seq": cell.journal.durable_seq,
        }
        return _json(200, facts)

    async def decisions(request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        if not _KEY.fullmatch(key):
            raise CommandRefused(400, "Idempotency-Key", "the header is missing or malformed")
        payload = await _body(request)
        delivery = parse_contract(Delivery, payload)
        status, body = await ask(lambda: service.deliver(cell, key, payload, delivery))
        return Response(body, status, media_type="application/json")

    async def advance(request: Request) -> Response:
        wanted = parse_contract(AdvanceRequest, await _body(request))
        return _json(202, await ask(lambda: service.advance(cell, _account(request), wanted.until_ns)))

    async def quotes(request: Request) -> Response:
        q = parse_contract(QuoteRequest, await _body(request))
        bid, ask_price = Decimal(q.bid), Decimal(q.ask)
        name = _account(request)
        return _json(202, await ask(lambda: service.quote(cell, name, q.symbol, bid, ask_price, q.ts_ns)))

    async def accounts(_: Request) -> Response:
        return _json(200, await ask(lambda: service.accounts(cell)))

    async def orders(request: Request) -> Response:
        name = request.query_params.get("account")
        return _json(200, await ask(lambda: service.orders(cell, name)))

    async def order(request: Request) -> Response:
        wanted = request.path_params["client_order_id"]
        return _json(200, await ask(lambda: service.order(cell, wanted)))

    async def reports(request: Request) -> Response:
        after = _number(request, "after_seq", 0, 10**15)
        limit = _number(request, "limit", 1_000, MAX_PAGE)
        page = await ask(lambda: service.reports(cell, after, limit))
        return Response(page.model_dump_json(), 200, media_type="application/json")

    async def chain(request: Request) -> Response:
        after = _number(request, "after_seq", 0, 10**15)
        limit = _number(request, "limit", 1_000, MAX_PAGE)
        return _json(200, await ask(lambda: service.links(cell, after, limit)))

    def _account(request: Request) -> str:
        name: str = request.path_params["name"]
        if not _NAME.fullmatch(name):
            raise CommandRefused(404, "account", "not an account's name")
        return name

    routes = [
        Route("/health", health),
        Route("/decisions", guarded(decisions), methods=["POST"]),
        Route("/accounts", guarded(accounts)),
        Route("/accounts/{name}/advance", guarded(advance), methods=["POST"]),
        Route("/accounts/{name}/quotes", guarded(quotes), methods=["POST"]),
        Route("/orders", guarded(orders)),
        Route("/orders/{client_order_id}", guarded(order)),
        Route("/reports", guarded(reports)),
        Route("/journal", guarded(chain)),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(KnownHosts), Middleware(AnswerFailpoints)],
        exception_handlers={HTTPException: _no_such_place, Exception: _fault_of_ours},
    )
