"""Signals: raw messages, or calls that were read elsewhere, for the live lane."""

from __future__ import annotations

from hive_core.contracts.submission import SignalSubmission
from hive_exec.http.face import Face
from hive_exec.http.later import Later
from hive_exec.http.requests import Request
from hive_exec.signal_inbox import Submitted


def submit(face: Face, request: Request) -> Later:
    """Take a signal in, once; answered when it is durable."""
    submission = request.document_as(SignalSubmission)
    return face.signals.submit(Submitted.of(request.idempotency_key, submission, request.caller_name))
