"""Every return code of the trade server, after an entry, a change, a cancellation and a closing.

What is expected stands here a second time, written from the documentation and not from the table.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from metatrader_bench import Heard, a_limit, an_order

from hive_core.contracts.broker import ReportKind
from hive_core.contracts.reasons import RejectionReason
from hive_exec.brokers.metatrader.constants import Execution
from hive_exec.brokers.metatrader.retcodes import VERDICTS, Retcode
from hive_exec.brokers.port import Ambiguous, NotSent, Throttled
from hive_exec.simulators.metatrader.faults import UNDOCUMENTED_RETCODE, Fault, FaultKind

DOCUMENTED = {10004, *range(10006, 10037), *range(10038, 10047)}
TAKEN = {10008, 10009, 10010}
SILENT_ON_AN_ENTRY = {10011, 10012, 10023, 10025, 10028, 10031}
SILENT_ON_A_CHANGE = {10010, 10011, 10012, 10028, 10031}
REFUSED = DOCUMENTED - TAKEN - SILENT_ON_AN_ENTRY - {10024, 10030}


def answered_with(mt5, code):
    mt5.faults(Fault(FaultKind.RETCODE, code))


def test_every_documented_code_has_a_verdict_and_no_other():
    assert {int(code) for code in Retcode} == DOCUMENTED
    assert VERDICTS.keys() == set(Retcode)


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_refused_entry_is_rejected_and_sent_once(mt5, code):
    answered_with(mt5, code)
    (report,) = mt5.broker.submit(an_order())
    assert report.kind is ReportKind.REJECTED
    assert str(code) in report.text
    assert RejectionReason(report.reason)
    assert len(mt5.package.sent) == 1


@pytest.mark.parametrize("code", sorted(SILENT_ON_AN_ENTRY | TAKEN))
def test_what_says_nothing_of_an_entry_is_ambiguous_and_sent_once(mt5, code):
    """Also "done" without a ticket: there is nothing to hold on to."""
    answered_with(mt5, code)
    with pytest.raises(Ambiguous, match=str(code)):
        mt5.broker.submit(an_order())
    assert len(mt5.package.sent) == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (10004, "price_beyond_bound"),
        (10006, "refused_by_venue"),
        (10016, "stop_refused"),
        (10018, "market_closed"),
        (10019, "insufficient_margin"),
        (10027, "not_authorised"),
    ],
)
def test_a_refusal_has_our_reason(mt5, code, reason):
    answered_with(mt5, code)
    (report,) = mt5.broker.submit(an_order())
    assert report.reason == reason


def test_too_many_requests_is_throttled(mt5):
    answered_with(mt5, 10024)
    with pytest.raises(Throttled) as raised:
        mt5.broker.submit(an_order())
    assert raised.value.retry_after_s >= 1
    assert len(mt5.package.sent) == 1


def test_an_undocumented_code_is_ambiguous_and_trouble(mt5):
    heard = Heard()
    mt5.broker._sink = heard
    answered_with(mt5, UNDOCUMENTED_RETCODE)
    with pytest.raises(Ambiguous, match="not documented"):
        mt5.broker.submit(an_order())
    assert "19999" in heard.troubles[0]
    assert len(mt5.package.sent) == 1


def test_after_an_unsupported_filling_mode_another_is_tried_once(mt5):
    mt5.instrument.execution = Execution.EXCHANGE
    answered_with(mt5, 10030)
    reports = mt5.broker.submit(an_order())
    assert [report.kind for report in reports] == [ReportKind.ACCEPTED, ReportKind.FILLED]
    assert [request["type_filling"] for request in mt5.package.sent] == [0, 1]
    assert len(mt5.books.positions) == 1


def test_a_second_unsupported_filling_mode_is_the_last(mt5):
    mt5.instrument.execution = Execution.EXCHANGE  # permits three
    mt5.faults(*[Fault(FaultKind.RETCODE, 10030)] * 3)
    (report,) = mt5.broker.submit(an_order())
    assert report.kind is ReportKind.REJECTED
    assert len(mt5.package.sent) == 2


def test_where_one_filling_mode_is_permitted_there_is_no_second_try(mt5):
    mt5.instrument.filling_flags = 2
    answered_with(mt5, 10030)
    (report,) = mt5.broker.submit(an_order())
    assert report.kind is ReportKind.REJECTED
    assert [request["type_filling"] for request in mt5.package.sent] == [1]


@pytest.mark.parametrize("code", sorted(DOCUMENTED | {UNDOCUMENTED_RETCODE}))
@pytest.mark.parametrize("what", ["modify", "cancel"])
def test_every_code_after_a_change(mt5, code, what):
    mt5.broker.submit(a_limit())
    answered_with(mt5, code)

    def change():
        if what == "cancel":
            return mt5.broker.cancel(a_limit())
        return mt5.broker.modify(a_limit(), Decimal("1.09600"), None)

    if code in SILENT_ON_A_CHANGE | {UNDOCUMENTED_RETCODE}:
        with pytest.raises(Ambiguous):
            change()
    elif code == 10024:
        with pytest.raises(Throttled):
            change()
    else:
        kinds = [report.kind for report in change()]
        done = ReportKind.MODIFIED if what == "modify" else ReportKind.CANCELLED
        refused = ReportKind.MODIFY_REJECTED if what == "modify" else ReportKind.CANCEL_REJECTED
        unchanged = [done] if what == "modify" else []
        expected = {10008: [], 10009: [done], 10025: unchanged}.get(code, [refused])
        assert kinds == expected
    assert len(mt5.package.sent) == 2


@pytest.mark.parametrize("code", sorted(DOCUMENTED))
def test_every_code_after_a_closing(mt5, code):
    mt5.instrument.filling_flags = 1
    mt5.broker.submit(an_order())
    answered_with(mt5, code)
    if code in SILENT_ON_AN_ENTRY:
        with pytest.raises(Ambiguous):
            mt5.broker.close_position(an_order(), None, "cls_1")
    elif code in TAKEN:
        assert mt5.broker.close_position(an_order(), None, "cls_1") == []
    elif code == 10036:  # closed already: what the records know is told
        told = mt5.broker.close_position(an_order(), None, "cls_1")
        assert ReportKind.FILLED in {report.kind for report in told}
    else:
        with pytest.raises(NotSent):
            mt5.broker.close_position(an_order(), None, "cls_1")
    assert len(mt5.package.sent) == 2
    assert len(mt5.books.positions) == 1


def test_a_check_that_refuses_means_that_nothing_was_sent(mt5):
    mt5.instrument.is_open = False
    with pytest.raises(NotSent, match="10018 market is closed"):
        mt5.broker.submit(an_order())
    mt5.instrument.is_open = True
    mt5.books.balance = Decimal(10)
    with pytest.raises(NotSent, match="10019 not enough money"):
        mt5.broker.submit(an_order())
    assert mt5.package.sent == []
