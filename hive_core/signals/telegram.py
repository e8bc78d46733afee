"""Telegram Desktop's JSON export (`result.json`), of one chat or of a whole account, as posts.

Format: https://github.com/telegramdesktop/tdesktop, export/output/export_output_json.cpp. Only its
reading belongs here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hive_core.contracts.rejection import RefusedFile
from hive_core.signals.posts import (
    FieldFault,
    Post,
    Reading,
    identifier,
    message_text,
    optional_identifier,
    shown,
    time_ns,
)

_MESSAGES_BEGIN = re.compile(r'"messages"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_EXPORT_AGAIN = "Export the chat again as machine-readable JSON and wait until Telegram says it is done."


def read_telegram(
    payload: bytes, *, chat: str | None, time_zone: str | None, received_ns: int | None
) -> Reading:
    """The posts of one chat, in the order of the file. `row` is the place among the chat's messages.

    `chat` is the name or id of the chat, needed where the export holds several. Times come from
    `date_unixtime`, or from `date` with the declared zone where an old export lacks it. An edited
    message has only its last text, so its time is that of the edit. Service messages are counted.

    Raises:
        RefusedFile: not UTF-8, not complete JSON, not an export, no such chat.
    """
    chosen = _chosen_chat(_parsed(payload), chat)
    reading = Reading(facts={"chat": shown(chosen.get("name") or ""), "service_messages": 0})
    for row, element in enumerate(chosen["messages"], start=1):
        try:
            if not isinstance(element, dict):
                raise FieldFault("", element, "not a message object")
            if element.get("type") == "service":
                reading.facts["service_messages"] = int(reading.facts["service_messages"]) + 1
                continue
            reading.posts.append(_post(row, element, time_zone, received_ns))
        except FieldFault as fault:
            reading.rejected.append(fault.at(row))
    return reading


def _post(row: int, element: dict[str, Any], time_zone: str | None, received_ns: int | None) -> Post:
    if element.get("type") != "message":
        raise FieldFault("type", element.get("type"), "not a message")

    def moment(name: str) -> int:
        column = f"{name}_unixtime" if element.get(f"{name}_unixtime") is not None else name
        return time_ns(column, element.get(column), time_zone=time_zone, received_ns=received_ns)

    posted = moment("date")
    edited = posted
    if element.get("edited") is not None or element.get("edited_unixtime") is not None:
        edited = moment("edited")
        if edited < posted:
            raise FieldFault("edited", element.get("edited"), "edited before it was posted")
    # A reply into another chat names an id that means something else here.
    reply = None if "reply_to_peer_id" in element else element.get("reply_to_message_id")
    return Post(
        row=row,
        message_id=identifier("id", element.get("id")),
        ts_ns=edited,
        text=message_text("text", _plain_text(element.get("text"))),
        reply_to=optional_identifier("reply_to_message_id", reply),
        is_edit=edited > posted,
    )


def _plain_text(text: Any) -> Any:
    """Telegram writes a plain text, or a list of texts and of formatted pieces with a `text` each."""
    if not isinstance(text, list):
        return text
    whole = ""
    for piece in text:
        part = piece.get("text") if isinstance(piece, dict) else piece
        if not isinstance(part, str):
            raise FieldFault("text", text, "a piece of the text is not text")
        whole += part
    return whole


def _parsed(payload: bytes) -> Any:
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedFile(f"Not UTF-8 at byte {error.start}. {_EXPORT_AGAIN}") from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        complete = sum(1 for _ in _complete_messages(text))
        raise RefusedFile(
            f"The JSON breaks off at character {error.pos} of {len(text)} ({error.msg}), after {complete} "
            f"complete messages. {_EXPORT_AGAIN}"
        ) from None
    except (RecursionError, ValueError):
        raise RefusedFile(
            f"Not a Telegram export: nested or numbered beyond reason. {_EXPORT_AGAIN}"
        ) from None


def _complete_messages(text: str) -> Iterator[Any]:
    """The messages of a broken export that can still be read, for the count in the refusal."""
    decoder = json.JSONDecoder()
    begin = _MESSAGES_BEGIN.search(text)
    while begin is not None:
        position = begin.end()
        while True:
            separator = _BETWEEN.match(text, position)
            position = separator.end() if separator else position
            if text.startswith("]", position):
                break
            try:
                element, position = decoder.raw_decode(text, position)
            except (ValueError, RecursionError):
                return
            yield element
        begin = _MESSAGES_BEGIN.search(text, position)


def _chosen_chat(root: Any, wanted: str | None) -> dict[str, Any]:
    chats = _chats(root)
    if not chats:
        raise RefusedFile(f'Not a Telegram export: no "messages" and no "chats" in it. {_EXPORT_AGAIN}')
    if wanted is not None:
        fitting = [chat for chat in chats if wanted in (chat.get("name"), str(chat.get("id")))]
    else:
        fitting = chats
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(f"{shown(chat.get('name') or '(no name)')} (id {chat.get('id')})" for chat in chats[:8])
    more = f" and {len(chats) - 8} more" if len(chats) > 8 else ""
    if wanted is None:
        found = f"{len(chats)} chats are in this export, and a source is one room"
    else:
        found = f"{len(fitting)} chats of this export are called {wanted!r}"
    raise RefusedFile(f"{found}. Declare the chat by its id: {names}{more}.")


def _chats(root: Any) -> list[dict[str, Any]]:
    if not isinstance(root, dict):
        return []
    found = [root]
    for group in ("chats", "left_chats"):
        listed = root.get(group)
        if isinstance(listed, dict) and isinstance(listed.get("list"), list):
            found.extend(chat for chat in listed["list"] if isinstance(chat, dict))
    return [chat for chat in found if isinstance(chat.get("messages"), list)]
