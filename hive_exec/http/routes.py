"""The table of routes. To add one: a line here and its handler; what is not here is not served."""

from __future__ import annotations

import json
from functools import cache

from hive_core.contracts.decision import Delivery
from hive_core.contracts.report import ReportPage
from hive_core.contracts.submission import SignalSubmission
from hive_exec.http import shapes
from hive_exec.http.answers import Answer
from hive_exec.http.face import Face
from hive_exec.http.handlers import accounts, decisions, health, journal, orders, persons, signals, standing
from hive_exec.http.openapi import document
from hive_exec.http.queries import AFTER_SEQ, LIMIT, Word
from hive_exec.http.requests import Request
from hive_exec.http.routing import ACCOUNT, DECISION, ORDER, Everybody, Lane, Route
from hive_exec.principals import Permission


async def openapi_document(_: Face, __: Request) -> Answer:
    """The document of the table below: so it stands here, and not with the other handlers."""
    return Answer(200, _document_bytes())


@cache
def _document_bytes() -> bytes:
    return json.dumps(document(ROUTES), separators=(",", ":")).encode("utf-8")


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/health",
        Everybody.MAY_ASK,
        health.health,
        "Whether the daemon lives, which one it is, and how far its journal is.",
        answers={200: shapes.Health},
        refusals=(503,),
        lane=Lane.CONTROL,
    ),
    Route(
        "GET",
        "/ready",
        Everybody.MAY_ASK,
        standing.ready,
        "Whether what is sent now would be traded; 503 with what stands against it.",
        answers={200: shapes.Readiness, 503: shapes.Readiness},
        lane=Lane.CONTROL,
    ),
    Route(
        "GET",
        "/openapi.json",
        Everybody.MAY_ASK,
        openapi_document,
        "This document.",
        answers={200: shapes.Document},
        lane=Lane.CONTROL,
    ),
    Route(
        "GET",
        "/metrics",
        Permission.READ,
        standing.metrics,
        "How the daemon stands, in Prometheus' text format.",
        answers={200: None},
        lane=Lane.CONTROL,
    ),
    Route(
        "POST",
        "/decisions",
        Permission.SUBMIT,
        decisions.deliver,
        "Deliver a decision, once, under its own id as the key.",
        answers={200: shapes.DecisionAccepted, 202: shapes.DecisionAccepted},
        refusals=(409,),
        body=Delivery,
        is_idempotent=True,
        lane=Lane.WRITE,
    ),
    Route(
        "POST",
        "/signals",
        Permission.SUBMIT,
        signals.submit,
        "Submit a message or a signal to the live lane, once, under its own key. 202 is durable.",
        answers={200: shapes.SignalAccepted, 202: shapes.SignalAccepted},
        refusals=(409,),
        body=SignalSubmission,
        is_idempotent=True,
        lane=Lane.SIGNALS,
    ),
    Route(
        "GET",
        "/accounts",
        Permission.READ,
        accounts.accounts,
        "Every open account: clock, money, limits, and the room that is left to each.",
        answers={200: shapes.AccountList},
    ),
    Route(
        "GET",
        "/accounts/{name}",
        Permission.READ,
        accounts.account,
        "One account: each limit used and left, now and with every stop hit, and what its firm says.",
        answers={200: shapes.AccountStory},
        refusals=(404,),
        places={"name": ACCOUNT},
    ),
    Route(
        "POST",
        "/accounts/{name}/advance",
        Permission.SUBMIT,
        accounts.advance,
        "Let a replay account go on to a time. Going back, or again, changes nothing.",
        answers={202: shapes.Advanced},
        refusals=(404, 409),
        body=accounts.AdvanceRequest,
        places={"name": ACCOUNT},
        lane=Lane.WRITE,
    ),
    Route(
        "POST",
        "/accounts/{name}/quotes",
        Permission.SUBMIT,
        accounts.quote,
        "A live quote for a paper account.",
        answers={202: shapes.QuoteTaken},
        refusals=(404, 409),
        body=accounts.QuoteRequest,
        places={"name": ACCOUNT},
        lane=Lane.WRITE,
    ),
    Route(
        "GET",
        "/orders",
        Permission.READ,
        orders.orders,
        "Every order, by the time it was intended.",
        answers={200: shapes.OrderList},
        query=(Word("account", "Only orders of this account.", ACCOUNT.pattern),),
    ),
    Route(
        "GET",
        "/orders/{client_order_id}",
        Permission.READ,
        orders.order,
        "One order, the records that concern it, and the decision as it was delivered.",
        answers={200: shapes.OrderStory},
        refusals=(404,),
        places={"client_order_id": ORDER},
    ),
    Route(
        "GET",
        "/reports",
        Permission.READ,
        journal.reports,
        "A page of the journal's records.",
        answers={200: ReportPage},
        query=(AFTER_SEQ, LIMIT),
    ),
    Route(
        "GET",
        "/journal",
        Permission.READ,
        journal.links,
        "A page of the journal's chain as it is stored, for whoever verifies it himself.",
        answers={200: shapes.LinkPage},
        query=(AFTER_SEQ, LIMIT),
    ),
    Route(
        "GET",
        "/modes",
        Permission.READ,
        persons.modes,
        "Kill switch, breakers, health, and the mode of every account.",
        answers={200: shapes.Modes},
        lane=Lane.CONTROL,
    ),
    Route(
        "POST",
        "/kill",
        Permission.STOP,
        persons.kill,
        "Throw the kill switch: no order leaves, working ones are cancelled, until people resume.",
        answers={200: shapes.Modes},
        body=persons.Reasoned,
        lane=Lane.CONTROL,
    ),
    Route(
        "POST",
        "/resume",
        Permission.OPERATE,
        persons.resume,
        "Agree to end the kill switch; it ends when enough people have.",
        answers={200: shapes.Modes},
        refusals=(409,),
        body=persons.Reasoned,
        lane=Lane.CONTROL,
    ),
    Route(
        "POST",
        "/breakers",
        Permission.STOP,
        persons.trip,
        "Open a breaker, with what it leaves: shadow, reduced, safe or halt.",
        answers={200: shapes.Modes},
        refusals=(404, 409),
        body=persons.TripRequest,
        lane=Lane.CONTROL,
    ),
    Route(
        "POST",
        "/breakers/reset",
        Permission.OPERATE,
        persons.reset,
        "Close a breaker again; a global one when enough people agree.",
        answers={200: shapes.Modes},
        refusals=(409,),
        body=persons.ResetRequest,
        lane=Lane.CONTROL,
    ),
    Route(
        "GET",
        "/reviews",
        Permission.READ,
        persons.reviews,
        "Decisions that wait for a person, each with the worst price that an approval allows.",
        answers={200: shapes.ReviewList},
    ),
    Route(
        "POST",
        "/reviews/{decision_id}",
        Permission.APPROVE,
        persons.review,
        "A person's word on a decision that waits. Not that of anybody who handed it in.",
        answers={200: shapes.ReviewOutcome},
        refusals=(404, 409),
        body=persons.ReviewRequest,
        places={"decision_id": DECISION},
        lane=Lane.CONTROL,
    ),
    Route(
        "POST",
        "/orders/{client_order_id}/resolve",
        Permission.APPROVE,
        persons.resolve,
        "A person's word that an unresolved order never reached its venue. Two are needed.",
        answers={200: shapes.OrderOutcome},
        refusals=(404, 409),
        body=persons.Reasoned,
        places={"client_order_id": ORDER},
        lane=Lane.CONTROL,
    ),
    Route(
        "POST",
        "/orders/{client_order_id}/close",
        Permission.STOP,
        persons.close,
        "Close what an order opened, or cancel it where it works.",
        answers={200: shapes.OrderOutcome},
        refusals=(404, 409),
        places={"client_order_id": ORDER},
        lane=Lane.CONTROL,
    ),
    Route(
        "GET",
        "/positions",
        Permission.READ,
        persons.positions,
        "What is open: ours by their orders, and what is not ours.",
        answers={200: shapes.PositionList},
    ),
    Route(
        "POST",
        "/positions/accept-broker",
        Permission.APPROVE,
        persons.accept_books,
        "A person's word that a venue is right to show nothing where ours stand open. Two are needed.",
        answers={200: shapes.BooksOutcome},
        refusals=(404, 409),
        body=persons.BooksRequest,
        lane=Lane.CONTROL,
    ),
)
