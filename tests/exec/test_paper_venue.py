"""The paper venue's log: what it remembers after a restart at any place, and what it keeps in memory."""

from __future__ import annotations

import sqlite3
import time
from decimal import Decimal
from pathlib import Path

import pytest
from venue_bench import SECOND, TUESDAY, an_order

from hive_core.backtest.fills import BarPrices
from hive_core.backtest.venue.codec import book_data
from hive_core.backtest.venue.facts import IllegalFact
from hive_core.backtest.venue.terms import Terms
from hive_core.configuration.broker_paper import Margin, PaperVenueSettings, Slippage, SwapRate
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.brokers import paper
from hive_exec.brokers.paper import DuplicateOrder, PaperVenue

RICH = PaperVenueSettings(
    slippage=Slippage(fixed_pips=Decimal("0.3"), random_pips=Decimal("1.5")),
    latency_ms=700,
    latency_random_ms=900,
    liquidity_lots=Decimal("0.40"),
    swap=(SwapRate(symbol="EURUSD", long=Decimal("-7.2"), short=Decimal("1.1")),),
    commission_per_lot=Decimal("3.5"),
    margin=Margin(leverage=Decimal(30)),
    is_hedging=False,
    seed=11,
)


def rich_terms(_account: str) -> Terms:
    return Terms(RICH, "USD", Decimal(20_000))


class Line:
    """A venue that is opened anew on the same file as often as wanted."""

    def __init__(self, path: Path, terms_of=rich_terms) -> None:
        self.path, self.terms_of = path, terms_of
        self.venue = PaperVenue(path, lambda: None, terms_of)

    def reopen(self) -> None:
        self.venue.close()
        self.venue = PaperVenue(self.path, lambda: None, self.terms_of)

    def book(self, account: str = "paper"):
        return self.venue._accounts[account].book


