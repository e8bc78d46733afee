"""Reports to tables: records written by hand, whose tables a person can add up, and those of a real cell."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from exec_bench import MONDAY, Bench, a_decision, bars_of, write_bars

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.execution_tables import EXECUTION_REPORTS
from hive_core.contracts.report import Report
from hive_core.landing.home import HiveHome
from hive_exec.core.records import Kind
from hive_pipelines.quality.schemas import schema_findings
from hive_pipelines.quality.suites import suite_document
from hive_pipelines.reports_to_tables import ExecutionTables, execution_tables, reports_frame

TEN = datetime(2017, 3, 6, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
TABLES = ExecutionTables.__slots__
FLOORS = {"daily_floor": "95000", "maximum_floor": "90000", "trading_day": "2017-03-06"}
MONEY = {"balance": "100000", "equity": "100000", **FLOORS}


def intended(
    name: str, side: str = "buy", risk: str = "100", entry: str | None = None, **changes: Any
) -> dict[str, Any]:
    """An `order_intended` body. A buy has its stop at 1.05, a sale at 1.07; the target is 1.06."""
    order = {
        "client_order_id": name,
        "decision_id": f"dec_{name}",
        "leg": 1,
        "attempt": 1,
        "symbol": "EURUSD",
        "side": side,
        "order_type": "market" if entry is None else "limit",
        "lots": "0.1",
        "entry": entry,
        "stop_loss": "1.05" if side == "buy" else "1.07",
        "take_profit": "1.06",
    }
    return {
        "client_order_id": name,
        "order": order,
        "risk_amount": risk,
        "sources": ["room_a"],
        "origin": {"run_id": "run-1"},
        **changes,
    }


def filled(name: str, price: str, commission: str, side: str = "buy", **changes: str) -> dict[str, Any]:
    body = {"client_order_id": name, "execution_id": f"{name}-in", "reason": "market", "symbol": "EURUSD"}
    return {
        **body,
        "side": side,
        "price": price,
        "lots": "0.1",
        "commission": commission,
        **MONEY,
        **changes,
    }


def closed(name: str, price: str, profit: str, side: str = "buy", **changes: str) -> dict[str, Any]:
    body = filled(name, price, "0", side, profit=profit, **changes)
    return {**body, "execution_id": f"{name}-out", "reason": "target"}


def tables_of(*records: tuple[str, dict[str, Any]], account: str = "samples") -> ExecutionTables:
    """Tables of (kind, body), an hour apart from ten o'clock, each checked against its schema."""
    made = execution_tables(
        (account, TEN + number * HOUR, kind, body) for number, (kind, body) in enumerate(records)
    )
    for name in TABLES:
        assert schema_findings(name, getattr(made, name)) == (), name
    return made


def test_a_position_is_paid_after_commission_and_its_fills_before():
    """0.1 lots of EURUSD from 1.0552 to 1.06: 48 pips of a dollar. The way in cost 0.70."""
    made = tables_of(
        ("order_intended", intended("o1", risk="52")),
        ("order_accepted", {"client_order_id": "o1", "reason": ""}),
        ("order_filled", filled("o1", "1.0552", "0.7")),
        ("position_closed", closed("o1", "1.06", "48")),
    )
    (order,), (position,) = made.orders.to_dicts(), made.positions.to_dicts()
    entry, leaving = made.fills.to_dicts()
    assert (entry["role"], entry["side"], entry["price"], entry["commission"]) == (
        "entry",
        "buy",
        1.0552,
        0.7,
    )
    assert entry["profit"] is None
    assert (leaving["role"], leaving["side"], leaving["price"]) == ("exit", "sell", 1.06)
    assert (leaving["commission"], leaving["profit"]) == (0.0, 48.0)
    assert (position["profit"], position["r_multiple"]) == (47.3, pytest.approx(47.3 / 52))
    assert (position["entry_price"], position["exit_price"]) == (1.0552, 1.06)
    assert (position["ts_opened"], position["ts_closed"]) == (TEN + 2 * HOUR, TEN + 3 * HOUR)
    assert (position["state"], position["exit_reason"], position["side"]) == ("closed", "target", "buy")
    assert (order["state"], order["reason"], order["ts_intended"]) == ("closed", "target", TEN)
    assert (order["ts_state"], order["risk_amount"], order["run_id"]) == (TEN + 3 * HOUR, 52.0, "run-1")
    assert order["sources"] == position["sources"] == ["room_a"]


