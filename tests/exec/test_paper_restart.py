"""A paper account over a restart: its rates, its positions, and the decision that was just received."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from broker_daemon import until
from exec_bench import READ_UP, Bench, a_decision

from hive_core.calendars.trading_day import from_ns
from hive_core.configuration.model import Account, Configuration
from hive_core.market.bars import RATE_SCHEMA
from hive_exec import service
from hive_exec.cell import Cell

PAPER = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("*",), max_quote_age_s=60)
TODAY = date(2026, 1, 5)


def write_rates(home, rows):
    folder = Path(home.lake) / "reference_rates"
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame([(*row, "0" * 64) for row in rows], schema=RATE_SCHEMA, orient="row")
    frame.write_parquet(folder / "all.parquet")


@pytest.fixture
def paper(home):
    rows = [
        (TODAY - timedelta(days=days), name, rate)
        for days in (3, 4)
        for name, rate in (("USD", 1.1), ("JPY", 121.0))
    ]
    write_rates(home, rows)
    made = Bench(home, Configuration(accounts=(PAPER,)))
    yield made
    if made.cell.fatal is None:
        made.cell.stop()


def quote(bench, bid, ask, symbol="USDJPY"):
    bench.wall_ns += 10**9
    return bench.cell.call(
        lambda: service.quote(bench.cell, "paper", symbol, Decimal(bid), Decimal(ask), bench.wall_ns)
    ).result(5)


def yen_decision(bench, stop="109.710"):
    return a_decision(
        ts=from_ns(bench.wall_ns),
        account="paper",
        symbol="USDJPY",
        reference="110.005",
        stop=stop,
        targets=("111",),
    )


def with_position(bench):
    quote(bench, "110.000", "110.010")
    bench.deliver(yen_decision(bench))
    quote(bench, "110.000", "110.010")
    assert bench.orders()[0]["state"] == "filled"


@pytest.mark.parametrize("days", [0, 4, 40])
def test_a_position_in_another_currency_has_its_worth_after_a_restart(paper, days):
    """Also when the source of rates has been silent for weeks: by the last rate there was."""
    with_position(paper)
    paper.wall_ns += days * 86_400 * 10**9
    paper.reopen()
    account = paper.account("paper")
    assert account["open_positions"] == 1
    assert account["equity"] == "99506.36"  # not quoted yet: its stop, 30 pips on 1.81 lots of yen at 1/110
    assert account["unpriced"] == ["USDJPY"]
    quote(paper, "110.110", "110.120")
    quoted = paper.account("paper")
    assert (quoted["equity"], quoted["unpriced"]) == ("100164.55", [])  # 10 pips over its entry


def test_new_risk_wants_a_fresh_rate_even_where_an_old_one_is_known(paper):
    """Euros against yen, and no quote of the yen in dollars: only the reference rate tells their worth."""
    paper.wall_ns += 7 * 86_400 * 10**9
    quote(paper, "121.000", "121.010", "EURJPY")
    cross = a_decision(
        ts=from_ns(paper.wall_ns),
        account="paper",
        symbol="EURJPY",
        reference="121.005",
        stop="120.710",
        targets=("122",),
    )
    paper.deliver(cross)
    assert paper.reports()[-1].body["reason_code"] == "no_conversion_rate"


def test_rates_are_read_again_where_those_known_are_old_and_not_with_every_decision(paper, monkeypatch):
    """Reading them costs a file; what came out since is there ten seconds later at most."""
    read: list[int] = []
    events = paper.cell.feed.events

    def judge(stop):
        paper.deliver(yen_decision(paper, stop=stop))
        until(lambda: paper.account("paper")["pending_decisions"] == 0)
        return paper.cell.bots["paper"].account.rates_per_eur["USD"][0]

    monkeypatch.setattr(paper.cell.feed, "events", lambda *asked: (read.append(asked[-1]), events(*asked))[1])
    quote(paper, "110.000", "110.010")
    assert {judge(stop) for stop in ("109.700", "109.600", "109.500")} == {Decimal("1.1")}
    assert len(read) <= 1
    new = [(TODAY, name, rate) for name, rate in (("USD", 1.2), ("JPY", 122.0))]
    write_rates(paper.home, new)
    paper.wall_ns += 2 * 86_400 * 10**9
    assert judge("109.400") == Decimal("1.2")
    read.clear()
    for wait_s, stop in ((9, "109.300"), (2, "109.200"), (0, "109.100")):  # still nothing newer
        paper.wall_ns += wait_s * 10**9
        assert judge(stop) == Decimal("1.2")
    assert len(read) == 1


def test_a_decision_that_was_received_but_not_judged_is_judged_after_a_restart(paper, monkeypatch):
    quote(paper, "110.000", "110.010")
    decision = yen_decision(paper)

    class Crash(BaseException):
        pass

    def crash(cell):
        cell.journal.flush()  # as before the orders of another decision of its round leave
        raise Crash

    with monkeypatch.context() as failing:
        failing.setattr(Cell, "_decide", crash)
        failing.setattr("threading.excepthook", lambda _: None)
        with pytest.raises(RuntimeError, match="the cell stopped"):
            paper.deliver(decision)
        paper.cell._thread.join()
    paper.cell.journal.abandon()
    paper.cell.venue._connection.close()
    paper.open()
    judged = {"order_intended", "decision_denied"}
    for _ in range(2):  # nothing is known of the market yet: it waits, also over another restart
        assert paper.account("paper")["pending_decisions"] == 1
        assert not judged & {report.kind for report in paper.reports()}
        paper.reopen()
    quote(paper, "110.000", "110.010")
    assert paper.account("paper")["pending_decisions"] == 0
    assert [report.kind for report in paper.reports() if report.kind in judged] == ["order_intended"]
    paper.reopen()
    assert [report.kind for report in paper.reports() if report.kind in judged] == ["order_intended"]


def test_all_that_came_before_the_first_quote_is_judged_at_it_each_knowing_of_those_before(paper):
    """Not one a tick: what waited at a start would be stale before its turn."""
    first, second = yen_decision(paper), yen_decision(paper, stop="109.500")
    other = a_decision(ts=from_ns(paper.wall_ns), account="paper")
    for decision in (first, second, other):
        paper.deliver(decision)
    assert paper.account("paper")["pending_decisions"] == 3
    quote(paper, "110.000", "110.010")
    assert paper.account("paper")["pending_decisions"] == 1
    orders = [report.body for report in paper.reports() if report.kind == "order_intended"]
    assert [body["order"]["decision_id"] for body in orders] == [first.decision_id, second.decision_id]
    exposed = [
        next(check["numbers"]["with_this"] for check in body["checks"] if check["rule"] == "open_positions")
        for body in orders
    ]
    assert exposed == ["1", "2"]


def test_the_day_of_an_account_is_prague_s(paper):
    paper.wall_ns = int(datetime(2026, 1, 5, 22, 59, 58, tzinfo=UTC).timestamp()) * 10**9
    quote(paper, "110.000", "110.010")
    assert paper.account("paper")["trading_day"] == "2026-01-05"
    quote(paper, "110.000", "110.010")
    assert paper.account("paper")["trading_day"] == "2026-01-06"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("away_s", [5, 90 * 60])
def test_an_order_that_never_reached_the_venue_is_not_sent_after_a_restart(paper, monkeypatch, away_s):
    """Its decision may still be young; but no quote is known after a restart, so nothing new is risked."""

    def dies(*_):
        raise ConnectionError("the process ends here")

    quote(paper, "110.000", "110.010")
    monkeypatch.setattr(paper.cell.venue, "submit", dies)
    with pytest.raises(RuntimeError):
        paper.deliver(yen_decision(paper))
    paper.cell._thread.join()
    paper.cell.journal.abandon()
    paper.cell.venue._connection.close()
    paper.wall_ns += away_s * 10**9
    paper.open()
    (order,) = paper.orders()
    assert (order["state"], order["reason"]) == ("not_accepted", "stale_after_restart")
    quote(paper, "110.000", "110.010")
    assert paper.account("paper")["open_positions"] == 0
