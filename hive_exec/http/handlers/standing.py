"""How the daemon stands: for whoever sends it work (`/ready`), and for Prometheus (`/metrics`)."""

from __future__ import annotations

from hive_exec.http.answers import Answer, json_answer
from hive_exec.http.face import Face
from hive_exec.http.requests import Request
from hive_exec.metrics import CONTENT_TYPE


async def ready(face: Face, _: Request) -> Answer:
    """200 when what is sent now would be traded; 503 with the reasons when it would not."""
    facts = await face.facts()
    body = {
        "is_ready": facts is not None and facts.is_ready,
        "is_answering": facts is not None,
        "is_journal_sound": facts is not None and facts.is_journal_sound,
        "is_reconciled": facts is not None and not facts.unreconciled,
        "mode": "halt" if facts is None else facts.mode.value,
    }
    return json_answer(200 if body["is_ready"] else 503, body)


async def metrics(face: Face, _: Request) -> Answer:
    """Everything, in Prometheus' text format; also while the cell does not answer."""
    exposition = face.metrics.exposition(await face.facts())
    return Answer(200, exposition, content_type=(b"content-type", CONTENT_TYPE.encode("ascii")))
