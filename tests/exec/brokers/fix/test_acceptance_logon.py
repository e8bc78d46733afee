"""FIX 4.4 acceptance, numbers 1, 13, 2i, 2k, 2o and session resets: how a session begins and ends.

The numbers are those of the public list of session behaviours; each test says its behaviour in our words.
"""

from __future__ import annotations

import pytest
from fix_bench import FixBench, kinds, order, report

from hive_exec.brokers.fix.session_types import Phase, Role

BOTH = pytest.mark.parametrize("role", list(Role))


def test_1a_a_logon_with_the_expected_number_is_answered_by_a_logon():
    bench = FixBench(Role.ACCEPTOR)
    (answer,) = bench.says("A", [(98, "0"), (108, "17")])
    assert (answer.msg_type, answer.sequence_number, answer.text(108)) == ("A", 1, "17")
    assert bench.session.phase is Phase.LOGGED_ON
    assert kinds(bench.says("5")) == ["5"]
    assert bench.is_over


def test_1a_an_initiator_says_logon_first_and_stands_when_it_is_answered():
    bench = FixBench(Role.INITIATOR, username="trader", password="secret")  # noqa: S106
    (logon,) = bench.said
    assert (logon.msg_type, logon.text(108), logon.text(553), logon.text(554)) == (
        "A",
        "30",
        "trader",
        "secret",
    )
    assert bench.session.phase is Phase.AWAITING_LOGON
    assert bench.says("A", [(98, "0"), (108, "30")]) == []
    assert bench.session.phase is Phase.LOGGED_ON


@BOTH
def test_1a_a_logon_with_too_high_a_number_is_answered_and_what_is_missing_asked_for(role):
    bench = FixBench(role)
    answer = bench.says("A", [(98, "0"), (108, "30")], 5)
    assert kinds(answer) == (["A", "2"] if role is Role.ACCEPTOR else ["2"])
    assert (answer[-1].text(7), answer[-1].text(16)) == ("1", "0")
    bench.says("4", [(36, "6"), (123, "Y")], 1, is_duplicate=True)
    assert bench.session.next_in == 6
    assert not bench.session.has_gap


def test_1c_a_logon_from_an_unknown_sender_ends_the_connection_without_a_word():
    bench = FixBench(Role.ACCEPTOR)
    assert bench.says("A", [(98, "0"), (108, "30")], sender="OTHER") == []
    assert bench.is_over


def test_1c_a_logon_to_another_target_ends_the_connection_without_a_word():
    bench = FixBench(Role.ACCEPTOR)
    assert bench.says("A", [(98, "0"), (108, "30")], target="OTHER") == []
    assert bench.is_over


@BOTH
def test_1d_a_logon_sent_at_another_time_ends_the_connection(role):
    bench = FixBench(role)
    assert bench.says("A", [(98, "0"), (108, "30")], sent_s=-86_400) == []
    assert bench.is_over


@BOTH
def test_1d_a_logon_of_another_version_ends_the_connection(role):
    bench = FixBench(role)
    assert bench.says("A", [(98, "0"), (108, "30")], begin="FIX.3.9") == []
    assert bench.is_over


def test_1d_a_logon_with_a_wrong_length_ends_the_connection():
    bench = FixBench(Role.ACCEPTOR)
    logon = bench.message("A", [(98, "0"), (108, "30")])
    length = logon[logon.index(b"9=") + 2 : logon.index(b"\x0135=")]
    assert bench.hears(logon.replace(b"9=" + length, b"9=" + str(int(length) - 9).encode())) == []
    assert bench.is_over


def test_1e_anything_but_a_logon_ends_a_connection_that_has_just_begun():
    bench = FixBench(Role.ACCEPTOR)
    assert bench.says("D", order("first")) == []
    assert bench.is_over
    assert bench.delivered == []
    initiator = FixBench(Role.INITIATOR)
    initiator.says("8", report("first"))
    assert initiator.is_over
    assert initiator.delivered == []


@BOTH
def test_1_a_logon_that_does_not_come_in_time_ends_the_connection(role):
    bench = FixBench(role)
    bench.waits(9)
    assert not bench.is_over
    bench.waits(2)
    assert bench.is_over


@pytest.mark.parametrize(
    "body", [[(98, "1"), (108, "30")], [(98, "0"), (108, "-3")], [(98, "0")], [(98, "0"), (108, "x")]]
)
@BOTH
def test_1_a_logon_that_cannot_be_kept_is_refused_with_a_reason(role, body):
    bench = FixBench(role)
    assert bench.says("A", body)[-1].msg_type == "5"
    assert bench.said[-1].text(58)
    assert bench.is_over


def test_1_a_venue_with_another_heartbeat_is_refused():
    bench = FixBench(Role.INITIATOR)
    (logout,) = bench.says("A", [(98, "0"), (108, "60")])
    assert "60" in logout.text(58)
    assert bench.is_over


@pytest.mark.parametrize(
    ("kind", "body"), [("5", [(58, "closed for the week")]), ("3", [(45, "1"), (58, "closed")])]
)
def test_1_a_refused_logon_ends_with_the_venues_words(kind, body):
    bench = FixBench(Role.INITIATOR)
    assert bench.says(kind, body) == []
    assert bench.is_over
    assert "closed" in bench.events("ended")[0]
    assert bench.session.next_in == 2


@BOTH
def test_1_a_logon_with_too_low_a_number_is_refused(role):
    bench = FixBench(role, next_in=9)
    (logout,) = bench.says("A", [(98, "0"), (108, "30")], 4)
    assert logout.text(58) == "MsgSeqNum too low, expecting 9 but received 4"
    assert bench.is_over


