"""What came of the data: what was refused and why, orders and fills by source, room left to each limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hive_cli.facts.inbox import inbox
from hive_cli.facts.lake import LakeFacts

if TYPE_CHECKING:
    from hive_core.landing.home import HiveHome

KEPT = ("name", "mode", "state", "currency", "clock_ns", "balance", "equity", "unpriced", "open_positions")
"""What the daemon says of an account that a table of limits shows too."""


def refused(home: HiveHome, orders: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Everything that went no further, by stage, source and reason, with its count."""
    found: Counter[tuple[str, str, str]] = Counter()
    found.update(("file", each["source"], each["reason"]) for each in inbox(home)["refused"])
    found.update(_rows_refused(home))
    lake = LakeFacts.of(home)
    found.update(_counted(lake, "quarantined_signals", "signal", "source", "reason"))
    found.update(
        {
            key: n
            for key, n in _counted(lake, "resolutions", "resolution", "source", "outcome").items()
            if key[2] not in {"decided", "confirmed"}
        }
    )
    found.update(_denials(lake))
    for order in orders:
        if order["state"] in {"rejected", "expired", "cancelled", "not_accepted"}:
            reason = f"{order['state']}: {order.get('reason') or 'no reason given'}"
            found["order", _sources(order), reason] += 1
    return [
        {"stage": stage, "source": source, "reason": reason, "count": count}
        for (stage, source, reason), count in sorted(found.items(), key=_stage_then_count)
    ]


def _stage_then_count(item: tuple[tuple[str, str, str], int]) -> tuple[str, int, tuple[str, str, str]]:
    key, count = item
    return key[0], -count, key


def _rows_refused(home: HiveHome) -> Counter[tuple[str, str, str]]:
    from hive_core.landing.receipts import receipts

    found: Counter[tuple[str, str, str]] = Counter()
    for receipt in receipts(home):
        source = receipt.declaration.get("source") or receipt.declaration.get("symbol") or receipt.file_name
        for row in receipt.rejected:
            found["row", source, f"{row.column}: {row.reason}" if row.column else row.reason] += 1
    return found


def _counted(
    lake: LakeFacts, table: str, stage: str, source: str, reason: str
) -> Counter[tuple[str, str, str]]:
    frame = lake.read(table)
    if frame is None or frame.is_empty():
        return Counter()
    counts = frame.group_by(source, reason).len().iter_rows()
    return Counter({(stage, room or "-", why or "-"): count for room, why, count in counts})


def _denials(lake: LakeFacts) -> Counter[tuple[str, str, str]]:
    frame = lake.read("denials")
    if frame is None:
        return Counter()
    rows = frame.select("sources", "reason_code").iter_rows()
    return Counter(("decision", ", ".join(sorted(sources or [])) or "-", reason) for sources, reason in rows)


def _sources(order: dict[str, Any]) -> str:
    return ", ".join(sorted(order.get("sources") or [])) or "-"


def by_source(orders: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Orders, fills, closed positions, winners and profit of each set of sources."""
    lines: dict[str, dict[str, Any]] = {}
    for order in orders:
        line = lines.setdefault(
            _sources(order),
            {"orders": 0, "filled": 0, "closed": 0, "won": 0, "profit": Decimal(0)},
        )
        line["orders"] += 1
        line["filled"] += order["fill_price"] is not None
        if order["profit"] is not None:
            profit = Decimal(order["profit"])
            line["closed"] += 1
            line["won"] += profit > 0
            line["profit"] += profit
    return [{"sources": sources, **line} for sources, line in sorted(lines.items())]


def limits(accounts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Equity of each account and how far it stands from each limit, in money and in percent of the
    initial balance; None where there is no limit, or none is known."""
    rows = []
    for account in accounts:
        initial = Decimal(account["initial_balance"])
        row = {name: account[name] for name in KEPT}
        for limit in ("daily", "maximum"):
            told = account[f"{limit}_headroom"]
            room = None if told is None else Decimal(told)
            row[f"{limit}_headroom"] = told
            row[f"{limit}_headroom_pct"] = (
                None if room is None else str((100 * room / initial).quantize(Decimal("0.01")))
            )
        rows.append(row)
    return rows
