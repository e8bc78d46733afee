"""The inbox: a file lands once it has come to rest; what cannot be read is kept, with its reason."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from small_home import jsonl

from hive_core.landing.receipts import read_payload, receipts
from hive_pipelines.sensors.inbox import SETTLE_S, inbox_messages

POSTS = jsonl([("1", "2017-03-06 10:05", "BUY EURUSD NOW SL 1.05 TP 1.07"), ("2", "2017-03-06 11:00", "hi")])
OTHERS = jsonl([("9", "2017-03-07 10:05", "good morning")])


@pytest.fixture
def tick(ticker):
    return ticker(inbox_messages)


@pytest.fixture
def drop(small):
    """Put a file into a source's folder, as old as said."""

    def put(place: str, payload: bytes, *, age_s: float = 60) -> Path:
        path = small.home.inbox / "messages" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(payload)
        written = time.time() - age_s
        os.utime(path, (written, written))
        return path

    return put


def left_in(small) -> list[str]:
    """Every file of the inbox, by its path in it."""
    inbox = small.home.inbox
    return sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file())


def test_an_inbox_that_was_never_made_is_empty(tick):
    assert tick.told() == "the inbox is empty"


def test_a_packed_file_lands_by_the_ending_before_gz(tick, drop, small):
    drop("room_a/export.jsonl.gz", gzip.compress(POSTS))
    assert tick.told() == "landed 1 files"
    (receipt,) = receipts(small.home)
    assert (receipt.declaration["format"], receipt.facts["messages"]) == ("jsonl", 2)


CALENDAR = b"ts_utc,currency,impact,name\n2017-03-10T13:30:00,USD,High,Own Payrolls\n"


def test_calendars_land_before_messages(tick, drop, small):
    drop("room_a/export.jsonl", POSTS)
    drop("../news/events.csv.gz", gzip.compress(CALENDAR))
    weekly = {"title": "Own", "country": "EUR", "date": "2017-03-09T08:45:00-05:00", "impact": "High"}
    drop("../news/week.json", json.dumps([weekly]).encode())
    assert tick.told() == "landed 3 files"
    found = list(receipts(small.home))
    assert [(receipt.kind, receipt.declaration["format"]) for receipt in found] == [
        ("news", "csv"),
        ("news", "forexfactory"),
        ("messages", "jsonl"),
    ]
    assert left_in(small) == []


def test_a_calendar_on_an_unknown_clock_is_kept_with_its_reason(tick, drop, small):
    drop("../news/local.csv", CALENDAR.replace(b"ts_utc", b"ts"))
    drop("../news/week.xml", b"<weeklyevents/>")
    assert "a time without a zone: declare the time zone of the file" in tick.told()
    assert list(receipts(small.home)) == []
    assert left_in(small) == [
        "refused/news/local.csv",
        "refused/news/local.csv.reason.txt",
        "refused/news/week.xml",
        "refused/news/week.xml.reason.txt",
    ]


def test_a_file_at_rest_lands_with_its_bytes_under_its_folders_name(tick, drop, small):
    drop("room_a/export.jsonl", POSTS)
    before = time.time_ns()
    assert tick.told() == "landed 1 files"
    (receipt,) = receipts(small.home)
    assert (receipt.kind, receipt.file_name, receipt.declaration["source"]) == (
        "messages",
        "export.jsonl",
        "room_a",
    )
    assert receipt.facts["messages"] == 2
    assert read_payload(small.home, receipt.payload_sha256) == POSTS
    assert before <= receipt.received_ns <= time.time_ns()
    assert left_in(small) == []
    assert tick.told() == "the inbox is empty"


def test_nothing_is_taken_while_anything_is_fresh(tick, drop, small):
    drop("room_a/old.jsonl", POSTS)
    drop("room_b/new.jsonl", OTHERS, age_s=SETTLE_S - 1)
    assert tick.told() == "2 files in the inbox are still fresh"
    assert list(receipts(small.home)) == []
    assert left_in(small) == ["messages/room_a/old.jsonl", "messages/room_b/new.jsonl"]
    drop("room_b/new.jsonl", OTHERS, age_s=SETTLE_S + 1)
    assert tick.told() == "landed 2 files"


def test_what_a_live_feed_drops_is_not_waited_for(tick, drop, small):
    drop("room_a/000-100.whole.jsonl", POSTS, age_s=0)
    assert tick.told() == "landed 1 files"
    drop("room_a/100-200.whole.jsonl", OTHERS, age_s=0)
    drop("room_b/copied.jsonl", OTHERS, age_s=SETTLE_S - 1)
    assert tick.told() == "2 files in the inbox are still fresh"