def calls(count: int = 120):
    """A long story: orders on both sides, quotes that move, closes, a night over a rollover."""
    orders = [
        an_order(
            number,
            side="buy" if number % 3 else "sell",
            order_type=("market", "limit", "stop")[number % 3 if number % 2 else 0],
            entry=None if not number % 2 or number % 3 == 0 else ("1.0790" if number % 3 == 1 else "1.0812"),
            lots="0.70",
            stop="1.0700" if number % 3 else "1.0890",
            target="1.0850" if number % 3 else "1.0760",
            submitted_ns=TUESDAY,
        )
        for number in range(1, count // 8 + 1)
    ]
    for number in range(count):
        at = (TUESDAY + number * 1_800 * SECOND, 4, "EURUSD")
        order = orders[number // 8]
        bid = Decimal("1.0800") + Decimal((number * 37) % 23 - 11) * Decimal("0.0003")
        match number % 8:
            case 0:
                yield lambda venue, at=at, order=order: venue.submit(order, at)
            case 3 if number % 3 == 0:
                yield lambda venue, at=at, order=order: venue.modify(order, Decimal("1.0600"), None, at)
            case 5 if number % 5 == 0:
                yield lambda venue, at=at, order=order: venue.cancel(order, at)
            case 6 if number % 2 == 0:
                yield lambda venue, at=at, order=order: venue.close_position(
                    order, Decimal("0.25"), f"c-{at[0]}", at
                )
            case 7 if number > 100:
                yield lambda venue, at=at: venue.flatten("paper", at)
            case 4:
                low, high = bid - Decimal("0.0012"), bid + Decimal("0.0010")
                ask = (price + Decimal("0.0001") for price in (bid, high, low, bid))
                bar = BarPrices(bid, high, low, bid, *ask)
                yield lambda venue, at=at, bar=bar: venue.bar_closed(
                    "paper", "EURUSD", bar, at[0] - 1_800 * SECOND, (at[0], 0, "EURUSD")
                )
            case _:
                yield lambda venue, at=at, bid=bid: venue.bar_opened(
                    "paper", "EURUSD", bid, bid + Decimal("0.0001"), at
                )


@pytest.mark.parametrize("snapshots_after", [1, 3, 2_000])
def test_a_restart_after_any_call_goes_on_as_if_there_had_been_none(tmp_path, monkeypatch, snapshots_after):
    monkeypatch.setattr(paper, "ROWS_BETWEEN_SNAPSHOTS", snapshots_after)
    calm, restarted = Line(tmp_path / "calm.sqlite"), Line(tmp_path / "restarted.sqlite")
    since_commit = []
    for number, call in enumerate(calls()):
        call(calm.venue)
        before = restarted.venue.position("paper")
        call(restarted.venue)
        rows = restarted.venue._connection.execute("SELECT count(*) FROM venue_log").fetchone()[0]
        restarted.reopen()
        # What left no fact is read again by whoever drives the venue: it stands after its last instant.
        since_commit.append((number, call))
        if restarted.venue.position("paper") > before and rows:
            since_commit = []
        for _, again in since_commit:
            again(restarted.venue)
        assert book_data(restarted.book()) == book_data(calm.book()), number
    entries = calm.venue.reports_since("paper", 0)
    assert restarted.venue.reports_since("paper", 0) == entries
    kinds = [entry.report.kind.value for entry in entries]
    assert {"accepted", "filled", "closed", "cancelled", "modified"} <= set(kinds)
    assert any(entry.report.reason == "netted" for entry in entries)
    assert len([kind for kind in kinds if kind == "filled"]) > 15


def test_a_snapshot_holds_what_the_whole_log_folds_to(tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "ROWS_BETWEEN_SNAPSHOTS", 5)
    line = Line(tmp_path / "paper.sqlite")
    for call in calls():
        call(line.venue)
    line.reopen()
    from_snapshot = book_data(line.book())
    with line.venue._connection as connection:
        connection.execute("DELETE FROM venue_snapshot")
    empty = {**book_data(paper.Book("paper")), "account": "paper"}
    line.venue._connection.execute(
        "INSERT INTO venue_snapshot VALUES ('paper', 0, ?)", (canonical_bytes(empty),)
    )
    line.reopen()
    assert book_data(line.book()) == from_snapshot
    assert line.book().open or line.book().balance != Decimal(20_000)


def test_a_log_with_a_missing_row_is_refused(tmp_path):
    line = Line(tmp_path / "paper.sqlite")
    line.venue.submit(an_order(1), (TUESDAY, 3, ""))
    line.venue.submit(an_order(2), (TUESDAY + 1, 3, ""))
    line.venue.submit(an_order(3), (TUESDAY + 2, 3, ""))
    line.venue.close()
    with sqlite3.connect(line.path) as vandal:
        vandal.execute("DELETE FROM venue_log WHERE client_order_id = 'ord_2'")
    vandal.close()
    with pytest.raises(IllegalFact, match="paper: report 3 after 1"):
        line.venue = PaperVenue(line.path, lambda: None, rich_terms)


def test_an_id_is_known_for_ever_also_after_restarts_and_endings(tmp_path):
    line = Line(tmp_path / "paper.sqlite")
    line.venue.submit(an_order(1), (TUESDAY, 3, ""))
    line.venue.cancel(an_order(1), (TUESDAY + 1, 3, ""))
    for _ in range(2):
        with pytest.raises(DuplicateOrder, match="ord_1"):
            line.venue.submit(an_order(1), (TUESDAY + 2, 3, ""))
        line.reopen()
    other = an_order(1, account="other")  # another account's ids are its own
    assert [entry.report.kind.value for entry in line.venue.submit(other, (TUESDAY, 3, ""))] == ["accepted"]


def test_what_became_of_an_order_is_told_from_the_log_and_its_absence_is_proof(tmp_path):
    line = Line(tmp_path / "paper.sqlite")
    line.venue.submit(an_order(1), (TUESDAY, 3, ""))
    line.venue.submit(an_order(2), (TUESDAY, 3, ""))
    line.venue.cancel(an_order(1), (TUESDAY + 1, 3, ""))
    line.venue.acknowledge("paper", 3)
    line.reopen()
    found = line.venue.look_up("paper", "ord_1")
    assert [report.kind.value for report in found.reports] == ["accepted", "cancelled"]
    absent = line.venue.look_up("paper", "ord_9")
    assert (absent.reports, absent.is_proof) == ((), True)


def test_reports_stay_readable_while_memory_stays_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "KEPT_REPORTS", 10)
    line = Line(tmp_path / "paper.sqlite", lambda _: Terms())
    for number in range(1, 101):
        line.venue.submit(an_order(number), (TUESDAY + number, 3, ""))
        assert len(line.venue._accounts["paper"].newest) <= 20
    for since in (0, 1, 50, 89, 90, 99, 100, 101):
        said = [entry.venue_seq for entry in line.venue.reports_since("paper", since)]
        assert said == list(range(since + 1, 101))
    line.venue.acknowledge("paper", 95)
    assert [entry.venue_seq for entry in line.venue._accounts["paper"].newest] == [96, 97, 98, 99, 100]
    line.venue.acknowledge("paper", 100)
    line.venue.acknowledge("paper", 40)  # late, and again: nothing
    assert line.venue._accounts["paper"].newest == []
    assert len(line.venue.reports_since("paper", 3)) == 97
    assert line.venue.reports_since("nobody", 0) == []


def test_the_daemon_is_durable_before_the_venue_is(tmp_path):
    seen = []

    def before_commit() -> None:
        seen.append(venue._connection.execute("SELECT count(*) FROM venue_log").fetchone()[0])

    venue = PaperVenue(tmp_path / "paper.sqlite", before_commit)
    venue.submit(an_order(1), (TUESDAY, 3, ""))
    venue.bar_opened("paper", "EURUSD", Decimal("1.1"), Decimal("1.1001"), (TUESDAY + 1, 4, ""))
    venue.bar_opened("paper", "EURUSD", Decimal("1.1"), Decimal("1.1001"), (TUESDAY + 2, 4, ""))
    venue.close()
    assert seen == [0, 1]  # once for each call that has something to write


def test_the_books_are_shown_by_account(tmp_path):
    line = Line(tmp_path / "paper.sqlite")
    nothing = line.venue.snapshot("nobody")
    assert (nothing.orders, nothing.positions, nothing.cursor) == ((), (), "0")
    line.venue.submit(an_order(1), (TUESDAY, 3, ""))
    (order,) = line.venue.snapshot("paper").orders
    assert (order.client_order_id, order.venue_order_id) == ("ord_1", "paper-paper-1")


@pytest.mark.slow
def test_a_million_rows_open_within_two_seconds(tmp_path):
    path = tmp_path / "paper.sqlite"
    line = Line(path, lambda _: Terms())
    line.venue.submit(an_order(1), (TUESDAY, 3, ""))
    (entry,) = line.venue._connection.execute("SELECT entry FROM venue_log").fetchone()
    line.venue._connection.execute("BEGIN")
    line.venue._connection.executemany(
        "INSERT INTO venue_log (account, venue_seq, client_order_id, entry) VALUES ('paper', ?, ?, ?)",
        ((number, f"ord_{number}", entry) for number in range(2, 1_000_001)),
    )
    line.book().last_seq = 1_000_000
    line.venue._write_snapshot(line.venue._accounts["paper"])
    line.venue._connection.execute("COMMIT")
    for number in range(1_000_001, 1_000_001 + paper.ROWS_BETWEEN_SNAPSHOTS - 2):
        line.venue.submit(an_order(number), (TUESDAY + number, 3, ""))
    started = time.perf_counter()
    line.reopen()
    opened_s = time.perf_counter() - started
    assert line.book().last_seq > 1_001_000
    assert opened_s < 2
    started = time.perf_counter()
    assert line.venue.look_up("paper", "ord_777777").reports
    with pytest.raises(DuplicateOrder):
        line.venue.submit(an_order(500_000), (TUESDAY, 3, ""))
    assert time.perf_counter() - started < 0.5
    line.venue.close()
