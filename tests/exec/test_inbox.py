"""The inbox: one key, one content, one answer, however often it comes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exec_bench import MONDAY, READ_UP, a_decision, bars_of, delivery_bytes, write_bars

from hive_core.configuration.model import Account, Configuration
from hive_exec.commands import CommandRefused


def test_the_same_delivery_again_gets_the_same_answer_and_makes_no_second_order(bench, home):
    write_bars(home, bars_of([(MONDAY, 1.06, 1.061, 1.059, 1.06)]))
    status, body = bench.deliver(a_decision())
    again_status, again_body = bench.deliver(a_decision())
    assert (status, again_status) == (202, 200)
    assert body == again_body
    bench.reopen()
    assert bench.deliver(a_decision()) == (200, body)
    assert [report.kind for report in bench.reports()].count("decision_received") == 1


def test_another_content_under_a_known_key_is_refused_and_remembered(bench):
    decision = a_decision()
    bench.deliver(decision)
    other = delivery_bytes(decision.model_copy(update={"stop_loss": Decimal("1.05700")}))
    with pytest.raises(CommandRefused, match="another content") as refused:
        bench.deliver(decision, other)
    assert refused.value.status == 409
    assert bench.reports()[-1].kind == "delivery_conflict"


def test_the_same_decision_from_another_run_is_the_same_decision(bench):
    _, body = bench.deliver(a_decision())
    again = delivery_bytes(a_decision()).replace(b"run-1", b"run-2")
    assert bench.deliver(a_decision(), again) == (200, body)


def test_an_id_that_is_not_the_contents_own_is_refused(bench):
    decision = a_decision().model_copy(update={"decision_id": "dec_forged"})
    with pytest.raises(CommandRefused, match="not the id of this content"):
        bench.deliver(decision)
    assert [report.kind for report in bench.reports()] == ["started"]


def test_an_account_that_is_not_configured_is_refused(bench):
    with pytest.raises(CommandRefused, match=r"no account nobody is configured"):
        bench.deliver(a_decision(account="nobody"))


def test_an_account_on_the_wall_clock_refuses_past_decisions_as_stale(home):
    from exec_bench import Bench

    paper = Account(name="paper", mode="paper", accepted_unknowns=READ_UP, sources=("sample_*",))
    bench = Bench(home, Configuration(accounts=(paper,)))
    bench.deliver(a_decision(account="paper"))
    denial = bench.reports()[-1]
    bench.cell.stop()
    assert denial.kind == "decision_denied"
    assert denial.body["reason_code"] == "stale"


def test_a_journal_of_another_format_is_not_read(bench):
    import sqlite3

    from hive_exec.cell import Cell
    from hive_exec.sqlite_file import FORMAT, OtherFormat

    bench.deliver(a_decision())
    bench.cell.stop()
    with sqlite3.connect(bench.home.journal) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(OtherFormat, match="format 99"):
        Cell(bench.home, bench.configuration)
    with sqlite3.connect(bench.home.journal) as file:
        file.execute(f"PRAGMA user_version = {FORMAT}")
    file.close()
    bench.open()
