"""The live Telegram reader: Telethon's events and history into the logs of rooms.

At the start, and every `RECHECK_S` after, each room is caught up: history since the last id that is in its
log, and the latest messages asked for again, for nobody tells afterwards what was edited or deleted while
nobody listened. Events wait until then, so ids enter a log in order and a crash leaves no hole. In a
channel ids have no holes either: a new message that leaves one makes the reader fetch what is between.
What of a message is new stands in `telegram_room`. Telethon is an extra and imported inside functions.
Interface: https://docs.telethon.dev/en/stable/.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hive_cli.feeds.telegram_room import Room

FIRST_HISTORY = 100
"""Messages fetched of a room whose log is empty: enough to know the calls that may still be open."""
RECENT = 200
"""Messages asked for again: about a week of a busy room."""
RECHECK_S = 600.0
HAND_OVER_S = 2.0
BATCH = 100

_log = logging.getLogger("hive_cli.telegram")


class ReaderStopped(RuntimeError):
    """The reader cannot go on. The text says why and never holds a key."""


@dataclass(slots=True)
class _Chat:
    name: str | int
    room: Room
    entity: Any = None
    is_channel: bool = False


class TelegramReader:
    """Reads several rooms over one client.

    Args:
        client: a `telethon.TelegramClient`, not yet connected, made with `sequential_updates=True`.
        rooms: each room by its chat: a public name, or the marked id that Telegram clients show.
        now_ns: the clock.
    """

    def __init__(
        self,
        client: Any,
        rooms: Mapping[str | int, Room],
        *,
        now_ns: Callable[[], int] = time.time_ns,
        recheck_s: float = RECHECK_S,
        hand_over_s: float = HAND_OVER_S,
    ) -> None:
        self._client, self._now_ns = client, now_ns
        self._recheck_s, self._hand_over_s = recheck_s, hand_over_s
        self._unresolved = [_Chat(name, room) for name, room in rooms.items()]
        self._chats: dict[int, _Chat] = {}
        self._in_turn = asyncio.Lock()
        self._fault: BaseException | None = None
        self._stopping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Read until the client is disconnected.

        Raises:
            ReaderStopped: not logged in, a room that cannot be read, or rows that cannot be written.
        """
        from telethon import events

        await self._client.connect()
        try:
            if not await self._client.is_user_authorized():
                raise ReaderStopped("the session is not logged in")
            await self._resolve()
            async with self._in_turn:
                handlers = (
                    (self._on_message, events.NewMessage(chats=list(self._chats))),
                    (self._on_message, events.MessageEdited(chats=list(self._chats))),
                    # Without chats: deletions outside of channels do not say where they were.
                    (self._on_deletion, events.MessageDeleted()),
                )
                for handler, event in handlers:
                    self._client.add_event_handler(handler, event)
                await self._catch_up()
            beside = [asyncio.create_task(work()) for work in (self._hand_over, self._recheck)]
            try:
                await self._client.run_until_disconnected()
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
        finally:
            await self._client.disconnect()
            if self._stopping is not None:
                await self._stopping
            for chat in self._chats.values():
                chat.room.hand_over()
        if self._fault is not None:
            raise ReaderStopped(f"{type(self._fault).__name__}: {self._fault}") from self._fault

    async def _resolve(self) -> None:
        from telethon.errors import RPCError
        from telethon.tl.types import Channel
        from telethon.utils import get_peer_id

        # A session of text knows no chats; Telegram gives them by id only to who has seen them.
        await self._client.get_dialogs()
        for chat in self._unresolved:
            try:
                chat.entity = await self._client.get_entity(chat.name)
            except (ValueError, RPCError) as error:
                raise ReaderStopped(f"the account sees no chat {chat.name}: {error}") from None
            chat.is_channel = isinstance(chat.entity, Channel)
            self._chats[get_peer_id(chat.entity)] = chat

    async def _catch_up(self) -> None:
        for chat in self._chats.values():
            if chat.room.last_id == 0:
                newest = [message async for message in self._client.iter_messages(chat.entity, FIRST_HISTORY)]
                chat.room.take(reversed(newest), self._now_ns())
                continue
            recent = chat.room.recent_ids(RECENT)
            await self._fetch(chat, min_id=chat.room.last_id)
            await self._ask_again(chat, recent)

    async def _fetch(self, chat: _Chat, **bounds: int) -> None:
        """History between two ids, oldest first, so that what is written never leaves a hole behind."""
        batch: list[Any] = []
        async for message in self._client.iter_messages(chat.entity, reverse=True, **bounds):
            batch.append(message)
            if len(batch) == BATCH:
                chat.room.take(batch, self._now_ns())
                batch = []
        chat.room.take(batch, self._now_ns())

    async def _ask_again(self, chat: _Chat, message_ids: list[int]) -> None:
        """Which of these were edited or deleted meanwhile."""
        if not message_ids:
            return
        found = await self._client.get_messages(chat.entity, ids=message_ids)
        gone = [asked for asked, message in zip(message_ids, found, strict=True) if message is None]
        if gone == message_ids:
            _log.warning(
                "%s shows none of its last %d messages: no deletions, the account may have lost its access",
                chat.name,
                len(gone),
            )
            return
        chat.room.take((message for message in found if message is not None), self._now_ns())
        chat.room.take_deletions(gone, self._now_ns())

    async def _on_message(self, event: Any) -> None:
        chat = self._chats.get(event.chat_id)
        if chat is not None:
            await self._one_at_a_time(lambda: self._take(chat, event.message))

    async def _take(self, chat: _Chat, message: Any) -> None:
        last = chat.room.last_id
        if chat.is_channel and 0 < last < message.id - 1:
            await self._fetch(chat, min_id=last, max_id=message.id)
        chat.room.take([message], self._now_ns())

    async def _on_deletion(self, event: Any) -> None:
        await self._one_at_a_time(lambda: self._take_deletions(event.chat_id, list(event.deleted_ids)))

    async def _take_deletions(self, chat_id: int | None, message_ids: list[int]) -> None:
        if chat_id is not None:
            if chat_id in self._chats:
                self._chats[chat_id].room.take_deletions(message_ids, self._now_ns())
            return
        # Ids outside of channels are the account's: the room that knows one is the one it was in.
        for chat in self._chats.values():
            if not chat.is_channel:
                chat.room.take_deletions(filter(chat.room.knows, message_ids), self._now_ns())

    async def _one_at_a_time(self, work: Callable[[], Awaitable[None]]) -> None:
        """A fault ends the reader, and nothing is taken after it: Telethon would log it and go on, and a
        later id in the log would hide the hole from the next start."""
        async with self._in_turn:
            if self._fault is not None:
                return
            try:
                await work()
            except Exception as fault:  # noqa: BLE001 (whatever it is, something is not stored)
                self._stop(fault)

    def _stop(self, fault: BaseException) -> None:
        if self._fault is None:
            self._fault = fault
            self._stopping = asyncio.create_task(self._client.disconnect())

    async def _hand_over(self) -> None:
        while True:
            await asyncio.sleep(self._hand_over_s)
            try:
                for chat in self._chats.values():
                    await asyncio.to_thread(chat.room.hand_over)
            except OSError as error:
                # The rows are safe in their log; they are handed over at the next try.
                _log.error("messages could not be handed to the inbox: %s", error.strerror)

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(self._recheck_s)
            await self._one_at_a_time(self._catch_up_again)

    async def _catch_up_again(self) -> None:
        from telethon.errors import RPCError

        try:
            await self._catch_up()
        except (RPCError, ConnectionError, TimeoutError) as error:
            # Events still come in, and what is missing is fetched at the next try.
            _log.warning("could not look for what was missed: %s", type(error).__name__)
