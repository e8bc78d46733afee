"""The table of routes. To add one: a line here and its handler; what is not here is not served."""

from __future__ import annotations

from hive_core.contracts.decision import Delivery
from hive_core.contracts.report import ReportPage
from hive_core.contracts.submission import SignalSubmission
from hive_exec.http import shapes
from hive_exec.http.handlers import accounts, decisions, health, journal, orders, signals
from hive_exec.http.queries import AFTER_SEQ, LIMIT, Word
from hive_exec.http.routing import ACCOUNT, ORDER, Everybody, Lane, Route
from hive_exec.principals import Permission

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
)
