"""The Telegram reader on Telegram's own types: updates and history as Telethon builds them, no network."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from telethon import TelegramClient
from telethon.sessions import StringSession
from telethon.tl import types
from telethon.utils import get_peer_id

from hive_cli.feeds.telegram_reader import BATCH, FIRST_HISTORY, ReaderStopped, TelegramReader
from hive_cli.feeds.telegram_room import Room
from hive_core.landing.feed_log import FeedLog
from hive_core.landing.home import HiveHome
from hive_core.signals.messages import MessageDeclaration, merge_messages, parse_message_file

CHANNEL, GROUP = 1_234_567, 7_654
BEGAN = datetime(2026, 1, 5, 10, tzinfo=UTC)
SEEN_NS = 1_767_610_800_000_000_000


def at(minute: int) -> datetime:
    return BEGAN + timedelta(minutes=minute)


def message(
    message_id: int, text: str, *, minute: int | None = None, group: bool = False, **more: Any
) -> Any:
    peer = types.PeerChat(GROUP) if group else types.PeerChannel(CHANNEL)
    when = at(message_id if minute is None else minute)
    return types.Message(id=message_id, peer_id=peer, date=when, message=text, **more)


def service(message_id: int) -> Any:
    return types.MessageService(
        id=message_id,
        peer_id=types.PeerChannel(CHANNEL),
        date=at(message_id),
        action=types.MessageActionPinMessage(),
    )


PTS = itertools.count(1)


def posted(new: Any) -> Any:
    kind = (
        types.UpdateNewMessage if isinstance(new.peer_id, types.PeerChat) else types.UpdateNewChannelMessage
    )
    return kind(message=new, pts=next(PTS), pts_count=1)


def edited(new: Any) -> Any:
    kind = (
        types.UpdateEditMessage if isinstance(new.peer_id, types.PeerChat) else types.UpdateEditChannelMessage
    )
    return kind(message=new, pts=next(PTS), pts_count=1)


def deleted(*message_ids: int, channel: int = CHANNEL) -> Any:
    return types.UpdateDeleteChannelMessages(channel, list(message_ids), pts=next(PTS), pts_count=1)


class FakeClient:
    """What the reader uses of `telethon.TelegramClient`, by its published signatures: a server's messages,
    and updates that go through a real client's dispatch, which never connects."""

    def __init__(self, *history: Any, updates: tuple[Any, ...] = (), is_authorised: bool = True) -> None:
        self.history = {new.id: new for new in history}
        self.updates = list(updates)
        self.is_authorised = is_authorised
        self.entities: list[Any] = [
            types.Channel(CHANNEL, "Room", types.ChatPhotoEmpty(), BEGAN, access_hash=1, username="room"),
            types.Chat(GROUP, "Group", types.ChatPhotoEmpty(), 3, BEGAN, version=1),
        ]
        self.during_history: Callable[[], Awaitable[None]] | None = None
        self.fetched: list[tuple[int, int]] = []
        self.is_connected_ = False

    async def connect(self) -> None:
        self.is_connected_ = True
        self.real = TelegramClient(StringSession(), 1, "hash", sequential_updates=True)
        self.real._mb_entity_cache.set_self_user(1, False, None)

    async def disconnect(self) -> None:
        self.is_connected_ = False

    async def is_user_authorized(self) -> bool:
        return self.is_authorised

    async def get_dialogs(self) -> list[Any]:
        return []

    async def get_entity(self, entity: Any) -> Any:
        for known in self.entities:
            if entity in {get_peer_id(known), f"@{getattr(known, 'username', None)}"}:
                return known
        raise ValueError(f"Cannot find any entity corresponding to {entity!r}")

    def add_event_handler(self, callback: Callable[[Any], Awaitable[None]], event: Any) -> None:
        self.real.add_event_handler(callback, event)

    async def iter_messages(
        self,
        entity: Any,
        limit: float | None = None,
        *,
        max_id: int = 0,
        min_id: int = 0,
        reverse: bool = False,
    ) -> AsyncIterator[Any]:
        self.fetched.append((min_id, max_id))
        ids = [
            n for n in sorted(self.history, reverse=not reverse) if n > min_id and (not max_id or n < max_id)
        ]
        for number in ids if limit is None else ids[: int(limit)]:
            yield self.history[number]
            if self.during_history is not None:
                work, self.during_history = self.during_history, None
                await work()

    async def get_messages(self, entity: Any, *, ids: list[int]) -> list[Any]:
        return [self.history.get(number) for number in ids]

    async def run_until_disconnected(self) -> None:
        for update in self.updates:
            await self.dispatch(update)
        await asyncio.sleep(0)

    async def dispatch(self, update: Any) -> None:
        """Through Telethon's own dispatch, as if it had come over the network."""
        new = getattr(update, "message", None)
        if isinstance(new, types.Message) and not self.history.get(new.id, new).edit_date:
            self.history[new.id] = new
        update._entities = {}
        if self.is_connected_:
            await self.real._dispatch_update(update)


