"""Every fault of the script through the adapter: at most one order at the venue, and nothing guessed."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pytest
from oanda_bench import Listening, OandaBench, limit_order, order, soon

from hive_core.contracts.broker import ReportKind
from hive_exec.brokers.port import Ambiguous, Throttled, Unavailable
from hive_exec.simulators.oanda.faults import FILL_FAULTS, REQUEST_FAULTS, STREAM_FAULTS, Fault, FaultScript

ACCEPTED, FILLED = ReportKind.ACCEPTED, ReportKind.FILLED

CARRIED_OUT = frozenset(
    {
        Fault.LATE_ACCEPT, Fault.LOST_ANSWER, Fault.DONE_THEN_500, Fault.UNKNOWN_ENUM, Fault.MISSING_FIELD,
        Fault.DUPLICATE_KEY, Fault.NOT_A_NUMBER, Fault.GARBAGE, Fault.TRUNCATED, Fault.REPLAYED,
    }
)  # fmt: skip
"""The order is there, and the answer does not say so."""


@pytest.fixture(params=["pending", "ever"])
def venue(request):
    """Both semantics: ids that are refused while they are in use, and ids that are never taken again."""
    with OandaBench(answer_timeout_s=0.5, dedupe=request.param) as made:
        made.broker.snapshot()
        yield made


def settled(bench, one):
    bench.clock.move(61)
    return bench.broker.look_up(one, "1")


@pytest.mark.parametrize("fault", sorted(CARRIED_OUT))
def test_what_was_carried_out_without_an_answer_is_ambiguous_and_found_in_the_log(venue, fault):
    venue.faults.plan(fault)
    with pytest.raises(Ambiguous):
        venue.broker.submit(order())
    soon(lambda: len(venue.broker.snapshot().positions) == 1)
    found = settled(venue, order())
    assert not found.is_proof
    assert {one.kind for one in found.reports} == {ACCEPTED, FILLED}
    assert len(venue.arrived("POST")) == 1, "it was sent again"
    [position] = venue.broker.snapshot().positions
    assert position.lots == Decimal("0.1")


def test_what_never_arrived_is_ambiguous_until_the_whole_log_proves_it(venue):
    cursor = venue.broker.snapshot().cursor
    venue.faults.plan(Fault.LOST_REQUEST)
    with pytest.raises(Ambiguous):
        venue.broker.submit(order())
    early = venue.broker.look_up(order(), cursor)
    assert (early.reports, early.is_proof) == ((), False)
    assert "may still arrive for 60 s" in early.text
    venue.clock.move(59.5)
    assert not venue.broker.look_up(order(), cursor).is_proof
    venue.clock.move(1)
    late = venue.broker.look_up(order(), cursor)
    assert (late.reports, late.is_proof) == ((), True)
    assert not venue.broker.look_up(order(), "").is_proof, "without a cursor the log proves nothing"


def test_maintenance_is_ambiguous_for_an_order_and_unavailable_for_a_question(venue):
    venue.faults.plan(Fault.MAINTENANCE)
    with pytest.raises(Ambiguous, match="503"):
        venue.broker.submit(limit_order())
    venue.faults.plan(Fault.MAINTENANCE, "GET")
    with pytest.raises(Unavailable, match="503"):
        venue.broker.look_up(limit_order(), "1")
    assert settled(venue, limit_order()).is_proof


def test_too_many_requests_is_a_refusal_before_processing(venue):
    venue.faults.plan(Fault.THROTTLED)
    with pytest.raises(Throttled):
        venue.broker.submit(order())
    assert venue.orders_at_venue(order()) == 0


def test_a_refusal_in_a_200_is_a_refusal(venue):
    venue.faults.plan(Fault.REJECT_IN_200)
    [rejected] = venue.broker.submit(order())
    assert (rejected.kind, rejected.reason) == (ReportKind.REJECTED, "instrument_not_tradeable")


def test_a_part_is_filled_and_the_rest_cancelled(venue):
    venue.faults.plan(Fault.PARTIAL_FILL, "FILL")
    accepted, filled, cancelled = venue.broker.submit(order())
    assert [one.kind for one in (accepted, filled, cancelled)] == [ACCEPTED, FILLED, ReportKind.CANCELLED]
    assert (filled.lots, cancelled.reason) == (Decimal("0.05"), "no_liquidity")
    [position] = venue.broker.snapshot().positions
    assert position.lots == Decimal("0.05")
    assert [one.kind for one in settled(venue, order()).reports] == [ACCEPTED, FILLED, ReportKind.CANCELLED]


@pytest.mark.parametrize("fault", [Fault.REFUSED_STOP, Fault.MISSING_STOP])
def test_a_fill_without_a_stop_at_the_venue_is_told(venue, fault):
    venue.faults.plan(fault, "FILL")
    _, filled = venue.broker.submit(order())
    assert (filled.has_stop, filled.stop_loss, filled.take_profit) == (False, None, Decimal("1.11"))
    assert "no stop stands behind it" in filled.text
    [position] = venue.broker.snapshot().positions
    assert position.stop_loss is None
    logged = venue.broker.reports_since("1")[0]
    assert [one.has_stop for one in logged if one.kind is FILLED] == [False]
    refused = [one for one in logged if one.kind is ReportKind.MODIFIED]
    if fault is Fault.REFUSED_STOP:
        assert [(one.has_stop, one.reason) for one in refused] == [(False, "stop_refused")]
    else:
        assert refused == []


def test_a_fill_is_told_even_when_the_question_after_its_stop_is_not_answered(venue):
    venue.broker.submit(order(2))
    venue.faults.plan(Fault.MAINTENANCE, "GET /trades")
    _, filled = venue.broker.submit(order())
    assert (filled.kind, filled.has_stop, filled.stop_loss) == (FILLED, True, None)


def test_a_stop_that_slips_is_told_at_its_price(venue):
    venue.broker.submit(order())
    cursor = venue.broker.snapshot().cursor
    venue.faults.plan(Fault.SLIPPED_STOP, "STOP")
    venue.venue.set_price("EUR_USD", "1.09490", "1.09500")
    [closed] = venue.broker.reports_since(cursor)[0]
    assert (closed.kind, closed.reason, closed.price) == (ReportKind.CLOSED, "stop", Decimal("1.0924"))


def test_a_stop_that_a_person_takes_away_is_told(venue):
    venue.broker.submit(order())
    cursor = venue.broker.snapshot().cursor
    venue.venue.by_hand(f"@{order().client_order_id}", "STOP_LOSS")
    # As after a restart: whose stop it was is asked of the venue.
    [said] = venue.another().reports_since(cursor)[0]
    assert (said.client_order_id, said.kind) == (order().client_order_id, ReportKind.MODIFIED)
    assert (said.has_stop, said.reason) == (False, "stop_cancelled")


@pytest.mark.parametrize("fault", sorted(CARRIED_OUT - {Fault.REPLAYED}))
def test_a_cancel_without_an_answer_is_ambiguous_and_harmless_to_repeat(venue, fault):
    venue.broker.submit(limit_order())
    venue.faults.plan(fault, "PUT")
    with pytest.raises(Ambiguous):
        venue.broker.cancel(limit_order())
    soon(lambda: not venue.broker.snapshot().orders)
    [again] = venue.broker.cancel(limit_order())
    assert again.kind is ReportKind.CANCEL_REJECTED
    assert [one.kind for one in settled(venue, limit_order()).reports][:2] == [ACCEPTED, ReportKind.CANCELLED]


@pytest.mark.parametrize("fault", sorted(CARRIED_OUT - {Fault.REPLAYED}))
def test_a_close_without_an_answer_is_ambiguous_and_told_by_the_log(venue, fault):
    venue.broker.submit(order())
    venue.faults.plan(fault, "PUT")
    with pytest.raises(Ambiguous):
        venue.broker.close_position(order(), None, "req_1")
    soon(lambda: not venue.broker.snapshot().positions)
    assert [one.kind for one in settled(venue, order()).reports][2:] == [ReportKind.CLOSED]


@pytest.mark.parametrize("fault", sorted(CARRIED_OUT - {Fault.LATE_ACCEPT, Fault.REPLAYED}))
@pytest.mark.parametrize("where", ["GET /transactions", "GET"])
def test_a_question_that_is_answered_badly_is_unavailable_and_never_proof(venue, fault, where):
    venue.broker.submit(limit_order(2))
    venue.faults.plan(Fault.LOST_REQUEST)
    with pytest.raises(Ambiguous):
        venue.broker.submit(order())
    venue.clock.move(61)
    venue.faults.plan(fault, where)
    with pytest.raises(Unavailable):
        venue.broker.look_up(order(), "1")
    assert venue.broker.look_up(order(), "1").is_proof


def test_a_log_with_a_hole_in_it_is_no_log(bench):
    for number in range(1, 4):
        bench.broker.submit(order(number))
    whole = bench.venue.transactions
    for hole in range(1, len(whole) - 1):
        bench.venue.transactions = [one for one in whole if one["id"] != str(hole + 1)]
        bench.clock.move(61)
        with pytest.raises(Unavailable, match=f"transaction {hole + 1} is missing"):
            bench.broker.look_up(order(9), "1")
    bench.venue.transactions = whole


def test_an_order_that_stands_before_the_cursor_is_found_by_its_id_and_not_proved_absent(bench):
    bench.broker.submit(order())
    bench.broker.close_position(order(), None, "req_1")
    cursor = bench.broker.snapshot().cursor
    bench.clock.move(61)
    for asked in (cursor, ""):
        found = bench.broker.look_up(order(), asked)
        assert [one.kind for one in found.reports] == [ACCEPTED, FILLED, ReportKind.CLOSED]
        assert not found.is_proof


def test_a_venue_that_forgets_client_ids_of_orders_still_proves_nothing_wrong(bench):
    """The question after an order by its id may say 404 of one that filled: trade and log say more."""
    bench.server.desk.hides_orders = True
    bench.broker.submit(order())
    bench.clock.move(61)
    for asked in ("1", bench.broker.snapshot().cursor, ""):
        found = bench.broker.look_up(order(), asked)
        assert FILLED in {one.kind for one in found.reports}
        assert not found.is_proof


def test_absence_counts_from_when_it_was_sent_also_if_that_was_long_after_it_was_decided(bench):
    bench.clock.move(3_000)
    bench.faults.plan(Fault.LOST_REQUEST)
    with pytest.raises(Ambiguous):
        bench.broker.submit(order())
    assert not bench.broker.look_up(order(), "1").is_proof
    assert settled(bench, order()).is_proof


def test_a_second_daemons_request_never_fills_twice_while_the_first_trade_is_open():
    """What the trade's client id is for: whatever repeats the request, one position stands."""
    for dedupe in ("pending", "ever"):
        with OandaBench(dedupe=dedupe) as bench:
            bench.faults.plan(Fault.REPLAYED)
            with pytest.raises(Ambiguous):
                bench.broker.submit(order())
            with pytest.raises(Ambiguous):
                bench.another().submit(order())
            [position] = bench.broker.snapshot().positions
            assert position.lots == Decimal("0.1")