def test_a_sale_is_dealt_the_other_way_and_a_loss_counts_its_commission_as_well():
    """0.1 lots sold at 1.062 and bought back at 1.07: 80 pips lost, 0.70 on top."""
    made = tables_of(
        ("order_intended", intended("o1", side="sell", risk="80")),
        ("order_filled", filled("o1", "1.062", "0.7", side="sell")),
        ("position_closed", closed("o1", "1.07", "-80", side="sell")),
    )
    assert made.fills["side"].to_list() == ["sell", "buy"]
    assert made.positions.select("profit", "r_multiple").row(0) == (-80.7, pytest.approx(-80.7 / 80))


def test_what_people_closed_by_the_venues_books_has_no_profit():
    given_up = {"client_order_id": "o1", "reason": "broker_evidence_by_person", "is_profit_known": False}
    made = tables_of(
        ("order_intended", intended("o1")),
        ("order_filled", filled("o1", "1.0552", "0.7")),
        ("position_given_up", given_up),
    )
    (order,), (position,) = made.orders.to_dicts(), made.positions.to_dicts()
    assert (order["state"], order["reason"]) == ("closed", "broker_evidence_by_person")
    assert (position["state"], position["exit_reason"]) == ("closed", "broker_evidence_by_person")
    assert position["ts_closed"] == TEN + 2 * HOUR
    assert [position[name] for name in ("exit_price", "profit", "r_multiple")] == [None] * 3
    assert made.fills["role"].to_list() == ["entry"]


def test_an_open_position_has_nothing_yet_of_its_end():
    made = tables_of(("order_intended", intended("o1")), ("order_filled", filled("o1", "1.0552", "0.7")))
    (position,) = made.positions.to_dicts()
    unknown = ("exit_price", "ts_closed", "profit", "r_multiple", "exit_reason")
    assert [position[name] for name in unknown] == [None] * 5
    assert position["state"] == "open"
    assert made.orders["state"].to_list() == ["filled"]


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("order_rejected", "rejected"),
        ("order_expired", "expired"),
        ("order_cancelled", "cancelled"),
        ("order_not_accepted", "not_accepted"),
    ],
)
def test_an_order_that_never_filled_tells_its_state_and_why(kind, state):
    made = tables_of(
        ("order_intended", intended("o1", entry="1.0550")),
        (kind, {"client_order_id": "o1", "reason": "price_beyond_stop"}),
    )
    (order,) = made.orders.to_dicts()
    assert (order["state"], order["reason"], order["entry"]) == (state, "price_beyond_stop", 1.055)
    assert (order["ts_intended"], order["ts_state"]) == (TEN, TEN + HOUR)
    assert made.fills.is_empty()
    assert made.positions.is_empty()


def test_a_further_attempt_comes_from_the_run_of_the_order_that_it_follows():
    again = intended("o2", follows="o1")
    del again["origin"]
    again["order"]["attempt"] = 2
    made = tables_of(
        ("order_intended", intended("o1")),
        ("order_not_accepted", {"client_order_id": "o1", "reason": "absent from the venue's log"}),
        ("order_intended", again),
    )
    assert made.orders.select("client_order_id", "attempt", "state", "run_id").rows() == [
        ("o1", 1, "not_accepted", "run-1"),
        ("o2", 2, "intended", "run-1"),
    ]


