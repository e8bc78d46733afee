"""What goes wrong at the venue, one thing at a time and by seeds: nothing is sent twice, nothing is guessed,
and what happened is found."""

from __future__ import annotations

from decimal import Decimal

import pytest
from metatrader_bench import SECOND_NS, START_NS, MetaTraderBench, a_limit, a_sale, an_order

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.metatrader.identity import magic_of
from hive_exec.brokers.port import Ambiguous, NotSent, Unavailable
from hive_exec.core.reconciling import OUR_ID
from hive_exec.simulators.metatrader.faults import Fault, FaultKind, FaultScript, seeded_script


def kinds(reports):
    return [report.kind.value for report in reports]


def test_accepted_after_the_client_was_told_of_a_time_out(mt5):
    cursor = mt5.broker.snapshot().cursor
    mt5.faults(Fault(FaultKind.LATE_ACCEPT, 20_000))
    with pytest.raises(Ambiguous, match="10012"):
        mt5.broker.submit(an_order())
    early = mt5.broker.look_up(an_order(), cursor)
    assert early.reports == ()
    assert not early.is_proof
    assert "under way" in early.text
    mt5.wait(30)
    late = mt5.new_broker().look_up(an_order(), cursor)
    assert kinds(late.reports) == ["accepted", "filled"]
    assert len(mt5.package.sent) == 1


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.DONE_WITHOUT_CONNECTION])
def test_filled_and_then_no_answer(mt5, kind):
    mt5.faults(Fault(kind))
    with pytest.raises(Ambiguous):
        mt5.broker.submit(an_order())
    found = mt5.new_broker().look_up(an_order(), "")
    assert kinds(found.reports) == ["accepted", "filled"]
    assert len(mt5.package.sent) == 1


def test_done_without_a_volume_is_no_fill_until_the_records_have_it(mt5):
    mt5.faults(Fault(FaultKind.DONE_WITHOUT_VOLUME, 5_000))
    assert kinds(mt5.broker.submit(an_order())) == ["accepted"]
    mt5.wait(6)
    reports, _ = mt5.broker.reports_since("0")
    assert kinds(reports) == ["accepted", "filled"]


def test_a_part_is_told_as_a_part_and_the_rest_as_cancelled(mt5):
    mt5.instrument.filling_flags = 2  # immediate or cancel
    mt5.faults(Fault(FaultKind.PARTIAL))
    accepted, filled = mt5.broker.submit(an_order())
    assert (accepted.lots, filled.lots) == (Decimal("0.10"), Decimal("0.05"))
    reports, _ = mt5.broker.reports_since("0")
    assert kinds(reports) == ["accepted", "cancelled", "filled"]
    assert reports[1].lots == Decimal("0.05")


def test_all_or_nothing_takes_nothing_where_there_is_not_enough(mt5):
    mt5.faults(Fault(FaultKind.PARTIAL))
    assert kinds(mt5.broker.submit(an_order())) == ["rejected"]
    assert mt5.books.positions == {}


def test_a_stop_that_slips_is_told_at_its_own_price(mt5):
    mt5.faults(Fault(FaultKind.SLIPPED_STOP, 25))
    mt5.broker.submit(an_order())
    mt5.quote("1.09500", "1.09510")
    closed = mt5.broker.reports_since("0")[0][-1]
    assert (closed.kind, closed.price) == (ReportKind.CLOSED, Decimal("1.09475"))


def test_filled_without_its_stop_is_known_at_once_and_again_from_the_records(mt5):
    mt5.faults(Fault(FaultKind.REFUSED_STOP))
    _, filled = mt5.broker.submit(an_order())
    assert (filled.has_stop, filled.stop_loss) == (False, None)
    reports, _ = mt5.new_broker().reports_since("0")
    naked = [report for report in reports if not report.has_stop]
    assert kinds(naked) == ["filled", "modified"]
    mt5.broker.modify(an_order(), Decimal("1.09500"), None)
    assert mt5.broker.snapshot().positions[0].stop_loss == Decimal("1.09500")
    later, _ = mt5.broker.reports_since("0")
    assert all(report.has_stop for report in later)


def test_a_deal_that_comes_late_is_read_though_later_ones_were_seen_before(mt5):
    cursor = mt5.broker.snapshot().cursor
    mt5.faults(Fault(FaultKind.LATE_DEAL, 600_000), None)
    mt5.broker.submit(an_order(1))
    mt5.wait(60)
    mt5.broker.submit(a_sale(2))
    reports, cursor = mt5.broker.reports_since(cursor)
    late = an_order(1).client_order_id
    assert "filled" not in kinds(report for report in reports if report.client_order_id == late)
    mt5.wait(600)
    reports, _ = mt5.broker.reports_since(cursor)
    assert "filled" in kinds(report for report in reports if report.client_order_id == late)


def test_a_deal_stamped_ahead_of_the_clock_does_not_carry_the_cursor_past_what_is_to_come(mt5):
    mt5.broker.submit(an_order())
    mt5.books.deals[0].time_ms += 7_200_000
    _, cursor = mt5.broker.reports_since("0")
    assert int(cursor) == mt5.server_ms() // 1000