@pytest.mark.parametrize(
    "name",
    [
        *("connect", "disconnect", "is_user_authorized", "get_dialogs", "get_entity", "add_event_handler"),
        *("iter_messages", "get_messages", "run_until_disconnected"),
    ],
)
def test_the_fake_takes_no_argument_that_telethon_does_not(name: str) -> None:
    ours = inspect.signature(getattr(FakeClient, name)).parameters
    theirs = inspect.signature(getattr(TelegramClient, name)).parameters
    assert set(ours) <= set(theirs)
    assert all(theirs[each].kind == ours[each].kind for each in ours)


class Desk:
    """A home, and readers that start and stop in it."""

    def __init__(self, root: Path) -> None:
        self.home = HiveHome(root)
        self.now_ns = SEEN_NS

    def read(self, client: FakeClient, *, chat: str | int = "@room") -> None:
        async def run() -> None:
            with FeedLog(self.home, "gold") as log:
                await TelegramReader(client, {chat: Room(log)}, now_ns=lambda: self.now_ns).run()

        asyncio.run(run())

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.home.feeds / "gold.jsonl").read_text("utf-8").splitlines()]

    def messages(self) -> pl.DataFrame:
        """What lands of it."""
        files = sorted((self.home.inbox / "messages" / "gold").iterdir())
        said = MessageDeclaration(source="gold", format="jsonl")
        parsed = [
            parse_message_file(file.read_bytes(), said, landing_sha256="0" * 64, received_ns=self.now_ns)
            for file in files
        ]
        assert not [each.rejected for each in parsed if each.rejected]
        merged, conflicts = merge_messages(each.frame for each in parsed)
        assert conflicts == 0
        return merged

    def told(self) -> list[tuple[str, int, str, bool]]:
        return self.messages().select("message_id", "version", "text", "is_deleted").rows()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_posts_edits_and_deletions_become_versions(desk: Desk) -> None:
    reply = types.MessageReplyHeader(reply_to_msg_id=1)
    desk.read(
        FakeClient(
            updates=(
                posted(message(1, "BUY GOLD 2410")),
                posted(message(2, "SL 2400", reply_to=reply)),
                edited(message(1, "BUY GOLD 2411", edit_date=at(3))),
                deleted(2),
            )
        )
    )
    assert desk.told() == [
        ("1", 1, "BUY GOLD 2410", False),
        ("2", 1, "SL 2400", False),
        ("1", 2, "BUY GOLD 2411", False),
        ("2", 2, "", True),
    ]
    frame = desk.messages()
    assert frame["reply_to"].to_list() == [None, "1", None, None]
    assert frame["ts_event"].to_list()[:3] == [at(1), at(2), at(3)]
    seen = datetime.fromtimestamp(SEEN_NS // 10**9, UTC)
    assert frame["ts_event"].to_list()[3] == seen
    assert frame["ts_init"].to_list() == [seen] * 4


def test_what_is_no_post_of_the_room_is_passed_over(desk: Desk) -> None:
    elsewhere = message(5, "BUY GOLD")
    elsewhere.peer_id = types.PeerChannel(99)
    desk.read(
        FakeClient(
            updates=(
                posted(service(1)),
                posted(elsewhere),
                deleted(1, channel=99),
                types.UpdateChannelTooLong(CHANNEL),
                posted(message(2, "")),
            )
        )
    )
    assert desk.told() == [("2", 1, "", False)]


def test_a_change_of_buttons_or_reactions_is_no_edit(desk: Desk) -> None:
    desk.read(
        FakeClient(
            updates=(
                posted(message(1, "BUY GOLD")),
                edited(message(1, "BUY GOLD", edit_date=at(2))),
                edited(message(1, "BUY GOLD", edit_date=at(3), edit_hide=True)),
                posted(message(2, "first seen with reactions", edit_date=at(4), edit_hide=True)),
            )
        )
    )
    assert [row[:2] for row in desk.told()] == [("1", 1), ("2", 1)]


def test_two_edits_within_a_second_keep_their_order(desk: Desk) -> None:
    desk.read(
        FakeClient(
            updates=(
                posted(message(1, "SL 2400")),
                edited(message(1, "SL 2401", edit_date=at(1))),
                edited(message(1, "SL 2402", edit_date=at(1))),
            )
        )
    )
    assert [(row[1], row[2]) for row in desk.told()] == [(1, "SL 2400"), (2, "SL 2401"), (3, "SL 2402")]
    moments = desk.messages()["ts_event"].to_list()
    assert moments[2] - moments[0] == timedelta(microseconds=2)


def test_an_edit_whose_first_text_nobody_saw_is_not_a_first_version(desk: Desk) -> None:
    desk.read(FakeClient(message(1, "BUY GOLD 2411", edit_date=at(9))))
    frame = desk.messages()
    assert frame.select("version", "earlier_versions", "ts_event").rows() == [(2, 0, at(9))]


def test_a_message_that_is_gone_stays_gone(desk: Desk) -> None:
    late = edited(message(1, "BUY GOLD 2411", edit_date=at(2)))
    desk.read(FakeClient(updates=(posted(message(1, "BUY GOLD")), deleted(1), late, deleted(1))))
    assert [(row[1], row[3]) for row in desk.told()] == [(1, False), (2, True)]


def test_a_deletion_comes_after_its_post_also_where_our_clock_is_behind(desk: Desk) -> None:
    desk.now_ns = int(at(0).timestamp()) * 10**9
    desk.read(FakeClient(updates=(posted(message(1, "BUY GOLD")), deleted(1))))
    assert [row["ts"] for row in desk.rows()] == ["2026-01-05T10:01:00Z", "2026-01-05T10:01:00.000001Z"]


@pytest.mark.parametrize(
    ("header", "reply_to"),
    [
        (types.MessageReplyHeader(reply_to_msg_id=4), "4"),
        (types.MessageReplyHeader(reply_to_msg_id=4, reply_to_peer_id=types.PeerChannel(9)), None),
        (types.MessageReplyHeader(reply_to_msg_id=4, forum_topic=True), None),
        (types.MessageReplyHeader(reply_to_msg_id=4, forum_topic=True, reply_to_top_id=2), "4"),
        (types.MessageReplyStoryHeader(types.PeerChannel(9), 4), None),
        (None, None),
    ],
)
def test_a_reply_names_a_message_of_this_room_only(desk: Desk, header: Any, reply_to: str | None) -> None:
    desk.read(FakeClient(message(7, "close it", reply_to=header)))
    assert desk.messages()["reply_to"].to_list() == [reply_to]


def test_the_first_start_takes_the_latest_history_oldest_first(desk: Desk) -> None:
    desk.read(FakeClient(*(message(number, f"m{number}") for number in range(1, FIRST_HISTORY + 51))))
    assert [int(row["id"]) for row in desk.rows()] == list(range(51, FIRST_HISTORY + 51))


def test_what_was_posted_edited_and_deleted_while_nobody_listened_is_found(desk: Desk) -> None:
    first = FakeClient(*(message(number, f"m{number}") for number in (1, 2, 3)))
    desk.read(first)
    later = FakeClient(
        message(1, "m1"),
        message(2, "m2 with another stop", edit_date=at(20)),
        *(message(number, f"m{number}") for number in range(4, 4 + 2 * BATCH)),
        service(4 + 2 * BATCH),
    )
    desk.now_ns += 86_400_000_000_000
    desk.read(later)
    assert later.fetched == [(3, 0)]
    told = desk.told()
    assert ("2", 2, "m2 with another stop", False) in told
    assert ("3", 2, "", True) in told
    assert [int(row["id"]) for row in desk.rows()[3:-2]] == list(range(4, 4 + 2 * BATCH))
    # A third start finds nothing new.
    before = desk.rows()
    desk.read(later)
    assert desk.rows() == before


def test_what_comes_in_while_history_is_fetched_waits_its_turn(desk: Desk) -> None:
    desk.read(FakeClient(message(1, "m1", group=True)), chat=-GROUP)
    client = FakeClient(*(message(number, f"m{number}", group=True) for number in (1, 2, 3)))
    arrived: list[asyncio.Task[None]] = []

    async def arrive() -> None:
        new = posted(message(4, "m4", group=True))
        arrived.append(asyncio.create_task(client.dispatch(new)))
        for _ in range(50):
            await asyncio.sleep(0)

    client.during_history = arrive
    desk.read(client, chat=-GROUP)
    assert len(arrived) == 1
    assert [int(row["id"]) for row in desk.rows()] == [1, 2, 3, 4]


def test_a_channel_message_that_leaves_a_hole_brings_what_is_between(desk: Desk) -> None:
    client = FakeClient(message(1, "m1"))

    async def run() -> None:
        for number in (2, 3):
            client.history[number] = message(number, f"m{number}")
        await client.dispatch(posted(message(4, "m4")))

    client.run_until_disconnected = run  # type: ignore[method-assign]
    desk.read(client)
    assert [int(row["id"]) for row in desk.rows()] == [1, 2, 3, 4]
    assert client.fetched[-1] == (1, 4)


def test_ids_of_a_group_have_holes_and_its_deletions_are_known_by_id(desk: Desk) -> None:
    client = FakeClient(
        updates=(
            posted(message(10, "BUY GOLD", group=True)),
            posted(message(15, "SL 2400", group=True)),
            types.UpdateDeleteMessages([15, 12], pts=next(PTS), pts_count=2),
        )
    )
    desk.read(client, chat=-GROUP)
    assert [(row["id"], row.get("deleted", False)) for row in desk.rows()] == [
        ("10", False),
        ("15", False),
        ("15", True),
    ]
    assert client.fetched == [(0, 0)]


def test_a_deletion_without_a_chat_is_never_a_channels(desk: Desk) -> None:
    gone = types.UpdateDeleteMessages([1], pts=next(PTS), pts_count=1)
    desk.read(FakeClient(message(1, "m1"), updates=(gone,)))
    assert [row[3] for row in desk.told()] == [False]


def test_a_room_that_shows_nothing_any_more_is_not_a_room_of_deletions(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.read(FakeClient(message(1, "m1"), message(2, "m2")))
    desk.read(FakeClient())
    assert [row[3] for row in desk.told()] == [False, False]
    assert "lost its access" in caplog.text


def test_a_row_that_cannot_be_written_stops_the_reader_and_the_next_start_fetches_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = FeedLog.append
    calls = itertools.count()

    def full_at_the_second(self: FeedLog, rows: Any) -> None:
        if next(calls) == 2:
            raise OSError(28, "No space left on device")
        append(self, rows)

    updates = tuple(posted(message(number, f"m{number}")) for number in (1, 2, 3))
    with monkeypatch.context() as patch:
        patch.setattr(FeedLog, "append", full_at_the_second)
        client = FakeClient(updates=updates)
        with pytest.raises(ReaderStopped, match="No space left"):
            desk.read(client)
        assert not client.is_connected_
    assert [row["id"] for row in desk.rows()] == ["1"]
    desk.read(FakeClient(*(message(number, f"m{number}") for number in (1, 2, 3))))
    assert [row["id"] for row in desk.rows()] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("client", "chat", "reason"),
    [
        (FakeClient(is_authorised=False), "@room", "not logged in"),
        (FakeClient(), "@other", "sees no chat @other"),
    ],
)
def test_a_reader_that_cannot_read_says_why(desk: Desk, client: FakeClient, chat: str, reason: str) -> None:
    with pytest.raises(ReaderStopped, match=reason):
        desk.read(client, chat=chat)
    assert not client.is_connected_


KEYS = {
    "HIVE_TELEGRAM_API_ID": "12345",
    "HIVE_TELEGRAM_API_HASH": "0123456789abcdef0123456789abcdef",
    "HIVE_TELEGRAM_SESSION": "1notasession",
}


@pytest.mark.parametrize("missing", KEYS)
def test_keys_come_from_the_environment_and_are_not_shown(
    hive, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    said = hive("listen", "telegram", "--room", "gold=@room", "--debug")
    assert said.code == 2
    assert f"not set: {missing}" in said.err
    assert not any(value in said.err + said.out for value in KEYS.values())


def test_a_malformed_session_is_told_without_showing_it(hive, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    said = hive("listen", "telegram", "--room", "gold=@room", "--debug")
    assert said.code == 2
    assert "HIVE_TELEGRAM_API_ID or HIVE_TELEGRAM_SESSION is malformed" in said.err
    assert not any(value in said.err + said.out for value in KEYS.values())


@pytest.mark.parametrize("rooms", [(), ("gold",), ("gold=@a", "gold=@b"), ("=@a",)])
def test_rooms_are_named_with_their_chat(hive, rooms: tuple[str, ...]) -> None:
    said = hive("listen", "telegram", *(word for room in rooms for word in ("--room", room)))
    assert said.code == 2
    assert "--room gold=@some_channel" in said.err
