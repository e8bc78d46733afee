"""Telegram's export is read as it is; what cannot be used is named, and a broken file is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hive_core.contracts.rejection import RefusedFile
from hive_core.signals.messages import MessageDeclaration, ParsedMessages, parse_message_file

POSTED = 1_715_000_000
RECEIVED_NS = 1_800_000_000 * 1_000_000_000


def message(number: int, text: Any = "hello", **changes: Any) -> dict[str, Any]:
    unix = POSTED + 60 * number
    fields = {
        "id": number,
        "type": "message",
        "date": datetime.fromtimestamp(unix + 7200, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": str(unix),
        "from": "Room",
        "text": text,
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def chat(*messages: dict[str, Any], name: str = "Room", number: int = 7) -> dict[str, Any]:
    return {"name": name, "type": "private_channel", "id": number, "messages": list(messages)}


def read(export: Any, *, received_ns: int | None = RECEIVED_NS, **declared: str) -> ParsedMessages:
    payload = export if isinstance(export, bytes) else json.dumps(export).encode()
    declaration = MessageDeclaration(source="room", format="telegram", **declared)
    return parse_message_file(payload, declaration, landing_sha256="a" * 64, received_ns=received_ns)


def test_texts_times_and_replies_are_taken_and_service_messages_counted() -> None:
    parsed = read(
        chat(
            {"id": 1, "type": "service", "date_unixtime": str(POSTED), "action": "pin_message", "text": ""},
            message(2, "plain"),
            message(3, ["Buy ", {"type": "bold", "text": "EURUSD"}, " now"], reply_to_message_id=2),
            message(4, "", photo="photos/1.jpg"),
            message(5, "other chat", reply_to_message_id=9, reply_to_peer_id="channel8"),
        )
    )
    assert parsed.frame["text"].to_list() == ["plain", "Buy EURUSD now", "", "other chat"]
    assert parsed.frame["reply_to"].to_list() == [None, "2", None, None]
    assert parsed.frame["ts_event"][0] == datetime.fromtimestamp(POSTED + 120, UTC)
    assert parsed.frame["landing_sha256"].unique().to_list() == ["a" * 64]
    assert parsed.rejected == ()
    assert parsed.facts["messages"] == 4
    assert parsed.facts["service_messages"] == 1
    assert parsed.facts["chat"] == "Room"


def test_the_unix_time_is_believed_before_the_local_one() -> None:
    parsed = read(chat(message(1)), time_zone="Asia/Tokyo")
    assert parsed.frame["ts_event"][0] == datetime.fromtimestamp(POSTED + 60, UTC)


def test_an_old_export_without_unix_times_needs_its_zone() -> None:
    old = chat(message(1, date="2016-07-01T12:00:00", date_unixtime=None), message(2))
    without = read(old)
    assert [(row.row, row.column) for row in without.rejected] == [(1, "date")]
    assert "declare the time zone" in without.rejected[0].reason
    declared = read(old, time_zone="Europe/Berlin")
    assert declared.frame["ts_event"][0] == datetime(2016, 7, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("local", ["2016-10-30T02:30:00", "2016-03-27T02:30:00"])
def test_a_local_time_that_is_not_one_moment_is_rejected(local: str) -> None:
    parsed = read(chat(message(1, date=local, date_unixtime=None), message(2)), time_zone="Europe/Berlin")
    assert "clock was changed" in parsed.rejected[0].reason


def test_an_edited_message_counts_from_its_edit_for_nobody_read_that_text_before() -> None:
    edited = POSTED + 5000
    parsed = read(chat(message(1, edited="2024-05-06T17:00:00", edited_unixtime=str(edited)), message(2)))
    row = parsed.frame.filter(parsed.frame["message_id"] == "1").row(0, named=True)
    assert row["version"] == 2
    assert row["earlier_versions"] == 0
    assert row["ts_event"] == datetime.fromtimestamp(edited, UTC)
    assert parsed.facts["edits"] == 1


def test_an_edit_older_than_its_post_is_rejected() -> None:
    parsed = read(chat(message(1, edited_unixtime=str(POSTED - 10)), message(2)))
    assert [(row.row, row.column) for row in parsed.rejected] == [(1, "edited")]


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"id": None}, "id", "missing"),
        ({"id": "with blanks in it"}, "id", "not an identifier"),
        ({"id": True}, "id", "not an identifier"),
        ({"text": None}, "text", "missing"),
        ({"text": 5}, "text", "not text"),
        ({"text": ["a", 5]}, "text", "a piece of the text"),
        ({"text": "x" * 16_385}, "text", "at most 16384"),
        ({"text": "\ud800"}, "text", "not valid Unicode"),
        ({"date": None, "date_unixtime": None}, "date", "missing"),
        ({"date_unixtime": "yesterday"}, "date_unixtime", "not a time"),
        ({"date_unixtime": str(POSTED * 1000)}, "date_unixtime", "not a time"),
        ({"date_unixtime": "1356998399"}, "date_unixtime", "before 2013"),
        ({"date_unixtime": "1900000000"}, "date_unixtime", "later than the file was received"),
        ({"type": "unsupported"}, "type", "not a message"),
        ({"reply_to_message_id": "a b"}, "reply_to_message_id", "not an identifier"),
    ],
)
def test_a_message_that_cannot_be_used_is_named_and_the_rest_kept(
    changes: dict[str, Any], column: str, reason: str
) -> None:
    parsed = read(chat(message(1), message(2, **changes), message(3)))
    assert parsed.frame["message_id"].to_list() == ["1", "3"]
    (row,) = parsed.rejected
    assert (row.row, row.column) == (2, column)
    assert reason in row.reason
    row.value.encode("utf-8")


def test_an_element_that_is_no_object_is_named() -> None:
    export = chat(message(1))
    export["messages"].append("text")
    assert read(export).rejected[0].reason == "not a message object"


def test_the_same_message_twice_counts_once_and_other_content_is_rejected() -> None:
    parsed = read(chat(message(1), message(1), message(1, "other")))
    assert parsed.frame.height == 1
    assert parsed.facts["duplicates"] == 1
    (row,) = parsed.rejected
    assert (row.row, row.column, row.value) == (3, "id", "1")
    assert "row 1" in row.reason


def test_a_truncated_export_is_refused_with_the_place_and_the_next_step() -> None:
    whole = json.dumps(chat(*(message(number) for number in range(1, 6))))
    cut = whole[: whole.index('"id": 4') + 30].encode()
    with pytest.raises(RefusedFile) as refused:
        read(cut)
    told = str(refused.value)
    assert "after 3 complete messages" in told
    assert f"of {len(cut)}" in told
    assert "Export the chat again" in told


def test_every_truncation_is_refused_and_counts_no_more_than_there_is() -> None:
    whole = json.dumps(
        chat(*(message(number, "päivää ✅") for number in range(1, 4))), ensure_ascii=False
    ).encode()
    for end in range(len(whole)):
        with pytest.raises(RefusedFile):
            read(whole[:end])


def test_invalid_utf8_is_refused_with_its_byte() -> None:
    whole = json.dumps(chat(message(1))).encode()
    broken = whole.replace(b"hello", b"hel\xfflo")
    with pytest.raises(RefusedFile, match=f"Not UTF-8 at byte {broken.index(0xFF)}"):
        read(broken)


@pytest.mark.parametrize(
    "export", [{}, [], "text", 5, {"messages": {}}, {"chats": {"list": [{"name": "no messages"}]}}]
)
def test_json_that_is_no_export_is_refused(export: Any) -> None:
    with pytest.raises(RefusedFile, match="Not a Telegram export"):
        read(export)


def test_nesting_beyond_reason_is_refused() -> None:
    with pytest.raises(RefusedFile, match="Not a Telegram export"):
        read(b"[" * 200_000)


def test_an_export_without_a_usable_message_is_refused_with_the_first_fault() -> None:
    with pytest.raises(RefusedFile, match="No message in it can be used"):
        read(chat())
    with pytest.raises(RefusedFile, match=r"row 1, id: '': missing"):
        read(chat(message(1, id=None)))


def account(*chats: dict[str, Any]) -> dict[str, Any]:
    return {"personal_information": {"user_id": 1}, "chats": {"about": "", "list": list(chats)}}


def test_one_chat_of_a_whole_account_is_taken_by_name_or_id_and_no_other() -> None:
    export = account(chat(message(1, "a"), number=7), chat(message(1, "b"), name="Other", number=8))
    assert read(export, chat="Other").frame["text"].to_list() == ["b"]
    assert read(export, chat="7").frame["text"].to_list() == ["a"]


def test_several_chats_without_a_choice_are_refused_with_their_names() -> None:
    export = account(chat(message(1), number=7), chat(message(1), name="Other", number=8))
    with pytest.raises(RefusedFile, match=r"Room \(id 7\), Other \(id 8\)"):
        read(export)
    with pytest.raises(RefusedFile, match="0 chats of this export are called 'Nobody'"):
        read(export, chat="Nobody")


def test_a_whole_account_with_a_single_chat_needs_no_choice() -> None:
    assert read(account(chat(message(1, "a")))).frame["text"].to_list() == ["a"]


def test_the_clocks_of_two_machines_may_differ_a_little() -> None:
    received_ns = (POSTED + 60) * 1_000_000_000
    assert read(chat(message(2)), received_ns=received_ns).frame.height == 1
    with pytest.raises(RefusedFile, match="later than the file was received"):
        read(chat(message(4)), received_ns=received_ns)
