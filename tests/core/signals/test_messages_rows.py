"""JSON lines and CSV: accepted names, times, and a bad row that costs only itself."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.contracts.rejection import RefusedFile
from hive_core.signals.messages import MessageDeclaration, MessageFormat, ParsedMessages, parse_message_file

RECEIVED_NS = 1_800_000_000 * 1_000_000_000
TS = "2024-05-06T09:59:00+00:00"
MOMENT = datetime(2024, 5, 6, 9, 59, tzinfo=UTC)


def read(payload: bytes, format_: MessageFormat, **declared: str) -> ParsedMessages:
    declaration = MessageDeclaration(source="room", format=format_, **declared)
    return parse_message_file(payload, declaration, landing_sha256="a" * 64, received_ns=RECEIVED_NS)


def jsonl(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(*records: Sequence[str]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(records)
    return written.getvalue().encode()


def row(number: int, **changes: Any) -> dict[str, Any]:
    fields = {"id": f"m{number}", "ts": TS, "text": f"text {number}"} | changes
    return {name: value for name, value in fields.items() if value is not None}


def test_rows_are_read_under_any_accepted_name() -> None:
    plain = jsonl({"id": 1, "ts": TS, "text": "a"})
    other = jsonl({"seq": 1, "ts_utc": "2024-05-06T09:59:00", "channel": "x", "message": "a", "views": 7})
    for parsed in (read(plain, "jsonl"), read(other, "jsonl")):
        assert parsed.frame.row(0, named=True)["ts_event"] == MOMENT
        assert parsed.frame["text"].to_list() == ["a"]
        assert parsed.frame["message_id"].to_list() == ["1"]


def test_a_quoted_text_becomes_a_reply_to_its_latest_post() -> None:
    parsed = read(
        jsonl(
            row(1, text="call"),
            row(2, text="call", ts="2024-05-06T10:00:00Z"),
            row(3, text="hit", quoted="call", ts="2024-05-06T10:01:00Z"),
            row(4, text="hit", quoted="never said", ts="2024-05-06T10:02:00Z"),
        ),
        "jsonl",
    )
    assert parsed.frame["reply_to"].to_list() == [None, None, "m2", None]


@pytest.mark.parametrize(
    "ts",
    [
        TS,
        "2024-05-06T09:59:00Z",
        "2024-05-06 11:59:00+02:00",
        1714989540,
        "1714989540",
        1714989540.0,
    ],
)
def test_times_with_a_zone_and_seconds_since_1970_are_moments(ts: Any) -> None:
    assert read(jsonl(row(1, ts=ts)), "jsonl").frame["ts_event"].to_list() == [MOMENT]


def test_a_time_without_a_zone_is_read_on_the_declared_clock() -> None:
    parsed = read(jsonl(row(1, ts="2024-05-06T11:59:00")), "jsonl", time_zone="Europe/Berlin")
    assert parsed.frame["ts_event"].to_list() == [MOMENT]


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"ts": "2024-05-06T09:59:00"}, "ts", "without a zone"),
        ({"ts": "2024-05-06"}, "ts", "without a time of day"),
        ({"ts": "06.05.2024 09:59"}, "ts", "not a time"),
        ({"ts": None}, "ts", "missing"),
        ({"ts": ""}, "ts", "missing"),
        ({"ts": [1]}, "ts", "not a time"),
        ({"ts": True}, "ts", "not a time"),
        ({"ts": 1714989540000}, "ts", "not a time"),
        ({"ts": "2012-12-31T23:59:59Z"}, "ts", "before 2013"),
        ({"ts": "2124-05-06T09:59:00Z"}, "ts", "later than the file was received"),
        ({"id": None}, "id", "missing"),
        ({"id": 1.5}, "id", "not an identifier"),
        ({"text": None}, "text", "missing"),
        ({"text": {"a": 1}}, "text", "not text"),
        ({"text": "x" * 16_385}, "text", "at most"),
        ({"source": "another"}, "source", "another room"),
        ({"reply_to": "no id"}, "reply_to", "not an identifier"),
        ({"quoted": 5}, "quoted", "not text"),
        ({"id": "m1", "text": "other words"}, "id", "stands already in row 1"),
        ({"id": "m9", "edit_of": "m1", "ts": "2024-05-06T09:00:00Z"}, "ts", "no later than its post"),
        ({"id": "m9", "edit_of": "m1"}, "ts", "no later than its post"),
        ({"deleted": "perhaps"}, "deleted", "not true or false"),
        ({"deleted": 1}, "deleted", "not true or false"),
        ({"id": "m1", "deleted": True, "text": "still here"}, "text", "leaves no text"),
        ({"id": "m1", "deleted": True, "text": None}, "ts", "no later than its post"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_rest_kept(
    changes: dict[str, Any], column: str, reason: str
) -> None:
    parsed = read(jsonl(row(1, source="x"), row(2, **({"source": "x"} | changes)), row(3)), "jsonl")
    assert parsed.frame["message_id"].to_list() == ["m1", "m3"]
    (rejected,) = parsed.rejected
    assert (rejected.row, rejected.column) == (2, column)
    assert reason in rejected.reason
    assert parsed.facts["rejected"] == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "m2", "ts": "' + TS.encode() + b'", "text": "caf\xff"}', "not UTF-8 at byte"),
        (b'{"id": "m2", "ts"', "not JSON at character"),
        (b'{"id": "m2", "id": "m3"}', "the key stands twice"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"id": NaN}', "not a number"),
        (b'{"id": ' + b"9" * 5000 + b"}", "a number of 5000 characters"),
        (b"[" * 30_000, "nested"),
    ],
)
def test_a_line_that_is_not_json_costs_only_itself(line: bytes, reason: str) -> None:
    parsed = read(jsonl(row(1)) + line + b"\n\n" + jsonl(row(3)), "jsonl")
    assert parsed.frame["message_id"].to_list() == ["m1", "m3"]
    (rejected,) = parsed.rejected
    assert rejected.row == 2
    assert reason in rejected.reason


def test_an_edit_is_the_next_version_from_its_own_time() -> None:
    parsed = read(
        jsonl(
            row(1, text="sl 1.0800"),
            row(2, text="sl 1.0810", edit_of="m1", ts="2024-05-06T10:05:00Z"),
            row(1, text="sl 1.0820", edit_of="m1", ts="2024-05-06T10:06:00Z"),
            row(7, text="first text is lost", edit_of="m6", ts="2024-05-06T10:07:00Z"),
        ),
        "jsonl",
    )
    assert parsed.frame.select("message_id", "version", "text").rows() == [
        ("m1", 1, "sl 1.0800"),
        ("m1", 2, "sl 1.0810"),
        ("m1", 3, "sl 1.0820"),
        ("m6", 2, "first text is lost"),
    ]
    assert parsed.frame["message_sha256"].n_unique() == 4
    assert parsed.facts["edits"] == 3


def test_a_deletion_is_a_version_without_text_and_counts_once() -> None:
    gone = {"deleted": True, "text": None}
    parsed = read(
        jsonl(
            row(1, deleted=False),
            row(1, ts="2024-05-06T10:05:00Z", **gone),
            row(1, ts="2024-05-06T10:09:00Z", **gone),
            row(8, edit_of="m7", ts="2024-05-06T10:06:00Z", **gone),
        ),
        "jsonl",
    )
    assert parsed.frame.select("message_id", "version", "text", "is_deleted", "earlier_versions").rows() == [
        ("m1", 1, "text 1", False, 0),
        ("m1", 2, "", True, 1),
        ("m7", 2, "", True, 0),
    ]
    assert not parsed.rejected
    assert {name: parsed.facts[name] for name in ("edits", "deletions", "duplicates")} == {
        "edits": 0,
        "deletions": 2,
        "duplicates": 1,
    }


def test_when_a_message_was_seen_is_kept_where_the_file_says_it() -> None:
    parsed = read(
        jsonl(
            row(1, ts_init="2024-05-06T10:00:03+00:00"),
            row(2, ts_init=None),
            row(3),
            row(4, ts="2024-05-06T10:00:00Z", ts_init="2024-05-06T09:50:00Z"),
            row(5, ts_init="2024-05-06T10:00:03"),
            row(6, ts_init="2124-05-06T10:00:03Z"),
        ),
        "jsonl",
    )
    seen = dict(parsed.frame.select("message_id", "ts_init").iter_rows())
    assert seen == {"m1": datetime(2024, 5, 6, 10, 0, 3, tzinfo=UTC), "m2": None, "m3": None}
    told = {fault.row: fault.reason for fault in parsed.rejected}
    assert told.keys() == {4, 5, 6}
    assert told[4] == "seen before it was posted: one of the two clocks is wrong"
    assert "zone" in told[5]


def test_an_edit_that_leaves_no_words_is_not_a_deletion() -> None:
    later = "2024-05-06T10:05:00Z"
    edited = read(jsonl(row(1), row(2, edit_of="m1", text="", ts=later)), "jsonl").frame
    deleted = read(jsonl(row(1), row(1, deleted=True, text="", ts=later)), "jsonl").frame
    assert edited["is_deleted"].to_list() == [False, False]
    assert edited["message_sha256"][0] == deleted["message_sha256"][0]
    assert edited["message_sha256"][1] != deleted["message_sha256"][1]


def test_csv_says_deleted_in_words() -> None:
    payload = as_csv(
        ("id", "ts", "text", "deleted"), ("1", TS, "a", "False"), ("1", "2024-05-06T10:00:00Z", "", "True")
    )
    assert read(payload, "csv").frame["is_deleted"].to_list() == [False, True]


def test_csv_is_read_with_its_multi_line_texts() -> None:
    payload = as_csv(
        ("id", "ts", "text", "reply_to"), ("1", TS, 'EURUSD "buy"\nSL 1.08', ""), ("2", TS, "b", "1")
    )
    parsed = read(payload, "csv")
    assert parsed.frame["text"].to_list() == ['EURUSD "buy"\nSL 1.08', "b"]
    assert parsed.frame["reply_to"].to_list() == [None, "1"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_csv_as_spreadsheets_write_it_is_read(delimiter: str, mark: bytes, ending: str) -> None:
    lines = [delimiter.join(cells) for cells in (("ID", " ts ", "Text"), ("1", TS, "a, b"))]
    assert read(mark + ending.join(lines).encode(), "csv").frame["text"].to_list() == ["a, b"]


def test_a_csv_record_with_invalid_utf8_is_named_with_its_line_and_the_rest_kept() -> None:
    payload = as_csv(("id", "ts", "text"), ("1", TS, "two\nlines"), ("2", TS, "caf?"), ("3", TS, "c"))
    parsed = read(payload.replace(b"caf?", b"caf\xff"), "csv")
    assert parsed.frame["message_id"].to_list() == ["1", "3"]
    (rejected,) = parsed.rejected
    assert (rejected.row, rejected.column, rejected.value) == (4, "text", "caf\\xff")
    assert rejected.reason == "not UTF-8 at byte 3 of the cell"


def test_a_csv_record_with_other_cells_than_the_header_is_named() -> None:
    parsed = read(as_csv(("id", "ts", "text"), ("1", TS), ("2", TS, "b"), ("3", TS, "c", "d")), "csv")
    assert parsed.frame["message_id"].to_list() == ["2"]
    assert [(row.row, row.reason) for row in parsed.rejected] == [
        (2, "2 cells, the header has 3"),
        (4, "4 cells, the header has 3"),
    ]


def test_a_quote_that_never_closes_costs_only_its_line() -> None:
    payload = f'id,ts,text\n1,{TS},"open\n2,{TS},b\n3,{TS},c\n'.encode()
    parsed = read(payload, "csv")
    assert parsed.frame["message_id"].to_list() == ["2", "3"]
    (rejected,) = parsed.rejected
    assert rejected.row == 2
    assert "not CSV" in rejected.reason


def test_many_broken_quotes_take_no_time_and_lose_no_other_row() -> None:
    payload = "id,ts,text\n" + "".join(f'{n},{TS},"open\n{n}x,{TS},b\n' for n in range(2000))
    parsed = read(payload.encode(), "csv")
    assert parsed.frame.height + len(parsed.rejected) <= 4000
    assert parsed.rejected


@pytest.mark.parametrize("header", ["id,ts", "a,b,c", "", "id|ts|text", '"id,ts,text'])
def test_a_header_without_the_needed_columns_is_refused_with_their_names(header: str) -> None:
    with pytest.raises(RefusedFile, match="id or message_id or seq"):
        read(f"{header}\n1,{TS},a\n".encode(), "csv")


def test_a_header_with_a_column_twice_is_refused() -> None:
    with pytest.raises(RefusedFile, match="names a column twice"):
        read(f"id,ts,text,text\n1,{TS},a,b\n".encode(), "csv")


@pytest.mark.parametrize("format_", ["jsonl", "csv", "telegram"])
def test_an_empty_file_is_refused(format_: MessageFormat) -> None:
    with pytest.raises(RefusedFile):
        read(b"", format_)


def test_a_file_of_bad_rows_only_is_refused_with_the_first_fault() -> None:
    with pytest.raises(RefusedFile, match="The first of 2 faults: row 1, ts: '': missing"):
        read(jsonl(row(1, ts=None), row(2, ts=None)), "jsonl")


def test_gzip_is_unpacked_and_a_broken_one_refused() -> None:
    packed = gzip.compress(jsonl(row(1)))
    assert read(packed, "jsonl").frame.height == 1
    with pytest.raises(RefusedFile, match="breaks off"):
        read(packed[:-9], "jsonl")
    with pytest.raises(RefusedFile, match="Not a whole gzip file"):
        read(packed[:4] + b"\xff" * 20, "jsonl")


def test_rows_come_in_order_of_time_whatever_their_order_in_the_file() -> None:
    parsed = read(jsonl(row(1, ts="2024-05-06T12:00:00Z"), row(2), row(3)), "jsonl")
    assert parsed.frame["message_id"].to_list() == ["m2", "m3", "m1"]
    assert parsed.facts["first_ts"] == TS
    assert parsed.facts["last_ts"] == "2024-05-06T12:00:00+00:00"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_a_declared_zone_that_does_not_exist_is_an_error(zone: str) -> None:
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        MessageDeclaration(source="room", format="csv", time_zone=zone)


@settings(max_examples=150)
@given(
    payload=st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=60).map(lambda noise: b"id,ts,text\n" + noise + f"\n1,{TS},a\n".encode()),
        st.binary(max_size=60).map(lambda noise: jsonl(row(1)) + noise + b"\n" + jsonl(row(2))),
    ),
    format_=st.sampled_from(["jsonl", "csv", "telegram"]),
)
def test_any_bytes_are_read_or_refused_and_everything_said_of_them_can_be_written(
    payload: bytes, format_: MessageFormat
) -> None:
    try:
        parsed = read(payload, format_)
    except RefusedFile as refused:
        str(refused).encode("utf-8")
        return
    for rejected in parsed.rejected:
        f"{rejected.column}{rejected.value}{rejected.reason}".encode()
    assert parsed.facts["messages"] == parsed.frame.height > 0
