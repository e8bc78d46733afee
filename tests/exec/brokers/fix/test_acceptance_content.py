"""FIX 4.4 acceptance, numbers 2m to 3c, 14, 15, 21 and the ways back: what a message holds.

The numbers are those of the public list of session behaviours; each test says its behaviour in our words.
"""

from __future__ import annotations

import pytest
from fix_bench import FixBench, kinds, order, report

from hive_exec.brokers.fix.session_types import Role
from hive_exec.brokers.fix.wire import SOH, checksum, encode

BOTH = pytest.mark.parametrize("role", list(Role))


@pytest.fixture
def acceptor() -> FixBench:
    return FixBench(Role.ACCEPTOR).logged_on()


def _reject(bench: FixBench) -> dict[str, str]:
    message = bench.said[-1]
    assert message.msg_type == "3"
    return {"tag": message.text(371), "type": message.text(372), "reason": message.text(373)}


def _with_length(data: bytes, change: int) -> bytes:
    start, end = data.index(b"9=") + 2, data.index(b"\x0135=")
    wrong = (
        data[:start] + str(int(data[start:end]) + change).encode() + data[end : data.index(b"\x0110=") + 1]
    )
    return wrong + b"10=%03d\x01" % checksum(wrong)


def _raw(fields: list[str]) -> bytes:
    """A message of fields in any order; the length and the check sum are right."""
    body = "".join(field + "\x01" for field in fields[1:]).encode()
    head = fields[0].encode() + SOH + b"9=%d\x01" % len(body) + body
    return head + b"10=%03d\x01" % checksum(head)


@BOTH
@pytest.mark.parametrize("change", [-20, -1, 1])
def test_2m_a_message_with_a_wrong_length_is_ignored_and_asked_for(role, change):
    bench = FixBench(role).logged_on()
    assert bench.hears(_with_length(bench.message(*bench.application("a")), change)) == []
    answer = bench.says(*bench.application("b"))
    assert kinds(answer) == ["2"]
    bench.says(*bench.application("a"), number=2, is_duplicate=True)
    assert bench.names == ["a", "b"]


@BOTH
def test_2m_a_length_that_reaches_into_the_next_message_costs_no_other_message(role):
    bench = FixBench(role).logged_on()
    long = _with_length(bench.message(*bench.application("a")), 30)
    bench.hears(long + bench.message(*bench.application("b")) + bench.message("0"))
    bench.says(*bench.application("a"), number=2, is_duplicate=True)
    assert bench.names == ["a", "b"]
    assert bench.session.next_in == 5


@BOTH
@pytest.mark.parametrize("kind", ["*", "9999", "é"])
def test_2q_a_message_type_that_does_not_exist_is_rejected(role, kind):
    bench = FixBench(role).logged_on()
    bench.says(kind)
    assert _reject(bench)["reason"] == "11"
    assert bench.session.next_in == 3


@BOTH
@pytest.mark.parametrize("kind", ["BD", "B", "U1"])
def test_2r_a_message_type_that_we_do_not_know_is_refused_as_business(role, kind):
    bench = FixBench(role).logged_on()
    (answer,) = bench.says(kind, [(55, "EURUSD")])
    assert (answer.msg_type, answer.text(380), answer.text(372), answer.text(45)) == ("j", "3", kind, "2")


@BOTH
def test_2r_a_message_of_the_other_role_is_refused_as_business(role):
    bench = FixBench(role).logged_on()
    kind, body = ("8", report("x")) if role is Role.ACCEPTOR else ("D", order("x"))
    (answer,) = bench.says(kind, body)
    assert (answer.msg_type, answer.text(380)) == ("j", "3")
    assert bench.delivered == []


@BOTH
def test_2t_a_message_whose_first_three_fields_are_out_of_order_is_ignored(role):
    bench = FixBench(role).logged_on()
    time_text = bench.message("0", number=2).split(b"52=")[1].split(SOH)[0].decode()
    rest = ["34=2", "49=VENUE", "56=HIVE", f"52={time_text}"]
    assert bench.hears(_raw(["35=0", "8=FIX.4.4", *rest])) == []
    assert bench.hears(_raw(["8=FIX.4.4", "34=2", "35=0", *rest[1:]])) == []
    assert bench.session.next_in == 2
    assert [m.text(112) for m in bench.says("1", [(112, "HELLO")])] == ["HELLO"]


@BOTH
def test_3b_a_message_with_a_wrong_check_sum_is_ignored(role):
    bench = FixBench(role).logged_on()
    data = bench.message("0", number=2)
    wrong = b"10=%03d\x01" % ((int(data[-4:-1]) + 1) % 256)
    assert bench.hears(data[:-7] + wrong) == []
    assert bench.session.next_in == 2


