"""The ASGI application: every request through the same gates, in the same order, to its handler.

Host, route, method, principal, permission, a place in its lane, address, key, body, contract: whoever fails
one learns nothing of those behind it.
"""

from __future__ import annotations

import logging
import time

from hive_core.contracts.base import parse_contract
from hive_exec.cell import Cell
from hive_exec.failpoints import failpoint
from hive_exec.http.admission import Admission
from hive_exec.http.answers import Answer, answer_to, error_answer
from hive_exec.http.authentication import Gatekeeper
from hive_exec.http.face import Face
from hive_exec.http.queries import read_query
from hive_exec.http.requests import (
    CallerGone,
    Headers,
    Receive,
    Request,
    Scope,
    Send,
    check_host,
    idempotency_key,
    read_body,
)
from hive_exec.http.routes import ROUTES
from hive_exec.http.routing import Everybody, Lane, Route, RouteTable, WrongMethod, check_places
from hive_exec.http.signal_batches import SignalBatches
from hive_exec.metrics import Metrics
from hive_exec.principals import Permission, Principal, Principals, ensure_principals
from hive_exec.stages import StageTimes

_TIMED = {Lane.WRITE, Lane.SIGNALS}

_log = logging.getLogger("hive_exec.http")
_audit = logging.getLogger("hive_exec.audit")

_TOLD = {Permission.STOP, Permission.OPERATE, Permission.APPROVE}
"""Requests that the audit tells one by one. What is submitted stands in the journal, with its caller."""


class Application:
    """The daemon's HTTP face over a started cell."""

    def __init__(self, face: Face, gatekeeper: Gatekeeper, table: RouteTable, admission: Admission) -> None:
        self.face = face
        self.gatekeeper = gatekeeper
        self.table = table
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection: HTTP alone."""
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not spoken here")
        try:
            answer = await self._answer(scope, receive)
        except CallerGone:
            return
        failpoint("answer.before_send")
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.head()})
        await send({"type": "http.response.body", "body": answer.body})
        failpoint("answer.after_send")

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        began_s = time.perf_counter()
        try:
            headers = Headers(scope["headers"])
            check_host(headers)
            route, places = self.table.find(scope["method"], scope["path"])
            caller = self._admit(headers, route)
        except WrongMethod as wrong:
            return error_answer(405, "method", "Method Not Allowed", headers={"allow": wrong.allowed})
        except Exception as error:  # noqa: BLE001 (the last line of defence: told in the log, not to the caller)
            return self._answer_to(error, scope)
        try:
            with self._admission.place(route.lane):
                check_places(route, places)
                query = read_query(scope.get("query_string", b""), route.query)
                key = idempotency_key(headers) if route.is_idempotent else ""
                payload = await read_body(headers, receive) if route.body is not None else b""
                document = parse_contract(route.body, payload) if route.body is not None else None
                request = Request(caller, places, query, key, payload, document)
                understood_s = time.perf_counter()
                answer = await route.handler(self.face, request)
                if answer.status == 202 and route.lane in _TIMED:
                    self.face.metrics.observe("accept", understood_s - began_s)
                    self.face.metrics.observe("durable", time.perf_counter() - understood_s)
        except CallerGone:
            raise
        except Exception as error:  # noqa: BLE001 (as above)
            answer = self._answer_to(error, scope)
        self.face.metrics.answered(route.path, answer.status)
        if caller is not None and route.permission in _TOLD:
            _audit.info("%s %s by %s: %s", route.method, scope["path"], caller.name, answer.status)
        return answer

    def _answer_to(self, error: Exception, scope: Scope) -> Answer:
        answered = answer_to(error, cell_stopped=self.face.cell.fatal is not None)
        if answered is None:
            _log.error("%s %s failed", scope["method"], scope["path"], exc_info=error)
            return error_answer(500, "", "a fault of the daemon; see its log")
        return answered

    def _admit(self, headers: Headers, route: Route) -> Principal | None:
        if isinstance(route.permission, Everybody):
            return None
        return self.gatekeeper.admit(headers, route.permission, f"{route.method} {route.path}")


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
