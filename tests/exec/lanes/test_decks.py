"""Decks on disk: only what is signed, whole, of this code and not over is used, and never an older one."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from lane_bench import Pipeline, in_order, message_of, take
from lane_rooms import BEGIN, made_up_rooms

from hive_core.calendars.trading_day import to_ns
from hive_core.contracts.deck import PURPOSE, SignedDeck
from hive_core.contracts.lane import LaneOutcome
from hive_core.evidence.canonical import canonical_bytes
from hive_core.evidence.signature import new_signing_key
from hive_core.landing.decks import (
    KEPT_AFTER_END_NS,
    KEY_NAME,
    DeckFault,
    fault_of,
    folder,
    keys_folder,
    manifest_of,
    manifests,
    prune_decks,
    publish_deck,
    read_context,
    read_manifest,
)
from hive_core.landing.keys import public_key, signing_key
from hive_core.signals.lane_context import make_deck
from hive_core.signals.scorecards.tables import SOURCE_WEIGHTS
from hive_exec.lanes.decks import DeckKeeper
from hive_exec.lanes.serving import MAX_TRIES, ServedLane

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def rooms() -> Pipeline:
    return made_up_rooms()


@pytest.fixture
def key(home):
    return signing_key(keys_folder(home), KEY_NAME)


def published(home, key, rooms, made_at=BEGIN, *, change=None, signer=None):
    known = Pipeline(rooms.messages.filter(pl.col("ts_event") < made_at), rooms.bars, rooms.configuration)
    deck, payloads = make_deck(
        known.tables(), rooms.configuration, made_at=made_at, valid_for=HOUR, run_id="run-1", inputs=()
    )
    if change:
        deck = deck.model_copy(update=change)
    return publish_deck(home, deck, payloads, signer or key)


def test_a_published_deck_is_read_as_it_was_made(home, key, rooms):
    path = published(home, key, rooms)
    deck = read_manifest(path, public_key(keys_folder(home), KEY_NAME))
    context = read_context(home, deck)
    assert fault_of(deck, to_ns(BEGIN)) == ""
    assert context.configuration.resolution == rooms.configuration.resolution
    assert context.tables["messages"].height > 0
    assert context.tables["messages"]["ts_event"].max() < BEGIN
    assert manifest_of(home, deck.sha256()) == path
    assert manifest_of(home, "0" * 64) is None


def test_the_same_tables_make_the_same_files_and_are_kept_once(home, key, rooms):
    published(home, key, rooms)
    before = sorted(os.listdir(folder(home) / "tables"))
    published(home, key, rooms)
    assert sorted(os.listdir(folder(home) / "tables")) == before
    assert len(manifests(home)) == 1


def test_a_changed_manifest_is_refused(home, key, rooms):
    path = published(home, key, rooms)
    body = json.loads(path.read_bytes())
    body["deck"]["valid_until_ns"] += 10**9
    path.write_bytes(canonical_bytes(body))
    with pytest.raises(DeckFault, match="does not fit"):
        read_manifest(path, key.public)


def test_a_deck_of_another_signer_is_refused(home, key, rooms):
    path = published(home, key, rooms, signer=new_signing_key())
    with pytest.raises(DeckFault, match="is the one that is trusted"):
        read_manifest(path, key.public)


def test_a_signature_for_something_else_is_none_of_a_deck(home, key, rooms):
    path = published(home, key, rooms)
    deck = read_manifest(path, key.public)
    signed = SignedDeck(deck=deck, signature=key.sign("journal.1", canonical_bytes(deck)))
    path.write_bytes(canonical_bytes(signed))
    with pytest.raises(DeckFault, match=f"another purpose than {PURPOSE}"):
        read_manifest(path, key.public)


def test_a_manifest_under_another_decks_name_is_refused(home, key, rooms):
    path = published(home, key, rooms)
    other = path.with_name(path.name.replace(path.stem[-8:], "0" * 8))
    path.rename(other)
    with pytest.raises(DeckFault, match="its name says"):
        read_manifest(other, key.public)


@pytest.mark.parametrize("damage", ["flip", "cut", "longer", "missing", "swap"])
def test_a_table_that_is_not_the_one_that_was_signed_is_refused(home, key, rooms, damage):
    deck = read_manifest(published(home, key, rooms), key.public)
    paths = {table.name: folder(home) / "tables" / f"{table.sha256}.parquet" for table in deck.tables}
    path = paths["bars"]
    payload = path.read_bytes()
    changed = {
        "flip": payload[:100] + bytes([payload[100] ^ 1]) + payload[101:],
        "cut": payload[:-1],
        "longer": payload + b"0",
        "swap": paths["messages"].read_bytes(),
    }
    path.unlink()
    if damage in changed:
        path.write_bytes(changed[damage])
    with pytest.raises(DeckFault, match="bars"):
        read_context(home, deck)


@pytest.mark.parametrize("field", ["lane_version", "resolver_version"])
def test_a_deck_of_another_code_is_refused(home, key, rooms, field):
    deck = read_manifest(published(home, key, rooms, change={field: "lane-9.9.9-0"}), key.public)
    assert "run the same version on both sides" in fault_of(deck, to_ns(BEGIN))


def test_a_deck_holds_from_when_it_was_made_until_it_ends(home, key, rooms):
    deck = read_manifest(published(home, key, rooms), key.public)
    assert "in the future" in fault_of(deck, deck.made_at_ns - 1)
    assert fault_of(deck, deck.valid_until_ns - 1) == ""
    assert "has ended" in fault_of(deck, deck.valid_until_ns)


def test_the_keeper_takes_the_newest_good_deck_and_keeps_it_beside_bad_ones(home, key, rooms):
    keeper, now = DeckKeeper(home), to_ns(BEGIN + timedelta(minutes=30))
    assert keeper.look(now) is None
    assert "no deck" in keeper.alarm(now)
    published(home, key, rooms)
    published(home, key, rooms, BEGIN + timedelta(minutes=10))
    taken = keeper.look(now)
    assert taken is not None
    assert taken.deck.made_at_ns == to_ns(BEGIN + timedelta(minutes=10))
    assert keeper.look(now) is None, "there is nothing newer"
    bad = published(home, key, rooms, BEGIN + timedelta(minutes=20), signer=new_signing_key())
    assert keeper.look(now) is None
    assert keeper.held is taken
    assert keeper.refused.keys() == {bad.name}
    assert keeper.alarm(now) == "", "the last good one still holds"
    late = taken.deck.valid_until_ns
    assert "ended at" in keeper.alarm(late)
    assert "is the one that is trusted" in keeper.alarm(late)
    manifests(home)[1].unlink()
    assert keeper.look(now) is None, "it never goes back to an older one"


def test_a_keeper_without_the_signers_key_takes_nothing(home, key, rooms):
    published(home, key, rooms)
    for each in keys_folder(home).iterdir():
        each.unlink()
    keeper = DeckKeeper(home)
    assert keeper.look(to_ns(BEGIN)) is None
    assert "no such key" in keeper.alarm(to_ns(BEGIN))


def test_without_a_deck_that_holds_nothing_is_guessed(home, rooms):
    row = in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN))[0]
    ts_ns = to_ns(row["ts_event"])
    served = ServedLane()
    none = served.take("k", message_of(row), received_ns=ts_ns, now_ns=ts_ns)
    assert (none.judged.outcome, none.deliveries) == (LaneOutcome.NO_DECK, ())
    assert none.judged.deck_sha256 is None
    assert served.adopt(served.prepare(rooms.context(BEGIN, valid_for=timedelta(minutes=1))), 0)
    ended = served.take("k", message_of(row), received_ns=ts_ns, now_ns=to_ns(BEGIN + HOUR))
    assert ended.judged.outcome is LaneOutcome.NO_DECK
    assert served.heard == (), "what was refused is not heard"


def test_a_message_that_comes_while_a_deck_is_made_into_a_lane_is_not_forgotten(rooms):
    rows = in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN))[:6]
    context = rooms.context(BEGIN, valid_for=timedelta(days=9))
    served = ServedLane()
    assert served.adopt(served.prepare(context), 0)
    for number, row in enumerate(rows[:5]):
        prepared = served.prepare(context)
        take(served, row)
        assert served.adopt(prepared, number) is (number >= MAX_TRIES)
        assert len(served.heard) == number + 1
    prepared = served.prepare(context)
    assert served.adopt(prepared, 0)
    assert take(served, rows[5]).judged.outcome is LaneOutcome.JUDGED


def test_messages_out_of_time_or_order_are_refused_by_name(rooms):
    context = rooms.context(BEGIN, valid_for=timedelta(days=9))
    served = ServedLane()
    served.adopt(served.prepare(context), 0)
    rows = [
        r for r in in_order(rooms.messages.filter(pl.col("ts_event") >= BEGIN)) if r["source"] == "room_a"
    ]
    take(served, rows[1])
    assert take(served, rows[0]).judged.outcome is LaneOutcome.LATE
    ts_ns = to_ns(rows[2]["ts_event"])
    early = served.take("k", message_of(rows[2]), received_ns=ts_ns, now_ns=ts_ns - 200 * 10**9)
    assert early.judged.outcome is LaneOutcome.FROM_THE_FUTURE
    old = message_of(rows[2]).model_copy(update={"ts_event_ns": context.deck.first_ts_ns - 1})
    assert served.take("k", old, received_ns=ts_ns, now_ns=ts_ns).judged.outcome is LaneOutcome.LATE
    changed = message_of(rows[1]).model_copy(update={"text": "BUY GOLD"})
    assert served.take("k", changed, received_ns=ts_ns, now_ns=ts_ns).judged.outcome is LaneOutcome.LATE
    assert len(served.heard) == 1


def test_decks_that_ended_long_ago_are_removed_with_their_tables(home, key, rooms):
    old = published(home, key, rooms)
    new = published(home, key, rooms, BEGIN + timedelta(days=2))
    later = read_manifest(old, key.public).valid_until_ns + KEPT_AFTER_END_NS
    assert prune_decks(home, key.public, later) == 0
    for path in (folder(home) / "tables").iterdir():
        os.utime(path, (1, 1))
    assert prune_decks(home, key.public, later + 1) == 1
    assert manifests(home) == [new]
    read_context(home, read_manifest(new, key.public))
    named = {table.sha256 for table in read_manifest(new, key.public).tables}
    assert {path.stem for path in (folder(home) / "tables").iterdir()} == named


def test_weights_by_scorecard_end_a_deck_with_the_last_day_that_has_any(rooms):
    resolution = rooms.configuration.resolution.model_copy(update={"weighting": "scorecard"})
    scored = rooms.configuration.model_copy(update={"resolution": resolution})
    weights = pl.DataFrame(schema=SOURCE_WEIGHTS)
    asked = Pipeline(rooms.messages, rooms.bars, scored, source_weights=weights)
    tables = {**rooms.tables(), "source_weights": weights}
    day = BEGIN.date()
    deck, _ = make_deck(
        tables, scored, made_at=BEGIN, valid_for=timedelta(days=9), run_id="r", inputs=(), weighed_days={day}
    )
    assert deck.valid_until_ns == to_ns(datetime(2024, 3, 7, tzinfo=UTC))
    with pytest.raises(ValueError, match="materialise source_weights"):
        asked.context(BEGIN)
