"""What persons order and see: kill switch, breakers, reviews, unresolved orders, positions."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hive_core.contracts.base import AccountName, Contract, Symbol
from hive_exec import persons
from hive_exec.core.events import Fallback
from hive_exec.http.answers import Answer, json_answer
from hive_exec.http.face import Face
from hive_exec.http.requests import Request

_ON_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]{3,200}$"


def _a_reason(text: str) -> str:
    if not re.fullmatch(_ON_ONE_LINE, text):
        raise ValueError("a reason has 3 to 200 characters on one line")
    return text


Reason = Annotated[str, AfterValidator(_a_reason), Field(json_schema_extra={"pattern": _ON_ONE_LINE})]
"""Why; it stands in the journal for ever, on one line."""


class Reasoned(Contract):
    """An order of a person, with why."""

    reason: Reason


class TripRequest(Contract):
    """Which breaker opens, and what it leaves."""

    scope: Annotated[str, Field(pattern=r"^(global|cell|bot:[a-z0-9][a-z0-9_-]{0,95})$")]
    fallback: Fallback
    reason: Reason


class ResetRequest(Contract):
    """Which breaker closes."""

    scope: Annotated[str, Field(pattern=r"^(global|cell|bot:[a-z0-9][a-z0-9_-]{0,95})$")]
    reason: Reason


class ReviewRequest(Contract):
    """A person's word on a decision."""

    verdict: Literal["approve", "reject"]
    reason: Reason


class BooksRequest(Contract):
    """Where a venue is right to show nothing."""

    account: AccountName
    symbol: Symbol
    reason: Reason


async def modes(face: Face, _: Request) -> Answer:
    """Kill switch, breakers, health and modes."""
    return json_answer(200, await face.ask_urgently(lambda: persons.modes(face.cell)))


async def kill(face: Face, request: Request) -> Answer:
    """Throw the kill switch."""
    wanted, caller = request.document_as(Reasoned), request.caller_name
    # At once, in this thread: no order leaves from here on, however long the cell is busy.
    face.cell.kill_now()
    return json_answer(200, await face.ask_urgently(lambda: persons.kill(face.cell, wanted.reason, caller)))


async def resume(face: Face, request: Request) -> Answer:
    """Agree to end the kill switch."""
    wanted, caller = request.document_as(Reasoned), request.caller_name
    return json_answer(200, await face.ask(lambda: persons.resume(face.cell, wanted.reason, caller)))


async def trip(face: Face, request: Request) -> Answer:
    """Open a breaker."""
    wanted, caller = request.document_as(TripRequest), request.caller_name
    return json_answer(
        200,
        await face.ask_urgently(
            lambda: persons.trip(face.cell, wanted.scope, wanted.fallback, wanted.reason, caller)
        ),
    )


async def reset(face: Face, request: Request) -> Answer:
    """Close a breaker again."""
    wanted, caller = request.document_as(ResetRequest), request.caller_name
    return json_answer(
        200, await face.ask(lambda: persons.reset(face.cell, wanted.scope, wanted.reason, caller))
    )


async def reviews(face: Face, _: Request) -> Answer:
    """Decisions that wait for a person."""
    return json_answer(200, await face.ask(lambda: persons.reviews(face.cell)))


async def review(face: Face, request: Request) -> Answer:
    """A person's word on a decision."""
    wanted, caller = request.document_as(ReviewRequest), request.caller_name
    decision_id, is_approved = request.places["decision_id"], wanted.verdict == "approve"
    return json_answer(
        200,
        await face.ask(lambda: persons.review(face.cell, decision_id, is_approved, wanted.reason, caller)),
    )


async def resolve(face: Face, request: Request) -> Answer:
    """A person's word that an unresolved order never reached its venue."""
    wanted, caller = request.document_as(Reasoned), request.caller_name
    order_id = request.places["client_order_id"]
    return json_answer(
        200, await face.ask(lambda: persons.resolve(face.cell, order_id, wanted.reason, caller))
    )


async def close(face: Face, request: Request) -> Answer:
    """Close what an order opened, or cancel it where it works."""
    caller, order_id = request.caller_name, request.places["client_order_id"]
    return json_answer(200, await face.ask_urgently(lambda: persons.close(face.cell, order_id, caller)))


async def positions(face: Face, _: Request) -> Answer:
    """What is open."""
    return json_answer(200, await face.ask(lambda: persons.positions(face.cell)))


async def accept_books(face: Face, request: Request) -> Answer:
    """A person's word that a venue is right to show nothing of an instrument."""
    wanted, caller = request.document_as(BooksRequest), request.caller_name
    return json_answer(
        200,
        await face.ask(
            lambda: persons.accept_books(face.cell, wanted.account, wanted.symbol, wanted.reason, caller)
        ),
    )
