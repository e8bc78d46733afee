"""A message as the daemon received it, as a row of MESSAGES, among the versions that are known of it.

How messages become rows when they come in files stands in `messages`; both number versions by the same rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from hive_core.contracts.message import Message
from hive_core.signals.messages import merge_messages, message_hash
from hive_core.signals.tables import MESSAGES

Row = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_US = 1_000


def row_of(message: Message, *, received_ns: int, is_deleted: bool = False) -> dict[str, Any]:
    """The message alone. Times are told in whole microseconds, as those of files are; `landing_sha256` is the
    message's own hash, for it came in no file.

    Args:
        received_ns: when it arrived here.
        is_deleted: it says that the message is gone; then its text is empty.
    """
    ts_event_ns = message.ts_event_ns // _NS_PER_US * _NS_PER_US
    text = "" if is_deleted else message.text
    sha256 = message_hash(
        message.source, message.message_id, message.version, ts_event_ns, text, is_deleted=is_deleted
    )
    return {
        "source": message.source,
        "message_id": message.message_id,
        "version": message.version,
        "ts_event": _moment(ts_event_ns),
        "ts_init": _moment(received_ns),
        "text": text,
        "reply_to": message.reply_to,
        "is_deleted": is_deleted,
        "earlier_versions": 0,
        "message_sha256": sha256,
        "landing_sha256": sha256,
    }


def _moment(ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ns // _NS_PER_US)


def among_versions(row: Row, known: Iterable[Row]) -> dict[str, Any] | None:
    """The row as the next version of its message, after those that are known; None where its content stands
    already, or contradicts them (`messages.merge_messages`).

    Args:
        known: the rows of the same message, in the order in which they came.
    """
    before = list(known)
    if not before:
        return dict(row)
    frames = [pl.DataFrame([each], schema=MESSAGES, orient="row") for each in (*before, row)]
    merged, _ = merge_messages(frames)
    if merged.height <= len(before):
        return None
    standing = {each["message_sha256"] for each in before}
    (added,) = merged.filter(~pl.col("message_sha256").is_in(standing)).rows(named=True)
    return added
