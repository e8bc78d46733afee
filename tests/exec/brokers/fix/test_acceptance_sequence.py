"""FIX 4.4 acceptance, numbers 2 to 11 and 20: sequence numbers, gaps, resends, heartbeats.

The numbers are those of the public list of session behaviours; each test says its behaviour in our words.
Where the list has application messages sent again, ours are gap fills (guarantee O8).
"""

from __future__ import annotations

import pytest
from fix_bench import FixBench, kinds

from hive_exec.brokers.fix.session import NotLoggedOn
from hive_exec.brokers.fix.session_types import Phase, Role

pytestmark = pytest.mark.parametrize("role", list(Role))


@pytest.fixture
def bench(role) -> FixBench:
    return FixBench(role).logged_on()


def test_2a_the_expected_number_is_processed(bench):
    kind, body = bench.application("a")
    assert bench.says(kind, body) == []
    assert bench.names == ["a"]


def test_2b_too_high_a_number_makes_us_ask_once_for_all_that_is_missing(bench):
    for _ in range(3):
        bench.says("0")
    (ask,) = bench.says("0", number=10)
    assert (ask.msg_type, ask.text(7), ask.text(16)) == ("2", "5", "0")
    for number in range(5, 10):
        assert bench.says("0", number=number) == []
    assert bench.session.next_in == 11
    assert kinds(bench.says("5", number=11)) == ["5"]


def test_2b_what_came_early_is_processed_once_and_in_order(bench):
    for number in (5, 4, 3, 2):
        bench.says(*bench.application(f"n{number}"), number=number)
    assert bench.names == ["n2", "n3", "n4", "n5"]


def test_2c_too_low_a_number_is_logged_out_and_the_connection_closed(bench):
    for _ in range(3):
        bench.says("0")
    (logout,) = bench.says("0", number=2)
    assert logout.text(58) == "MsgSeqNum too low, expecting 5 but received 2"
    assert bench.is_over


def test_2d_garbled_bytes_are_ignored_and_leave_the_number_expected(bench):
    data = bench.message("0", number=2)
    assert bench.hears(data[:20] + b"#" + data[21:]) == []
    assert bench.session.next_in == 2
    assert bench.events("garbled")
    bench.says("0", number=2)
    assert bench.session.next_in == 3


def test_2e_a_possible_duplicate_that_was_received_is_ignored(bench):
    bench.says(*bench.application("once"))
    assert bench.says(*bench.application("once"), number=2, is_duplicate=True) == []
    assert bench.names == ["once"]


def test_2e_a_possible_duplicate_that_was_not_received_is_processed(bench):
    bench.says(*bench.application("new"), number=2, is_duplicate=True)
    assert bench.names == ["new"]
    assert bench.session.next_in == 3


@pytest.mark.parametrize("number", [2, 4])
def test_2f_a_duplicate_first_sent_after_it_was_sent_is_rejected_and_logged_out(bench, number):
    bench.says(*bench.application("a"))
    bench.says(*bench.application("b"))
    reject, logout = bench.says(*bench.application("a"), number=number, is_duplicate=True, original_s=10)
    assert (reject.msg_type, reject.text(373), reject.text(45)) == ("3", "10", str(number))
    assert logout.msg_type == "5"
    assert bench.names == ["a", "b"]
    bench.says("5")
    assert bench.is_over


def test_2g_a_duplicate_without_the_time_of_its_first_sending_is_rejected(bench):
    bench.says(*bench.application("a"))
    bench.says(*bench.application("b"))
    (reject,) = bench.says(*bench.application("a"), number=2, is_duplicate=True, original_s=None)
    assert (reject.text(371), reject.text(373)) == ("122", "1")
    (heartbeat,) = bench.says("1", [(112, "still four")], 4)
    assert heartbeat.text(112) == "still four"


def test_2g_such_a_duplicate_of_what_is_missing_is_counted_but_not_processed(bench):
    bench.says(*bench.application("after"), number=3)
    answer = bench.says(*bench.application("a"), number=2, is_duplicate=True, original_s=None)
    assert kinds(answer) == ["3"]
    assert bench.names == ["after"]
    assert bench.events("refused")


def test_4a_silence_of_ours_is_filled_with_heartbeats(bench):
    assert bench.waits(29) == []
    assert kinds(bench.waits(1)) == ["0"]
    assert bench.waits(1) == []
    bench.says("0")
    assert kinds(bench.waits(29)) == ["0"]


