"""The adapter at a simulated venue that breaks: time-outs, cuts, gaps, replays, restarts, strange reports.

Whatever happens, an order-creating message comes to the venue at most once, and no execution counts twice.
"""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from fix_bench import FixBench, order
from fix_venue_bench import (
    ATTACHED,
    LIST,
    VenueBench,
    bracket_order,
    fix_settings,
    wait_until,
)

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.fix.session_types import Role
from hive_exec.brokers.fix.tags import ORDER_CREATING
from hive_exec.brokers.port import Ambiguous, NotSent, Unavailable
from hive_exec.simulators.fix.faults import Fault, FaultScript

D = Decimal


def _filled(bench: VenueBench, lots: str = "0.2") -> None:
    wait_until(lambda: bench.sink.lots(ReportKind.FILLED) == D(lots), f"{lots} lots filled, once")


def test_a_late_answer_is_ambiguous_first_and_a_report_later(bench):
    broker = bench.ready()
    bench.arm(Fault.LATE_REPORTS)
    with pytest.raises(Ambiguous, match="no answer within 1 s"):
        broker.submit(bracket_order())
    bench.server.release()
    _filled(bench)
    assert bench.sent() == 1


def test_an_order_filled_before_the_cut_is_ambiguous_and_reported_by_the_replay(bench):
    broker = bench.ready()
    bench.arm(Fault.FILL_THEN_DISCONNECT)
    with pytest.raises(Ambiguous):
        broker.submit(bracket_order())
    _filled(bench)
    wait_until(lambda: bench.sink.gaps, "the gap is told")
    assert bench.sent() == 1
    assert [r.kind for r in broker.look_up(bracket_order(), "").reports] == [
        ReportKind.ACCEPTED,
        ReportKind.FILLED,
    ]


def test_an_order_that_was_lost_is_never_sent_again(bench):
    broker = bench.ready()
    bench.arm(Fault.LOST_ORDER)
    with pytest.raises(Ambiguous):
        broker.submit(bracket_order())
    wait_until(lambda: bench.server.logons == 2, "a second logon")
    found = broker.look_up(bracket_order(), "")
    assert (found.reports, found.is_proof) == ((), False)
    assert bench.sent() == 0
    assert not ORDER_CREATING & {message.msg_type for message in bench.server.wire[1:]}


def test_a_partial_fill_is_two_executions(bench):
    broker = bench.ready()
    bench.arm(Fault.PARTIAL_FILL)
    broker.submit(bracket_order())
    _filled(bench, "0.1")
    bench.server.quote("EUR/USD", "1.1000", "1.1002")
    _filled(bench)
    assert broker.snapshot().positions[0].lots == D("0.2")


def test_a_stop_that_slips_is_reported_at_the_price_it_got(bench):
    broker = bench.ready()
    bench.arm(Fault.SLIPPED_STOP)
    broker.submit(bracket_order())
    bench.server.quote("EUR/USD", "1.0950", "1.0952")
    wait_until(lambda: ReportKind.CLOSED in bench.sink.kinds(), "the stop")
    closed = next(r for r in bench.sink.reports if r.kind is ReportKind.CLOSED)
    assert closed.price == D("1.0940")


def test_a_stop_that_the_venue_refuses_is_known_at_once(bench):
    broker = bench.ready()
    bench.arm(Fault.REFUSED_STOP)
    broker.submit(bracket_order())
    wait_until(lambda: any(not r.has_stop for r in bench.sink.reports), "a position without a stop")
    assert broker.snapshot().positions[0].stop_loss is None


def test_a_missing_report_is_asked_for_and_arrives(bench):
    broker = bench.ready()
    bench.arm(Fault.NUMBER_GAP)
    broker.submit(bracket_order())
    _filled(bench)
    wait_until(lambda: ReportKind.ACCEPTED in bench.sink.kinds() or bench.sink.gaps, "the missing report")
    assert bench.sent() == 1


def test_what_the_venue_says_and_nobody_understands_is_trouble(bench):
    broker = bench.ready()
    bench.arm(Fault.UNKNOWN_ENUM)
    with pytest.raises(Ambiguous, match="not understood"):
        broker.submit(bracket_order())
    wait_until(lambda: bench.sink.troubles, "trouble")
    assert "ExecType 'Z'" in bench.sink.troubles[0]


