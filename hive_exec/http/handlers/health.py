"""Whether the daemon lives. For everybody on this machine, so nothing here is secret."""

from __future__ import annotations

import os

from hive_core import __version__
from hive_exec.attention import attention
from hive_exec.facts import mode_of
from hive_exec.http.answers import Answer, error_answer, json_answer
from hive_exec.http.face import Face
from hive_exec.http.requests import Request


async def health(face: Face, _: Request) -> Answer:
    """Who answers, what needs a person, and how far the journal is; 503 once the cell stopped itself."""
    cell = face.cell
    if cell.fatal is not None:
        return error_answer(503, "", "the daemon has stopped trading; see its log")
    facts = {
        "status": "ok",
        "mode": mode_of(cell).value,
        "attention": attention(cell),
        "version": __version__,
        "home": str(cell.home.root),
        "pid": os.getpid(),
        "journal_head_seq": cell.journal.durable_seq,
    }
    return json_answer(200, facts)
