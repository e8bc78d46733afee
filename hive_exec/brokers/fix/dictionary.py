"""What each field and each message that Hive sends or reads may hold: a subset of FIX 4.4.

Session messages are known completely: a field that does not belong there is a fault. Of application
messages the fields that are used are known and checked; a venue's further fields are passed over, since
refusing an execution report for a field nobody reads would lose an execution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hive_exec.brokers.fix.tags import MsgType, Tag


@dataclass(frozen=True, slots=True)
class Group:
    """A repeating group: the field that counts, the field that begins each entry, and the others."""

    first: int
    members: frozenset[int]


@dataclass(frozen=True, slots=True)
class MessageForm:
    """One message: fields that must be there, that may be there, and its groups by their count's tag."""

    required: frozenset[int]
    optional: frozenset[int] = frozenset()
    groups: Mapping[int, Group] = field(default_factory=dict)
    is_complete: bool = False
    """Whether a field that is not named here is a fault."""

    @property
    def known(self) -> frozenset[int]:
        """Every field of the body."""
        return self.required | self.optional | frozenset(self.groups)


def _tags(*tags: int) -> frozenset[int]:
    return frozenset(int(tag) for tag in tags)


_ENCODED_TEXT = _tags(Tag.TEXT, 354, 355)
_TRADING_SESSIONS = Group(336, _tags(336, 625))
_MD_ENTRY = _tags(
    Tag.MD_ENTRY_TYPE,
    Tag.MD_ENTRY_PX,
    Tag.MD_ENTRY_SIZE,
    Tag.MD_ENTRY_DATE,
    Tag.MD_ENTRY_TIME,
    Tag.MD_ENTRY_ID,
    Tag.QUOTE_CONDITION,
    Tag.CURRENCY,
    Tag.SYMBOL,
    Tag.MD_UPDATE_ACTION,
    Tag.TEXT,
    274,
    275,
    336,
    625,
    277,
    282,
    283,
    284,
    286,
    59,
    432,
    126,
    110,
    18,
    287,
    37,
    299,
    288,
    289,
    346,
    290,
    811,
    48,
    22,
    285,
    280,
    291,
    292,
    270,
    387,
    423,
)
_LISTED_ORDER = _tags(
    Tag.CL_ORD_ID,
    Tag.SECONDARY_CL_ORD_ID,
    Tag.LIST_SEQ_NO,
    Tag.CL_ORD_LINK_ID,
    Tag.ACCOUNT,
    Tag.HANDL_INST,
    Tag.SYMBOL,
    Tag.SIDE,
    Tag.TRANSACT_TIME,
    Tag.ORDER_QTY,
    Tag.ORD_TYPE,
    Tag.PRICE,
    Tag.STOP_PX,
    Tag.TIME_IN_FORCE,
    Tag.EXPIRE_TIME,
    Tag.POSITION_EFFECT,
    Tag.EXEC_INST,
)
_ORDER = _tags(
    Tag.ACCOUNT,
    Tag.HANDL_INST,
    Tag.ORDER_QTY,
    Tag.PRICE,
    Tag.STOP_PX,
    Tag.TIME_IN_FORCE,
    Tag.EXPIRE_TIME,
    Tag.SECONDARY_CL_ORD_ID,
    Tag.POSITION_EFFECT,
    Tag.EXEC_INST,
    Tag.TEXT,
)