def test_every_fault_of_the_script_has_its_test():
    told = CARRIED_OUT | {Fault.LOST_REQUEST, Fault.MAINTENANCE, Fault.THROTTLED, Fault.REJECT_IN_200}
    assert told == REQUEST_FAULTS
    assert {Fault.PARTIAL_FILL, Fault.REFUSED_STOP, Fault.MISSING_STOP, Fault.SLIPPED_STOP} == FILL_FAULTS


def test_the_same_seed_gives_the_same_faults():
    def run(seed: int) -> list[Fault | None]:
        script = FaultScript(seed, dict.fromkeys(sorted(REQUEST_FAULTS), 0.05))
        return [script.at("POST /orders", REQUEST_FAULTS) for _ in range(200)]

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert len({one for one in run(7) if one}) > 5


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dedupe", ["pending", "ever"])
def test_under_random_faults_every_order_is_at_the_venue_once_or_proved_absent(seed, dedupe):
    """What is believed of each order at the end is what the venue's own books say."""
    with OandaBench(answer_timeout_s=0.4, dedupe=dedupe) as bench:
        faults = sorted(REQUEST_FAULTS | FILL_FAULTS - {Fault.SLIPPED_STOP})
        bench.faults.delay_s = 0.6
        bench.faults._random.seed(seed)
        bench.faults._chances.update(dict.fromkeys(faults, 0.04))
        unknown, filled = set(), {}
        for number in range(1, 31):
            one = order(number, lots="0.01")
            try:
                reports = bench.broker.submit(one)
            except Ambiguous:
                unknown.add(number)
                continue
            except Throttled:
                continue
            filled[number] = sum((r.lots for r in reports if r.kind is FILLED), Decimal(0))
        assert unknown, "nothing went wrong: the run proves nothing"
        bench.faults.stop()
        time.sleep(0.7)
        bench.clock.move(61)
        for number in unknown:
            found = bench.broker.look_up(order(number, lots="0.01"), "1")
            lots = sum((r.lots for r in found.reports if r.kind is FILLED), Decimal(0))
            assert found.is_proof == (not found.reports)
            filled[number] = lots
        at_venue = {one.client_order_id: one.lots for one in bench.broker.snapshot().positions}
        believed = {order(number).client_order_id: lots for number, lots in filled.items() if lots}
        assert believed == at_venue
        assert len(bench.arrived("POST")) <= 30


