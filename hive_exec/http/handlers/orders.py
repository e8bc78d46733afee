"""Orders: all of them, and the story of one."""

from __future__ import annotations

from hive_exec import service
from hive_exec.http.answers import Answer, json_answer
from hive_exec.http.face import Face
from hive_exec.http.requests import Request


async def orders(face: Face, request: Request) -> Answer:
    """Every order, or those of one account."""
    account = request.word("account")
    return json_answer(200, await face.ask(lambda: service.orders(face.cell, account)))


async def order(face: Face, request: Request) -> Answer:
    """One order with its records and the decision that caused it."""
    wanted = request.places["client_order_id"]
    return json_answer(200, await face.ask(lambda: service.order(face.cell, wanted)))