def test_4b_a_test_request_is_answered_by_a_heartbeat_with_its_id(bench):
    (heartbeat,) = bench.says("1", [(112, "HELLO")])
    assert (heartbeat.msg_type, heartbeat.text(112)) == ("0", "HELLO")


def test_6_silence_of_theirs_is_asked_about_and_then_ends_the_session(bench):
    bench.waits(30)
    assert kinds(bench.waits(7)) == ["1"]
    bench.says("0", [(112, "anything")])
    assert bench.waits(20) == []
    assert "1" in kinds(bench.waits(17))
    bench.waits(30)
    assert not bench.is_over
    bench.waits(7)
    assert bench.is_over
    assert "silent" in bench.events("ended")[0]


def test_6_a_wall_clock_that_jumps_ends_nothing_and_sends_nothing(bench):
    bench.wall_shift_s = 60
    assert bench.waits(1) == []
    assert bench.session.phase is Phase.LOGGED_ON


def test_7_a_reject_of_theirs_is_counted_and_told(bench):
    assert bench.says("3", [(45, "1"), (371, "38"), (58, "no")]) == []
    assert bench.session.next_in == 3
    (event,) = [event for step in bench.steps for event in step.events if event.kind == "rejected"]
    assert (event.reference, event.text) == (1, "no 38")


def _ask(bench, begin: int, end: int):
    return [
        (
            message.msg_type,
            message.sequence_number,
            message.text(36),
            message.text(123),
            message.header.get(43),
        )
        for message in bench.says("2", [(7, str(begin)), (16, str(end))])
    ]


def _sent_nine(bench) -> None:
    """Numbers 2 to 4 and 7 to 8 belong to the session, 5, 6 and 9 to the application."""
    for number in range(2, 10):
        if number in {5, 6, 9}:
            bench.sends(*bench.own(f"application-{number}"))
        else:
            bench.says("1", [(112, "x")])
    assert bench.session.next_out == 10


@pytest.mark.parametrize(
    ("begin", "end", "new"), [(2, 4, 5), (2, 6, 7), (2, 8, 9), (2, 9, 10), (2, 0, 10), (1, 0, 10)]
)
def test_8_session_and_application_messages_asked_for_are_all_filled_over(bench, begin, end, new):
    _sent_nine(bench)
    assert _ask(bench, begin, end) == [("4", begin, str(new), "Y", "Y")]
    (heartbeat,) = bench.says("1", [(112, "numbers stand")])
    assert heartbeat.sequence_number == 10


def test_8_only_session_messages_asked_for_are_filled_over(bench):
    for _ in range(3):
        bench.says("1", [(112, "x")])
    assert _ask(bench, 2, 4) == [("4", 2, "5", "Y", "Y")]
    assert _ask(bench, 2, 0) == [("4", 2, "5", "Y", "Y")]


def test_8_only_application_messages_asked_for_are_filled_over_and_never_sent_again(bench):
    ours, _ = bench.own("")
    for number in range(2, 5):
        bench.sends(*bench.own(f"application-{number}"))
    sent = kinds(bench.said).count(ours)
    assert _ask(bench, 2, 4) == [("4", 2, "5", "Y", "Y")]
    assert _ask(bench, 3, 0) == [("4", 3, "5", "Y", "Y")]
    assert _ask(bench, 3, 999_999_999) == [("4", 3, "5", "Y", "Y")]
    assert kinds(bench.said).count(ours) == sent


@pytest.mark.parametrize(("begin", "end"), [(0, 0), (99, 0), (99, 120)])
def test_8_messages_that_were_never_sent_cannot_be_asked_for(bench, begin, end):
    assert kinds(bench.says("2", [(7, str(begin)), (16, str(end))])) == ["3"]
    assert bench.said[-1].text(373) == "5"


def test_10_a_gap_fill_with_the_expected_number_moves_the_number(bench):
    assert bench.says("4", [(36, "20"), (123, "Y")]) == []
    (heartbeat,) = bench.says("1", [(112, "HELLO")], 20)
    assert heartbeat.text(112) == "HELLO"


def test_10_a_gap_fill_with_too_high_a_number_waits_for_its_turn(bench):
    (ask,) = bench.says("4", [(36, "20"), (123, "Y")], 10)
    assert (ask.msg_type, ask.text(7), ask.text(16)) == ("2", "2", "0")
    assert bench.says("1", [(112, "HELLO")], 20) == []
    answer = bench.says("4", [(36, "10"), (123, "Y")], 2, is_duplicate=True)
    assert [message.text(112) for message in answer] == ["HELLO"]
    assert bench.session.next_in == 21