@BOTH
def test_13b_a_logout_that_nobody_asked_for_is_answered_and_ends_the_session(role):
    bench = FixBench(role).logged_on()
    assert kinds(bench.says("5", [(58, "maintenance")])) == ["5"]
    assert bench.is_over
    assert bench.events("logged_out") == ["maintenance"]
    assert bench.session.next_in == 3


@BOTH
def test_13_our_own_logout_waits_for_its_answer_and_says_no_more(role):
    bench = FixBench(role).logged_on()
    assert kinds(bench.logs_out("the day is over")) == ["5"]
    assert not bench.is_over
    assert bench.says("5") == []
    assert bench.is_over


@BOTH
def test_13_a_logout_that_is_not_answered_ends_by_time(role):
    bench = FixBench(role).logged_on()
    bench.logs_out()
    bench.waits(6)
    assert bench.is_over


@BOTH
@pytest.mark.parametrize("is_answered", [True, False])
def test_2i_another_version_in_a_session_is_answered_by_a_logout(role, is_answered):
    bench = FixBench(role).logged_on()
    (logout,) = bench.says("1", [(112, "id")], begin="FIX.4.1")
    assert (logout.msg_type, logout.text(58)) == ("5", "Incorrect BeginString")
    assert bench.session.next_in == 2
    if is_answered:
        bench.says("5", number=3)
    else:
        bench.waits(6)
    assert bench.is_over


@BOTH
@pytest.mark.parametrize("wrong", [{"sender": "WT"}, {"target": "DLSI"}, {"sender": "WT", "target": "DLSI"}])
def test_2k_another_identity_in_a_session_is_rejected_and_logged_out(role, wrong):
    bench = FixBench(role).logged_on()
    kind, body = bench.application("x")
    reject, logout = bench.says(kind, body, **wrong)
    assert (reject.msg_type, reject.text(373), reject.text(45)) == ("3", "9", "2")
    assert logout.msg_type == "5"
    assert bench.delivered == []
    bench.says("5")
    assert bench.is_over


@BOTH
@pytest.mark.parametrize("sent_s", [-121, 121])
def test_2o_a_sending_time_two_minutes_off_is_rejected_and_logged_out(role, sent_s):
    bench = FixBench(role).logged_on()
    reject, logout = bench.says("0", sent_s=sent_s)
    assert (reject.msg_type, reject.text(373), reject.text(372)) == ("3", "10", "0")
    assert logout.msg_type == "5"
    bench.says("5")
    assert bench.is_over


@BOTH
def test_2o_a_sending_time_within_two_minutes_is_taken(role):
    bench = FixBench(role).logged_on()
    assert bench.says("0", sent_s=-119) == bench.says("0", sent_s=119) == []


@BOTH
def test_session_reset_a_logon_with_the_reset_flag_begins_both_numbers_again(role):
    bench = FixBench(role).logged_on()
    for _ in range(8):
        bench.says("0")
    (heartbeat,) = bench.says("1", [(112, "before")])
    assert heartbeat.sequence_number == 2
    (logon,) = bench.says("A", [(98, "0"), (108, "30"), (141, "Y")], 1)
    assert (logon.msg_type, logon.sequence_number, logon.text(141)) == ("A", 1, "Y")
    (heartbeat,) = bench.says("1", [(112, "after")], 2)
    assert (heartbeat.sequence_number, heartbeat.text(112)) == (2, "after")
    assert bench.events("numbers_reset")


@BOTH
def test_session_reset_with_another_number_than_one_ends_the_session(role):
    bench = FixBench(role).logged_on()
    assert kinds(bench.says("A", [(98, "0"), (108, "30"), (141, "Y")], 7)) == ["5"]
    assert bench.is_over


def test_an_initiator_that_asks_for_a_reset_begins_with_one_and_takes_the_answer():
    bench = FixBench(Role.INITIATOR, next_out=40, next_in=70, reset_on_logon=True)
    assert (bench.said[0].sequence_number, bench.said[0].text(141)) == (1, "Y")
    bench.says("A", [(98, "0"), (108, "30"), (141, "Y")], 1)
    assert bench.session.phase is Phase.LOGGED_ON
    assert (bench.session.next_out, bench.session.next_in) == (2, 2)


def test_an_acceptor_resets_where_the_logon_asks_for_it():
    bench = FixBench(Role.ACCEPTOR, next_out=40, next_in=70)
    (logon,) = bench.says("A", [(98, "0"), (108, "30"), (141, "Y")], 1)
    assert (logon.sequence_number, logon.text(141)) == (1, "Y")
    assert bench.session.next_in == 2


def test_a_reset_that_an_initiator_did_not_ask_for_is_refused_unless_it_just_began():
    bench = FixBench(Role.INITIATOR, next_out=40, next_in=70)
    assert kinds(bench.says("A", [(98, "0"), (108, "30"), (141, "Y")], 1)) == ["5"]
    assert bench.is_over
    fresh = FixBench(Role.INITIATOR, next_out=1, next_in=70)
    fresh.says("A", [(98, "0"), (108, "30"), (141, "Y")], 1)
    assert fresh.session.phase is Phase.LOGGED_ON


@BOTH
def test_a_second_logon_in_a_session_is_counted_and_nothing_more(role):
    bench = FixBench(role).logged_on()
    assert bench.says("A", [(98, "0"), (108, "30")]) == []
    assert bench.session.next_in == 3
    assert bench.events("odd")
