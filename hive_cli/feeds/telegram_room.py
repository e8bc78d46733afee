"""One Telegram chat and its log: what of a message is new, and the rows that tell it.

A row is a message row of a JSONL file. A post's time is Telegram's; that of an edit is Telegram's edit
date, and a microsecond after the version before where both fell into one second, for Telegram counts
seconds. A deletion has no time of its own: it counts from when it was seen. How messages are fetched
stands in `telegram_reader`; only Telegram's published types are read here
(https://core.telegram.org/type/Message).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hive_core.calendars.trading_day import iso_utc
from hive_core.signals.posts import MAX_TEXT_CHARACTERS, nanoseconds

if TYPE_CHECKING:
    from hive_core.landing.feed_log import FeedLog

_TICK_NS = 1_000

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """The last version of a message that is in the log."""

    ts_ns: int
    text: str
    is_deleted: bool = False


class Room:
    """What is known of one chat. The log is the memory: a restart knows what was known before.

    When the log cannot be written (`OSError`) the room is done with: open the log again.
    """

    def __init__(self, log: FeedLog) -> None:
        self._log = log
        self._known: dict[int, Known] = {}
        self._last_id = 0
        self._remember(log.rows)

    @property
    def last_id(self) -> int:
        """The highest id of a message in the log; 0 when it is empty."""
        return self._last_id

    def knows(self, message_id: int) -> bool:
        """Whether a version of it is in the log."""
        return message_id in self._known

    def recent_ids(self, count: int) -> list[int]:
        """The ids of the latest messages that stand, oldest first."""
        standing = (message_id for message_id, known in self._known.items() if not known.is_deleted)
        return sorted(standing)[-count:]

    def take(self, messages: Iterable[Any], seen_ns: int) -> int:
        """Write what is new of these messages.

        Args:
            messages: Telegram's messages; service messages and empty ones are passed over.
            seen_ns: now.

        Returns:
            how many rows were written.
        """
        rows: list[Row] = []
        for message in messages:
            row = self._news_of(message, seen_ns)
            if row is not None:
                rows.append(row)
                self._remember([row])
        self._log.append(rows)
        return len(rows)

    def take_deletions(self, message_ids: Iterable[int], seen_ns: int) -> int:
        """Write that these messages are gone; those that are gone already are passed over."""
        rows = [
            self._row(message_id, max(seen_ns, self._after(message_id)), seen_ns) | {"deleted": True}
            for message_id in message_ids
            if message_id not in self._known or not self._known[message_id].is_deleted
        ]
        self._remember(rows)
        self._log.append(rows)
        return len(rows)

    def hand_over(self) -> None:
        """Publish what is new into the inbox."""
        self._log.hand_over()

    def _news_of(self, message: Any, seen_ns: int) -> Row | None:
        from telethon.tl.types import Message

        if not isinstance(message, Message) or message.date is None:
            return None
        text = (message.message or "")[:MAX_TEXT_CHARACTERS]
        posted_ns = nanoseconds(message.date)
        # `edit_hide`: buttons or reactions changed, not the text.
        edited_ns = nanoseconds(message.edit_date) if message.edit_date and not message.edit_hide else None
        before = self._known.get(message.id)
        if before is not None and (before.is_deleted or before.text == text):
            return None
        if before is None and edited_ns is None:
            row = self._row(message.id, posted_ns, seen_ns)
        else:
            at_ns = max(edited_ns or seen_ns, self._after(message.id))
            row = self._row(message.id, at_ns, seen_ns) | {"edit_of": str(message.id)}
        row["text"] = text
        if (reply_to := _reply_to(message)) is not None:
            row["reply_to"] = str(reply_to)
        return row

    def _row(self, message_id: int, ts_ns: int, seen_ns: int) -> Row:
        return {"id": str(message_id), "ts": iso_utc(ts_ns), "ts_init": iso_utc(seen_ns)}

    def _after(self, message_id: int) -> int:
        before = self._known.get(message_id)
        return 0 if before is None else before.ts_ns + _TICK_NS

    def _remember(self, rows: Iterable[Row]) -> None:
        for row in rows:
            at_ns = nanoseconds(datetime.fromisoformat(row["ts"]))
            message_id = int(row["id"])
            self._known[message_id] = Known(at_ns, row.get("text", ""), row.get("deleted", False))
            self._last_id = max(self._last_id, message_id)


def _reply_to(message: Any) -> int | None:
    """The message of this chat that it answers. A post in a topic of a forum answers nothing by that."""
    from telethon.tl.types import MessageReplyHeader

    header = message.reply_to
    if not isinstance(header, MessageReplyHeader) or header.reply_to_peer_id is not None:
        return None
    if header.forum_topic and header.reply_to_top_id is None:
        return None
    found: int | None = header.reply_to_msg_id
    return found
