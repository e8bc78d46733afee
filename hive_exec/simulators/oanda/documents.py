"""How the simulated venue writes times and numbers into its JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Document = dict[str, Any]


def stamp(ts_ns: int) -> str:
    """RFC 3339 in UTC with nine decimals, which also sorts by time."""
    seconds, rest = divmod(ts_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"


def number(value: Decimal) -> str:
    """A decimal number as text, without an exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: Decimal) -> str:
    """An amount in the account's currency."""
    return f"{amount:.4f}"


def client_id(held: Document) -> str:
    """The client id of an order or a trade, or ""."""
    return str(held.get("clientExtensions", {}).get("id", ""))


def client_trade(trade: Document) -> Document:
    """The client id of a trade, as transactions about it carry it."""
    return {"clientTradeID": client_id(trade)} if client_id(trade) else {}
