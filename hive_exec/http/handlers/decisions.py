"""Decisions as the sensor delivers them."""

from __future__ import annotations

from hive_core.contracts.decision import Delivery
from hive_exec import service
from hive_exec.http.answers import Answer
from hive_exec.http.face import Face
from hive_exec.http.later import Later
from hive_exec.http.requests import Request


def deliver(face: Face, request: Request) -> Later:
    """Take a decision in, once; answered when it and its orders are durable."""
    delivery, caller, key = request.document_as(Delivery), request.caller_name, request.idempotency_key
    return face.ask_later(
        lambda: Answer(*service.deliver(face.cell, key, request.payload, delivery, caller)), key=key
    )