def test_reports_that_come_twice_or_backwards_are_counted_once(bench):
    broker = bench.ready()
    bench.arm(Fault.DUPLICATE_REPORTS, Fault.REPORTS_OUT_OF_ORDER)
    broker.submit(bracket_order())
    broker.submit(bracket_order("ord_2"))
    _filled(bench)
    wait_until(lambda: ReportKind.ACCEPTED in bench.sink.kinds("ord_2"), "the first report last")
    assert bench.sink.lots(ReportKind.FILLED) == D("0.2")


def test_possible_duplicates_that_nobody_asked_for_change_nothing(bench):
    broker = bench.ready()
    broker.submit(bracket_order())
    _filled(bench)
    heard = len(bench.sink.reports)
    bench.server.replay(1)
    assert broker.snapshot().positions
    assert len(bench.sink.reports) == heard


def test_an_order_refused_as_a_message_is_rejected_with_the_venues_words(bench):
    broker = bench.ready()
    bench.arm(Fault.MESSAGE_REJECT)
    (rejected,) = broker.submit(bracket_order())
    assert (rejected.kind, "quantity step" in rejected.text) == (ReportKind.REJECTED, True)


def test_maintenance_logs_out_refuses_and_lets_in_again(bench):
    broker = bench.ready()
    bench.server.log_out("maintenance")
    wait_until(lambda: not broker._trading.wait_logged_on(0), "logged out")
    with pytest.raises(NotSent):
        broker.submit(bracket_order())
    with pytest.raises(Unavailable):
        broker.snapshot()
    bench.server.is_in_maintenance = False
    assert broker._trading.wait_logged_on(10)
    assert broker.submit(bracket_order())[0].kind is ReportKind.ACCEPTED
    assert bench.sent() == 1


@pytest.mark.parametrize("is_restarted", [False, True])
def test_o8_a_venue_that_asks_for_everything_gets_gap_fills_only(bench, is_restarted):
    broker = bench.ready()
    broker.submit(bracket_order())
    broker.submit(bracket_order("ord_2"))
    if is_restarted:
        bench.end()
    bench.server.lose_memory()
    if is_restarted:
        broker = bench.begin()
    wait_until(lambda: bench.server.logons == 2, "the second logon")
    wait_until(lambda: not bench.server.asks_for_everything, "the request for everything")
    assert broker.snapshot().positions
    assert (bench.sent(), bench.sent("ord_2")) == (1, 1)
    assert not [message for message in bench.server.wire if message.is_possible_duplicate]


def test_after_a_restart_what_happened_meanwhile_is_replayed_by_number(bench):
    broker = bench.ready()
    order = bracket_order()
    broker.submit(order)
    _filled(bench)
    bench.end()
    bench.server.quote("EUR/USD", "1.0949", "1.0951")
    broker = bench.begin()
    wait_until(lambda: ReportKind.CLOSED in bench.sink.kinds(), "the stop that was hit meanwhile")
    assert bench.sink.lots(ReportKind.FILLED) == D("0.2")
    assert broker.snapshot().positions == ()


def test_silence_ends_the_session_and_a_new_one_begins(tmp_path):
    settings = fix_settings()
    trading = settings.trading.model_copy(update={"heartbeat_s": 1})
    bench = VenueBench(tmp_path, settings.model_copy(update={"trading": trading}))
    try:
        broker = bench.ready()
        bench.server.is_silent = True
        wait_until(lambda: not broker._trading.wait_logged_on(0), "the silence is noticed", 5)
        assert "silent" in broker._trading.why_down
        bench.server.is_silent = False
        bench.server.cut()
        assert broker._trading.wait_logged_on(5)
        wait_until(lambda: bench.sink.gaps, "the gap is told")
    finally:
        bench.close()


