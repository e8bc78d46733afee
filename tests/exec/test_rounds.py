"""Rounds of the cell: what shares a commit, what waits for one, and that nothing waits for ever."""

from __future__ import annotations

import json
import threading
import time
from decimal import Decimal

import pytest
from exec_bench import READ_UP, Bench, a_decision, delivery_bytes

from hive_core.calendars.trading_day import from_ns
from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.decision import Delivery
from hive_core.contracts.order import OrderState
from hive_exec import cell as cells
from hive_exec import service
from hive_exec.brokers.paper import DuplicateOrder
from hive_exec.core.records import CELL, RANK_DECISION, Kind, Record

PAPER = Account(
    name="paper",
    mode="paper",
    accepted_unknowns=READ_UP,
    sources=("*",),
    currency="USD",
    max_open_positions=10,
)


@pytest.fixture
def paper(home):
    made = Bench(home, Configuration(accounts=(PAPER,)))
    yield made
    if made.cell.fatal is None:
        made.cell.stop()


def _quote(bench):
    bench.wall_ns += 10**9
    bid, ask = Decimal("1.06000"), Decimal("1.06010")
    work = lambda: service.quote(bench.cell, "paper", "EURUSD", bid, ask, bench.wall_ns)  # noqa: E731
    return bench.cell.call(work).result(10)


def _decision(bench, stop="1.05800"):
    return a_decision(ts=from_ns(bench.wall_ns), account="paper", stop=stop)


def _conflict(cell) -> None:
    body = {"key": "k", "content_sha256": "a" * 64, "known_sha256": "b" * 64, "caller": "somebody"}
    cell.write(Record(CELL, Kind.SIGNAL_CONFLICT, (cell.wall_clock_ns(), RANK_DECISION, "k"), body))


def _note(cell) -> None:
    written = threading.Event()

    def work() -> None:
        _conflict(cell)
        written.set()

    cell.note(work)
    assert written.wait(10)


def test_a_note_goes_with_the_commit_that_somebody_waits_for(paper, monkeypatch):
    monkeypatch.setattr(cells, "NOTES_WAIT_S", 600)
    before = paper.cell.journal.durable_seq
    _note(paper.cell)
    assert (paper.cell.journal.durable_seq, paper.cell.journal.head_seq) == (before, before + 1)
    paper.cell.call(lambda: None).result(10)
    assert paper.cell.journal.durable_seq == before + 1


def test_a_note_becomes_durable_though_nobody_comes(paper):
    before = paper.cell.journal.durable_seq
    _note(paper.cell)
    deadline_s = time.monotonic() + 10
    while paper.cell.journal.durable_seq == before and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert paper.cell.journal.durable_seq == before + 1


def test_a_note_is_durable_after_a_graceful_end(paper, monkeypatch):
    monkeypatch.setattr(cells, "NOTES_WAIT_S", 600)
    _note(paper.cell)
    paper.reopen()
    assert [report.kind for report in paper.reports()].count("signal_conflict") == 1


def test_the_decisions_of_a_round_share_their_commits_in_order(paper, monkeypatch):
    _quote(paper)
    commits: list[str] = []
    store, venue = paper.cell.journal._store, paper.cell.venue
    append, commit = store.append, venue._commit

    def counted(links, answers, snapshot=None):
        kinds = [json.loads(link.body)["kind"] for link in links]
        commits.append(" ".join(kind for kind in kinds if kind.startswith(("decision", "order"))))
        append(links, answers, snapshot)

    def venue_counted():
        if venue._unsaved and not venue._is_held:
            commits.append("the venue")
        commit()

    decisions = [_decision(paper, stop) for stop in ("1.05800", "1.05790", "1.05780")]
    bodies = [(each.decision_id, delivery_bytes(each)) for each in decisions]

    def deliver_all() -> None:
        for key, body in bodies:
            service.deliver(paper.cell, key, body, Delivery.model_validate_json(body), "owner")

    monkeypatch.setattr(store, "append", counted)
    monkeypatch.setattr(venue, "_commit", venue_counted)
    paper.cell.call(deliver_all).result(10)
    assert commits == [
        " ".join(["decision_received"] * 3 + ["order_intended"] * 3),
        "the venue",
        " ".join(["order_accepted"] * 3),
    ]


def test_an_order_twice_in_one_commit_of_the_venue_is_found(paper):
    _quote(paper)
    paper.deliver(_decision(paper))
    (line,) = paper.cell.bots["paper"].orders.values()
    other = line.order.model_copy(update={"client_order_id": "ord_other"})
    at = (paper.wall_ns + 1, RANK_DECISION, "x")

    def twice() -> None:
        with paper.cell.venue.in_one_commit():
            paper.cell.venue.submit(other, at)
            with pytest.raises(DuplicateOrder):
                paper.cell.venue.submit(other, at)

    paper.cell.call(twice).result(10)


def test_a_kill_that_the_journal_does_not_tell_of_yet_stops_every_order_of_the_round(paper):
    _quote(paper)
    decisions = [_decision(paper, stop) for stop in ("1.05800", "1.05790")]

    def deliver_and_kill() -> None:
        for each in decisions:
            body = delivery_bytes(each)
            service.deliver(paper.cell, each.decision_id, body, Delivery.model_validate_json(body), "owner")
        paper.cell.kill_now()

    paper.cell.call(deliver_and_kill).result(10)
    paper.cell.call(lambda: None).result(10)
    kinds = [report.kind for report in paper.reports()]
    assert (kinds.count("order_intended"), kinds.count("order_not_accepted")) == (2, 2)
    found = [paper.cell.venue.look_up("paper", name) for name in paper.cell.bots["paper"].orders]
    assert [(one.reports, one.is_proof) for one in found] == [((), True)] * 2


def test_an_order_that_grew_too_old_between_its_intent_and_the_venue_does_not_leave(paper, monkeypatch):
    _quote(paper)
    decision = _decision(paper)
    flush = paper.cell.journal.flush

    def stopped_for_an_hour() -> None:
        is_intent = any(b"order_intended" in link.body for link in paper.cell.journal._links)
        flush()
        paper.wall_ns += 3_600 * 10**9 * is_intent

    monkeypatch.setattr(paper.cell.journal, "flush", stopped_for_an_hour)
    paper.deliver(decision)
    (line,) = paper.cell.bots["paper"].orders.values()
    assert (line.state, "too old to be sent" in line.reason) == (OrderState.NOT_ACCEPTED, True)
    found = paper.cell.venue.look_up("paper", line.order.client_order_id)
    assert (found.reports, found.is_proof) == ((), True)
