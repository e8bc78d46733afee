"""Message files to the MESSAGES table: declaration, versions, hashes. One file is one room.

The formats themselves stand in `telegram`, `message_rows` and `feeds.records`; files on disk in `importing`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import AfterValidator

from hive_core.contracts.base import Contract, SourceId
from hive_core.contracts.rejection import RefusedFile, RejectedRow
from hive_core.evidence.canonical import content_hash
from hive_core.signals.feeds.records import (
    read_alert_lines,
    read_signal_avro,
    read_signal_csv,
    read_signal_lines,
)
from hive_core.signals.message_rows import read_csv, read_jsonl
from hive_core.signals.posts import FieldFault, Post, Reading, nanoseconds
from hive_core.signals.tables import MESSAGES
from hive_core.signals.telegram import read_telegram

MessageFormat = Literal[
    "telegram", "jsonl", "csv", "signals_avro", "signals_csv", "signals_jsonl", "tradingview"
]
"""Files of messages, and files of machines' signals: each record of those is a message too."""
MAX_UNPACKED_BYTES = 512 * 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


def _known_zone(name: str | None) -> str | None:
    if name is not None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is not an IANA time zone, such as Europe/London") from None
    return name


class MessageDeclaration(Contract):
    """What a user says of a message file.

    `time_zone` (IANA) is the clock of times that name no zone; without it such times are rejected.
    `chat` is the name or id of the chat in a Telegram export of a whole account.
    """

    source: SourceId
    format: MessageFormat
    time_zone: Annotated[str | None, AfterValidator(_known_zone)] = None
    chat: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedMessages:
    """What a file holds: the MESSAGES frame in order of time, the rows not used, and counts (`messages`,
    `edits`, `deletions`, `duplicates`, `rejected`, and for Telegram `service_messages` and `chat`;
    `first_ts` and `last_ts` in ISO)."""

    frame: pl.DataFrame
    rejected: tuple[RejectedRow, ...]
    facts: dict[str, str | int]


def parse_message_file(
    payload: bytes,
    declaration: MessageDeclaration,
    *,
    landing_sha256: str,
    received_ns: int | None = None,
) -> ParsedMessages:
    """Read a message file as it was declared; gzip is unpacked.

    The same post twice counts once. A post whose id stands already with other content is the next
    version when the file marks it as an edit, and is rejected otherwise. Nothing may be later than
    `received_ns`, when that is known.

    Raises:
        RefusedFile: the file as a whole cannot be used; the text says why and what to do next.
    """
    unpacked = _unpacked(payload)
    zone = declaration.time_zone
    match declaration.format:
        case "telegram":
            reading = read_telegram(unpacked, chat=declaration.chat, time_zone=zone, received_ns=received_ns)
        case "jsonl":
            reading = read_jsonl(unpacked, time_zone=zone, received_ns=received_ns)
        case "csv":
            reading = read_csv(unpacked, time_zone=zone, received_ns=received_ns)
        case "signals_avro":
            reading = read_signal_avro(unpacked, received_ns=received_ns)
        case "signals_csv":
            reading = read_signal_csv(unpacked, time_zone=zone, received_ns=received_ns)
        case "signals_jsonl":
            reading = read_signal_lines(unpacked, time_zone=zone, received_ns=received_ns)
        case "tradingview":
            reading = read_alert_lines(unpacked, time_zone=zone, received_ns=received_ns)
    return _assembled(reading, declaration.source, landing_sha256)


def message_hash(
    source: str, message_id: str, version: int, ts_event_ns: int, text: str, *, is_deleted: bool = False
) -> str:
    """The identity of a message version: `message_sha256`. A deletion is another thing than an edit that
    leaves no words."""
    content: dict[str, str | int | bool] = {
        "source": source,
        "message_id": message_id,
        "version": version,
        "ts_event_ns": ts_event_ns,
        "text": text,
    }
    return content_hash(content | {"is_deleted": True} if is_deleted else content)


def merge_messages(frames: Iterable[pl.DataFrame]) -> tuple[pl.DataFrame, int]:
    """MESSAGES frames in the order they landed, as one: every message version once, in order of time.

    Two exports of one room overlap, and a later one may know a further edit. Content (time and text)
    that stands already is dropped; other content under a known id is the next version when its time
    is later, and is dropped as a conflict when not. A message is deleted once: of several readers that
    saw it, the first to land counts.

    Returns:
        (frame, conflicts).
    """
    kept: list[dict[str, Any]] = []
    versions_of: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    conflicts = 0
    for frame in frames:
        for row in frame.iter_rows(named=True):
            versions = versions_of.setdefault((row["source"], row["message_id"]), {})
            if any(_same_content(row, other) for other in versions.values()):
                continue
            if row["version"] in versions:
                row = _renumbered(row, max(versions) + 1)
            if not all(
                other["ts_event"] < row["ts_event"]
                if version < row["version"]
                else other["ts_event"] > row["ts_event"]
                for version, other in versions.items()
            ):
                conflicts += 1
                continue
            versions[row["version"]] = row
            kept.append(row)
    merged = pl.DataFrame(kept, schema=MESSAGES, orient="row").with_columns(
        (pl.col("version").rank("ordinal").over("source", "message_id") - 1)
        .cast(MESSAGES["earlier_versions"])
        .alias("earlier_versions")
    )
    return _in_order(merged), conflicts