def test_a_partial_copy_is_hidden_and_not_there_yet(tick, drop, small):
    drop("room_a/.export.jsonl.part", POSTS[:30])
    assert tick.told() == "the inbox is empty"
    assert left_in(small) == ["messages/room_a/.export.jsonl.part"]


def test_a_refused_file_is_moved_with_its_reason_beside_it_and_the_others_land(tick, drop, small):
    broken = b'{"messages": [{"id": 1, "date"'
    drop("room_a/result.json", broken)
    drop("room_b/export.jsonl", OTHERS)
    told = tick.told()
    assert told.startswith("landed 1 files; refused result.json: ")
    assert left_in(small) == ["refused/room_a/result.json", "refused/room_a/result.json.reason.txt"]
    refused = small.home.inbox / "refused" / "room_a"
    assert (refused / "result.json").read_bytes() == broken
    reason = (refused / "result.json.reason.txt").read_text("utf-8")
    assert reason.strip() == told.split("refused result.json: ")[1]
    assert "JSON" in reason
    assert [receipt.declaration["source"] for receipt in receipts(small.home)] == ["room_b"]
    assert tick.told() == "the inbox is empty"


def test_another_file_of_a_refused_name_does_not_replace_the_first(tick, drop, small):
    for payload in (b"{", b"[", b"{"):
        drop("room_a/result.json", payload)
        tick()
    refused = small.home.inbox / "refused" / "room_a"
    kept = {path.read_bytes(): path.name for path in refused.glob("*.json")}
    assert set(kept) == {b"{", b"["}
    assert {path.name for path in refused.glob("*.reason.txt")} == {
        f"{name}.reason.txt" for name in kept.values()
    }


def test_a_folder_whose_name_is_no_source_is_told_in_one_line(tick, drop, small):
    drop("Gold Room/export.jsonl", POSTS)
    assert tick.told() == (
        "landed 0 files; refused export.jsonl: the folder Gold Room is not a source's name: use lower case, "
        "digits, dash and underscore"
    )
    assert "refused/Gold Room/export.jsonl" in left_in(small)


def test_an_ending_that_nobody_can_read_is_refused_with_those_that_can(tick, drop):
    drop("room_a/photo.jpg", b"\xff\xd8")
    drop("room_a/README", b"hello")
    told = tick.told()
    assert "photo.jpg: .jpg is not one of .avro, .csv, .json, .jsonl" in told
    assert "README: no ending is not one of" in told


def test_a_file_beside_the_sources_folders_is_not_passed_over_in_silence(tick, drop, small):
    drop("export.jsonl", POSTS)
    told = tick.told()
    assert told.startswith("export.jsonl lies outside of every source's folder (1 such files)")
    assert told.endswith("move it to inbox/messages/<source>/")
    assert left_in(small) == ["messages/export.jsonl"]


def test_times_without_a_zone_are_read_on_the_clock_of_the_sources_profile(tick, drop, small):
    naive = b"id,ts,text\n1,2017-03-06 10:05:00,hello\n"
    drop("room_a/export.csv", naive)
    drop("room_b/export.csv", naive)
    (small.home.root.parent / "hive.toml").write_text('[sources.room_a]\ntime_zone = "Europe/Berlin"\n')
    told = tick.told()
    (receipt,) = receipts(small.home)
    assert receipt.facts["first_ts"] == "2017-03-06T09:05:00+00:00"
    assert "a time without a zone" in told


def test_the_same_file_again_lands_once(tick, drop, small):
    drop("room_a/export.jsonl", POSTS)
    tick()
    drop("room_a/again.jsonl", POSTS)
    tick()
    assert [receipt.number for receipt in receipts(small.home)] == [1]
    assert left_in(small) == []


def test_a_file_that_is_too_large_to_read_is_refused_by_its_size(tick, drop, small):
    large = drop("room_a/export.jsonl", b"")
    with large.open("wb") as sparse:
        sparse.truncate(2**36)
    os.utime(large, (1, 1))
    drop("room_b/export.jsonl", OTHERS)
    told = tick.told()
    assert told.startswith("landed 1 files; refused export.jsonl: 68,719,476,736 bytes are more than")
    assert left_in(small) == ["refused/room_a/export.jsonl", "refused/room_a/export.jsonl.reason.txt"]
