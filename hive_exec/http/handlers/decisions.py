"""Decisions as the sensor delivers them."""

from __future__ import annotations

from hive_core.contracts.decision import Delivery
from hive_exec import service
from hive_exec.http.answers import Answer
from hive_exec.http.face import Face
from hive_exec.http.requests import Request


async def deliver(face: Face, request: Request) -> Answer:
    """Take a decision in, once."""
    delivery, caller, key = request.document_as(Delivery), request.caller_name, request.idempotency_key
    status, body = await face.ask(
        lambda: service.deliver(face.cell, key, request.payload, delivery, caller), key=key
    )
    return Answer(status, body)