def _same_content(row: dict[str, Any], other: dict[str, Any]) -> bool:
    if row["is_deleted"] or other["is_deleted"]:
        return bool(row["is_deleted"] and other["is_deleted"])
    return bool(row["ts_event"] == other["ts_event"] and row["text"] == other["text"])


def _renumbered(row: dict[str, Any], version: int) -> dict[str, Any]:
    ts_event_ns = nanoseconds(row["ts_event"])
    sha256 = message_hash(
        row["source"],
        row["message_id"],
        version,
        ts_event_ns,
        row["text"],
        is_deleted=row["is_deleted"],
    )
    return {**row, "version": version, "message_sha256": sha256}


def _unpacked(payload: bytes) -> bytes:
    if not payload.startswith(_GZIP_MAGIC):
        return payload
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(payload, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise RefusedFile(f"Not a whole gzip file ({error}). Fetch or pack it again.") from None
    if unpacker.unconsumed_tail:
        raise RefusedFile(f"Unpacks to more than {MAX_UNPACKED_BYTES} bytes. Split it by month.")
    if not unpacker.eof:
        raise RefusedFile("The gzip file breaks off before its end. Fetch or pack it again.")
    return unpacked


def _assembled(reading: Reading, source: str, landing_sha256: str) -> ParsedMessages:
    versions: dict[str, list[Post]] = {}
    latest_with_text: dict[str, str] = {}
    rejected = list(reading.rejected)
    rows: list[tuple[Any, ...]] = []
    edits = deletions = duplicates = 0
    for post in reading.posts:
        earlier = versions.setdefault(post.message_id, [])
        if any(_says_the_same(post, other) for other in earlier):
            duplicates += 1
            continue
        if earlier and not post.is_edit:
            reason = (
                f"stands already in row {earlier[0].row} with other content, and is not marked as an edit"
            )
            rejected.append(FieldFault("id", post.message_id, reason).at(post.row))
            continue
        if earlier and post.ts_ns <= earlier[-1].ts_ns:
            rejected.append(FieldFault("ts", post.message_id, "an edit no later than its post").at(post.row))
            continue
        # An edit whose first text is not in the file is still not the first version.
        version = len(earlier) + 1 if earlier else 1 + post.is_edit
        edits += post.is_edit and not post.is_deleted
        deletions += post.is_deleted
        reply_to = post.reply_to or latest_with_text.get(post.quoted)
        rows.append(
            (
                source,
                post.message_id,
                version,
                post.ts_ns // 1000,
                None if post.ts_init_ns is None else post.ts_init_ns // 1000,
                post.text,
                reply_to,
                post.is_deleted,
                len(earlier),
                message_hash(
                    source, post.message_id, version, post.ts_ns, post.text, is_deleted=post.is_deleted
                ),
                landing_sha256,
            )
        )
        earlier.append(post)
        if post.text:
            latest_with_text[post.text] = post.message_id
    rejected.sort(key=lambda row: row.row)
    if not rows:
        why = f" The first of {len(rejected)} faults: {_told(rejected[0])}." if rejected else ""
        raise RefusedFile(f"No message in it can be used.{why}")
    frame = _in_order(pl.DataFrame(rows, schema=MESSAGES, orient="row"))
    facts: dict[str, str | int] = {
        **reading.facts,
        "messages": frame.height,
        "edits": edits,
        "deletions": deletions,
        "duplicates": duplicates,
        "rejected": len(rejected),
        "first_ts": frame["ts_event"][0].isoformat(),
        "last_ts": frame["ts_event"][-1].isoformat(),
    }
    return ParsedMessages(frame, tuple(rejected), facts)


def _says_the_same(post: Post, other: Post) -> bool:
    if post.is_deleted or other.is_deleted:
        return post.is_deleted and other.is_deleted
    return post.ts_ns == other.ts_ns and post.text == other.text


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("ts_event", maintain_order=True)


def _told(row: RejectedRow) -> str:
    return f"row {row.row}, {row.column or 'the row'}: {row.value!r}: {row.reason}"
