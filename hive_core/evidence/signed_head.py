"""Signed tree heads: a statement, by a key, of how long a journal was and what it held (RFC 9162, 4.9-4.10).

A copy of a head kept where the journal's owner cannot reach it shows a journal that was cut or written
anew. Heads as data belong here: spelling, parsing, signatures, contradictions between them; where they
are kept does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hive_core.evidence.canonical import canonical_bytes
from hive_core.evidence.signature import PublicKey, Signature, SignatureFault, SigningKey

PURPOSE = "journal-tree-head-1"
MAX_HEAD_BYTES = 4_096

_HEX_64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEX_32 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_HEX_128 = re.compile(r"[0-9a-f]{128}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._:+-]{1,128}", re.ASCII)
_TEXTS = {
    "environment": _NAME,
    "journal_id": _HEX_32,
    "root": _HEX_64,
    "chain_hash": _HEX_64,
    "code_hash": _NAME,
    "key_id": _HEX_64,
    "signature": _HEX_128,
}
_NUMBERS = ("tree_size", "ts_ns", "epoch")


class HeadMalformed(ValueError):
    """Bytes that are no signed tree head."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """How long a journal was at an instant, and what it held.

    `root` is the Merkle root over the record hashes, `chain_hash` the hash of record `tree_size` in the
    chain (64 zeros for none); `ts_ns` is when the head was made, nanoseconds since 1970 UTC; `epoch`
    counts the daemons that led this journal; `code_hash` names the code that wrote it.
    """

    environment: str
    journal_id: str
    tree_size: int
    root: str
    chain_hash: str
    ts_ns: int
    epoch: int
    code_hash: str

    def sign(self, key: SigningKey) -> SignedHead:
        """This head with a signature."""
        key_id = key.public.key_id
        signature = key.sign(PURPOSE, canonical_bytes({**asdict(self), "key_id": key_id}))
        return SignedHead(self, key_id, signature.value)


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head, who signed it, and the signature in hexadecimal digits."""

    head: TreeHead
    key_id: str
    signature: str

    def as_line(self) -> bytes:
        """The one spelling of a signed head: canonical JSON, without an end of line."""
        return canonical_bytes(self.as_data())

    def as_data(self) -> dict[str, Any]:
        """The signed head as a mapping."""
        return {**asdict(self.head), "key_id": self.key_id, "signature": self.signature}

    @classmethod
    def parse(cls, line: bytes) -> SignedHead:
        """The head that `as_line` spelled, to the byte.

        Raises:
            HeadMalformed: anything else: other fields, another type, order or spacing, a field twice.
        """
        if len(line) > MAX_HEAD_BYTES:
            raise HeadMalformed(f"{len(line)} bytes; a head has at most {MAX_HEAD_BYTES}")
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            raise HeadMalformed("not JSON") from None
        if not isinstance(data, dict) or set(data) != {*_TEXTS, *_NUMBERS}:
            raise HeadMalformed("not the fields of a signed head")
        for name, shape in _TEXTS.items():
            if not isinstance(data[name], str) or not shape.fullmatch(data[name]):
                raise HeadMalformed(f"{name} is malformed")
        for name in _NUMBERS:
            value = data[name]
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
                raise HeadMalformed(f"{name} is malformed")
        if canonical_bytes(data) != line:
            raise HeadMalformed("not in the one spelling of a signed head")
        key_id, signature = data.pop("key_id"), data.pop("signature")
        return cls(TreeHead(**data), key_id, signature)

    def fault(self, keys: Mapping[str, PublicKey]) -> str | None:
        """Why this head does not count under these keys; None when one of them signed it."""
        key = keys.get(self.key_id)
        if key is None:
            return f"signed by a key that is not trusted here ({self.key_id[:12]})"
        payload = canonical_bytes({**asdict(self.head), "key_id": self.key_id})
        try:
            key.verify(PURPOSE, payload, Signature(key_id=self.key_id, value=self.signature))
        except SignatureFault as fault:
            return str(fault)
        return None


def _shrinks(earlier: TreeHead, later: TreeHead) -> str | None:
    if later.tree_size < earlier.tree_size:
        return f"the journal shrank from {earlier.tree_size} to {later.tree_size} records"
    if later.epoch < earlier.epoch:
        return f"the epoch fell from {earlier.epoch} to {later.epoch}"
    return None


def first_contradiction(heads: Iterable[SignedHead]) -> tuple[int, str] | None:
    """The first head that cannot be true beside those before it: its place (from 0), and why.

    A log only grows: two heads of one size that differ are a fork, whoever signed them; and what one
    signer says later is never of fewer records or an older epoch. Journals are told apart by their id.
    """
    last: dict[tuple[str, str], TreeHead] = {}
    at_size: dict[tuple[str, int], TreeHead] = {}
    for place, signed in enumerate(heads):
        head = signed.head
        same = at_size.setdefault((head.journal_id, head.tree_size), head)
        if (same.root, same.chain_hash) != (head.root, head.chain_hash):
            return place, f"two heads of {head.tree_size} records differ: the journal forked"
        earlier = last.get((head.journal_id, signed.key_id))
        if earlier is not None and (reason := _shrinks(earlier, head)) is not None:
            return place, reason
        last[head.journal_id, signed.key_id] = head
    return None
