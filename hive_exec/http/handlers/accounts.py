"""Accounts: how they stand, how far a replay goes, and quotes for those on paper."""

from __future__ import annotations

from decimal import Decimal

from hive_core.contracts.base import Contract, Price, Symbol, TimestampNs
from hive_exec import service
from hive_exec.http.answers import Answer, json_answer
from hive_exec.http.face import Face
from hive_exec.http.later import Later
from hive_exec.http.requests import Request


class AdvanceRequest(Contract):
    """How far a replay account shall go."""

    until_ns: TimestampNs


class QuoteRequest(Contract):
    """A live quote."""

    symbol: Symbol
    bid: Price
    ask: Price
    ts_ns: TimestampNs


async def accounts(face: Face, _: Request) -> Answer:
    """Every open account."""
    return json_answer(200, await face.ask(lambda: service.accounts(face.cell)))


async def account(face: Face, request: Request) -> Answer:
    """One account with its limits."""
    name = request.places["name"]
    return json_answer(200, await face.ask(lambda: service.account(face.cell, name)))


async def advance(face: Face, request: Request) -> Answer:
    """Let a replay account go on."""
    until_ns, name = request.document_as(AdvanceRequest).until_ns, request.places["name"]
    return json_answer(202, await face.ask(lambda: service.advance(face.cell, name, until_ns)))


def quote(face: Face, request: Request) -> Later:
    """A quote for a paper account."""
    told, name = request.document_as(QuoteRequest), request.places["name"]
    bid, ask = Decimal(told.bid), Decimal(told.ask)
    return face.ask_later(
        lambda: json_answer(202, service.quote(face.cell, name, told.symbol, bid, ask, told.ts_ns))
    )
