"""`hive parse`'s lines: every message in gives one line out, whatever stands in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import Configuration, SourceProfile
from hive_core.signals import line_rows
from hive_core.signals.parser.lines import LineReader

KEYS = {"id", "kind", "signals", "update", "reason", "confidence"}
CALL = "GOLD SELL LIMIT 4105-03\nSL: 4110\nTP1: 4098\nTP2: open"


def line(text: str, **more: Any) -> str:
    return json.dumps({"id": "1", "ts": "2025-03-12T09:00:00+00:00", "source": "room", "text": text} | more)


def read(*lines: str | bytes, configuration: Configuration | None = None) -> list[dict[str, Any]]:
    return [json.loads(told) for told in LineReader(configuration or Configuration()).read(lines)]


def test_a_signal_has_every_field_as_a_number() -> None:
    (told,) = read(line(CALL))
    assert set(told) >= KEYS
    assert (told["id"], told["kind"], told["update"], told["reason"]) == ("1", "signal", None, None)
    assert told["signals"] == [
        {
            "symbol": "XAUUSD",
            "side": "sell",
            "order_type": "limit",
            "entry_low": 4103.0,
            "entry_high": 4105.0,
            "stop_loss": 4110.0,
            "take_profits": [4098.0],
            "valid_until": "2025-03-13T09:00:00+00:00",
        }
    ]
    assert 0 < told["confidence"] < 1
    assert told["grounds"]


def test_an_update_a_refusal_and_noise_have_theirs() -> None:
    update, refused, noise = read(
        line("Close half and move SL to breakeven"), line("Gold buy now"), line("Good morning")
    )
    assert [action["action"] for action in update["update"]["actions"]] == ["partial_close", "breakeven"]
    assert update["update"]["actions"][0]["share"] == 0.5
    assert (refused["kind"], refused["reason"], refused["span"]) == ("refused", "missing_stop", [0, 12])
    assert (noise["kind"], noise["signals"], noise["confidence"]) == ("noise", [], None)


def test_a_reply_completes_the_alert_it_answers() -> None:
    alert = line("Gold buy now", id=7)
    details = line("SL 4075\nTP 4083", id=8, reply_to=7, ts="2025-03-12T12:00:00Z")
    assert read(alert, details)[1]["signals"][0]["symbol"] == "XAUUSD"
    assert read(details)[0]["kind"] == "refused" or read(details)[0]["kind"] == "noise"


def test_an_edit_stands_in_the_place_of_its_message() -> None:
    alert = line("Gold buy soon", id=7)
    edited = line("Gold buy now", id=9, edit_of=7)
    details = line("SL 4075\nTP 4083", id=8, reply_to=7, ts="2025-03-12T12:00:00Z")
    assert read(alert, edited, details)[2]["kind"] == "signal"


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        (json.dumps({"id": 3, "source": "room"}), "text: missing"),
        (json.dumps({"id": 3, "source": 5, "text": "x"}), "source: not text"),
        (json.dumps({"id": 3, "source": "room", "text": ["x"]}), "text: not text"),
        (line("x", id=True), "id: neither text nor a whole number"),
        (line("x", id=1.5), "id: neither text nor a whole number"),
        (line("x", reply_to={}), "reply_to: neither text nor a whole number"),
        (line("x", edit_of=[1]), "edit_of: neither text nor a whole number"),
        (line("x", edit_of=False), "edit_of: neither text nor a whole number"),
        (line("x")[:-1] + ', "text": "y"}', "text: the key stands twice"),
        ('{"id": "1", "source": "r", "text": "hello \\udfff"}', "half a character"),
        (b'{"id": 1, "source": "r", "text": "caf\xff"}', "not UTF-8"),
        ('{"id": NaN, "source": "r", "text": "x"}', "NaN is not a number"),
        ('{"id": [1], "source": "r", "text": "x"}', "whole number"),
        ("[" * 100_000, "nested"),
        (line("x", ts="0001-01-01T00:00:00+00:00"), "no time"),
        (line("x", ts="9999-12-31T23:59:59+00:00"), "no time"),
        (line("x", ts=1e300), "no time"),
        (line("x", ts="yesterday"), "no time"),
        (line("x" * 20_000), "characters, at most"),
    ],
)
def test_a_line_that_is_no_message_is_refused_and_the_next_is_read(written: str | bytes, part: str) -> None:
    broken, whole = read(written, line(CALL))
    assert (broken["kind"], broken["reason"]) == ("refused", "unreadable_record")
    assert part in broken["detail"]
    assert broken["detail"].startswith("line 1: ")
    assert whole["kind"] == "signal"


def test_times_without_a_zone_are_of_the_source() -> None:
    naive = line(CALL, ts="2025-03-12 09:00:00")
    zoned = Configuration(sources={"room": SourceProfile(time_zone="Asia/Ho_Chi_Minh")})
    assert read(naive)[0]["signals"][0]["valid_until"].startswith("2025-03-13T09:00")
    assert read(naive, configuration=zoned)[0]["signals"][0]["valid_until"].startswith("2025-03-13T02:00")
    assert read(line(CALL, ts=None))[0]["signals"][0]["valid_until"] is None
    assert read(line(CALL, ts=1741770000))[0]["signals"][0]["valid_until"] == "2025-03-13T09:00:00+00:00"


def read_with_warnings(
    *lines: str, configuration: Configuration | None = None
) -> tuple[list[Any], list[str]]:
    reader = LineReader(configuration or Configuration())
    return [json.loads(told) for told in reader.read(lines)], reader.warnings()


def without(key: str, text: str = CALL, **more: Any) -> str:
    return json.dumps({name: value for name, value in json.loads(line(text, **more)).items() if name != key})


def test_lines_that_lack_nothing_warn_of_nothing() -> None:
    assert read_with_warnings(line(CALL), line("hello", id=2, reply_to="1"))[1] == []


@pytest.mark.parametrize(
    ("written", "warning"),
    [
        (without("id"), "1 lines without id"),
        (line(CALL, id=""), "1 lines without id"),
        (without("ts"), "1 lines without ts"),
        (line(CALL, ts=None), "1 lines without ts"),
        (line(CALL, ts="2025-03-12T09:00:00"), "1 times without a zone: read as UTC"),
        (line(CALL, edit_off="7"), "keys that are not read: edit_off (did you mean edit_of?)"),
        (line(CALL, views=7), "keys that are not read: views"),
    ],
)
def test_what_a_message_lacks_is_counted_and_the_message_is_read(written: str, warning: str) -> None:
    (told,), (said,) = read_with_warnings(written)
    assert told["kind"] == "signal"
    assert told["id"] == (None if "without id" in warning else "1")
    assert said.startswith(warning)


def test_a_declared_zone_and_a_name_that_says_it_warn_of_nothing() -> None:
    zoned = Configuration(sources={"room": SourceProfile(time_zone="Asia/Ho_Chi_Minh")})
    assert read_with_warnings(line(CALL, ts="2025-03-12T09:00:00"), configuration=zoned)[1] == []
    (told,), said = read_with_warnings(without("ts", ts_utc="2025-03-12T09:00:00"), configuration=zoned)
    assert said == []
    assert told["signals"][0]["valid_until"].startswith("2025-03-13T09:00")


def test_columns_have_the_names_that_imports_accept() -> None:
    row = {"message_id": 5, "timestamp": "2025-03-12T09:00:00Z", "channel": "room", "message": CALL}
    (told,), said = read_with_warnings(json.dumps(row))
    assert (told["id"], told["kind"], said) == (5, "signal", [])
    assert told["signals"][0]["valid_until"] == "2025-03-13T09:00:00+00:00"


def test_an_id_that_comes_again_with_another_text_is_counted() -> None:
    again = line("Good morning")
    assert read_with_warnings(line(CALL), line(CALL))[1] == []
    assert read_with_warnings(line(CALL), line("Good morning", source="other"))[1] == []
    assert read_with_warnings(line(CALL), line("Good morning", id="2", edit_of="1"))[1] == []
    (said,) = read_with_warnings(line(CALL), again)[1]
    assert said.startswith("1 lines with an id that stood there with another text")


def test_known_ids_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_rows, "KNOWN_IDS", 2)
    others = [line("hello", id=number) for number in range(10, 14)]
    assert read_with_warnings(line(CALL), *others, line("Good morning"))[1] == []


def test_many_other_keys_are_not_all_told() -> None:
    (said,) = read_with_warnings(line(CALL, **{f"key_{number}": 1 for number in range(1_000)}))[1]
    assert said.endswith("and others")
    assert len(said) < 300


def test_lines_without_an_id_are_no_message_that_is_answered() -> None:
    alert = without("id", "Gold buy now")
    details = line("SL 4075\nTP 4083", id=8, reply_to="None", ts="2025-03-12T12:00:00Z")
    assert read(alert, details)[1]["kind"] != "signal"


def test_a_byte_order_mark_before_the_first_line_is_no_fault() -> None:
    (told,) = read(b"\xef\xbb\xbf" + line(CALL).encode())
    assert told["kind"] == "signal"


@pytest.mark.parametrize(
    "ts", [1741770000, 1741770000.0, "1741770000", 1741770000000, "2025-03-12T09:00:00Z"]
)
def test_times_may_be_iso_or_seconds_or_milliseconds(ts: Any) -> None:
    assert read(line(CALL, ts=ts))[0]["signals"][0]["valid_until"] == "2025-03-13T09:00:00+00:00"


@pytest.mark.parametrize("ts", ["NaN", "Infinity", "1e999999999", True, [1], {}])
def test_what_is_no_time_is_refused(ts: Any) -> None:
    assert "no time" in read(line(CALL, ts=ts))[0]["detail"]


def test_empty_lines_say_nothing() -> None:
    assert read("", "  \n", line("hello")) == read(line("hello"))


def test_lines_are_read_as_they_come() -> None:
    """A reader that gathers the file first would ask for a second line before it tells of the first."""
    asked = 0

    def endless() -> Iterator[str | bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield line(CALL)

    told = LineReader(Configuration()).read(endless())
    next(told)
    assert asked == 1


@settings(max_examples=200)
@given(written=st.one_of(st.text(max_size=80), st.builds(line, st.text(max_size=80))))
def test_whatever_a_line_holds_one_line_answers_or_none(written: str) -> None:
    told = read(written.replace("\n", " "))
    assert len(told) == bool(written.strip())
    assert all(set(each) >= KEYS for each in told)


def test_an_old_alert_is_forgotten() -> None:
    late = datetime(2025, 3, 12, 9, tzinfo=UTC) + timedelta(days=2)
    alert, details = line("Gold buy now", id=7), line("SL 4075\nTP 4083", reply_to=7, ts=late.isoformat())
    assert read(alert, details)[1]["kind"] != "signal"


def test_an_alert_completes_nothing_that_was_posted_before_it() -> None:
    alert = line("Gold buy now", id=7, ts="2025-03-12T09:00:00Z")
    details = line("SL 4075\nTP 4083", id=8, ts="2025-03-12T08:50:00Z")
    assert read(alert, details)[1]["kind"] != "signal"


def test_a_call_beside_a_clear_one_that_is_refused_is_told() -> None:
    (told,) = read(line("EURUSD buy 1.0850 sl 1.0810 tp 1.0910\n\nUSDJPY sell 151.20 sl 150.10 tp 150.00"))
    assert told["kind"] == "signal"
    assert len(told["signals"]) == 1
    assert told["also_refused"][0].startswith("stop_wrong_side") or "digit_typo" in told["also_refused"][0]