@pytest.mark.parametrize("deduplicates", [True, False])
def test_19_f1b_a_second_order_with_a_known_id_at_both_kinds_of_venue(tmp_path, deduplicates):
    bench = VenueBench(tmp_path, fix_settings(deduplicates=deduplicates))
    try:
        broker = bench.ready()
        broker.submit(bracket_order())
        _filled(bench)
        if deduplicates:
            # An order with this id is there: that is no rejection of it.
            with pytest.raises(Ambiguous, match="seen this id before"):
                broker.submit(bracket_order(lots=D("0.3")))
            wait_until(lambda: bench.sink.troubles, "trouble")
            assert ReportKind.REJECTED not in bench.sink.kinds()
        else:
            assert broker.submit(bracket_order(lots=D("0.3")))[0].kind is ReportKind.ACCEPTED
        assert bench.server.venue.orders_made["ord_1"] == (1 if deduplicates else 2)
    finally:
        bench.close()


@pytest.mark.parametrize("is_known", [True, False])
def test_19_an_order_marked_possible_resend_is_a_question_if_it_is_known_and_an_order_if_not(plain, is_known):
    book = [(tag, "EUR/USD" if tag == 55 else value) for tag, value in order("x")]
    bench = FixBench(Role.ACCEPTOR).logged_on()
    venue = plain.server.venue
    if is_known:
        bench.says("D", book)
        venue.handle(bench.delivered[-1])
    bench.says("D", book, head=[(97, "Y")])
    answers = venue.handle(bench.delivered[-1])
    assert dict(answers[0][1])[150] == ("I" if is_known else "0")
    assert venue.orders_made == {"x": 1}


def test_a_send_that_leaves_no_byte_is_not_sent_and_one_that_leaves_some_is_ambiguous(plain):
    broker = plain.ready()

    class Broken:
        def __init__(self, socket, first: int) -> None:
            self._socket, self._first = socket, first

        def send(self, data: bytes) -> int:
            if self._first:
                sent, self._first = self._socket.send(data[: self._first]), 0
                return sent
            raise ConnectionResetError("reset")

        def __getattr__(self, name: str):
            return getattr(self._socket, name)

    for first, error in ((0, NotSent), (7, Ambiguous)):
        assert broker._trading.wait_logged_on(5)
        with broker._trading._lock:
            broker._trading._socket = Broken(broker._trading._socket, first)
            with pytest.raises(error):
                broker.submit(bracket_order())
        assert plain.sent() == 0
    assert broker._trading.wait_logged_on(5)
    assert broker.submit(bracket_order("ord_2"))[0].kind is ReportKind.ACCEPTED
    assert (plain.sent(), plain.sent("ord_2")) == (0, 1)


def test_numbers_that_cannot_be_written_stop_the_send(plain, monkeypatch):
    broker = plain.ready()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broker._trading._store, "save", full)
    with pytest.raises(NotSent, match="No space left"):
        broker.submit(bracket_order())
    monkeypatch.undo()
    assert plain.sent() == 0


@pytest.mark.slow
@pytest.mark.parametrize("style", [LIST, ATTACHED])
@pytest.mark.parametrize("seed", range(6))
def test_a_seeded_storm_of_faults_and_kills_doubles_nothing(tmp_path, style, seed):
    kinds = [fault for fault in Fault if fault is not Fault.UNKNOWN_ENUM]
    script = FaultScript(seed, 0.6, kinds)
    settings = fix_settings(style, answer_timeout_s=1)
    bench = VenueBench(tmp_path, settings, script)
    try:
        broker = bench.ready()
        names = [f"ord_{number}" for number in range(25)]
        for number, name in enumerate(names):
            broker._trading.wait_logged_on(5)
            try:
                bench.sink.reports += broker.submit(bracket_order(name))
            except NotSent:
                assert bench.sent(name) == 0
            except Ambiguous:
                bench.server.release()
            if number % 7 == 6:
                bench.end()
                bench.server.lose_memory()
                broker = bench.begin()
        bench.server.release()
        bench.server.quote("EUR/USD", "1.1000", "1.1001")
        assert broker._trading.wait_logged_on(5)
        broker.snapshot()
        time.sleep(0.3)
        orders = bench.server.venue
        for name in names:
            assert orders.received.get(name, 0) <= 1
            made = orders.book.find(name)
            filled = made.filled / 100_000 if made else D(0)
            assert bench.sink.lots(ReportKind.FILLED, name) == filled, name
    finally:
        bench.close()
