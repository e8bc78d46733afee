"""What a single field of FIX 4.4 may hold, and which fields are header and trailer. Which fields a message
has stands in `dictionary`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from hive_exec.brokers.fix.tags import Tag
from hive_exec.brokers.fix.timestamps import timestamp_ns

LAST_TAG = 956
"""The highest field number that FIX 4.4 defines."""

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{0,10})?|-?\.[0-9]{1,10}", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_SEQUENCE = re.compile(r"[0-9]{1,9}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])", re.ASCII)


def _is_timestamp(text: str) -> bool:
    return timestamp_ns(text) is not None


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _any(_: str) -> bool:
    return True


_IS_NUMBER = _matches(_NUMBER)
_IS_WHOLE = _matches(_WHOLE)
_IS_SEQUENCE = _matches(_SEQUENCE)
_IS_DATE = _matches(_DATE)


def _one_of(*values: str) -> frozenset[str]:
    return frozenset(values)


_YES_NO = _one_of("Y", "N")
_FORMATS: dict[Callable[[str], bool], tuple[Tag, ...]] = {
    _IS_SEQUENCE: (
        Tag.BEGIN_SEQ_NO,
        Tag.END_SEQ_NO,
        Tag.MSG_SEQ_NUM,
        Tag.NEW_SEQ_NO,
        Tag.REF_SEQ_NUM,
        Tag.RAW_DATA_LENGTH,
        Tag.NO_ORDERS,
        Tag.NO_RELATED_SYM,
        Tag.NO_MD_ENTRY_TYPES,
        Tag.NO_MD_ENTRIES,
        Tag.NO_TRADING_SESSIONS,
        Tag.NO_POSITIONS,
        Tag.TOT_NO_ORDERS,
        Tag.LIST_SEQ_NO,
        Tag.MARKET_DEPTH,
        Tag.TOT_NUM_REPORTS,
        Tag.TOTAL_NUM_POS_REPORTS,
    ),
    _IS_WHOLE: (
        Tag.HEART_BT_INT,
        Tag.REF_TAG_ID,
        Tag.SESSION_REJECT_REASON,
        Tag.BUSINESS_REJECT_REASON,
        Tag.CXL_REJ_REASON,
        Tag.ORD_REJ_REASON,
        Tag.POS_REQ_RESULT,
        Tag.POS_REQ_STATUS,
        Tag.POS_REQ_TYPE,
        Tag.ACCOUNT_TYPE,
        Tag.MASS_STATUS_REQ_TYPE,
        Tag.BID_TYPE,
        Tag.LIST_STATUS_TYPE,
    ),
    _IS_NUMBER: (
        Tag.AVG_PX,
        Tag.CUM_QTY,
        Tag.LAST_PX,
        Tag.LAST_QTY,
        Tag.ORDER_QTY,
        Tag.PRICE,
        Tag.STOP_PX,
        Tag.LEAVES_QTY,
        Tag.MD_ENTRY_PX,
        Tag.MD_ENTRY_SIZE,
        Tag.LONG_QTY,
        Tag.SHORT_QTY,
        Tag.SETTL_PRICE,
        Tag.COMMISSION,
    ),
    _is_timestamp: (Tag.SENDING_TIME, Tag.ORIG_SENDING_TIME, Tag.TRANSACT_TIME, Tag.EXPIRE_TIME),
    _IS_DATE: (Tag.CLEARING_BUSINESS_DATE, Tag.MD_ENTRY_DATE),
}
FORMATS: Mapping[int, Callable[[str], bool]] = {
    int(tag): check for check, tags in _FORMATS.items() for tag in tags
}
"""How the value of a field is written; fields that are not here hold text."""

VALUES: Mapping[int, frozenset[str]] = {
    Tag.POSS_DUP_FLAG: _YES_NO,
    Tag.POSS_RESEND: _YES_NO,
    Tag.GAP_FILL_FLAG: _YES_NO,
    Tag.RESET_SEQ_NUM_FLAG: _YES_NO,
    Tag.LAST_RPT_REQUESTED: _YES_NO,
    Tag.ENCRYPT_METHOD: _one_of(*"0123456"),
    Tag.SIDE: _one_of(*"123456789ABCDEFG"),
    Tag.ORD_TYPE: _one_of(*"12346789DEGIJKLMP"),
    Tag.TIME_IN_FORCE: _one_of(*"01234567"),
    Tag.HANDL_INST: _one_of(*"123"),
    Tag.SUBSCRIPTION_REQUEST_TYPE: _one_of(*"012"),
    Tag.MD_UPDATE_TYPE: _one_of(*"01"),
    Tag.MD_UPDATE_ACTION: _one_of(*"012"),
    Tag.CXL_REJ_RESPONSE_TO: _one_of(*"12"),
    Tag.POSITION_EFFECT: _one_of(*"OCRF"),
}
"""Fields with a closed list of values. OrdStatus and ExecType are not here: what is unknown in them must
reach the adapter, which halts on it."""

HEADER_REQUIRED = (Tag.MSG_SEQ_NUM, Tag.SENDER_COMP_ID, Tag.TARGET_COMP_ID, Tag.SENDING_TIME)
HEADER: frozenset[int] = frozenset(HEADER_REQUIRED) | {
    *(8, 9, 35, 115, 128, 90, 91, 50, 142, 57, 143, 116, 144, 129, 145, 43, 97, 122, 212, 213, 347, 369),
    *(627, 628, 629, 630),
}
TRAILER: frozenset[int] = frozenset({93, 89, 10})
DATA_FIELDS: Mapping[int, int] = {
    90: 91,
    93: 89,
    95: 96,
    212: 213,
    348: 349,
    350: 351,
    352: 353,
    354: 355,
    356: 357,
    358: 359,
    360: 361,
    362: 363,
    364: 365,
    445: 446,
    618: 619,
    621: 622,
    664: 665,
}
"""Fields of raw bytes, which may hold the field separator, by the field that gives their length."""