def test_10_a_gap_fill_with_too_low_a_number_is_ignored_if_a_duplicate_and_else_ends_the_session(bench):
    assert bench.says("4", [(36, "20"), (123, "Y")], 1, is_duplicate=True, original_s=-1) == []
    assert [m.text(112) for m in bench.says("1", [(112, "HELLO")], 2)] == ["HELLO"]
    (logout,) = bench.says("4", [(36, "20"), (123, "Y")], 1)
    assert logout.text(58) == "MsgSeqNum too low, expecting 3 but received 1"
    assert bench.is_over


@pytest.mark.parametrize("new", ["2", "1"])
def test_10_a_gap_fill_that_leads_nowhere_is_rejected_and_not_counted(bench, new):
    (reject,) = bench.says("4", [(36, new), (123, "Y")], 2)
    assert reject.text(373) == "5"
    assert bench.session.next_in == 2


def test_11a_a_reset_to_a_higher_number_counts_whatever_its_own_number_is(bench):
    assert bench.says("4", [(36, "15")], 0) == []
    assert [m.text(112) for m in bench.says("1", [(112, "HELLO")], 15)] == ["HELLO"]
    assert bench.says("4", [(36, "40"), (123, "N")], 99) == []
    assert bench.session.next_in == 40
    assert bench.events("numbers_reset")


def test_11b_a_reset_to_the_expected_number_changes_nothing(bench):
    assert bench.says("4", [(36, "2")], 0) == []
    assert [m.text(112) for m in bench.says("1", [(112, "HELLO")], 2)] == ["HELLO"]


@pytest.mark.parametrize("body", [[(36, "1")], [(36, "1"), (123, "N")]])
def test_11c_a_reset_to_a_lower_number_is_rejected_and_not_counted(bench, body):
    (reject,) = bench.says("4", body, 0)
    assert (reject.text(45), reject.text(372), reject.text(373)) == ("0", "4", "5")
    assert [m.text(112) for m in bench.says("1", [(112, "HELLO")], 2)] == ["HELLO"]


def test_20_a_resend_request_that_comes_during_our_own_is_answered_at_once_and_once(bench):
    bench.sends(*bench.own("two"))
    bench.sends(*bench.own("three"))
    assert kinds(bench.says("0", number=7)) == ["2"]
    (fill,) = bench.says("2", [(7, "2"), (16, "3")], 8)
    assert (fill.msg_type, fill.sequence_number, fill.text(36)) == ("4", 2, "4")
    assert [bench.says("0", number=n, is_duplicate=True) for n in range(2, 7)] == [[]] * 5
    assert bench.session.next_in == 9
    assert kinds(bench.says("5", number=9)) == ["5"]


def test_20_a_gap_that_is_not_filled_is_asked_for_again_and_then_given_up(bench):
    bench.says("0", number=5)
    assert kinds(bench.waits(9)) == []
    assert kinds(bench.waits(2)) == ["2"]
    assert kinds(bench.waits(11)) == ["2"]
    logout = bench.waits(11)[-1]
    assert (logout.msg_type, "message 2" in logout.text(58)) == ("5", True)


def test_20_more_than_can_wait_is_asked_for_again(bench, monkeypatch):
    monkeypatch.setattr("hive_exec.brokers.fix.waiting.MAX_WAITING", 3)
    for number in range(3, 9):
        bench.says(*bench.application(f"n{number}"), number=number)
    bench.says(*bench.application("n2"), number=2, is_duplicate=True)
    assert bench.names == ["n2", "n3", "n4", "n5"]
    assert bench.session.has_gap
    bench.waits(11)
    for number in range(6, 9):
        bench.says(*bench.application(f"n{number}"), number=number, is_duplicate=True)
    assert bench.names == [f"n{number}" for number in range(2, 9)]
    assert not bench.session.has_gap


def test_nothing_is_sent_outside_a_session_and_no_number_is_used(role):
    bench = FixBench(role)
    used = bench.session.next_out
    with pytest.raises(NotLoggedOn):
        bench.sends("D", [(11, "x")])
    assert bench.session.next_out == used
    bench.logged_on().logs_out()
    with pytest.raises(NotLoggedOn):
        bench.sends("D", [(11, "x")])


def test_messages_of_the_session_are_not_sent_by_its_user(bench):
    with pytest.raises(ValueError, match="session"):
        bench.sends("4", [(36, "9")])
