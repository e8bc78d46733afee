"""Facts and books as data for a log, and back. Decimals are text; what holds nothing is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from hive_core.backtest.venue.book import Book, Closing, Instant, Position, Slice, Working
from hive_core.backtest.venue.facts import AccountFunded, CloseAsked, Fact, Marked, Reported, SwapBooked
from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import BracketOrder
from hive_core.evidence.canonical import canonical_bytes

Data = Mapping[str, Any]

_AMOUNTS = ("price", "lots", "stop_loss", "take_profit", "commission", "profit", "swap")
_REPORT_DEFAULTS = {
    field.name: field.default for field in fields(BrokerReport) if field.name in {*_AMOUNTS, "venue_order_id"}
} | {"has_stop": True, "reason": "", "text": ""}


def report_data(report: BrokerReport) -> dict[str, Any]:
    """A report without what is at its default."""
    data: dict[str, Any] = {
        "account": report.account,
        "client_order_id": report.client_order_id,
        "kind": report.kind.value,
        "execution_id": report.execution_id,
        "ts_ns": report.ts_ns,
    }
    for name, default in _REPORT_DEFAULTS.items():
        value = getattr(report, name)
        if value != default:
            data[name] = decimal_text(value) if isinstance(value, Decimal) else value
    return data


def report_of(data: Data) -> BrokerReport:
    """The report that `report_data` wrote."""
    held = dict(data)
    held["kind"] = ReportKind(held["kind"])
    for name in _AMOUNTS:
        if name in held:
            held[name] = Decimal(held[name])
    return BrokerReport(**held)


def fact_data(fact: Fact) -> dict[str, Any]:
    """A fact, named by `fact`."""
    data: dict[str, Any] = {"at": list(fact.at)}
    match fact:
        case Reported():
            data |= {"fact": "report", "seq": fact.seq, "number": fact.number}
            data["report"] = report_data(fact.report)
            if fact.order is not None:
                data |= {"order": fact.order.model_dump(mode="json"), "latency_ns": fact.latency_ns}
        case CloseAsked():
            data |= {"fact": "close_asked", "number": fact.number, "closing": _closing_data(fact.closing)}
        case SwapBooked():
            data |= {"fact": "swap", "number": fact.number, "amount": decimal_text(fact.amount)}
            data["rollover_ns"] = fact.rollover_ns
        case AccountFunded():
            data |= {"fact": "funded", "balance": decimal_text(fact.balance)}
        case Marked():
            data |= {"fact": "marked", **_marks_data(fact.quotes, fact.rates_per_eur)}
    return data


def fact_of(data: Data) -> Fact:
    """The fact that `fact_data` wrote.

    Raises:
        ValueError: no such fact.
    """
    at = _instant(data["at"])
    match data["fact"]:
        case "report":
            order = _order(data["order"]) if "order" in data else None
            latency_ns = data.get("latency_ns", 0)
            return Reported(at, data["seq"], data["number"], report_of(data["report"]), order, latency_ns)
        case "close_asked":
            return CloseAsked(at, data["number"], _closing(data["closing"]))
        case "swap":
            return SwapBooked(at, data["number"], Decimal(data["amount"]), data["rollover_ns"])
        case "funded":
            return AccountFunded(at, Decimal(data["balance"]))
        case "marked":
            return Marked(at, _quotes(data), _rates(data))
    raise ValueError(f"no fact of a venue: {data['fact']!r}")


def book_data(book: Book) -> dict[str, Any]:
    """A book, without the ids it has seen: of those the log itself is asked."""
    return {
        "account": book.account,
        "instant": list(book.instant),
        "last_seq": book.last_seq,
        "balance": None if book.balance is None else decimal_text(book.balance),
        "working": [_working_data(held) for held in book.working.values()],
        "open": [_position_data(held) for held in book.open.values()],
        **_marks_data(book.quotes, book.rates_per_eur),
        "unsaved_marks": sorted(book.unsaved_marks),
    }


def book_of(data: Data) -> Book:
    """The book that `book_data` wrote; its keeper looks after the ids it has seen."""
    working = [_working(held) for held in data["working"]]
    positions = [_position(held) for held in data["open"]]
    return Book(
        data["account"],
        _instant(data["instant"]),
        data["last_seq"],
        None if data["balance"] is None else Decimal(data["balance"]),
        {held.number: held for held in working},
        {held.number: held for held in positions},
        _quotes(data),
        _rates(data),
        dict.fromkeys(data["unsaved_marks"]),
        None,
    )


def _instant(value: list[Any]) -> Instant:
    ts_ns, rank, key = value
    return ts_ns, rank, key


def _order(data: Data) -> BracketOrder:
    return BracketOrder.model_validate_json(canonical_bytes(data))


def _marks_data(
    quotes: Mapping[str, tuple[Decimal, Decimal]], rates: Mapping[str, Decimal]
) -> dict[str, Any]:
    return {
        "quotes": {name: [decimal_text(bid), decimal_text(ask)] for name, (bid, ask) in quotes.items()},
        "rates": {name: str(rate) for name, rate in rates.items()},
    }


def _quotes(data: Data) -> dict[str, tuple[Decimal, Decimal]]:
    return {name: (Decimal(bid), Decimal(ask)) for name, (bid, ask) in data["quotes"].items()}


def _rates(data: Data) -> dict[str, Decimal]:
    return {name: Decimal(rate) for name, rate in data["rates"].items()}


def _closing_data(closing: Closing) -> dict[str, Any]:
    return {
        "lots": decimal_text(closing.lots),
        "reason": closing.reason,
        "request_id": closing.request_id,
        "eligible_ns": closing.eligible_ns,
    }


def _closing(data: Data) -> Closing:
    return Closing(Decimal(data["lots"]), data["reason"], data["request_id"], data["eligible_ns"])


def _working_data(held: Working) -> dict[str, Any]:
    return {
        "number": held.number,
        "order": held.order.model_dump(mode="json"),
        "lots": decimal_text(held.lots),
        "stop_loss": decimal_text(held.stop_loss),
        "take_profit": decimal_text(held.take_profit),
        "accepted_ns": held.accepted_ns,
        "latency_ns": held.latency_ns,
        "is_triggered": held.is_triggered,
    }


def _working(data: Data) -> Working:
    return Working(
        data["number"],
        _order(data["order"]),
        Decimal(data["lots"]),
        Decimal(data["stop_loss"]),
        Decimal(data["take_profit"]),
        data["accepted_ns"],
        data["latency_ns"],
        data["is_triggered"],
    )


def _position_data(held: Position) -> dict[str, Any]:
    return {
        "number": held.number,
        "order": held.order.model_dump(mode="json"),
        "slices": [[decimal_text(part.lots), decimal_text(part.price)] for part in held.slices],
        "stop_loss": decimal_text(held.stop_loss),
        "take_profit": decimal_text(held.take_profit),
        "swap": decimal_text(held.swap),
        "closing": None if held.closing is None else _closing_data(held.closing),
        "requests": list(held.requests),
    }


def _position(data: Data) -> Position:
    return Position(
        data["number"],
        _order(data["order"]),
        tuple(Slice(Decimal(lots), Decimal(price)) for lots, price in data["slices"]),
        Decimal(data["stop_loss"]),
        Decimal(data["take_profit"]),
        Decimal(data["swap"]),
        None if data["closing"] is None else _closing(data["closing"]),
        tuple(data["requests"]),
    )