# Streams


def heard(bench, *symbols):
    return Listening(bench.broker, *symbols)


def sent(bench, one):
    """Sent as the desk does it: a stream that just connected anew may have used up what a second allows."""
    while True:
        try:
            return bench.broker.submit(one)
        except Throttled as throttled:
            time.sleep(throttled.retry_after_s)


@pytest.mark.parametrize("fault", sorted(STREAM_FAULTS))
def test_no_report_is_lost_whatever_the_stream_does(bench, fault):
    bench.broker.snapshot()
    with heard(bench) as ears:
        soon(lambda: any(path.endswith("stream") for _, path, _ in bench.server.requests))
        time.sleep(0.05)
        bench.faults.plan(fault, "STREAM /transactions")
        for number in (1, 2):
            sent(bench, order(number))
        soon(lambda: ears.kinds().count(FILLED) == 2)
        told_at_log = bench.another().reports_since("1")[0]
        soon(lambda: {one.execution_id for one in ears.reports} == {one.execution_id for one in told_at_log})
        if fault is not Fault.STREAM_DUPLICATES:
            soon(lambda: bool(ears.gaps))
        assert not ears.troubles
        assert [one.fault for one in bench.faults.happened] == [fault]


def test_reports_made_before_the_stream_was_there_are_told(bench):
    bench.broker.snapshot()
    bench.another().submit(order())
    with heard(bench) as ears:
        soon(lambda: FILLED in ears.kinds())
        assert not ears.gaps, "nothing was interrupted"


