"""The session's own messages as fields: header, Logon, Reject and the others. When they are sent is the
business of `session`."""

from __future__ import annotations

from collections.abc import Sequence

from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.session_types import SessionSettings
from hive_exec.brokers.fix.tags import RejectReason, Tag
from hive_exec.brokers.fix.timestamps import Instant, timestamp_text
from hive_exec.brokers.fix.wire import BEGIN_STRING

Pairs = list[tuple[int, str]]


def header(
    settings: SessionSettings, msg_type: str, number: int, now: Instant, *, is_duplicate: bool = False
) -> Pairs:
    """Everything before the body, but BodyLength. A possible duplicate says when it was first sent."""
    time_text = timestamp_text(now.wall_ns)
    pairs: Pairs = [
        (Tag.BEGIN_STRING, BEGIN_STRING),
        (Tag.MSG_TYPE, msg_type),
        (Tag.MSG_SEQ_NUM, str(number)),
        (Tag.SENDER_COMP_ID, settings.sender_comp_id),
        (Tag.TARGET_COMP_ID, settings.target_comp_id),
        (Tag.SENDING_TIME, time_text),
    ]
    if settings.sender_sub_id:
        pairs.append((Tag.SENDER_SUB_ID, settings.sender_sub_id))
    if settings.target_sub_id:
        pairs.append((Tag.TARGET_SUB_ID, settings.target_sub_id))
    if is_duplicate:
        pairs += [(Tag.POSS_DUP_FLAG, "Y"), (Tag.ORIG_SENDING_TIME, time_text)]
    return pairs


def logon(settings: SessionSettings, heartbeat_s: int, *, is_reset: bool) -> Pairs:
    """The body of a Logon."""
    pairs: Pairs = [(Tag.ENCRYPT_METHOD, "0"), (Tag.HEART_BT_INT, str(heartbeat_s))]
    if is_reset:
        pairs.append((Tag.RESET_SEQ_NUM_FLAG, "Y"))
    if settings.username:
        pairs += [(Tag.USERNAME, settings.username), (Tag.PASSWORD, settings.password)]
    return pairs


def reject(message: Message, reason: RejectReason, tag: str) -> Pairs:
    """The body of a session-level Reject of a message."""
    pairs: Pairs = [
        *_reverse_route(message),
        (Tag.REF_SEQ_NUM, str(message.sequence_number)),
        (Tag.TEXT, reason.text),
    ]
    if tag.removeprefix("-").isdecimal():
        pairs.append((Tag.REF_TAG_ID, tag))
    return [*pairs, (Tag.REF_MSG_TYPE, message.msg_type), (Tag.SESSION_REJECT_REASON, str(int(reason)))]


def unsupported(message: Message) -> Pairs:
    """The body of a BusinessMessageReject for a message type that this side does not understand."""
    return [
        (Tag.REF_SEQ_NUM, str(message.sequence_number)),
        (Tag.TEXT, "Unsupported Message Type"),
        (Tag.REF_MSG_TYPE, message.msg_type),
        (Tag.BUSINESS_REJECT_REASON, "3"),
    ]


def _reverse_route(message: Message) -> Sequence[tuple[int, str]]:
    """A Reject goes back the way its message came (OnBehalfOf and DeliverTo exchanged)."""
    ways = (
        (Tag.ON_BEHALF_OF_COMP_ID, Tag.DELIVER_TO_COMP_ID),
        (Tag.ON_BEHALF_OF_SUB_ID, Tag.DELIVER_TO_SUB_ID),
        (Tag.ON_BEHALF_OF_LOCATION_ID, Tag.DELIVER_TO_LOCATION_ID),
    )
    found: Pairs = []
    for behalf, deliver in ways:
        for came, goes in ((behalf, deliver), (deliver, behalf)):
            if value := message.header.get(came):
                found.append((int(goes), value))
    return found
