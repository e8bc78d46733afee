"""Numbers of the FIX 4.4 fields and message types that Hive uses, by their published names.

What a field may hold stands in `dictionary`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Tag(IntEnum):
    """Field numbers of FIX 4.4."""

    ACCOUNT = 1
    AVG_PX = 6
    BEGIN_SEQ_NO = 7
    BEGIN_STRING = 8
    BODY_LENGTH = 9
    CHECK_SUM = 10
    CL_ORD_ID = 11
    COMMISSION = 12
    CUM_QTY = 14
    CURRENCY = 15
    END_SEQ_NO = 16
    EXEC_ID = 17
    EXEC_INST = 18
    HANDL_INST = 21
    LAST_PX = 31
    LAST_QTY = 32
    MSG_SEQ_NUM = 34
    MSG_TYPE = 35
    NEW_SEQ_NO = 36
    ORDER_ID = 37
    ORDER_QTY = 38
    ORD_STATUS = 39
    ORD_TYPE = 40
    ORIG_CL_ORD_ID = 41
    POSS_DUP_FLAG = 43
    PRICE = 44
    REF_SEQ_NUM = 45
    SENDER_COMP_ID = 49
    SENDER_SUB_ID = 50
    SENDING_TIME = 52
    SIDE = 54
    SYMBOL = 55
    TARGET_COMP_ID = 56
    TARGET_SUB_ID = 57
    TEXT = 58
    TIME_IN_FORCE = 59
    TRANSACT_TIME = 60
    LIST_ID = 66
    LIST_SEQ_NO = 67
    TOT_NO_ORDERS = 68
    NO_ORDERS = 73
    POSITION_EFFECT = 77
    RAW_DATA_LENGTH = 95
    RAW_DATA = 96
    POSS_RESEND = 97
    ENCRYPT_METHOD = 98
    STOP_PX = 99
    CXL_REJ_REASON = 102
    ORD_REJ_REASON = 103
    HEART_BT_INT = 108
    TEST_REQ_ID = 112
    ON_BEHALF_OF_COMP_ID = 115
    ON_BEHALF_OF_SUB_ID = 116
    ORIG_SENDING_TIME = 122
    GAP_FILL_FLAG = 123
    EXPIRE_TIME = 126
    DELIVER_TO_COMP_ID = 128
    DELIVER_TO_SUB_ID = 129
    RESET_SEQ_NUM_FLAG = 141
    ON_BEHALF_OF_LOCATION_ID = 144
    DELIVER_TO_LOCATION_ID = 145
    NO_RELATED_SYM = 146
    EXEC_TYPE = 150
    LEAVES_QTY = 151
    MD_REQ_ID = 262
    SUBSCRIPTION_REQUEST_TYPE = 263
    MARKET_DEPTH = 264
    MD_UPDATE_TYPE = 265
    NO_MD_ENTRY_TYPES = 267
    NO_MD_ENTRIES = 268
    MD_ENTRY_TYPE = 269
    MD_ENTRY_PX = 270
    MD_ENTRY_SIZE = 271
    MD_ENTRY_DATE = 272
    MD_ENTRY_TIME = 273
    QUOTE_CONDITION = 276
    MD_ENTRY_ID = 278
    MD_UPDATE_ACTION = 279
    MD_REQ_REJ_REASON = 281
    NO_TRADING_SESSIONS = 386
    REF_TAG_ID = 371
    REF_MSG_TYPE = 372
    SESSION_REJECT_REASON = 373
    BUSINESS_REJECT_REF_ID = 379
    BUSINESS_REJECT_REASON = 380
    BID_TYPE = 394
    LIST_STATUS_TYPE = 429
    CXL_REJ_RESPONSE_TO = 434
    SECONDARY_CL_ORD_ID = 526
    USERNAME = 553
    PASSWORD = 554
    CL_ORD_LINK_ID = 583
    MASS_STATUS_REQ_ID = 584
    MASS_STATUS_REQ_TYPE = 585
    ACCOUNT_TYPE = 581
    NO_POSITIONS = 702
    POS_TYPE = 703
    LONG_QTY = 704
    SHORT_QTY = 705
    POS_REQ_ID = 710
    CLEARING_BUSINESS_DATE = 715
    POS_MAINT_RPT_ID = 721
    POS_REQ_TYPE = 724
    TOTAL_NUM_POS_REPORTS = 727
    POS_REQ_RESULT = 728
    POS_REQ_STATUS = 729
    SETTL_PRICE = 730
    ORD_STATUS_REQ_ID = 790
    TOT_NUM_REPORTS = 911
    LAST_RPT_REQUESTED = 912


class MsgType:
    """MsgType(35) values."""

    HEARTBEAT: Final = "0"
    TEST_REQUEST: Final = "1"
    RESEND_REQUEST: Final = "2"
    REJECT: Final = "3"
    SEQUENCE_RESET: Final = "4"
    LOGOUT: Final = "5"
    EXECUTION_REPORT: Final = "8"
    ORDER_CANCEL_REJECT: Final = "9"
    LOGON: Final = "A"
    NEW_ORDER_SINGLE: Final = "D"
    NEW_ORDER_LIST: Final = "E"
    ORDER_CANCEL_REQUEST: Final = "F"
    ORDER_CANCEL_REPLACE_REQUEST: Final = "G"
    ORDER_STATUS_REQUEST: Final = "H"
    LIST_STATUS: Final = "N"
    MARKET_DATA_REQUEST: Final = "V"
    MARKET_DATA_SNAPSHOT: Final = "W"
    MARKET_DATA_INCREMENTAL: Final = "X"
    MARKET_DATA_REQUEST_REJECT: Final = "Y"
    ORDER_MASS_STATUS_REQUEST: Final = "AF"
    REQUEST_FOR_POSITIONS: Final = "AN"
    REQUEST_FOR_POSITIONS_ACK: Final = "AO"
    POSITION_REPORT: Final = "AP"
    BUSINESS_MESSAGE_REJECT: Final = "j"


ADMINISTRATIVE = frozenset("012345A")
"""Message types of the session itself; all others are the application's."""

ORDER_CREATING = frozenset({MsgType.NEW_ORDER_SINGLE, MsgType.NEW_ORDER_LIST})


class RejectReason(IntEnum):
    """SessionRejectReason(373)."""

    INVALID_TAG_NUMBER = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_DEFINED_FOR_MESSAGE = 2
    TAG_WITHOUT_VALUE = 4
    VALUE_INCORRECT = 5
    INCORRECT_DATA_FORMAT = 6
    COMP_ID_PROBLEM = 9
    SENDING_TIME_PROBLEM = 10
    INVALID_MSG_TYPE = 11
    TAG_REPEATED = 13
    TAG_OUT_OF_ORDER = 14
    GROUP_FIELDS_OUT_OF_ORDER = 15
    GROUP_COUNT_INCORRECT = 16

    @property
    def text(self) -> str:
        """What Text(58) says of it."""
        return {
            RejectReason.COMP_ID_PROBLEM: "CompID problem",
            RejectReason.SENDING_TIME_PROBLEM: "SendingTime accuracy problem",
            RejectReason.INVALID_MSG_TYPE: "Invalid MsgType",
        }.get(self, self.name.replace("_", " ").capitalize())
