"""Alerts as they come over HTTP: which are new, under which id, and into the log before the answer.

An alert may carry an id of its own. One without is the same alert when the same text comes again within
`REPEAT_S`: a sender that got no answer sends again within seconds. How HTTP is spoken stands in `webhook`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hive_core.calendars.trading_day import NS_PER_SECOND, iso_utc
from hive_core.evidence.canonical import short_id
from hive_core.signals.feeds.machine_text import own_id
from hive_core.signals.posts import MAX_TEXT_CHARACTERS, FieldFault, identifier, message_text, nanoseconds

if TYPE_CHECKING:
    from hive_core.landing.feed_log import FeedLog

REPEAT_S = 60
"""A bar of the shortest chart that alerts are made for; TradingView itself gives up after 3 s."""


class AlertRefused(ValueError):
    """An alert that is not taken: the HTTP status, the field at fault, the reason."""

    def __init__(self, status: int, field: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.field, self.reason = status, field, reason


@dataclass(frozen=True, slots=True)
class Taken:
    """An alert that is durable. `is_new` is false for one that came before."""

    message_id: str
    is_new: bool


class AlertLog:
    """The alerts of one source."""

    def __init__(self, log: FeedLog) -> None:
        self._log = log
        self._text_of: dict[str, str] = {}
        self._latest: dict[str, tuple[str, int]] = {}
        for row in log.rows:
            self._remember(str(row["id"]), str(row.get("text", "")), _ns_of(str(row["ts"])))

    def take(self, payload: bytes, now_ns: int) -> Taken:
        """Make an alert durable, once.

        Raises:
            AlertRefused: 422 for what is no text or has no usable id; 409 for another text under an id
                that came before.
            OSError: it could not be written.
        """
        text = _text(payload)
        try:
            given = own_id(text)
            message_id = identifier("id", given) if given is not None else None
        except FieldFault as fault:
            raise AlertRefused(422, fault.column, fault.reason) from None
        if message_id is None:
            before = self._latest.get(text)
            if before is not None and now_ns - before[1] < REPEAT_S * NS_PER_SECOND:
                return Taken(before[0], is_new=False)
            message_id = short_id("alert", {"ts_ns": now_ns, "text": text})
        elif message_id in self._text_of:
            if self._text_of[message_id] == text:
                return Taken(message_id, is_new=False)
            raise AlertRefused(409, "id", "another alert came under this id before")
        seen = iso_utc(now_ns)
        self._log.append([{"id": message_id, "ts": seen, "ts_init": seen, "text": text}])
        self._remember(message_id, text, now_ns)
        return Taken(message_id, is_new=True)

    def hand_over(self) -> None:
        """Publish what is new into the inbox."""
        self._log.hand_over()

    def _remember(self, message_id: str, text: str, at_ns: int) -> None:
        self._text_of[message_id] = text
        self._latest[text] = (message_id, at_ns)


def _ns_of(written: str) -> int:
    from datetime import datetime

    return nanoseconds(datetime.fromisoformat(written))


def _text(payload: bytes) -> str:
    try:
        text = message_text("body", payload.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise AlertRefused(422, "body", f"not UTF-8 at byte {error.start}") from None
    except FieldFault as fault:
        status = 413 if len(payload) > MAX_TEXT_CHARACTERS else 422
        raise AlertRefused(status, fault.column, fault.reason) from None
    if not re.search(r"\S", text):
        raise AlertRefused(422, "body", "empty")
    return text