def test_a_word_on_the_stream_that_nobody_documented_is_trouble_and_the_stream_goes_on(bench):
    bench.broker.snapshot()
    with heard(bench) as ears:
        soon(lambda: any(path.endswith("stream") for _, path, _ in bench.server.requests))
        time.sleep(0.05)
        bench.faults.plan(Fault.UNKNOWN_ENUM, "STREAM /transactions")
        bench.broker.submit(limit_order(1))
        soon(lambda: bool(ears.troubles))
        assert "MOON_PHASE" in ears.troubles[0]
        bench.broker.submit(limit_order(2))
        soon(lambda: order(2).client_order_id in {one.client_order_id for one in ears.reports})


def test_a_log_that_cannot_be_understood_is_trouble_and_does_not_end_the_stream(bench):
    bench.broker.snapshot()
    bench.another().submit(limit_order(1))
    bench.venue.transactions[-1]["type"] = "MOON_PHASE"
    with heard(bench) as ears:
        soon(lambda: bool(ears.troubles))
        bench.broker.submit(limit_order(2))
        soon(lambda: order(2).client_order_id in {one.client_order_id for one in ears.reports})
    with pytest.raises(Unavailable, match="cannot be understood"):
        bench.broker.reports_since("1")


def test_prices_are_quotes_while_they_can_be_dealt_at(bench):
    with heard(bench, "EURUSD", "XAUUSD", "NOSUCH") as ears:
        soon(lambda: len(ears.quotes) == 2)
        assert {(one[0], one[1], one[2]) for one in ears.quotes} == {
            ("EURUSD", Decimal("1.1"), Decimal("1.1001")),
            ("XAUUSD", Decimal("2400.1"), Decimal("2400.4")),
        }
        assert len(ears.troubles) == 1
        assert "NOSUCH" in ears.troubles[0]
        bench.venue.halted.add("EUR_USD")
        bench.venue.set_price("EUR_USD", "1.2", "1.3")
        bench.venue.set_price("XAU_USD", "2401.1", "2401.4")
        soon(lambda: len(ears.quotes) == 3)
        bench.venue.set_price("XAU_USD", "2401.5", "2401.4")
        soon(lambda: len(ears.troubles) == 2)
        assert "above the ask" in ears.troubles[1]
        assert {one[0] for one in ears.quotes[2:]} == {"XAUUSD"}


@pytest.mark.parametrize("fault", [Fault.STREAM_SILENT, Fault.STREAM_DROPPED])
def test_prices_come_again_after_the_stream_broke_and_the_gap_is_told(bench, fault):
    with heard(bench, "EURUSD") as ears:
        soon(lambda: bool(ears.quotes))
        bench.faults.plan(fault, "STREAM /pricing")
        soon(lambda: bool(ears.gaps))
        bench.venue.set_price("EUR_USD", "1.2", "1.3")
        soon(lambda: ears.quotes[-1][1] == Decimal("1.2"))


def test_a_fault_of_the_sink_is_not_swallowed(bench):
    class Deaf:
        def quoted(self, *_: object) -> None:
            raise RuntimeError("the sink broke")

    with pytest.raises(RuntimeError, match="the sink broke"):
        bench.broker.listen(("EURUSD",), Deaf(), threading.Event())


def test_streams_open_no_faster_than_the_venue_allows(bench):
    bench.faults._chances[Fault.STREAM_DROPPED] = 1.0
    with heard(bench, "EURUSD"):
        time.sleep(1.2)
    opened = [path for _, path, _ in bench.server.requests if path.endswith("stream")]
    assert 2 <= len(opened) <= 6
