"""The paths of the simulated venue's REST interface, and what each does. HTTP itself is `server`'s."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from hive_exec.simulators.oanda.documents import Document, stamp
from hive_exec.simulators.oanda.instruments import INSTRUMENTS
from hive_exec.simulators.oanda.venue import Venue


@dataclass(slots=True)
class Desk:
    """Whom the paths speak to. `page` is the most transactions of one answer; `hides_orders` answers 404 to
    the question after an order by its client id, whatever is there."""

    venue: Venue
    page: int
    hides_orders: bool = False


Route = Callable[[Desk, tuple[str, ...], dict[str, str], Document], tuple[int, Document]]


def _list(name: str, found: list[Document], venue: Venue) -> tuple[int, Document]:
    return 200, {name: found, "lastTransactionID": venue.last}


def _order(at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document) -> tuple[int, Document]:
    found = None if at.hides_orders and path[0].startswith("@") else at.venue.order(path[0])
    if found is None:
        return 404, {"errorMessage": "The order ID specified does not exist", "errorCode": "NO_SUCH_ORDER"}
    return 200, {"order": dict(found), "lastTransactionID": at.venue.last}


def _trade(at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document) -> tuple[int, Document]:
    found = at.venue.trade(path[0])
    if found is None:
        return 404, {"errorMessage": "The trade ID specified does not exist", "errorCode": "NO_SUCH_TRADE"}
    return 200, {"trade": at.venue.trade_details(found), "lastTransactionID": at.venue.last}


def _transaction(
    at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document
) -> tuple[int, Document]:
    place = int(path[0])
    if not 1 <= place <= len(at.venue.transactions):
        return 404, {"errorMessage": "The transaction ID specified does not exist"}
    return 200, {"transaction": at.venue.transactions[place - 1], "lastTransactionID": at.venue.last}


def _since(at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document) -> tuple[int, Document]:
    after = int(query["id"])
    if after > int(at.venue.last):
        return 416, {"errorMessage": "The transaction ID specified is in the future"}
    return _list("transactions", at.venue.transactions[after : after + at.page], at.venue)


def _range(at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document) -> tuple[int, Document]:
    first, last = int(query["from"]), int(query["to"])
    return _list("transactions", at.venue.transactions[first - 1 : last], at.venue)


def _prices(at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document) -> tuple[int, Document]:
    names = query["instruments"].split(",")
    return 200, {"prices": [at.venue.price_document(one) for one in names], "time": stamp(time.time_ns())}


def _summary(at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document) -> tuple[int, Document]:
    books = {k: v for k, v in at.venue.account().items() if k not in {"orders", "trades", "positions"}}
    return 200, {"account": books, "lastTransactionID": at.venue.last}


def _open_trades(at: Desk) -> list[Document]:
    return [at.venue.trade_details(one) for one in at.venue.trades.values() if one["state"] == "OPEN"]


def _instruments(
    at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document
) -> tuple[int, Document]:
    return _list("instruments", [one.document() for one in INSTRUMENTS.values()], at.venue)


def _pending(at: Desk, path: tuple[str, ...], query: dict[str, str], body: Document) -> tuple[int, Document]:
    waiting = [dict(one) for one in at.venue.orders.values() if one["state"] == "PENDING"]
    return _list("orders", waiting, at.venue)


_ONE = r"([0-9]+|@[A-Za-z0-9._:-]+)"
ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("POST", r"/orders", lambda at, p, q, body: at.venue.create_order(body.get("order", {}))),
    ("PUT", rf"/orders/{_ONE}/cancel", lambda at, p, q, body: at.venue.cancel_order(p[0])),
    ("PUT", rf"/orders/{_ONE}", lambda at, p, q, body: at.venue.replace_order(p[0], body.get("order", {}))),
    (
        "PUT",
        rf"/trades/{_ONE}/close",
        lambda at, p, q, body: at.venue.close_trade(p[0], body.get("units", "ALL")),
    ),
    ("PUT", rf"/trades/{_ONE}/orders", lambda at, p, q, body: at.venue.set_dependents(p[0], body)),
    (
        "GET",
        r"",
        lambda at, p, q, b: (200, {"account": at.venue.account(), "lastTransactionID": at.venue.last}),
    ),
    ("GET", r"/summary", _summary),
    ("GET", r"/instruments", _instruments),
    ("GET", r"/(?:orders|pendingOrders)", _pending),
    ("GET", rf"/orders/{_ONE}", _order),
    ("GET", r"/(?:trades|openTrades)", lambda at, p, q, b: _list("trades", _open_trades(at), at.venue)),
    ("GET", rf"/trades/{_ONE}", _trade),
    (
        "GET",
        r"/(?:positions|openPositions)",
        lambda at, p, q, b: _list("positions", at.venue.positions(), at.venue),
    ),
    ("GET", r"/pricing", _prices),
    ("GET", r"/transactions/sinceid", _since),
    ("GET", r"/transactions/idrange", _range),
    ("GET", r"/transactions/([0-9]+)", _transaction),
)
