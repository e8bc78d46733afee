"""The parser on a real room of 1,919 messages: every entry is found, none without its stop."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from hive_core.configuration.model import Configuration
from hive_core.signals.messages import MessageDeclaration, parse_message_file
from hive_core.signals.parse import parse_signals

ROOM = "signals/gold_room_2025-11_2025-12.jsonl.gz"


@pytest.fixture(scope="module")
def room() -> pl.DataFrame:
    folder = os.environ.get("HIVE_REAL_DATA")
    if not folder:
        pytest.skip("HIVE_REAL_DATA is not set")
    declaration = MessageDeclaration(source="gold_room", format="jsonl")
    return parse_message_file((Path(folder) / ROOM).read_bytes(), declaration, landing_sha256="0" * 64).frame


def test_a_real_room_is_read_whole_and_replies_find_what_they_quote(room: pl.DataFrame) -> None:
    assert room.height == 1919
    assert room["reply_to"].is_not_null().sum() > 800


def test_a_real_rooms_entries_are_found_with_their_stops(room: pl.DataFrame) -> None:
    parsed = parse_signals(room, Configuration())
    signals = parsed.filter(pl.col("kind") == "signal").join(
        room.select("message_id", "text"), on="message_id"
    )
    has_stop_and_target = (
        pl.col("text").str.contains(r"SL\s+\d").and_(pl.col("text").str.contains(r"TP\s+\d"))
    )
    assert parsed["message_id"].n_unique() == 1919
    # One of them has its stop on the wrong side: it is refused, and named.
    assert signals.height == room.filter(has_stop_and_target).height - 1 == 345
    wrong_sided = parsed.filter(pl.col("reason").is_in(["stop_wrong_side", "digit_typo"]))
    assert wrong_sided.height == 1
    assert signals["stop_loss"].is_not_null().all()
    assert (signals["take_profits"].list.len() == 2).all()
    assert signals["symbol"].unique().to_list() == ["XAUUSD"]
    assert signals["entry_low"].is_not_null().all()
