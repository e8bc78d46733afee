"""What of the other side's Logon cannot be accepted. What follows from it is the session's business."""

from __future__ import annotations

from hive_exec.brokers.fix.decoding import Message
from hive_exec.brokers.fix.session_types import Role
from hive_exec.brokers.fix.tags import Tag


def logon_fault(message: Message, *, role: Role, heartbeat_s: int, is_first: bool) -> str:
    """Why a Logon is refused, or "".

    Args:
        role: ours.
        heartbeat_s: the interval that we asked for, where we are the initiator.
        is_first: whether all that we ever sent is the Logon that this one answers.
    """
    offered_s = message.whole(Tag.HEART_BT_INT) if message.fault is None else None
    is_reset = message.text(Tag.RESET_SEQ_NUM_FLAG) == "Y"
    if message.fault is not None:
        return f"{message.fault.reason.text} {message.fault.tag}"
    if message.text(Tag.ENCRYPT_METHOD) != "0":
        return "EncryptMethod is not supported"
    if offered_s is None or offered_s < 0:
        return "HeartBtInt must not be negative"
    if role is Role.INITIATOR and offered_s != heartbeat_s:
        return f"HeartBtInt is {offered_s}, we asked for {heartbeat_s}"
    if is_reset and message.sequence_number != 1:
        return "ResetSeqNumFlag=Y with a MsgSeqNum that is not 1"
    if is_reset and role is Role.INITIATOR and not is_first:
        return "ResetSeqNumFlag=Y, which we did not ask for"
    return ""
