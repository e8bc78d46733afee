"""From messages and what was parsed of them to the tables of updates and states, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import Configuration
from hive_core.signals.lifecycle.events import REACH
from hive_core.signals.lifecycle.fold import LifecycleSettings
from hive_core.signals.lifecycle.frames import settings_of, signal_lives
from hive_core.signals.lifecycle.tables import SIGNAL_STATES, SIGNAL_UPDATES
from hive_core.signals.messages import merge_messages, message_hash
from hive_core.signals.parse import parse_signals
from hive_core.signals.posts import nanoseconds
from hive_core.signals.tables import MESSAGES

MONDAY = datetime(2024, 3, 4, tzinfo=UTC)
SETTINGS = LifecycleSettings()
CALL = "XAUUSD BUY LIMIT 2331\nSL 2323\nTP1 2340\nTP2 2350"

Post = tuple[str, float, str, str | None, int, bool]
"""Message id, hours after Monday's midnight, text, reply, version, whether it is a deletion."""


def frames(posts: Sequence[Post]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """MESSAGES and PARSED of some posts of one room."""
    rows = []
    for message_id, hours, text, reply_to, version, is_deleted in posts:
        ts = MONDAY + timedelta(hours=hours)
        row = dict.fromkeys(MESSAGES) | {"source": "room", "message_id": message_id, "version": version}
        row |= {"ts_event": ts, "text": text, "reply_to": reply_to, "is_deleted": is_deleted}
        row |= {"earlier_versions": version - 1, "landing_sha256": "0" * 64}
        sha256 = message_hash("room", message_id, version, nanoseconds(ts), text, is_deleted=is_deleted)
        rows.append(row | {"message_sha256": sha256})
    messages = pl.DataFrame(rows, schema=MESSAGES, orient="row").sort("ts_event")
    return messages, parse_signals(messages, Configuration())


def tables(posts: Sequence[Post], first_day: int, last_day: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    messages, parsed = frames(posts)
    first = MONDAY + timedelta(days=first_day)
    last = MONDAY + timedelta(days=last_day, hours=23)
    return signal_lives(messages, parsed, SETTINGS, first_ts=first, last_ts=last)


STORY: list[Post] = [
    ("1", 9, CALL, None, 1, False),
    ("2", 10, "TP1 hit, close half and move SL to BE", "1", 1, False),
    ("3", 30, "close 30% of it or not", "1", 1, False),
    ("4", 33, "close now", None, 1, False),
    ("5", 34, "good night", None, 1, False),
]


def test_a_story_of_two_days_is_told_in_both_tables():
    updates, states = tables(STORY, 0, 1)
    assert dict(updates.schema) == SIGNAL_UPDATES
    assert dict(states.schema) == SIGNAL_STATES
    assert updates["action"].to_list() == ["target_hit", "partial_close", "breakeven", None, "close"]
    assert updates["reason"].to_list() == [None, None, None, "unclear_update", None]
    assert updates["found_by"].to_list() == ["reply", "reply", "reply", None, "latest"]
    assert states["state"].to_list() == ["partially_closed", "closed"]
    assert states["closed_share"].to_list() == [0.5, 1.0]
    assert states["effective_stop"].to_list() == [2331.0, 2331.0]
    assert states["targets_hit"].to_list() == [1, 1]


def test_a_signal_that_ended_is_told_of_on_its_last_day_and_not_after():
    _, states = tables(STORY, 0, 3)
    assert states["ts_as_of"].dt.day().to_list() == [4, 5]


def test_an_edit_and_a_deletion_are_told():
    _, states = tables(
        [
            ("1", 9, CALL, None, 1, False),
            ("1", 10, CALL.replace("2323", "2320"), None, 2, False),
            ("2", 11, "XAUUSD SELL LIMIT 2331 SL 2340 TP 2320", None, 1, False),
            ("2", 12, "", None, 2, True),
        ],
        0,
        0,
    )
    told = {(row["message_id"], row["version"]): row["state"] for row in states.iter_rows(named=True)}
    assert told == {("1", 1): "superseded", ("1", 2): "amended", ("2", 1): "deleted"}
    (old,) = states.filter(pl.col("state") == "superseded").iter_rows(named=True)
    (new,) = states.filter(pl.col("state") == "amended").iter_rows(named=True)
    assert old["superseded_by"] == new["signal_id"]
    assert new["first_signal_id"] == old["signal_id"]


@pytest.mark.parametrize(
    ("text", "state", "reason"),
    [
        ("CANCELLED\n" + CALL, "cancelled", None),
        (f"~~{CALL}~~", "cancelled", None),
        ("".join(f"{character}\N{COMBINING LONG STROKE OVERLAY}" for character in CALL), "cancelled", None),
        ("Ignore this signal", "cancelled", None),
        ("Señal anulada", "cancelled", None),
        ("Отменено: не актуально", "cancelled", None),
        ("No longer valid", "cancelled", None),
        ("This signal is not cancelled", "pending", "unclear_update"),
        ("Will be cancelled if it is not filled by noon", "pending", "unclear_update"),
        ("Сигнал неактуально", "cancelled", None),
        ("Sinal inválido", "cancelled", None),
        ("Who took " + CALL.replace("\n", " "), "pending", "taken_back"),
        (CALL.replace("2323", "2.323.1"), "pending", "unclear_number"),
        (CALL.replace("SL 2323", "SL 2373"), "pending", "digit_typo"),
        ("Good morning", "pending", "unclear_update"),
    ],
)
def test_an_edit_ends_a_signal_only_where_it_takes_it_back(text, state, reason):
    updates, states = tables([("1", 9, CALL, None, 1, False), ("1", 10, text, None, 2, False)], 0, 0)
    assert (states["state"].to_list(), updates["reason"].to_list()) == ([state], [reason])


def test_a_close_and_the_next_call_in_one_message_are_both_done_in_order():
    both = "Close the buy, sell gold limit 2352 sl 2360 tp 2340"
    updates, states = tables([("1", 9, CALL, None, 1, False), ("2", 10, both, None, 1, False)], 0, 0)
    assert updates["action"].to_list() == ["close"]
    told = {row["message_id"]: (row["side"], row["state"]) for row in states.iter_rows(named=True)}
    assert told == {"1": ("buy", "closed"), "2": ("sell", "pending")}


@pytest.mark.parametrize("text", ["SL 2326", "gold sl: 2326", "стоп 2326", "BE", "tp2 to 2355"])
def test_a_level_alone_is_of_the_one_open_signal_and_ambiguous_between_two(text):
    other = "EURUSD BUY LIMIT 1.0850 SL 1.0810 TP 1.0910"
    posts: list[Post] = [("1", 9, CALL, None, 1, False), ("3", 11, text, None, 1, False)]
    updates, states = tables(posts, 0, 0)
    assert (updates["found_by"].to_list(), states["state"].to_list()) == (["latest"], ["amended"])
    updates, _ = tables([*posts, ("2", 10, other, None, 1, False)], 0, 0)
    is_named = "gold" in text
    assert updates["reason"].to_list() == [None if is_named else "ambiguous_reference"]


def test_an_update_reaches_seven_days_back_and_no_further():
    near, _ = tables([("1", 9, CALL, None, 1, False), ("2", 7 * 24 + 1, "close", "1", 1, False)], 7, 7)
    far, _ = tables([("1", 9, CALL, None, 1, False), ("2", 8 * 24 + 1, "close", "1", 1, False)], 8, 8)
    assert near["reason"].to_list() == [None]
    assert far["reason"].to_list() == ["nothing_open"]


TEXTS = (CALL, CALL.replace("BUY", "SELL").replace("2323", "2340").replace("TP1 2340\nTP2 2350", "TP 2320"))
POSTS = st.lists(
    st.tuples(
        st.integers(0, 11 * 24 * 4),
        st.sampled_from(
            (*TEXTS, "close", "close half", "tp1 hit", "move sl to be", "close all", "hello", "")
        ),
        st.none() | st.integers(0, 9),
    ),
    min_size=1,
    max_size=14,
)


SAID = (
    *(
        "close",
        "close half",
        "move sl to be",
        "SL 2326",
        "BE",
        "tp1 hit",
        "cancelled",
        "close all",
        "nice",
        "",
    ),
    *("Close the buy, sell gold limit 2352 sl 2360 tp 2340", "Cancel previous. New: " + CALL, "gold buy now"),
)


@st.composite
def _posts_and_edits(draw: st.DrawFn) -> list[Post]:
    """Messages of a room in versions of rising time, some deleted at last; replies to any of them."""
    posts: list[Post] = []
    for number in range(draw(st.integers(1, 8))):
        hours = draw(st.integers(0, 60))
        reply = draw(st.none() | st.integers(0, 8).map(str))
        for version in range(1, draw(st.integers(1, 3)) + 1):
            text = draw(st.sampled_from((*TEXTS, *SAID)))
            posts.append((str(number), hours + version / 4, text, reply, version, False))
        if draw(st.booleans()) and draw(st.booleans()):
            posts.append((str(number), hours + 2.0, "", reply, version + 1, True))
    return posts


POSTS_AND_EDITS = _posts_and_edits()


@settings(max_examples=12)
@given(POSTS)
def test_a_day_alone_gives_what_all_together_give(drawn):
    posts: list[Post] = [
        (str(number), quarter / 4, text, None if reply is None else str(reply), 1, False)
        for number, (quarter, text, reply) in enumerate(drawn)
    ]
    messages, parsed = frames(posts)
    all_updates, all_states = tables(posts, 0, 11)
    for day in range(12):
        first = MONDAY + timedelta(days=day)
        last = first + timedelta(hours=24, microseconds=-1)
        window = pl.col("ts_event").is_between(first - REACH, last)
        updates, states = signal_lives(
            messages.filter(window), parsed.filter(window), SETTINGS, first_ts=first, last_ts=last
        )
        assert updates.equals(all_updates.filter(pl.col("ts_event").is_between(first, last)))
        assert states.equals(all_states.filter(pl.col("ts_as_of").is_between(first, last)))


@settings(max_examples=40)
@given(POSTS_AND_EDITS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_and_any_repetition_give_the_same_tables(posts, random):
    """Calls, edits, replies, deletions and updates as texts, landed one by one, several times over."""
    messages, _ = frames(posts)
    rows = [messages[number] for number in range(messages.height)]
    arriving = [*rows, *random.choices(rows, k=len(rows))]
    random.shuffle(arriving)
    landed, conflicts = merge_messages(arriving)
    assert conflicts == 0
    first, last = MONDAY, MONDAY + timedelta(days=3)
    expected = signal_lives(
        messages, parse_signals(messages, Configuration()), SETTINGS, first_ts=first, last_ts=last
    )
    shuffled = landed.sample(fraction=1, shuffle=True, seed=random.randrange(2**32))
    parsed = parse_signals(shuffled, Configuration())
    told = signal_lives(shuffled, parsed, SETTINGS, first_ts=first, last_ts=last)
    assert told[0].equals(expected[0])
    assert not told[0].select("update_id", "action_number").is_duplicated().any()
    assert told[1].sort("signal_id", "ts_as_of").equals(expected[1].sort("signal_id", "ts_as_of"))


def test_the_configuration_says_what_is_vague_and_what_is_a_repetition():
    configured = Configuration.model_validate_json(
        '{"updates": {"vague_share": "0.25", "repeat_window_s": 60}}'
    )
    assert settings_of(configured) == LifecycleSettings(Decimal("0.25"), timedelta(seconds=60))
    assert settings_of(Configuration()) == LifecycleSettings()


def test_no_messages_give_empty_tables():
    updates, states = tables([], 0, 1)
    assert (updates.height, states.height) == (0, 0)
    assert dict(updates.schema) == SIGNAL_UPDATES