def test_a_denial_tells_the_rule_that_denied_with_its_numbers():
    checks = [
        {"rule": "fresh", "verdict": "allow", "reason_code": None, "numbers": {"age_s": "1"}},
        {
            "rule": "price_collar",
            "verdict": "deny",
            "reason_code": "price_collar",
            "numbers": {"off_pct": "2", "ask": "1.06"},
        },
    ]
    body = {"decision_id": "dec_1", "reason_code": "price_collar", "symbol": "EURUSD", "side": "buy"}
    made = tables_of(("decision_denied", {**body, "sources": ["room_a", "room_b"], "checks": checks}))
    (denial,) = made.denials.to_dicts()
    assert (denial["rule"], denial["reason_code"]) == ("price_collar", "price_collar")
    assert denial["detail"] == "ask 1.06, off_pct 2"
    assert (denial["decision_id"], denial["account"], denial["ts_event"]) == ("dec_1", "samples", TEN)
    assert denial["sources"] == ["room_a", "room_b"]


def test_equity_stands_in_the_order_of_the_journal_with_its_low_of_each_mark():
    marked = {**MONEY, "balance": "100000", "equity": "99990.5", "equity_low": "99900"}
    tomorrow = {**MONEY, "trading_day": "2017-03-07", "daily_floor": "94999"}
    made = tables_of(
        ("account_opened", {**MONEY, "settings": {}}),
        ("equity_marked", marked),
        ("day_opened", tomorrow),
    ).account_equity
    assert made["equity"].to_list() == [100000.0, 99990.5, 100000.0]
    assert made["equity_low"].to_list() == [100000.0, 99900.0, 100000.0]
    assert made["trading_day"].to_list() == [date(2017, 3, 6), date(2017, 3, 6), date(2017, 3, 7)]
    assert made["daily_floor"].to_list() == [95000.0, 95000.0, 94999.0]
    assert made["maximum_floor"].to_list() == [90000.0] * 3
    assert made["ts_event"].to_list() == [TEN, TEN + HOUR, TEN + 2 * HOUR]


def test_a_fill_moves_the_equity_as_well():
    made = tables_of(
        ("order_intended", intended("o1")),
        ("order_filled", filled("o1", "1.0552", "0.7", balance="99999.3", equity="99999.3")),
        ("position_closed", closed("o1", "1.06", "48", balance="100047.3", equity="100047.3")),
    ).account_equity
    assert made["balance"].to_list() == [99999.3, 100047.3]


def test_a_record_of_an_order_that_was_never_intended_is_an_error():
    with pytest.raises(KeyError, match="o9"):
        tables_of(("order_accepted", {"client_order_id": "o9", "reason": ""}))


def test_no_reports_are_five_empty_tables_in_their_shapes():
    tables_of()


WITHOUT_A_TABLE = {
    Kind.DECISION_RECEIVED,
    Kind.DECISION_SUBMITTED_AGAIN,
    Kind.DELIVERY_CONFLICT,
    Kind.ACCOUNT_BREACHED,
    Kind.ADVANCE_REQUESTED,
    Kind.DECISION_HELD,
    Kind.DECISION_SHADOWED,
    Kind.DECISION_FAILED_OVER,
    Kind.REVIEW_REQUESTED,
    Kind.REVIEW_ENDED,
    Kind.SIMULATION_CLOSED,
    Kind.ORDER_MODIFIED,
    Kind.REQUEST_SENT,
    Kind.REQUEST_REFUSED,
    Kind.REPORT_HELD,
    Kind.REPORT_IGNORED,
    Kind.RESOLUTION_PROPOSED,
    Kind.RECONCILED,
    Kind.BOOKS_ACCEPTANCE_PROPOSED,
    Kind.DIVERGENCE_FOUND,
    Kind.MODE_CHANGED,
    Kind.HEALTH_CHANGED,
    Kind.BREAKER_TRIPPED,
    Kind.BREAKER_RESET,
    Kind.KILLED,
    Kind.RESUME_CONFIRMED,
    Kind.RESUMED,
    Kind.STARTED,
    Kind.SIGNAL_RECEIVED,
    Kind.SIGNAL_SUBMITTED_AGAIN,
    Kind.SIGNAL_CONFLICT,
    Kind.SIGNAL_JUDGED,
}
"""Kinds that no table is made of; a kind added to the daemon is put here or into the tables."""


