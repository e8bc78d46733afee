"""What a venue says, as journal records spell it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import BrokerReport, ReportKind, VenuePosition

_REPORT_AMOUNTS = ("price", "lots", "stop_loss", "take_profit", "commission", "profit", "swap")
_POSITION_AMOUNTS = ("lots", "entry", "stop_loss", "take_profit")


def text_or_none(value: Decimal | None) -> str | None:
    """A decimal's one spelling, or None."""
    return None if value is None else decimal_text(value)


def report_body(report: BrokerReport) -> dict[str, Any]:
    """A report as a record holds it."""
    return {
        "account": report.account,
        "client_order_id": report.client_order_id,
        "kind": report.kind.value,
        "execution_id": report.execution_id,
        "ts_ns": report.ts_ns,
        "venue_order_id": report.venue_order_id,
        "has_stop": report.has_stop,
        "reason": report.reason,
        "text": report.text,
        **{name: text_or_none(getattr(report, name)) for name in _REPORT_AMOUNTS},
    }


def report_from(body: Mapping[str, Any]) -> BrokerReport:
    """The report that `report_body` spelled."""
    amounts = {name: None if body[name] is None else Decimal(body[name]) for name in _REPORT_AMOUNTS}
    return BrokerReport(**{**body, "kind": ReportKind(body["kind"]), **amounts})


def position_body(position: VenuePosition) -> dict[str, Any]:
    """A venue's position as a record holds it."""
    return {
        "position_id": position.position_id,
        "client_order_id": position.client_order_id,
        "symbol": position.symbol,
        "side": position.side,
        **{name: text_or_none(getattr(position, name)) for name in _POSITION_AMOUNTS},
    }


def position_from(body: Mapping[str, Any]) -> VenuePosition:
    """The position that `position_body` spelled."""
    amounts = {name: None if body[name] is None else Decimal(body[name]) for name in _POSITION_AMOUNTS}
    return VenuePosition(**{**body, **amounts})
