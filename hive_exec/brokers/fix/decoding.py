"""Bytes of one message to its fields, strictly, with the first fault by SessionRejectReason.

Never raises for any bytes: a fault is a value, and what cannot even be placed in a session (no MsgType in
third place) is None. Sequence numbers, identities and times of the session belong to `session`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hive_exec.brokers.fix.dictionary import FORMS, PUBLISHED_TYPES, Group, MessageForm
from hive_exec.brokers.fix.field_formats import (
    DATA_FIELDS,
    FORMATS,
    HEADER,
    HEADER_REQUIRED,
    LAST_TAG,
    TRAILER,
    VALUES,
)
from hive_exec.brokers.fix.tags import RejectReason, Tag
from hive_exec.brokers.fix.timestamps import timestamp_ns

MAX_FIELDS = 8192
"""More fields than any message of ours could need."""

Fields = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a message: for Reject(35=3), or BusinessMessageReject where `is_unsupported`."""

    reason: RejectReason
    tag: str = ""
    """As it was written: a tag that is no number can be named too."""
    is_unsupported: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message. Values of checked fields have their format; others are text as it came."""

    msg_type: str
    header: Fields
    body: Fields
    groups: Mapping[int, tuple[Fields, ...]] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def sequence_number(self) -> int | None:
        """MsgSeqNum, or None where it is missing or no number."""
        text = self.header.get(Tag.MSG_SEQ_NUM, "")
        return int(text) if FORMATS[Tag.MSG_SEQ_NUM](text) else None

    @property
    def is_possible_duplicate(self) -> bool:
        """PossDupFlag=Y."""
        return self.header.get(Tag.POSS_DUP_FLAG) == "Y"

    @property
    def sending_time_ns(self) -> int | None:
        """SendingTime, or None where it is missing or no time."""
        return timestamp_ns(self.header.get(Tag.SENDING_TIME, ""))

    def text(self, tag: int) -> str:
        """A field of the body, or ""."""
        return self.body.get(tag, "")

    def number(self, tag: int) -> Decimal | None:
        """A field of the body that the dictionary knows for a number, or None where it is not there."""
        return Decimal(self.body[tag]) if tag in self.body else None

    def whole(self, tag: int) -> int | None:
        """A field of the body that the dictionary knows for a whole number, or None."""
        return int(self.body[tag]) if tag in self.body else None

    def own_price(self, tag: int) -> Decimal | None:
        """A price in a field of the venue's own, which the dictionary does not check; None if it is none."""
        text = self.text(tag)
        if not text.replace(".", "", 1).isdecimal() or not text.isascii() or len(text) > 20:
            return None
        price = Decimal(text)
        return price if price > 0 else None


def _split(frame: bytes) -> list[tuple[str, str]] | None:
    """Fields in their order, or None where the bytes are no fields."""
    pairs: list[tuple[str, str]] = []
    at, end = 0, len(frame)
    raw_bytes: tuple[int, int] | None = None
    while at < end:
        equals = frame.find(b"=", at)
        if equals < 0 or len(pairs) >= MAX_FIELDS:
            return None
        name = frame[at:equals]
        if b"\x01" in name or not name or len(name) > 12:
            return None
        tag = name.decode("ascii", errors="backslashreplace")
        stop = -1
        if raw_bytes is not None and tag == str(raw_bytes[0]):
            stop = equals + 1 + raw_bytes[1]
            if frame[stop : stop + 1] != b"\x01":
                stop = -1
        if stop < 0:
            stop = frame.find(b"\x01", equals + 1)
        if stop < 0:
            return None
        value = frame[equals + 1 : stop].decode("utf-8", errors="backslashreplace")
        raw_bytes = None
        if tag.isdecimal() and int(tag) in DATA_FIELDS and len(value) <= 6 and value.isdecimal():
            raw_bytes = (DATA_FIELDS[int(tag)], int(value))
        pairs.append((tag, value))
        at = stop + 1
    return pairs


def decode(frame: bytes) -> Message | None:
    """A message from the bytes of one frame, or None where its first three fields are not
    BeginString, BodyLength and MsgType: such a message is garbled, and ignored."""
    pairs = _split(frame)
    if pairs is None or [tag for tag, _ in pairs[:3]] != ["8", "9", "35"]:
        return None
    return _Reader(pairs).message()


