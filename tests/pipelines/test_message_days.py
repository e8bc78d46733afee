"""A day of messages read from the index is what all landed files, read from begin to end, say of that day."""

from __future__ import annotations

import json
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from hive_core.contracts.rejection import RefusedFile
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import Receipt, receipts
from hive_core.signals.importing import import_messages, messages_of_receipt
from hive_core.signals.messages import MessageDeclaration, merge_messages
from hive_core.signals.tables import MESSAGES
from hive_pipelines import message_days
from hive_pipelines.message_days import messages_of_days

BEGIN = datetime(2017, 3, 6, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
LONG_AGO_NS = 1_500_000_000_000_000_000
DAYS = 4


def land(home: HiveHome, rows: list[dict[str, object]], source: str = "room") -> Receipt:
    payload = "".join(json.dumps(row) + "\n" for row in rows).encode()
    said = MessageDeclaration(source=source, format="jsonl")
    return import_messages(home, "room.jsonl", payload, said, received_ns=LONG_AGO_NS).receipt


def post(name: int, minute: int, text: str, **more: object) -> dict[str, object]:
    return {"id": name, "ts": (BEGIN + timedelta(minutes=minute)).isoformat(), "text": text, **more}


def window(day: int, days: int = 1) -> tuple[datetime, datetime]:
    return BEGIN + day * ONE_DAY, BEGIN + (day + days) * ONE_DAY - timedelta(microseconds=1)


def from_everything(home: HiveHome, first: datetime, last: datetime) -> pl.DataFrame:
    """All landed files read and merged, then cut."""
    merged, _ = merge_messages(messages_of_receipt(home, receipt).frame for receipt in receipts(home))
    return merged.filter(pl.col("ts_event").is_between(first, last))


def same_days(home: HiveHome) -> None:
    for first, last in (*(window(day) for day in range(DAYS)), window(0, DAYS), window(1, 2)):
        found, _ = messages_of_days(home, first, last)
        assert dict(found.schema) == MESSAGES
        assert found.equals(from_everything(home, first, last))


def random_rows(chance: random.Random) -> list[dict[str, object]]:
    """Posts, edits and deletions of a dozen messages over four days, in no order."""
    rows = []
    for number in range(chance.randrange(1, 9)):
        name, minute = chance.randrange(12), chance.randrange(DAYS * 1440)
        text = f"text {chance.randrange(3)} ü \x00" if chance.random() < 0.9 else "same"
        kind = chance.random()
        if kind < 0.5:
            rows.append(post(name, minute, text))
        elif kind < 0.85:
            rows.append(post(1000 + number, minute, text, edit_of=name))
        else:
            rows.append(post(name, minute, "", deleted=True))
    return rows


@pytest.mark.parametrize("seed", range(12))
def test_each_day_is_what_all_files_say_after_every_landing(tmp_path: Path, seed: int) -> None:
    chance, home = random.Random(seed), HiveHome(tmp_path)  # noqa: S311 - a sample, not a secret
    same_days(home)
    for _ in range(6):
        try:
            land(home, random_rows(chance), chance.choice(["room_a", "room_b"]))
        except RefusedFile:  # its edits are older than their posts: nothing of it can be used
            continue
        same_days(home)
    assert from_everything(home, *window(0, DAYS)).height > 10


def test_an_edit_of_another_day_is_numbered_by_all_versions_whatever_day_they_are_of(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    land(home, [post(1, 600, "first")])
    land(home, [post(90, 1440 + 60, "second", edit_of=1)])
    land(home, [post(91, 2880 + 60, "third", edit_of=1)])
    found, conflicts = messages_of_days(home, *window(2))
    assert found.select("text", "version", "earlier_versions").rows() == [("third", 3, 2)]
    assert conflicts == 0
    same_days(home)


def test_conflicts_are_counted_among_the_messages_of_the_days_asked_for(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    land(home, [post(1, 600, "first"), post(2, 1440 + 600, "second")])
    land(home, [post(1, 600, "rewritten")])
    assert [messages_of_days(home, *window(day))[1] for day in range(3)] == [1, 0, 0]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the receipts whose files are read."""
    numbers: list[int] = []

    def reading(home: HiveHome, receipt: Receipt):
        numbers.append(receipt.number)
        return messages_of_receipt(home, receipt)

    monkeypatch.setattr(message_days, "messages_of_receipt", reading)
    return numbers


def test_a_file_is_read_once_and_one_more_day_reads_what_is_new(tmp_path: Path, read: list[int]) -> None:
    home = HiveHome(tmp_path)
    for day in range(3):
        land(home, [post(day, 1440 * day, "hello")])
    messages_of_days(home, *window(0))
    messages_of_days(home, *window(1))
    assert read == [1, 2, 3]
    land(home, [post(9, 1440 * 3, "hello")])
    messages_of_days(home, *window(3))
    assert read == [1, 2, 3, 4]


def test_other_code_reads_everything_anew(tmp_path: Path, read: list[int], monkeypatch) -> None:
    home = HiveHome(tmp_path)
    land(home, [post(1, 0, "hello")])
    messages_of_days(home, *window(0))
    monkeypatch.setattr(message_days, "_code", lambda: "another")
    same_days(home)
    assert read == [1, 1]


def test_a_landing_that_was_begun_anew_is_read_anew(tmp_path: Path, read: list[int]) -> None:
    one, other = HiveHome(tmp_path / "one"), HiveHome(tmp_path / "other")
    land(one, [post(1, 0, "hello")])
    messages_of_days(one, *window(0))
    land(other, [post(1, 0, "something else")])
    (one.root / "landing").rename(tmp_path / "old")
    (other.root / "landing").rename(one.root / "landing")
    same_days(one)
    assert read == [1, 1]


def test_what_could_not_be_read_is_read_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = HiveHome(tmp_path)
    land(home, [post(1, 0, "hello")])
    land(home, [post(2, 0, "hello again")])

    def breaking_off(home: HiveHome, receipt: Receipt):
        if receipt.number == 2:
            raise KeyboardInterrupt
        return messages_of_receipt(home, receipt)

    with monkeypatch.context() as broken:
        broken.setattr(message_days, "messages_of_receipt", breaking_off)
        with pytest.raises(KeyboardInterrupt):
            messages_of_days(home, *window(0))
    same_days(home)


def test_bytes_that_changed_after_they_were_read_stop_their_days_and_no_other(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    receipt = land(home, [post(1, 0, "hello")])
    land(home, [post(2, 1440, "hello")])
    messages_of_days(home, *window(0))
    stored = next((home.landing / "payloads").rglob(receipt.payload_sha256))
    stored.write_bytes(stored.read_bytes().replace(b"hello", b"jello"))
    with pytest.raises(ValueError, match="the bytes changed since they landed"):
        messages_of_days(home, *window(0))
    assert messages_of_days(home, *window(1))[0].height == 1


def test_two_runs_at_once_read_a_file_once(tmp_path: Path, read: list[int]) -> None:
    home = HiveHome(tmp_path)
    for day in range(DAYS):
        land(home, [post(day, 1440 * day, "hello")])
    with ThreadPoolExecutor(DAYS) as pool:
        found = list(pool.map(lambda day: messages_of_days(home, *window(day))[0].height, range(DAYS)))
    assert found == [1] * DAYS
    assert sorted(read) == [1, 2, 3, 4]


def test_a_day_is_found_by_the_indexes_never_by_looking_through_everything(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    land(home, [post(1, 0, "hello")])
    messages_of_days(home, *window(0))
    with sqlite3.connect(home.root / "index" / "messages.sqlite") as index:
        plan = [row[3] for row in index.execute(f"EXPLAIN QUERY PLAN {message_days._OF_DAYS}", (0, 1))]
    assert not [step for step in plan if step.startswith("SCAN versions")]
    assert len([step for step in plan if step.startswith("SEARCH versions USING")]) == 2
