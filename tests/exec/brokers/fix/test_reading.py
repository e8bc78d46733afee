"""What single messages mean: reports, answers, books and quotes, each with what must not be concluded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from fix_bench import FixBench, report
from fix_venue_bench import ATTACHED, LIST, fix_settings

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.fix.books import Unreadable, entries, positions, working_orders
from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.orders import OrderForms
from hive_exec.brokers.fix.quotes import QuoteBook
from hive_exec.brokers.fix.reports import Reading, ReportReader
from hive_exec.brokers.fix.session_types import Role

D = Decimal


def message(msg_type: str, pairs) -> Message:
    bench = FixBench(Role.INITIATOR)
    return FixBench.decoded(bench.message(msg_type, pairs))


def read(style=LIST, **changes) -> Reading:
    settings = fix_settings(style)
    reader = ReportReader("demo", settings, OrderForms(settings))
    return reader.read(message("8", report("ord_1", **{"_55": "EUR/USD", **changes})))


@pytest.mark.parametrize("reason", [{}, {"_103": "5"}])
def test_a_question_that_the_venue_refuses_is_no_rejection_of_the_order(reason):
    assert read(_150="I", _39="8", **reason) == Reading()
    assert read(_150="I", _39="8", _37="NONE", _103="1") == Reading()


def test_a_question_about_a_rejected_order_says_so():
    (rejected,) = read(_150="I", _39="8", _103="1").reports
    assert rejected.kind is ReportKind.REJECTED


def test_an_order_known_from_before_is_trouble_and_no_rejection():
    assert read(_150="8", _39="8", _103="6").reports == ()
    assert "seen this id" in read(_150="8", _39="8", _103="6").trouble
    assert "seen this id" in read(_150="I", _39="8", _103="6").trouble


@pytest.mark.parametrize(
    "changes",
    [
        {"_150": "F", "_39": "2", "_14": "100"},
        {"_150": "F", "_39": "2", "_14": "100", "_32": "0", "_31": "1.1"},
        {"_150": "F", "_39": "2", "_14": "100", "_32": "200", "_31": "1.1"},
        {"_150": "F", "_39": "2", "_14": "100", "_32": "100", "_31": "-1.1"},
        {"_150": "F", "_39": "2", "_14": "-1", "_32": "1", "_31": "1.1"},
        {"_150": "I", "_39": "2", "_14": "100", "_6": "0"},
        {"_150": "I", "_39": "Z"},
        *({"_150": kind} for kind in "37BDGH9Z12"),
        {"_55": "GBP/USD"},
        {"_11": ""},
    ],
)
def test_what_cannot_be_is_trouble_and_no_report(changes):
    if changes.get("_11") == "":
        pairs = [pair for pair in report("", _55="EUR/USD") if pair[0] != 11]
        settings = fix_settings()
        reading = ReportReader("demo", settings, OrderForms(settings)).read(message("8", pairs))
    else:
        reading = read(**changes)
    assert reading.reports == ()
    assert reading.trouble


@pytest.mark.parametrize("kind", ["A", "6", "E"])
def test_what_is_pending_says_nothing_yet(kind):
    assert read(_150=kind) == Reading()


def test_an_execution_has_one_id_in_a_report_and_in_an_answer():
    (heard,) = read(_150="F", _39="2", _14="20000", _32="20000", _31="1.1").reports
    asked = read(_150="I", _39="2", _14="20000.00", _6="1.1").reports
    assert [r.kind for r in asked] == [ReportKind.ACCEPTED, ReportKind.FILLED]
    assert asked[1].execution_id == heard.execution_id
    assert (heard.lots, asked[1].lots) == (D("0.2"), D("0.2"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("8", (ReportKind.MODIFIED, False, "stop_rejected")),
        ("4", (ReportKind.MODIFIED, False, "stop_ended")),
        ("C", (ReportKind.MODIFIED, False, "stop_ended")),
    ],
)
def test_a_stop_that_ends_is_a_position_without_a_stop(kind, expected):
    (said,) = read(_150=kind, _39=kind, _11="ord_1~s").reports
    assert (said.kind, said.has_stop, said.reason) == expected
    assert said.client_order_id == "ord_1"


@pytest.mark.parametrize(("leg", "reason"), [("s", "stop"), ("t", "target")])
def test_a_leg_that_is_filled_closes(leg, reason):
    (closed,) = read(_150="F", _39="2", _14="5", _32="5", _31="1.1", _11=f"ord_1~{leg}~77").reports
    assert (closed.kind, closed.reason, closed.client_order_id) == (ReportKind.CLOSED, reason, "ord_1")


def test_a_fill_without_the_echo_of_its_stop_stands_bare():
    fill = {"_150": "F", "_39": "2", "_14": "5", "_32": "5", "_31": "1.1"}
    assert not read(ATTACHED, **fill).reports[0].has_stop
    assert not read(ATTACHED, **fill, _1002="garbage").reports[0].has_stop
    with_stop = read(ATTACHED, **fill, _1002="1.095").reports[0]
    assert (with_stop.has_stop, with_stop.stop_loss) == (True, D("1.095"))


def _working(name: str, side: str, units: str, **prices: str) -> Message:
    changes = {"_54": side, "_151": units, "_150": "I", "_55": "EUR/USD", **prices}
    return message("8", [*report(name, **changes), (584, "q")])


def _position(long: str, short: str, **changes: str) -> Message:
    values = {
        710: "q",
        728: "0",
        721: "p1",
        55: "EUR/USD",
        730: "1.1",
        702: "1",
        703: "TQ",
        704: long,
        705: short,
    }
    return message("AP", [*{**values, **{int(t[1:]): v for t, v in changes.items()}}.items()])


def _books(orders: list[Message], held: list[Message]):
    forms = OrderForms(fix_settings())
    working = working_orders(orders, forms, None)
    tags = {"position_id_tag": 721, "stop_tag": None, "target_tag": None}
    return entries(working), positions(held, forms, working, **tags)


def test_stops_count_for_a_netted_position_only_where_they_cover_all_of_it():
    first = _working("a~s", "2", "100000", _99="1.09")
    second = _working("b~s", "2", "100000", _99="1.08")
    _, (covered,) = _books([first, second], [_position("200000", "0")])
    assert (covered.stop_loss, covered.lots, covered.side) == (D("1.08"), D(2), "buy")
    _, (bare,) = _books([first], [_position("200000", "0")])
    assert bare.stop_loss is None
    _, (other,) = _books([first, second], [_position("0", "200000")])
    assert (other.side, other.stop_loss) == ("sell", None)


def test_a_position_of_nothing_is_none_and_legs_are_no_entries():
    found, held = _books(
        [_working("a", "1", "100000", _44="1.09"), _working("a~s", "2", "100000", _99="1.08")],
        [_position("5", "5")],
    )
    assert held == ()
    assert [(order.client_order_id, order.stop_loss) for order in found] == [("a", D("1.08"))]


@pytest.mark.parametrize(
    ("orders", "held"),
    [
        ([_working("a", "1", "5", _39="Z")], []),
        ([_working("a", "3", "5")], []),
        ([_working("a", "1", "5", _55="GBP/USD")], []),
        ([], [_position("5", "0", _55="GBP/USD")]),
    ],
)
def test_books_that_are_not_understood_do_not_count(orders, held):
    with pytest.raises(Unreadable):
        _books(orders, held)


def _book(kind: str, symbol: str, *entries_of: tuple[tuple[int, str], ...]) -> Message:
    head = [(262, "q"), *([(55, symbol)] if kind == "W" else []), (268, str(len(entries_of)))]
    return message(kind, [*head, *(pair for entry in entries_of for pair in entry)])


def test_quotes_follow_full_and_incremental_books_and_never_a_side_that_is_gone():
    book = QuoteBook()
    assert book.take(_book("W", "E", ((269, "0"), (270, "1.1")))) == []
    both = (((269, "0"), (270, "1.1")), ((269, "1"), (270, "1.2")))
    assert book.take(_book("W", "E", *both)) == [("E", D("1.1"), D("1.2"))]
    change = ((279, "1"), (269, "0"), (55, "E"), (270, "1.15"))
    assert book.take(_book("X", "E", change)) == [("E", D("1.15"), D("1.2"))]
    assert book.take(_book("X", "E", ((279, "2"), (269, "1"), (55, "E")))) == []
    assert book.take(_book("X", "E", change)) == []
    book.clear()
    assert book.take(_book("X", "E", change)) == []
