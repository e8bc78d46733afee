"""The paper venue: fills brackets at bid and ask, and keeps its own log like a venue would.

Its log is a file of its own, so that a crash between daemon and venue is a real one: on restart the
daemon asks what happened, as it would ask a broker. Fills follow `hive_core.backtest.fills`.
Not modelled here: partial fills, latency, swap, margin calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hive_core.backtest.fills import BarPrices, entry_fill, exit_fill, is_beyond_bound
from hive_core.contracts.base import decimal_text
from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.order import BracketOrder
from hive_core.contracts.reasons import RejectionReason
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.brokers.venue_report import VenueReport
from hive_exec.core.records import BEFORE_ALL, FeedPosition
from hive_exec.failpoints import failpoint
from hive_exec.sqlite_file import open_exclusive

_SCHEMA = """
CREATE TABLE IF NOT EXISTS venue_log (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    entry BLOB NOT NULL
) STRICT;
"""

Prices = BarPrices[Decimal]


class DuplicateOrder(RuntimeError):
    """A client order id was submitted twice. That must never happen: the daemon stops on it."""


@dataclass(frozen=True, slots=True)
class _Working:
    order: BracketOrder


@dataclass(frozen=True, slots=True)
class _Open:
    order: BracketOrder
    closing: bool = False


@dataclass(slots=True)
class _Book:
    """One account at the venue."""

    position: FeedPosition = BEFORE_ALL
    working: dict[str, _Working] = field(default_factory=dict)
    open: dict[str, _Open] = field(default_factory=dict)
    reports: list[VenueReport] = field(default_factory=list)
    known: set[str] = field(default_factory=set)


class PaperVenue:
    """The venue. `before_commit` is called before its log is written, so that whoever drives it can
    make durable what came before."""

    def __init__(self, path: Path, before_commit: Callable[[], None]) -> None:
        self._connection = open_exclusive(path)
        self._connection.executescript(_SCHEMA)
        self._before_commit = before_commit
        self._books: dict[str, _Book] = {}
        self._unsaved: list[tuple[str, dict[str, Any]]] = []
        for account, entry in self._connection.execute("SELECT account, entry FROM venue_log ORDER BY id"):
            self._fold(account, json.loads(entry))

    def position(self, account: str) -> FeedPosition:
        """How far the venue has come for an account; earlier prices were seen and are ignored."""
        return self._book(account).position

    def submit(self, order: BracketOrder, at: FeedPosition) -> None:
        """Accept an order; it works from the next price on.

        Raises:
            DuplicateOrder: the id was submitted before.
        """
        if order.client_order_id in self._book(order.account).known:
            raise DuplicateOrder(order.client_order_id)
        self._say(order, "accepted", at, order=order.model_dump(mode="json"))
        self._commit()

    def flatten(self, account: str, at: FeedPosition) -> None:
        """Cancel working orders now, and close positions at the next price."""
        book = self._book(account)
        for working in list(book.working.values()):
            self._say(working.order, "cancelled", at, reason=RejectionReason.CANCELLED_BY_CLIENT.value)
        if any(not position.closing for position in book.open.values()):
            self._note(account, {"note": "closing", "at": list(at)})
        self._commit()

    def reports_since(self, account: str, venue_seq: int) -> list[VenueReport]:
        """Every report of an account after a sequence number."""
        return self._book(account).reports[venue_seq:]

    def bar_opened(self, account: str, symbol: str, bid: Decimal, ask: Decimal, at: FeedPosition) -> None:
        """A first price: gaps beyond stops, requested closes, and entries at the open."""
        book = self._book(account)
        if at <= book.position:
            return
        book.position = at
        quote = BarPrices.of_quote(bid, ask)
        self._close_positions(book, symbol, quote, at, at_open=True)
        for working in [w for w in book.working.values() if w.order.symbol == symbol]:
            order = working.order
            if at[0] >= order.good_till_ns:
                self._say(order, "expired", at, reason=RejectionReason.GOOD_TILL_PASSED.value)
                continue
            fill = entry_fill(order.side, order.order_type, order.entry, quote)
            if fill is not None:
                self._fill_or_reject(order, fill.price, quote, at)
        self._commit()

    def bar_closed(self, account: str, symbol: str, bar: Prices, opened_ns: int, at: FeedPosition) -> None:
        """A bar's whole range: exits of what was open, entries inside, and their stops."""
        book = self._book(account)
        if at <= book.position:
            return
        book.position = at
        self._close_positions(book, symbol, bar, at, at_open=False)
        for working in [w for w in book.working.values() if w.order.symbol == symbol]:
            order = working.order
            # An order placed inside the bar cannot know which part of the range came after it.
            if order.order_type == "market" or order.submitted_ns > opened_ns or at[0] > order.good_till_ns:
                continue
            fill = entry_fill(order.side, order.order_type, order.entry, bar)
            if fill is None:
                continue
            self._say(order, "filled", at, price=fill.price, reason=order.order_type)
            leaving = exit_fill(order.side, order.stop_loss, order.take_profit, bar, open_at_start=False)
            if leaving is not None:
                self._say(order, "closed", at, price=leaving.price, reason=leaving.reason)
        self._commit()

    def close(self) -> None:
        """Close the log."""
        self._connection.close()

    def _book(self, account: str) -> _Book:
        return self._books.setdefault(account, _Book())

    def _close_positions(
        self, book: _Book, symbol: str, bar: Prices, at: FeedPosition, *, at_open: bool
    ) -> None:
        """Exits on a bar. A requested close waits for an opening price; inside a bar it would be past."""
        for position in [p for p in book.open.values() if p.order.symbol == symbol]:
            order = position.order
            if position.closing and at_open:
                price = bar.bid_open if order.side == "buy" else bar.ask_open
                self._say(order, "closed", at, price=price, reason="flatten")
                continue
            leaving = exit_fill(order.side, order.stop_loss, order.take_profit, bar, open_at_start=True)
            if leaving is not None:
                reason = "stop_gap" if leaving.gapped else leaving.reason
                self._say(order, "closed", at, price=leaving.price, reason=reason)

    def _fill_or_reject(self, order: BracketOrder, price: Decimal, quote: Prices, at: FeedPosition) -> None:
        is_buy = order.side == "buy"
        leave = quote.bid_open if is_buy else quote.ask_open
        if leave <= order.stop_loss if is_buy else leave >= order.stop_loss:
            self._say(order, "rejected", at, reason=RejectionReason.PRICE_BEYOND_STOP.value)
        elif is_beyond_bound(order.side, price, order.price_bound):
            self._say(order, "rejected", at, reason=RejectionReason.PRICE_BEYOND_BOUND.value)
        elif leave >= order.take_profit if is_buy else leave <= order.take_profit:
            self._say(order, "rejected", at, reason=RejectionReason.PRICE_BEYOND_TARGET.value)
        else:
            self._say(order, "filled", at, price=price, reason=order.order_type)

    def _say(
        self,
        order: BracketOrder,
        kind: str,
        at: FeedPosition,
        /,
        *,
        price: Decimal | None = None,
        reason: str = "",
        **extra: Any,
    ) -> None:
        entry: dict[str, Any] = {
            "venue_seq": len(self._book(order.account).reports) + 1,
            "client_order_id": order.client_order_id,
            "kind": kind,
            "at": list(at),
            "price": None if price is None else decimal_text(price),
            "reason": reason,
            **extra,
        }
        self._note(order.account, entry)

    def _note(self, account: str, entry: dict[str, Any]) -> None:
        self._fold(account, entry)
        self._unsaved.append((account, entry))

    def _commit(self) -> None:
        if not self._unsaved:
            return
        self._before_commit()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO venue_log (account, entry) VALUES (?, ?)",
            [(account, canonical_bytes(entry)) for account, entry in self._unsaved],
        )
        failpoint("venue.before_commit")
        self._connection.execute("COMMIT")
        failpoint("venue.after_commit")
        self._unsaved.clear()

    def _fold(self, account: str, entry: dict[str, Any]) -> None:
        """The one place where the venue's state changes, live and at a restart alike."""
        book = self._book(account)
        at: FeedPosition = (entry["at"][0], entry["at"][1], entry["at"][2])
        book.position = max(book.position, at)
        if entry.get("note") == "closing":
            book.open = {key: replace(position, closing=True) for key, position in book.open.items()}
            return
        order_id, kind = entry["client_order_id"], entry["kind"]
        if kind == "accepted":
            order = BracketOrder.model_validate_json(canonical_bytes(entry["order"]))
            book.working[order_id] = _Working(order)
            book.known.add(order_id)
        else:
            held = book.working.get(order_id) or book.open.get(order_id)
            if held is None:
                raise RuntimeError(f"venue log: {kind} of {order_id}, which is neither working nor open")
            order = held.order
        if kind == "filled":
            del book.working[order_id]
            book.open[order_id] = _Open(order)
        elif kind == "closed":
            del book.open[order_id]
        elif kind in {"rejected", "expired", "cancelled"}:
            del book.working[order_id]
        price = entry["price"]
        said = BrokerReport(
            account=account,
            client_order_id=order_id,
            kind=ReportKind(kind),
            execution_id=f"paper-{account}-{entry['venue_seq']}",
            ts_ns=at[0],
            price=None if price is None else Decimal(price),
            lots=order.lots,
            reason=entry["reason"],
        )
        book.reports.append(VenueReport(entry["venue_seq"], at, said))
