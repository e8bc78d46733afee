"""Signals: raw messages, or calls that were read elsewhere, for the live lane."""

from __future__ import annotations

from hive_core.contracts.submission import SignalSubmission
from hive_exec.http.answers import Answer
from hive_exec.http.face import Face
from hive_exec.http.requests import Request
from hive_exec.signal_inbox import Submitted


async def submit(face: Face, request: Request) -> Answer:
    """Take a signal in, once; back when it is durable."""
    submission = request.document_as(SignalSubmission)
    submitted = Submitted.of(request.idempotency_key, submission, request.caller_name)
    status, body = await face.signals.submit(submitted)
    return Answer(status, body)