@BOTH
def test_3c_a_garbled_message_is_ignored_and_asked_for_when_the_next_one_comes(role):
    bench = FixBench(role).logged_on()
    data = bench.message(*bench.application("a"))
    assert bench.hears(data.replace(b"\x0149=VENUE", b"49garbled=VENUE")) == []
    assert [m.text(7) for m in bench.says("0")] == ["2"]
    bench.says(*bench.application("a"), number=2, is_duplicate=True)
    assert bench.names == ["a"]


@BOTH
@pytest.mark.parametrize(
    ("field", "reason"), [((999, "HI"), "0"), ((5000, "HI"), "0"), ((55, "EURUSD"), "2")]
)
def test_14a_14c_a_field_that_does_not_belong_to_a_session_message_is_rejected(role, field, reason):
    bench = FixBench(role).logged_on()
    bench.says("0", [field])
    assert _reject(bench) == {"tag": str(field[0]), "type": "0", "reason": reason}
    assert bench.session.next_in == 3


@BOTH
@pytest.mark.parametrize("tag", ["0", "-1", "garbled", "012"])
def test_14a_a_tag_that_is_no_field_number_is_rejected(role, tag):
    bench = FixBench(role).logged_on()
    data = bench.message("0", [(112, "x")])
    fields = [part.decode() for part in data.split(SOH)[:-2] if not part.startswith(b"9=")]
    bench.hears(_raw([f"{tag}=x" if field == "112=x" else field for field in fields]))
    assert _reject(bench) == {"tag": "" if tag == "garbled" else tag, "type": "0", "reason": "0"}


def test_14a_a_venues_own_fields_in_a_report_are_passed_over():
    bench = FixBench(Role.INITIATOR).logged_on()
    assert bench.says("8", [*report("x"), (1002, "1.05"), (9061, "77"), (63, "0")]) == []
    assert bench.names == ["x"]
    assert bench.delivered[0].text(1002) == "1.05"


@pytest.mark.parametrize("missing", [11, 54, 55, 60, 40])
def test_14b_an_order_that_lacks_a_field_is_rejected(acceptor, missing):
    acceptor.says("D", [pair for pair in order("x") if pair[0] != missing])
    assert _reject(acceptor) == {"tag": str(missing), "type": "D", "reason": "1"}
    assert acceptor.delivered == []


@pytest.mark.parametrize("missing", [37, 17, 150, 39, 151, 14, 6])
def test_14b_a_report_that_lacks_a_field_is_rejected_and_told(missing):
    bench = FixBench(Role.INITIATOR).logged_on()
    bench.says("8", [pair for pair in report("x") if pair[0] != missing])
    assert _reject(bench) == {"tag": str(missing), "type": "8", "reason": "1"}
    assert bench.events("refused")


def test_14b_a_message_without_a_sending_time_is_rejected(acceptor):
    acceptor.hears(encode([(8, "FIX.4.4"), (35, "0"), (34, "2"), (49, "VENUE"), (56, "HIVE")]))
    assert _reject(acceptor) == {"tag": "52", "type": "0", "reason": "1"}


@pytest.mark.parametrize("number", [None, "x", "-2"])
def test_14b_a_message_without_a_number_ends_the_session(acceptor, number):
    pairs = [(8, "FIX.4.4"), (35, "0"), (49, "VENUE"), (56, "HIVE")]
    (logout,) = acceptor.hears(encode([*pairs, *([(34, number)] if number else [])]))
    assert logout.msg_type == "5"
    assert acceptor.is_over


def test_14d_a_field_without_a_value_is_rejected(acceptor):
    acceptor.says("D", order("x", _40=""))
    assert _reject(acceptor) == {"tag": "40", "type": "D", "reason": "4"}


@pytest.mark.parametrize(("tag", "value"), [(40, "w"), (54, "0"), (59, "x"), (21, "9")])
def test_14e_a_value_that_a_field_cannot_have_is_rejected(acceptor, tag, value):
    acceptor.says("D", order("x", **{f"_{tag}": value}))
    assert _reject(acceptor) == {"tag": str(tag), "type": "D", "reason": "5"}


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (38, "+200"),
        (38, "1e5"),
        (38, "NaN"),
        (44, "1,5"),
        (60, "yesterday"),
        (60, "20260230-00:00:00"),
        (126, "2026"),
    ],
)
def test_14f_a_value_that_is_written_wrongly_is_rejected(acceptor, tag, value):
    acceptor.says("D", order("x", **{f"_{tag}": value}))
    assert _reject(acceptor) == {"tag": str(tag), "type": "D", "reason": "6"}