FORMS: Mapping[str, MessageForm] = {
    MsgType.HEARTBEAT: MessageForm(_tags(), _tags(Tag.TEST_REQ_ID), is_complete=True),
    MsgType.TEST_REQUEST: MessageForm(_tags(Tag.TEST_REQ_ID), is_complete=True),
    MsgType.RESEND_REQUEST: MessageForm(_tags(Tag.BEGIN_SEQ_NO, Tag.END_SEQ_NO), is_complete=True),
    MsgType.REJECT: MessageForm(
        _tags(Tag.REF_SEQ_NUM),
        _tags(Tag.REF_TAG_ID, Tag.REF_MSG_TYPE, Tag.SESSION_REJECT_REASON) | _ENCODED_TEXT,
        is_complete=True,
    ),
    MsgType.SEQUENCE_RESET: MessageForm(_tags(Tag.NEW_SEQ_NO), _tags(Tag.GAP_FILL_FLAG), is_complete=True),
    MsgType.LOGOUT: MessageForm(_tags(), _ENCODED_TEXT, is_complete=True),
    MsgType.LOGON: MessageForm(
        _tags(Tag.ENCRYPT_METHOD, Tag.HEART_BT_INT),
        _tags(95, 96, Tag.RESET_SEQ_NUM_FLAG, 789, 383, 464, Tag.USERNAME, Tag.PASSWORD),
        {384: Group(372, _tags(372, 385))},
        is_complete=True,
    ),
    MsgType.BUSINESS_MESSAGE_REJECT: MessageForm(
        _tags(Tag.REF_MSG_TYPE, Tag.BUSINESS_REJECT_REASON),
        _tags(Tag.REF_SEQ_NUM, Tag.BUSINESS_REJECT_REF_ID) | _ENCODED_TEXT,
        is_complete=True,
    ),
    MsgType.EXECUTION_REPORT: MessageForm(
        _tags(
            Tag.ORDER_ID,
            Tag.EXEC_ID,
            Tag.EXEC_TYPE,
            Tag.ORD_STATUS,
            Tag.SYMBOL,
            Tag.SIDE,
            Tag.LEAVES_QTY,
            Tag.CUM_QTY,
            Tag.AVG_PX,
        ),
        _tags(
            Tag.CL_ORD_ID,
            Tag.ORIG_CL_ORD_ID,
            Tag.SECONDARY_CL_ORD_ID,
            Tag.ACCOUNT,
            Tag.ORDER_QTY,
            Tag.ORD_TYPE,
            Tag.PRICE,
            Tag.STOP_PX,
            Tag.TIME_IN_FORCE,
            Tag.EXPIRE_TIME,
            Tag.LAST_QTY,
            Tag.LAST_PX,
            Tag.COMMISSION,
            Tag.TRANSACT_TIME,
            Tag.ORD_REJ_REASON,
            Tag.MASS_STATUS_REQ_ID,
            Tag.ORD_STATUS_REQ_ID,
            Tag.TOT_NUM_REPORTS,
            Tag.LAST_RPT_REQUESTED,
            Tag.POSITION_EFFECT,
            Tag.LIST_ID,
            Tag.TEXT,
        ),
        {453: Group(448, _tags(448, 447, 452))},
    ),
    MsgType.ORDER_CANCEL_REJECT: MessageForm(
        _tags(Tag.ORDER_ID, Tag.CL_ORD_ID, Tag.ORIG_CL_ORD_ID, Tag.ORD_STATUS, Tag.CXL_REJ_RESPONSE_TO),
        _tags(Tag.SECONDARY_CL_ORD_ID, Tag.ACCOUNT, Tag.TRANSACT_TIME, Tag.CXL_REJ_REASON, Tag.TEXT),
    ),
    MsgType.LIST_STATUS: MessageForm(
        _tags(Tag.LIST_ID, Tag.LIST_STATUS_TYPE), _tags(Tag.TEXT, Tag.TRANSACT_TIME)
    ),
    MsgType.NEW_ORDER_SINGLE: MessageForm(
        _tags(Tag.CL_ORD_ID, Tag.SIDE, Tag.SYMBOL, Tag.TRANSACT_TIME, Tag.ORD_TYPE),
        _ORDER,
        {Tag.NO_TRADING_SESSIONS: _TRADING_SESSIONS},
    ),
    MsgType.NEW_ORDER_LIST: MessageForm(
        _tags(Tag.LIST_ID, Tag.BID_TYPE, Tag.TOT_NO_ORDERS, Tag.NO_ORDERS),
        _tags(),
        {Tag.NO_ORDERS: Group(Tag.CL_ORD_ID, _LISTED_ORDER)},
    ),
    MsgType.ORDER_CANCEL_REQUEST: MessageForm(
        _tags(Tag.ORIG_CL_ORD_ID, Tag.CL_ORD_ID, Tag.SYMBOL, Tag.SIDE, Tag.TRANSACT_TIME),
        _tags(Tag.ORDER_ID, Tag.ACCOUNT, Tag.ORDER_QTY, Tag.TEXT),
    ),
    MsgType.ORDER_CANCEL_REPLACE_REQUEST: MessageForm(
        _tags(Tag.ORIG_CL_ORD_ID, Tag.CL_ORD_ID, Tag.SYMBOL, Tag.SIDE, Tag.TRANSACT_TIME, Tag.ORD_TYPE),
        _ORDER | _tags(Tag.ORDER_ID),
    ),
    MsgType.ORDER_STATUS_REQUEST: MessageForm(
        _tags(Tag.CL_ORD_ID, Tag.SYMBOL, Tag.SIDE), _tags(Tag.ACCOUNT, Tag.ORD_STATUS_REQ_ID, Tag.ORDER_ID)
    ),
    MsgType.ORDER_MASS_STATUS_REQUEST: MessageForm(
        _tags(Tag.MASS_STATUS_REQ_ID, Tag.MASS_STATUS_REQ_TYPE), _tags(Tag.ACCOUNT)
    ),
    MsgType.REQUEST_FOR_POSITIONS: MessageForm(
        _tags(
            Tag.POS_REQ_ID,
            Tag.POS_REQ_TYPE,
            Tag.ACCOUNT,
            Tag.ACCOUNT_TYPE,
            Tag.CLEARING_BUSINESS_DATE,
            Tag.TRANSACT_TIME,
        )
    ),
    MsgType.REQUEST_FOR_POSITIONS_ACK: MessageForm(
        _tags(Tag.POS_REQ_RESULT),
        _tags(Tag.POS_REQ_ID, Tag.POS_REQ_STATUS, Tag.TOTAL_NUM_POS_REPORTS, Tag.TEXT),
    ),
    MsgType.POSITION_REPORT: MessageForm(
        _tags(Tag.POS_REQ_RESULT),
        _tags(
            Tag.POS_REQ_ID,
            Tag.POS_MAINT_RPT_ID,
            Tag.TOTAL_NUM_POS_REPORTS,
            Tag.SYMBOL,
            Tag.SETTL_PRICE,
            Tag.TEXT,
        ),
        {Tag.NO_POSITIONS: Group(Tag.POS_TYPE, _tags(703, 704, 705, 706))},
    ),
    MsgType.MARKET_DATA_REQUEST: MessageForm(
        _tags(Tag.MD_REQ_ID, Tag.SUBSCRIPTION_REQUEST_TYPE, Tag.MARKET_DEPTH),
        _tags(Tag.MD_UPDATE_TYPE),
        {
            Tag.NO_MD_ENTRY_TYPES: Group(269, _tags(269)),
            Tag.NO_RELATED_SYM: Group(Tag.SYMBOL, _tags(Tag.SYMBOL)),
        },
    ),
    MsgType.MARKET_DATA_SNAPSHOT: MessageForm(
        _tags(Tag.SYMBOL), _tags(Tag.MD_REQ_ID), {Tag.NO_MD_ENTRIES: Group(Tag.MD_ENTRY_TYPE, _MD_ENTRY)}
    ),
    MsgType.MARKET_DATA_INCREMENTAL: MessageForm(
        _tags(), _tags(Tag.MD_REQ_ID), {Tag.NO_MD_ENTRIES: Group(Tag.MD_UPDATE_ACTION, _MD_ENTRY)}
    ),
    MsgType.MARKET_DATA_REQUEST_REJECT: MessageForm(
        _tags(Tag.MD_REQ_ID), _tags(Tag.MD_REQ_REJ_REASON, Tag.TEXT)
    ),
}
"""The messages that Hive knows; both sides, since the simulator reads what the adapter sends."""

PUBLISHED_TYPES = frozenset(
    [
        *"0123456789ABCDEFGHJKLMNPQRSTVWXYZabcdefghijklmnopqrstuvwxyz",
        *(f"A{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        *(f"B{letter}" for letter in "ABCDEFGH"),
    ]
)
"""Every MsgType of FIX 4.4: one of these that has no form is not supported; any other is not valid."""