@pytest.mark.parametrize("kind", sorted(WITHOUT_A_TABLE))
def test_a_kind_without_a_table_changes_none(kind):
    made = tables_of(("order_intended", intended("o1")), (kind.value, {"client_order_id": "o1"}))
    assert made.orders["state"].to_list() == ["intended"]
    assert [getattr(made, name).height for name in TABLES] == [1, 0, 0, 0, 0]


def test_a_kind_of_a_later_daemon_stays_in_the_reports_alone():
    made = tables_of(("order_intended", intended("o1")), ("swap_charged", {"client_order_id": "o1"}))
    assert made.orders["state"].to_list() == ["intended"]


@pytest.mark.parametrize("kind", sorted(set(Kind) - WITHOUT_A_TABLE))
def test_every_other_kind_of_the_daemon_shows_in_a_table(kind):
    denied = {"decision_id": "d", "reason_code": "stale", "symbol": "EURUSD", "side": "buy", "sources": ["a"]}
    body = {
        Kind.ACCOUNT_OPENED: MONEY,
        Kind.EQUITY_MARKED: MONEY,
        Kind.DAY_OPENED: MONEY,
        Kind.DECISION_DENIED: {**denied, "checks": [{"rule": "fresh", "numbers": {}}]},
        Kind.ORDER_INTENDED: intended("o2"),
        Kind.ORDER_FILLED: filled("o1", "1.0552", "0"),
        Kind.ORDER_PARTIALLY_FILLED: filled("o1", "1.0552", "0"),
        Kind.POSITION_REDUCED: closed("o0", "1.06", "48"),
        Kind.POSITION_CLOSED: closed("o0", "1.06", "48"),
        Kind.POSITION_GIVEN_UP: {"client_order_id": "o0", "reason": "broker_evidence_by_person"},
    }.get(kind, {"client_order_id": "o1", "reason": "why"})
    before = [
        ("order_intended", intended("o0")),
        ("order_filled", filled("o0", "1.0552", "0")),
        ("order_intended", intended("o1")),
    ]
    without, with_it = tables_of(*before), tables_of(*before, (kind.value, body))
    assert any(not getattr(with_it, name).equals(getattr(without, name)) for name in TABLES)


def test_a_report_is_a_row_with_its_body_as_canonical_text():
    report = Report(
        seq=7,
        account="samples",
        ts_event_ns=to_ns(TEN) + 1_500,
        kind="order_accepted",
        body={"b": 1, "a": "é"},
        record_sha256="ab" * 32,
    )
    frame = reports_frame([report])
    assert frame.schema == EXECUTION_REPORTS
    assert schema_findings("execution_reports", frame) == ()
    (row,) = frame.to_dicts()
    assert row["body"] == '{"a":"é","b":1}'
    assert (row["seq"], row["account"], row["kind"]) == (7, "samples", "order_accepted")
    assert row["ts_event"] == TEN + timedelta(microseconds=1)
    assert row["record_sha256"] == "ab" * 32
    assert reports_frame([]).schema == EXECUTION_REPORTS