def test_14g_a_header_field_after_the_body_is_rejected(acceptor):
    data = acceptor.message("D", order("x"))
    fields = [part.decode() for part in data.split(SOH)[:-2] if not part.startswith(b"9=")]
    fields.remove("34=2")
    acceptor.hears(_raw([*fields, "34=2"]))
    assert _reject(acceptor) == {"tag": "34", "type": "D", "reason": "14"}
    fields = [part.decode() for part in acceptor.message("D", order("x")).split(SOH)[:-2]]
    acceptor.hears(
        _raw([fields[0], fields[2], "55=EURUSD", *(f for f in fields[3:] if not f.startswith("55="))])
    )
    assert _reject(acceptor) == {"tag": "34", "type": "D", "reason": "14"}
    assert acceptor.session.next_in == 4


@pytest.mark.parametrize("repeated", [(40, "1"), (40, "2"), (38, "1000")])
def test_14h_a_field_that_stands_twice_is_rejected(acceptor, repeated):
    acceptor.says("D", [*order("x"), repeated])
    assert _reject(acceptor) == {"tag": str(repeated[0]), "type": "D", "reason": "13"}


def test_14h_a_header_field_that_stands_twice_is_rejected(acceptor):
    acceptor.says("D", order("x"), head=[(52, "20260921-13:33:20.000")])
    assert _reject(acceptor) == {"tag": "52", "type": "D", "reason": "13"}


def test_14i_a_group_with_another_number_of_entries_than_it_says_is_rejected(acceptor):
    acceptor.says("D", [*order("x"), (386, "3"), (336, "PRE-OPEN"), (336, "AFTER-HOURS")])
    assert _reject(acceptor) == {"tag": "386", "type": "D", "reason": "16"}
    acceptor.says("D", [*order("y"), (386, "2"), (336, "PRE-OPEN"), (336, "AFTER-HOURS")])
    assert acceptor.names == ["y"]


def test_14i_a_group_whose_entries_begin_in_the_middle_is_rejected(acceptor):
    acceptor.says("D", [*order("x"), (386, "2"), (625, "1"), (336, "PRE-OPEN"), (625, "2")])
    assert _reject(acceptor) == {"tag": "336", "type": "D", "reason": "15"}


@BOTH
def test_15_fields_in_another_order_are_the_same_message(role):
    bench = FixBench(role).logged_on()
    kind, body = bench.application("a")
    bench.says(kind, body)
    bench.says(kind, list(reversed(bench.application("b")[1])))
    assert bench.names == ["a", "b"]


def test_21_a_group_without_entries_is_processed():
    bench = FixBench(Role.INITIATOR).logged_on()
    assert bench.says("8", [*report("x"), (453, "0")]) == []
    assert bench.names == ["x"]


@BOTH
def test_a_rejected_message_that_was_sent_again_lets_the_next_ones_pass_in_order(role):
    bench = FixBench(role).logged_on()
    bench.says("1", [(112, "first")], 3)
    kind, body = bench.application("x")
    answer = bench.says(kind, [*body, (126, "20040415")], 2, is_duplicate=True)
    assert [(m.msg_type, m.text(371), m.text(112)) for m in answer] == [("3", "126", ""), ("0", "", "first")]
    assert [m.text(112) for m in bench.says("1", [(112, "second")], 4)] == ["second"]
    assert bench.names == []


WAYS = [
    ([(115, "JCD")], {128: "JCD"}),
    ([(128, "JCD")], {115: "JCD"}),
    ([(115, "JCD"), (116, "CS")], {128: "JCD", 129: "CS"}),
    ([(128, "JCD"), (129, "CS")], {115: "JCD", 116: "CS"}),
    ([(115, "JCD"), (116, "CS"), (144, "CHI")], {128: "JCD", 129: "CS", 145: "CHI"}),
    ([(128, "JCD"), (129, "CS"), (145, "CHI")], {115: "JCD", 116: "CS", 144: "CHI"}),
]


@pytest.mark.parametrize(("came", "goes"), WAYS)
def test_reverse_route_a_reject_goes_back_the_way_its_message_came(acceptor, came, goes):
    acceptor.says("D", order("x", _40="w"), head=came)
    assert _reject(acceptor)["reason"] == "5"
    header = acceptor.said[-1].header
    assert {tag: header.get(tag) for tag in (115, 116, 144, 128, 129, 145) if tag in header} == goes


@pytest.mark.parametrize(("came", "goes"), WAYS)
def test_reverse_route_an_empty_part_of_the_way_is_rejected_and_left_out(acceptor, came, goes):
    emptied = [*came[:-1], (came[-1][0], "")]
    acceptor.says("D", order("x"), head=emptied)
    assert _reject(acceptor) == {"tag": str(came[-1][0]), "type": "D", "reason": "4"}
    header = acceptor.said[-1].header
    kept = dict(list(goes.items())[: len(came) - 1])
    assert {tag: header.get(tag) for tag in (115, 116, 144, 128, 129, 145) if tag in header} == kept
