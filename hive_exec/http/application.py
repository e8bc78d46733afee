"""The application: every request through the same gates, in the same order, to its handler.

Host, route, method, principal, permission, address, query, key, kind and size of the body; then, with the
body, a place in the lane and the contract: whoever fails one learns nothing of those behind it. Bytes on
sockets are `protocol`'s; `__call__` serves where another server speaks ASGI.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from hive_core.contracts.base import MAX_PAYLOAD_BYTES, parse_contract
from hive_exec.cell import Cell
from hive_exec.failpoints import failpoint
from hive_exec.http.admission import Admission
from hive_exec.http.answers import Answer, answer_to, error_answer
from hive_exec.http.authentication import Gatekeeper
from hive_exec.http.face import Face
from hive_exec.http.later import Later
from hive_exec.http.queries import read_query
from hive_exec.http.requests import (
    IDEMPOTENCY_KEY,
    Headers,
    Request,
    check_body,
    check_host,
    headers_of,
    idempotency_key,
    is_short_enough,
    too_large,
)
from hive_exec.http.routes import ROUTES
from hive_exec.http.routing import Everybody, Lane, Route, RouteTable, WrongMethod, check_places
from hive_exec.http.signal_batches import SignalBatches
from hive_exec.metrics import Metrics
from hive_exec.principals import Permission, Principal, Principals, ensure_principals
from hive_exec.stages import StageTimes

Message = MutableMapping[str, Any]

_TIMED = {Lane.WRITE, Lane.SIGNALS}

_log = logging.getLogger("hive_exec.http")
_audit = logging.getLogger("hive_exec.audit")

_KNOWN = {200, 201, 202, 409}
"""Answers by which what an address names is known to be there."""
_TOLD = {Permission.STOP, Permission.OPERATE, Permission.APPROVE}
"""Requests that the audit tells one by one. What is submitted stands in the journal, with its caller."""


class Waiting(Protocol):
    """Whoever waits for an answer."""

    def tell(self, answer: Answer) -> None:
        """The answer."""

    def hang_up(self) -> None:
        """There is none: a fault of ours."""


@dataclass(slots=True)
class Asked:
    """A request whose head passed every gate. The body is still to come, where `route.body` wants one."""

    route: Route
    path: str
    caller: Principal | None
    places: dict[str, str]
    query: dict[str, int | str | None]
    idempotency_key: str
    began_s: float
    let_in_by: Principals
    understood_s: float = 0.0


class Application:
    """The daemon's HTTP face over a started cell. One event loop."""

    def __init__(self, face: Face, gatekeeper: Gatekeeper, table: RouteTable, admission: Admission) -> None:
        self.face = face
        self.gatekeeper = gatekeeper
        self.table = table
        self._admission = admission

    def ask(self, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> Asked | Answer:
        """Look at the head of a request: what is asked, or why it is refused."""
        began_s = time.perf_counter()
        try:
            held = headers_of(headers)
            check_host(held)
            route, places = self.table.find(method, path)
            # Before anybody is let in: who is removed meanwhile is looked at again.
            known_now = self.gatekeeper.known()
            caller = self._admit(held, route)
        except WrongMethod as wrong:
            return error_answer(405, "method", "Method Not Allowed", headers={"allow": wrong.allowed})
        except Exception as error:  # noqa: BLE001 (the last line of defence: told in the log, not to the caller)
            return self._answer_to(error, f"{method} {path}")
        asked = Asked(route, path, caller, places, {}, "", began_s, known_now)
        try:
            if places:
                check_places(route, places)
            asked.query = read_query(query, route.query)
            if route.is_idempotent:
                asked.idempotency_key = idempotency_key(held)
            if route.body is not None:
                check_body(held)
        except Exception as error:  # noqa: BLE001 (as above)
            return self._ended(asked, self._answer_to(error, f"{method} {path}"))
        return asked

    def ask_again(self, before: Asked, key: bytes, length: bytes) -> Asked | None:
        """A request whose head is, but for its key and the length of its body, that of one that passed; None
        where it must be looked at from the beginning: its caller may have been removed, or it is refused."""
        began_s = time.perf_counter()
        if self.gatekeeper.known() is not before.let_in_by or not is_short_enough(length):
            return None
        text = key.decode("latin-1")
        if not IDEMPOTENCY_KEY.fullmatch(text):
            return None
        return Asked(
            before.route,
            before.path,
            before.caller,
            before.places,
            before.query,
            text,
            began_s,
            before.let_in_by,
        )

    def serve(self, asked: Asked, payload: bytes, waiting: Waiting) -> asyncio.Future[Answer] | None:
        """Carry out what is asked; `waiting` is told the answer, at once or later. The future is the work
        that goes on meanwhile."""
        route = asked.route
        try:
            self._admission.enter(route.lane)
        except Exception as error:  # noqa: BLE001 (as above)
            self._tell(asked, self._answer_to(error, route.path), waiting)
            return None
        try:
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise too_large()
            document = None if route.body is None else parse_contract(route.body, payload)
            request = Request(
                asked.caller, asked.places, asked.query, asked.idempotency_key, payload, document
            )
            asked.understood_s = time.perf_counter()
            work = route.handler(self.face, request)
        except Exception as error:  # noqa: BLE001 (as above)
            self._admission.leave(route.lane)
            self._tell(asked, self._answer_to(error, route.path), waiting)
            return None
        if isinstance(work, Later):
            work.then(partial(self._settled, asked, waiting))
            return None
        task = asyncio.ensure_future(work)
        task.add_done_callback(partial(self._done, asked, waiting))
        return task

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """One ASGI connection: HTTP alone."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not spoken here")
        asked = self.ask(scope["method"], scope["path"], scope.get("query_string", b""), scope["headers"])
        if isinstance(asked, Asked):
            payload = b"" if asked.route.body is None else await _body(receive)
            if payload is None:
                return  # hung up in the middle of it: nobody is left to answer
            caller = _AsgiCaller()
            self.serve(asked, payload, caller)
            answer = await caller.answer
        else:
            answer = asked
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.head()})
        await send({"type": "http.response.body", "body": answer.body})

    def _done(self, asked: Asked, waiting: Waiting, work: asyncio.Future[Answer]) -> None:
        if work.cancelled():  # the server's patience at its end is over
            self._admission.leave(asked.route.lane)
            waiting.hang_up()
            return
        error = work.exception()
        self._settled(asked, waiting, error if isinstance(error, Exception) else work.result())

    def _settled(self, asked: Asked, waiting: Waiting, outcome: Answer | Exception) -> None:
        route = asked.route
        self._admission.leave(route.lane)
        answer = outcome if isinstance(outcome, Answer) else self._answer_to(outcome, route.path)
        if answer.status == 202 and route.lane in _TIMED:
            metrics = self.face.metrics
            metrics.observe("accept", asked.understood_s - asked.began_s)
            metrics.observe("durable", time.perf_counter() - asked.understood_s)
        self._tell(asked, answer, waiting)

    def _tell(self, asked: Asked, answer: Answer, waiting: Waiting) -> None:
        try:
            self._ended(asked, answer)
            failpoint("answer.before_send")
            waiting.tell(answer)
            failpoint("answer.after_send")
        except Exception as error:  # noqa: BLE001 (nothing of one request may end the server)
            _log.error("a request failed", exc_info=error)
            waiting.hang_up()

    def _ended(self, asked: Asked, answer: Answer) -> Answer:
        route, caller = asked.route, asked.caller
        self.face.metrics.answered(route.path, answer.status)
        if caller is not None and route.permission in _TOLD:
            # What names nothing that there is may be anything, a token that slipped into the address, too.
            path = asked.path if answer.status in _KNOWN else route.path
            _audit.info("%s %s by %s: %s", route.method, path, caller.name, answer.status)
        return answer

    def _answer_to(self, error: Exception, what: str) -> Answer:
        answered = answer_to(error, cell_stopped=self.face.cell.fatal is not None)
        if answered is None:
            _log.error("%s failed", what, exc_info=error)
            return error_answer(500, "", "a fault of the daemon; see its log")
        return answered

    def _admit(self, headers: Headers, route: Route) -> Principal | None:
        if isinstance(route.permission, Everybody):
            return None
        return self.gatekeeper.admit(headers, route.permission, f"{route.method} {route.path}")


class _AsgiCaller:
    def __init__(self) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def tell(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def hang_up(self) -> None:
        self.answer.cancel()


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes | None:
    """All of a body, or so much of it that it is too large; None when the caller hung up."""
    payload = b""
    while len(payload) <= MAX_PAYLOAD_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        payload += message.get("body", b"")
        if not message.get("more_body"):
            break
    return payload


def create_app(
    cell: Cell, principals: Principals | None = None, metrics: Metrics | None = None
) -> Application:
    """The application over a started cell, for these principals, or those of its home.

    Raises:
        PrincipalsUnusable: the home's file of principals cannot be used.
    """
    measured = metrics or Metrics()
    gatekeeper = Gatekeeper(
        cell.home, principals or ensure_principals(cell.home), on_failure=measured.not_let_in
    )
    times = StageTimes(measured.observe, is_timed=lambda name: cell.bots[name].settings.mode != "replay")
    cell.engine.on_record = times.seen
    return Application(Face(cell, SignalBatches(cell), measured), gatekeeper, RouteTable(ROUTES), Admission())