class _Reader:
    """One pass over the fields of a message; keeps the first fault."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._type = pairs[2][1]
        self._form: MessageForm | None = FORMS.get(self._type)
        self._header: dict[int, str] = {}
        self._body: dict[int, str] = {}
        self._groups: dict[int, tuple[Fields, ...]] = {}
        self._fault: Fault | None = None

    def message(self) -> Message:
        """The message with its first fault."""
        self._read()
        self._check_required()
        if self._fault is None and self._form is None:
            # Types that begin with U are agreed between two sides; they exist, and are not known here.
            exists = self._type in PUBLISHED_TYPES or self._type.startswith("U")
            self._fail(RejectReason.INVALID_MSG_TYPE, "", is_unsupported=exists)
        return Message(self._type, self._header, self._body, self._groups, self._fault)

    def _fail(self, reason: RejectReason, tag: str, *, is_unsupported: bool = False) -> None:
        if self._fault is None:
            self._fault = Fault(reason, tag, is_unsupported)

    def _read(self) -> None:
        at, in_header = 0, True
        while at < len(self._pairs):
            name, value = self._pairs[at]
            at += 1
            if not name.isdecimal() or not name.isascii() or name[0] == "0":
                self._fail(RejectReason.INVALID_TAG_NUMBER, name)
                continue
            tag = int(name)
            if tag in HEADER:
                if not in_header:
                    self._fail(RejectReason.TAG_OUT_OF_ORDER, name)
                self._keep(self._header, tag, value)
                continue
            in_header = False
            if tag in TRAILER:
                if self._pairs[-1][0] != "10" or (tag == Tag.CHECK_SUM and at != len(self._pairs)):
                    self._fail(RejectReason.TAG_OUT_OF_ORDER, name)
                continue
            if self._form is None:
                continue
            if tag in self._form.groups:
                at = self._read_group(tag, value, self._form.groups[tag], at)
            elif tag in self._form.known:
                self._keep(self._body, tag, value)
            else:
                self._keep_unknown(tag, value)

    def _keep(self, held: dict[int, str], tag: int, value: str) -> bool:
        if tag in held:
            self._fail(RejectReason.TAG_REPEATED, str(tag))
            return False
        self._check_value(tag, value)
        held[tag] = value
        return True

    def _keep_unknown(self, tag: int, value: str) -> None:
        if self._form is not None and self._form.is_complete:
            reason = (
                RejectReason.TAG_NOT_DEFINED_FOR_MESSAGE
                if tag <= LAST_TAG
                else RejectReason.INVALID_TAG_NUMBER
            )
            self._fail(reason, str(tag))
        elif not value:
            self._fail(RejectReason.TAG_WITHOUT_VALUE, str(tag))
        else:
            self._body.setdefault(tag, value)

    def _check_value(self, tag: int, value: str) -> None:
        if not value:
            self._fail(RejectReason.TAG_WITHOUT_VALUE, str(tag))
        elif tag in FORMATS and not FORMATS[tag](value):
            self._fail(RejectReason.INCORRECT_DATA_FORMAT, str(tag))
        elif tag in VALUES and value not in VALUES[tag]:
            self._fail(RejectReason.VALUE_INCORRECT, str(tag))

    def _read_group(self, count_tag: int, value: str, group: Group, at: int) -> int:
        """The entries of a group, from the pair after its count; where the next field stands."""
        if not self._keep(self._body, count_tag, value):
            return at
        entries: list[dict[int, str]] = []
        # Some venues leave the first field of an entry out; then the one they begin with divides.
        divider = group.first
        if at < len(self._pairs) and self._pairs[at][0] in {str(tag) for tag in group.members}:
            divider = int(self._pairs[at][0])
        while at < len(self._pairs):
            name, member = self._pairs[at]
            tag = int(name) if name.isdecimal() and name.isascii() else -1
            if tag not in group.members:
                break
            if tag == divider:
                entries.append({})
            elif tag == group.first:
                self._fail(RejectReason.GROUP_FIELDS_OUT_OF_ORDER, name)
            self._keep(entries[-1], tag, member)
            at += 1
        if FORMATS[Tag.NO_ORDERS](value) and int(value) != len(entries):
            self._fail(RejectReason.GROUP_COUNT_INCORRECT, str(count_tag))
        self._groups[count_tag] = tuple(entries)
        return at

    def _check_required(self) -> None:
        for tag in HEADER_REQUIRED:
            if tag not in self._header:
                self._fail(RejectReason.REQUIRED_TAG_MISSING, str(int(tag)))
        if self._form is not None:
            for number in sorted(self._form.required - self._body.keys()):
                self._fail(RejectReason.REQUIRED_TAG_MISSING, str(number))
