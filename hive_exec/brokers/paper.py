"""The paper venue: `hive_core.backtest.venue` with a durable log of its own, like a venue's.

Its log is a file of its own, so that a crash between daemon and venue is a real one: on restart the
daemon asks what happened, as it would ask a broker. What is modelled, and what is not, stands in
docs/paper-venue.md; here is only what makes it durable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue.book import BEFORE_ALL, Book
from hive_core.backtest.venue.codec import book_data, book_of, fact_data, fact_of
from hive_core.backtest.venue.engine import take
from hive_core.backtest.venue.facts import Reported, apply
from hive_core.backtest.venue.inputs import (
    BarRanged,
    Cancel,
    Close,
    Flatten,
    Input,
    Modify,
    Quoted,
    RatePublished,
    Submit,
    TimePassed,
)
from hive_core.backtest.venue.terms import Terms
from hive_core.backtest.venue.views import snapshot_of
from hive_core.contracts.broker import BrokerSnapshot, Lookup
from hive_core.contracts.order import BracketOrder
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.brokers.venue_report import VenueReport
from hive_exec.core.records import FeedPosition
from hive_exec.failpoints import failpoint
from hive_exec.sqlite_file import open_exclusive

# A row that is no report has the number of the last report before it, and no client id.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS venue_log (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    venue_seq INTEGER NOT NULL,
    client_order_id TEXT,
    entry BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS venue_log_by_seq ON venue_log (account, venue_seq);
CREATE INDEX IF NOT EXISTS venue_log_by_order ON venue_log (account, client_order_id)
    WHERE client_order_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS venue_snapshot (
    account TEXT PRIMARY KEY,
    log_id INTEGER NOT NULL,
    book BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""

Prices = BarPrices[Decimal]

ROWS_BETWEEN_SNAPSHOTS = 2_000
"""So many rows are read again at a start at most, for each account: some 0.1 s."""
KEPT_REPORTS = 2_000
"""So many reports of an account stay in memory at most; older ones are read from the log."""


class DuplicateOrder(RuntimeError):
    """A client order id was submitted twice. That must never happen: the daemon stops on it."""


@dataclass(slots=True)
class _Kept:
    """One account: its book, its newest reports, and how many rows lie after its snapshot."""

    book: Book
    terms: Terms
    newest: list[VenueReport] = field(default_factory=list)
    rows_since_snapshot: int = 0


def _default_terms(_account: str) -> Terms:
    return Terms()


class PaperVenue:
    """The venue. `before_commit` is called before its log is written, so that whoever drives it can
    make durable what came before. `terms_of` gives the terms of an account, by its name."""

    def __init__(
        self,
        path: Path,
        before_commit: Callable[[], None],
        terms_of: Callable[[str], Terms] = _default_terms,
    ) -> None:
        self._connection = open_exclusive(path)
        self._connection.executescript(_SCHEMA)
        self._before_commit = before_commit
        self._terms_of = terms_of
        self._accounts: dict[str, _Kept] = {}
        self._unsaved: list[tuple[str, int, str | None, bytes]] = []
        self._is_held = False
        for account, log_id, snapshot in self._connection.execute(
            "SELECT account, log_id, book FROM venue_snapshot ORDER BY account"
        ).fetchall():
            self._recall(account, log_id, book_of(json.loads(snapshot)))

    def position(self, account: str) -> FeedPosition:
        """How far the venue has come for an account; earlier prices were seen and are ignored."""
        kept = self._accounts.get(account)
        return BEFORE_ALL if kept is None else kept.book.instant

    def submit(self, order: BracketOrder, at: FeedPosition) -> list[VenueReport]:
        """Accept an order, or refuse it; it works from the next price on.

        Raises:
            DuplicateOrder: the id was submitted before.
        """
        seen = "SELECT 1 FROM venue_log WHERE account = ? AND client_order_id = ? LIMIT 1"
        place = (order.account, order.client_order_id)
        is_unsaved = any((row[0], row[2]) == place for row in self._unsaved)
        if is_unsaved or self._connection.execute(seen, place).fetchone():
            raise DuplicateOrder(order.client_order_id)
        return self._take(order.account, Submit(at, order))

    @contextmanager
    def in_one_commit(self) -> Iterator[None]:
        """What is asked of the venue within shares one commit, at the end; what it says counts only then."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        self._commit()

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None, at: FeedPosition
    ) -> list[VenueReport]:
        """Move stop or target of an order and of what it opened; None leaves it."""
        return self._take(order.account, Modify(at, order.client_order_id, stop_loss, take_profit))

    def cancel(self, order: BracketOrder, at: FeedPosition) -> list[VenueReport]:
        """Cancel what of an order still works."""
        return self._take(order.account, Cancel(at, order.client_order_id))

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str, at: FeedPosition
    ) -> list[VenueReport]:
        """Close what an order opened, or `lots` of it, at the next price. One `request_id` is one close."""
        return self._take(order.account, Close(at, order.client_order_id, lots, request_id))

    def flatten(self, account: str, at: FeedPosition) -> None:
        """Cancel working orders now, and close positions at the next price."""
        self._take(account, Flatten(at))

    def bar_opened(self, account: str, symbol: str, bid: Decimal, ask: Decimal, at: FeedPosition) -> None:
        """A first price: gaps beyond stops, requested closes, and entries at the open."""
        self._take(account, Quoted(at, symbol, bid, ask))

    def bar_closed(self, account: str, symbol: str, bar: Prices, opened_ns: int, at: FeedPosition) -> None:
        """A bar's whole range: exits of what was open, entries inside, and their stops."""
        self._take(account, BarRanged(at, symbol, bar, opened_ns))

    def rate_published(self, account: str, currency: str, per_eur: Decimal, at: FeedPosition) -> None:
        """A reference rate, for accounts whose money is counted."""
        self._take(account, RatePublished(at, currency, per_eur))

    def time_passed(self, account: str, at: FeedPosition) -> None:
        """Time without a price: rollovers are charged and orders expire."""
        self._take(account, TimePassed(at))

    def reports_since(self, account: str, venue_seq: int) -> list[VenueReport]:
        """Every report of an account after a sequence number, in order."""
        kept = self._accounts.get(account)
        if kept is None or venue_seq >= kept.book.last_seq:
            return []
        newest = kept.newest
        if newest and newest[0].venue_seq <= venue_seq + 1:
            return newest[venue_seq + 1 - newest[0].venue_seq :]
        return list(self._stored("account = ? AND venue_seq > ?", (account, venue_seq)))

    def acknowledge(self, account: str, venue_seq: int) -> None:
        """Reports up to here are durable with the daemon: they need not be held in memory."""
        kept = self._accounts.get(account)
        if kept is not None and kept.newest:
            del kept.newest[: max(0, venue_seq + 1 - kept.newest[0].venue_seq)]

    def look_up(self, account: str, client_order_id: str) -> Lookup:
        """What became of an order. The log is whole and nothing is under way: no report is proof that it
        never arrived."""
        found = self._stored("account = ? AND client_order_id = ?", (account, client_order_id))
        return Lookup(client_order_id, tuple(entry.report for entry in found), is_proof=True)

    def snapshot(self, account: str) -> BrokerSnapshot:
        """The venue's books of an account; the cursor is its last `venue_seq`."""
        kept = self._accounts.get(account)
        terms = self._terms_of(account) if kept is None else kept.terms
        return snapshot_of(Book(account) if kept is None else kept.book, terms)

    def close(self) -> None:
        """Close the log."""
        self._connection.close()

    def _take(self, account: str, given: Input) -> list[VenueReport]:
        kept = self._accounts.get(account)
        if kept is None:
            kept = self._accounts[account] = self._new(account)
        facts = take(kept.book, kept.terms, given)
        if not facts:
            return []
        said: list[VenueReport] = []
        seq = kept.book.last_seq - sum(isinstance(fact, Reported) for fact in facts)
        for fact in facts:
            client_order_id = None
            if isinstance(fact, Reported):
                seq, client_order_id = fact.seq, fact.report.client_order_id
                said.append(VenueReport(fact.seq, fact.at, fact.report))
            self._unsaved.append((account, seq, client_order_id, canonical_bytes(fact_data(fact))))
        kept.newest += said
        kept.rows_since_snapshot += len(facts)
        self._commit()
        return said

    def _new(self, account: str) -> _Kept:
        # Its first rows are followed by a snapshot at once: that is how a start finds the account.
        return _Kept(
            Book(account, known_ids=None),
            self._terms_of(account),
            rows_since_snapshot=ROWS_BETWEEN_SNAPSHOTS,
        )

    def _commit(self) -> None:
        if not self._unsaved or self._is_held:
            return
        self._before_commit()
        accounts = dict.fromkeys(row[0] for row in self._unsaved)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO venue_log (account, venue_seq, client_order_id, entry) VALUES (?, ?, ?, ?)",
            self._unsaved,
        )
        for account in accounts:
            kept = self._accounts[account]
            if kept.rows_since_snapshot >= ROWS_BETWEEN_SNAPSHOTS:
                self._write_snapshot(kept)
        failpoint("venue.before_commit")
        self._connection.execute("COMMIT")
        failpoint("venue.after_commit")
        self._unsaved.clear()
        for account in accounts:
            newest = self._accounts[account].newest
            if len(newest) > 2 * KEPT_REPORTS:
                del newest[:-KEPT_REPORTS]

    def _write_snapshot(self, kept: _Kept) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO venue_snapshot (account, log_id, book)"
            " VALUES (?, (SELECT max(id) FROM venue_log), ?)",
            (kept.book.account, canonical_bytes(book_data(kept.book))),
        )
        kept.rows_since_snapshot = 0

    def _recall(self, account: str, log_id: int, book: Book) -> None:
        """Fold what came after an account's snapshot."""
        kept = self._accounts[account] = _Kept(book, self._terms_of(account))
        rows = self._connection.execute(
            "SELECT entry FROM venue_log WHERE account = ? AND venue_seq >= ? AND id > ? ORDER BY id",
            (account, book.last_seq, log_id),
        )
        for (entry,) in rows:
            fact = fact_of(json.loads(entry))
            apply(book, fact)
            kept.rows_since_snapshot += 1
            if isinstance(fact, Reported):
                kept.newest.append(VenueReport(fact.seq, fact.at, fact.report))

    def _stored(self, which: str, values: tuple[str | int, ...]) -> Iterator[VenueReport]:
        # `which` is one of two texts of this module, never a caller's.
        rows = self._connection.execute(
            f"SELECT entry FROM venue_log WHERE {which} AND client_order_id IS NOT NULL ORDER BY id",  # noqa: S608
            values,
        )
        for (entry,) in rows:
            fact = fact_of(json.loads(entry))
            if isinstance(fact, Reported):
                yield VenueReport(fact.seq, fact.at, fact.report)