def test_a_deal_told_twice_is_one_report(mt5):
    mt5.faults(Fault(FaultKind.DUPLICATE_DEAL))
    assert kinds(mt5.broker.submit(an_order())) == ["accepted", "filled"]
    assert kinds(mt5.broker.reports_since("0")[0]) == ["accepted", "filled"]


@pytest.mark.parametrize("length", [0, 4, 16, 27])
def test_a_comment_cut_off_is_made_good_by_the_magic_number(mt5, length):
    mt5.faults(Fault(FaultKind.CUT_COMMENT, length))
    mt5.broker.submit(an_order())
    order = an_order()
    assert kinds(mt5.new_broker().look_up(order, "").reports) == ["accepted", "filled"]
    told = mt5.new_broker(known_order_ids=[order.client_order_id]).snapshot().positions[0]
    assert told.client_order_id == order.client_order_id
    # Nobody told the adapter of the order: it is ours all the same, and no stranger's.
    unknown = mt5.new_broker().snapshot().positions[0]
    assert unknown.client_order_id == f"ord_{magic_of(4_483, order.client_order_id):024x}"
    assert OUR_ID.fullmatch(unknown.client_order_id)  # so whoever reconciles halts


def test_a_broker_that_keeps_no_magic_number_leaves_the_comment(mt5):
    mt5.broker.submit(an_order())
    for held in (*mt5.books.orders.values(), *mt5.books.positions.values(), *mt5.books.deals):
        held.magic = 0
    assert mt5.new_broker().snapshot().positions[0].client_order_id == an_order().client_order_id
    assert kinds(mt5.new_broker().look_up(an_order(), "").reports) == ["accepted", "filled"]


def test_a_terminal_without_its_server_sends_nothing_and_knows_nothing(mt5):
    mt5.faults(Fault(FaultKind.DISCONNECTED, 30_000))
    with pytest.raises(Ambiguous, match="10031"):
        mt5.broker.submit(an_order(1))  # lost between the check and the send
    with pytest.raises(NotSent, match="no connection to its trade server"):
        mt5.broker.submit(an_order(2))
    for question in (
        mt5.broker.snapshot,
        lambda: mt5.broker.reports_since("0"),
        lambda: mt5.broker.look_up(an_order(1), "0"),
    ):
        with pytest.raises(Unavailable, match="no connection"):
            question()
    assert len(mt5.package.sent) == 1


def test_a_book_that_refuses_programs_is_not_written_to(mt5, monkeypatch):
    told = mt5.package.terminal_info()
    monkeypatch.setattr(mt5.package, "terminal_info", lambda: told._replace(trade_allowed=False))
    with pytest.raises(NotSent, match="algorithmic trading"):
        mt5.broker.submit(an_order())
    assert mt5.broker.snapshot().positions == ()


def resolve(bench, broker, order, cursor):
    """Submit, and where it stays unknown look it up until it is known. Returns its reports, or None for
    proof that there is none."""
    try:
        return broker.submit(order)
    except Ambiguous:
        pass
    except NotSent:
        return None
    for _ in range(20):
        bench.wait(60)
        try:
            found = bench.new_broker().look_up(order, cursor)
        except Unavailable:
            continue
        if found.reports:
            return found.reports
        if found.is_proof:
            return None
    raise AssertionError("never resolved")


@pytest.mark.parametrize("seed", range(40))
def test_by_seeds_every_order_is_at_the_venue_once_or_proven_absent(seed):
    bench = MetaTraderBench(answer_timeout_s=5)
    bench.package.script = FaultScript(seeded_script(seed, 12, 0.7))
    orders = []
    for number in range(6):
        make = (an_order, a_sale, a_limit)[number % 3]
        now = {"submitted_ns": bench.now_ns, "good_till_ns": bench.now_ns + 3_600 * SECOND_NS}
        order = make(number, **now)
        orders.append(order)
        cursor = bench.new_broker().snapshot().cursor
        reports = resolve(bench, bench.new_broker(), order, cursor)
        bench.wait(30)
        at_venue = [
            row for row in bench.books.orders.values() if row.magic == magic_of(4_483, order.client_order_id)
        ]
        is_there = reports is not None and any(
            report.kind in (ReportKind.ACCEPTED, ReportKind.FILLED) for report in reports
        )
        assert len(at_venue) == is_there, (seed, number)
    bench.wait(1_800)
    known = [order.client_order_id for order in orders]
    told, _ = bench.new_broker(known_order_ids=known).reports_since(str(START_NS // SECOND_NS))
    fills = [report for report in told if report.kind is ReportKind.FILLED]
    entries = [deal for deal in bench.books.deals if deal.entry == 0]
    assert {report.execution_id for report in fills} == {f"deal-{deal.ticket}" for deal in entries}
    assert len(fills) == len(entries)
    assert sum(report.lots for report in fills) == sum(deal.volume for deal in entries)
    naked = {position.magic for position in bench.books.positions.values() if not position.stop_loss}
    told_naked = {magic_of(4_483, report.client_order_id) for report in told if not report.has_stop}
    assert naked == told_naked
    bench.close()


def test_the_same_seed_has_the_same_faults():
    assert seeded_script(7, 50, 0.5) == seeded_script(7, 50, 0.5)
    assert seeded_script(7, 50, 0.5) != seeded_script(8, 50, 0.5)