@pytest.fixture(scope="module")
def traded(tmp_path_factory) -> tuple[pl.DataFrame, ExecutionTables, dict[str, Any]]:
    """Reports of a real cell on five bars, their tables, and what the daemon says of its account.

    One decision wins with two legs, one loses beyond its stop by a gap, one expires, one is too old.
    """
    home = HiveHome(tmp_path_factory.mktemp("cell") / "hive")
    paid = Account(name="samples", mode="replay", sources=("*",), commission_per_lot=Decimal(3))
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("HIVE_LAKE", raising=False)
        write_bars(
            home,
            bars_of(
                [
                    (MONDAY, 1.0600, 1.0605, 1.0595, 1.0600),
                    (MONDAY + HOUR, 1.0600, 1.0620, 1.0598, 1.0615),
                    (MONDAY + 2 * HOUR, 1.0615, 1.0640, 1.0610, 1.0635),
                    (MONDAY + 3 * HOUR, 1.0616, 1.0640, 1.0600, 1.0610),
                    (MONDAY + 24 * HOUR, 1.0540, 1.0585, 1.0535, 1.0580),
                ]
            ),
        )
        bench = Bench(home, Configuration(accounts=(paid,)))
        bench.deliver(a_decision(targets=("1.06300", "1.06350")))
        bench.deliver(
            a_decision(
                ts=MONDAY + 3 * HOUR - timedelta(minutes=1),
                reference="1.06160",
                stop="1.05900",
                targets=("1.07000",),
            )
        )
        bench.deliver(a_decision(order_type="limit", entry="1.05950", stop="1.05850", targets=("1.0630",)))
        bench.advance(MONDAY + 30 * HOUR)
        bench.deliver(a_decision(ts=MONDAY + timedelta(minutes=90)))
        bench.advance(MONDAY + 31 * HOUR)
        reports, account = reports_frame(bench.reports()), bench.account()
        bench.cell.stop()
    rows = reports.select("account", "ts_event", "kind", "body").iter_rows()
    made = execution_tables((name, ts, kind, json.loads(body)) for name, ts, kind, body in rows)
    return reports, made, account


def test_every_row_of_a_real_cell_passes_its_schema(traded):
    reports, made, _ = traded
    assert schema_findings("execution_reports", reports) == ()
    for name in TABLES:
        assert getattr(made, name).height, name
        assert schema_findings(name, getattr(made, name)) == (), name


def test_a_real_cells_orders_are_those_of_its_journal(traded):
    _, made, _ = traded
    states = made.orders.sort("ts_intended", "leg")["state"].to_list()
    assert sorted(states) == ["closed", "closed", "closed", "expired"]
    assert made.denials["reason_code"].to_list() == ["stale"]


def test_a_real_cells_money_adds_up(traded):
    """Profit before commission at the fills, less commission, is the positions' profit, and that is what
    the balance moved by."""
    _, made, account = traded
    gross, commission = made.fills["profit"].sum(), made.fills["commission"].sum()
    # Three legs were filled at three dollars a lot, on the way in alone.
    lots = made.fills.filter(role="entry")["lots"].sum()
    assert commission == pytest.approx(3 * lots, abs=0.02)
    assert made.positions["profit"].sum() == pytest.approx(gross - commission)
    assert float(account["balance"]) - 100_000 == pytest.approx(gross - commission)
    assert made.account_equity["balance"][-1] == float(account["balance"])


def test_a_real_cells_gap_loses_more_than_one_r(traded):
    """Decided at an ask of 1.0616 with the stop at 1.059, bought at 1.0617, and the next price is 1.054."""
    _, made, _ = traded
    (gap,) = made.positions.filter(exit_reason="stop_gap").to_dicts()
    assert (gap["entry_price"], gap["exit_price"]) == (1.0617, 1.054)
    # A lot risked 26 pips and 3 of commission; it lost 77 pips and the 3.
    assert gap["r_multiple"] == pytest.approx(-773 / 263, rel=1e-3)


def test_every_reason_to_leave_is_one_that_the_suite_knows(traded):
    _, made, _ = traded
    known = {
        reason
        for expectation in suite_document("positions")["expectations"]
        if expectation["kwargs"].get("column") == "exit_reason"
        for reason in expectation["kwargs"]["value_set"]
    }
    told = set(made.positions["exit_reason"].drop_nulls())
    assert {"target", "stop_gap"} <= told <= known


def test_a_real_cells_equity_is_never_under_its_own_low_and_in_order(traded):
    reports, made, _ = traded
    equity = made.account_equity
    assert (equity["equity_low"] <= equity["equity"]).all()
    marks = {"account_opened", "equity_marked", "order_filled", "position_closed", "day_opened"}
    in_order = reports.filter(pl.col("kind").is_in(marks)).sort("seq")
    assert equity["ts_event"].to_list() == in_order["ts_event"].to_list()
    assert (equity["equity_low"] < equity["equity"]).any()
