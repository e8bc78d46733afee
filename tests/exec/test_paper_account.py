"""A paper account: the wall clock, quotes that are posted, and the same core."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from exec_bench import READ_UP, Bench, a_decision

from hive_core.calendars.trading_day import from_ns
from hive_core.configuration.model import Account, Configuration
from hive_exec import service
from hive_exec.commands import CommandRefused

PAPER = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("*",), max_quote_age_s=60)


@pytest.fixture
def paper(home):
    made = Bench(home, Configuration(accounts=(PAPER,)))
    yield made
    made.cell.stop()


def quote(bench, bid, ask, *, symbol="EURUSD", at_ns=None):
    ts_ns = bench.wall_ns if at_ns is None else at_ns
    return bench.cell.call(
        lambda: service.quote(bench.cell, "paper", symbol, Decimal(bid), Decimal(ask), ts_ns)
    ).result(5)


def now_decision(bench, **changes):
    return a_decision(ts=from_ns(bench.wall_ns), account="paper", **changes)


def test_a_decision_of_now_fills_at_the_next_quote_and_leaves_at_its_stop(paper):
    quote(paper, "1.06000", "1.06010")
    paper.wall_ns += 10**9
    paper.deliver(now_decision(paper))
    paper.wall_ns += 10**9
    quote(paper, "1.06005", "1.06015")
    assert paper.orders()[0]["fill_price"] == "1.06015"
    paper.wall_ns += 10**9
    quote(paper, "1.05790", "1.05800")
    order = paper.orders()[0]
    assert (order["exit_reason"], order["exit_price"]) == ("stop_gap", "1.0579")


def test_without_a_fresh_quote_nothing_is_sent(paper):
    quote(paper, "1.06000", "1.06010")
    paper.wall_ns += 61 * 10**9
    paper.deliver(now_decision(paper))
    assert paper.reports()[-1].body["reason_code"] == "quote_too_old"


@pytest.mark.parametrize(
    ("bid", "ask", "symbol", "shift_s", "match"),
    [
        ("1.0601", "1.0600", "EURUSD", 0, "apart"),
        ("106.00", "106.01", "EURUSD", 0, "plausible"),
        ("1.0600", "1.0601", "EURXXX", 0, "not a known instrument"),
        ("1.0600", "1.0601", "EURUSD", -6, "not now"),
        ("1.0600", "1.0601", "EURUSD", 6, "not now"),
    ],
)
def test_a_quote_that_cannot_be_is_refused(paper, bid, ask, symbol, shift_s, match):
    with pytest.raises(CommandRefused, match=match):
        quote(paper, bid, ask, symbol=symbol, at_ns=paper.wall_ns + shift_s * 10**9)


def test_a_replay_account_takes_no_live_quotes(bench):
    with pytest.raises(CommandRefused, match="stored bars"):
        bench.cell.call(
            lambda: service.quote(bench.cell, "samples", "EURUSD", Decimal("1"), Decimal("2"), bench.wall_ns)
        ).result(5)


def test_a_day_passes_on_the_wall_clock_too(paper):
    quote(paper, "1.06000", "1.06010")
    paper.wall_ns += int(timedelta(days=1).total_seconds()) * 10**9
    quote(paper, "1.06000", "1.06010")
    assert [report.kind for report in paper.reports()].count("day_opened") == 1
