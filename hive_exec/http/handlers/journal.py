"""The journal, in pages: as reports, and as the links of its chain."""

from __future__ import annotations

from hive_exec import service
from hive_exec.http.answers import Answer, json_answer
from hive_exec.http.face import Face
from hive_exec.http.requests import Request


async def reports(face: Face, request: Request) -> Answer:
    """A page of records."""
    after, limit = request.count("after_seq"), request.count("limit")
    page = await face.ask(lambda: service.reports(face.cell, after, limit))
    return Answer(200, page.model_dump_json().encode("utf-8"))


async def links(face: Face, request: Request) -> Answer:
    """A page of the chain as it is stored."""
    after, limit = request.count("after_seq"), request.count("limit")
    return json_answer(200, await face.ask(lambda: service.links(face.cell, after, limit)))
