"""Imported messages land once, are found again byte for byte, and several files become one history."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from hive_core.contracts.rejection import RefusedFile
from hive_core.evidence.canonical import sha256_hex
from hive_core.landing.home import HiveHome
from hive_core.landing.receipts import receipts
from hive_core.signals.importing import import_messages, messages_of_receipt
from hive_core.signals.messages import (
    MessageDeclaration,
    merge_messages,
    message_hash,
    parse_message_file,
)
from hive_core.signals.posts import nanoseconds
from hive_core.signals.tables import MESSAGES

RECEIVED_NS = 1_800_000_000 * 1_000_000_000
DECLARATION = MessageDeclaration(source="room", format="jsonl", time_zone="Europe/Paris")


def lines(*rows: tuple[str, str, str]) -> bytes:
    return "\n".join(json.dumps(dict(zip(("id", "ts", "text"), row, strict=True))) for row in rows).encode()


FILE = lines(("1", "2024-05-06T09:59:00", "call"), ("2", "2024-05-06T10:59:00", "hit"), ("3", "", "lost"))


def test_an_import_lands_the_bytes_and_tells_what_was_taken_and_refused(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    outcome = import_messages(home, "room.jsonl", FILE, DECLARATION, received_ns=RECEIVED_NS)
    assert outcome.is_new
    assert outcome.accepted_rows == 2
    assert [(row.row, row.column) for row in outcome.rejected] == [(3, "ts")]
    (receipt,) = receipts(home)
    assert receipt == outcome.receipt
    assert receipt.kind == "messages"
    assert receipt.payload_sha256 == sha256_hex(FILE)
    assert receipt.declaration == {"source": "room", "format": "jsonl", "time_zone": "Europe/Paris"}
    assert receipt.facts["messages"] == 2


def test_the_same_file_lands_once(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    first = import_messages(home, "room.jsonl", FILE, DECLARATION, received_ns=RECEIVED_NS)
    second = import_messages(home, "copy.jsonl", FILE, DECLARATION, received_ns=RECEIVED_NS + 1)
    assert not second.is_new
    assert (second.receipt, second.accepted_rows, second.rejected) == (first.receipt, 2, first.rejected)


def test_a_landed_file_is_read_again_as_it_was_read_then(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    outcome = import_messages(home, "room.jsonl", FILE, DECLARATION, received_ns=RECEIVED_NS)
    again = messages_of_receipt(home, outcome.receipt)
    direct = parse_message_file(FILE, DECLARATION, landing_sha256=sha256_hex(FILE), received_ns=RECEIVED_NS)
    assert again.frame.equals(direct.frame)
    assert again.rejected == outcome.rejected
    assert again.facts == outcome.receipt.facts


def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    with pytest.raises(RefusedFile):
        import_messages(home, "room.jsonl", b"", DECLARATION, received_ns=RECEIVED_NS)
    assert not list(tmp_path.rglob("*"))


def test_a_receipt_of_another_kind_is_an_error(tmp_path: Path) -> None:
    home = HiveHome(tmp_path)
    receipt = import_messages(home, "r", FILE, DECLARATION, received_ns=RECEIVED_NS).receipt
    other = type(receipt)(receipt.number, "bars", "b", receipt.payload_sha256, 1, receipt.declaration, {}, ())
    with pytest.raises(ValueError, match="of bars, not of messages"):
        messages_of_receipt(home, other)


def frame(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return parse_message_file(lines(*rows), DECLARATION, landing_sha256=sha256_hex(lines(*rows))).frame


def with_version(messages: pl.DataFrame, version: int) -> pl.DataFrame:
    return messages.with_columns(pl.lit(version, pl.Int32).alias("version"))


FIRST, SECOND = ("1", "2024-05-06T09:59:00", "a"), ("2", "2024-05-06T10:59:00", "b")
EDIT, LATER_EDIT = ("1", "2024-05-06T10:10:00", "a2"), ("1", "2024-05-06T10:20:00", "a3")


def told(messages: pl.DataFrame) -> list[tuple[str, int, str]]:
    return messages.select("message_id", "version", "text").rows()


def test_files_that_overlap_become_one_history() -> None:
    merged, conflicts = merge_messages(
        [frame(FIRST, SECOND), frame(SECOND, ("3", "2024-05-06T11:00:00", "c"))]
    )
    assert told(merged) == [("1", 1, "a"), ("2", 1, "b"), ("3", 1, "c")]
    assert conflicts == 0


def test_an_edit_in_a_later_file_is_the_next_version_with_its_own_hash() -> None:
    edited, edited_again = with_version(frame(EDIT), 2), with_version(frame(LATER_EDIT), 2)
    merged, conflicts = merge_messages([frame(FIRST), edited, edited_again, edited])
    assert told(merged) == [("1", 1, "a"), ("1", 2, "a2"), ("1", 3, "a3")]
    assert conflicts == 0
    assert merged["earlier_versions"].to_list() == [0, 1, 2]
    last = merged.row(2, named=True)
    assert last["message_sha256"] == message_hash("room", "1", 3, nanoseconds(last["ts_event"]), "a3")


def test_an_older_text_found_later_takes_its_place_below() -> None:
    merged, conflicts = merge_messages([with_version(frame(EDIT), 2), frame(FIRST)])
    assert told(merged) == [("1", 1, "a"), ("1", 2, "a2")]
    assert merged["earlier_versions"].to_list() == [0, 1]
    assert conflicts == 0


def test_other_content_that_is_not_later_is_a_conflict_and_the_first_stays() -> None:
    merged, conflicts = merge_messages([frame(FIRST), frame((FIRST[0], FIRST[1], "rewritten"))])
    assert told(merged) == [("1", 1, "a")]
    assert conflicts == 1


def deletion(ts: str) -> pl.DataFrame:
    payload = json.dumps({"id": "1", "ts": ts, "deleted": True}).encode()
    return parse_message_file(payload, DECLARATION, landing_sha256=sha256_hex(payload)).frame


def test_a_deletion_in_a_later_file_is_the_next_version_once() -> None:
    edited = with_version(frame(EDIT), 2)
    merged, conflicts = merge_messages(
        [frame(FIRST), edited, deletion("2024-05-06T10:30:00"), deletion("2024-05-06T10:40:00")]
    )
    assert told(merged) == [("1", 1, "a"), ("1", 2, "a2"), ("1", 3, "")]
    assert merged["is_deleted"].to_list() == [False, False, True]
    assert conflicts == 0
    last = merged.row(2, named=True)
    at_ns = nanoseconds(last["ts_event"])
    assert last["message_sha256"] == message_hash("room", "1", 3, at_ns, "", is_deleted=True)


def test_a_deletion_that_lands_before_its_message_stands_over_it() -> None:
    merged, conflicts = merge_messages([deletion("2024-05-06T10:30:00"), frame(FIRST)])
    assert told(merged) == [("1", 1, "a"), ("1", 2, "")]
    assert conflicts == 0


def test_nothing_merges_to_an_empty_table() -> None:
    merged, conflicts = merge_messages([])
    assert dict(merged.schema) == MESSAGES
    assert conflicts == 0
