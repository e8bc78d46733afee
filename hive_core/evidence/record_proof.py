"""A proof that one record stands in a signed journal: small, and checked without the journal.

The record, its way up the Merkle tree (RFC 9162, 2.1.3) and the signed head that it ends in. Files and
where keys come from belong to others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hive_core.evidence.canonical import canonical_bytes
from hive_core.evidence.chain import ChainLink, link_hash
from hive_core.evidence.merkle import verify_inclusion
from hive_core.evidence.signature import PublicKey
from hive_core.evidence.signed_head import HeadMalformed, SignedHead
from hive_core.evidence.walk import record_leaf

FORMAT = 1
MAX_PROOF_BYTES = 4 * 1024 * 1024

_HEX_64 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ProofMalformed(ValueError):
    """Bytes that are no proof of a record."""


@dataclass(frozen=True, slots=True)
class RecordProof:
    """A record, the roots of the subtrees beside its way up (the lowest first), and the head at the top."""

    link: ChainLink
    path: tuple[bytes, ...]
    head: SignedHead

    def as_bytes(self) -> bytes:
        """The one spelling of a proof: canonical JSON. The body is text, for every record is."""
        return canonical_bytes(
            {
                "format": FORMAT,
                "seq": self.link.seq,
                "body": self.link.body.decode("utf-8"),
                "previous_hash": self.link.previous_hash,
                "record_hash": self.link.record_hash,
                "path": [node.hex() for node in self.path],
                "head": self.head.as_data(),
            }
        )

    @classmethod
    def parse(cls, payload: bytes) -> RecordProof:
        """The proof that `as_bytes` spelled, to the byte.

        Raises:
            ProofMalformed: anything else.
        """
        if len(payload) > MAX_PROOF_BYTES:
            raise ProofMalformed(f"{len(payload)} bytes; a proof has at most {MAX_PROOF_BYTES}")
        try:
            proof = _read(json.loads(payload))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ProofMalformed("it does not have the form of a proof") from None
        if proof.as_bytes() != payload:
            raise ProofMalformed("it is not in the one spelling of a proof")
        return proof

    def fault(self, keys: Mapping[str, PublicKey]) -> str | None:
        """Why the proof does not hold under these keys; None when it does."""
        if (fault := self.head.fault(keys)) is not None:
            return f"its signed head does not count: {fault}"
        link = self.link
        if link_hash(link.seq, link.previous_hash, link.body) != link.record_hash:
            return "its record is not the one that was hashed"
        head = self.head.head
        root = bytes.fromhex(head.root)
        if not verify_inclusion(record_leaf(link.record_hash), link.seq - 1, head.tree_size, self.path, root):
            return f"record {link.seq} does not stand in the {head.tree_size} records that were signed"
        return None


def _read(data: Any) -> RecordProof:
    if data["format"] != FORMAT:
        raise ValueError
    hashes = [data["previous_hash"], data["record_hash"], *data["path"]]
    if not all(_HEX_64.fullmatch(each) for each in hashes):
        raise ValueError
    link = ChainLink(int(data["seq"]), data["body"].encode("utf-8"), hashes[0], hashes[1])
    try:
        head = SignedHead.parse(canonical_bytes(data["head"]))
    except HeadMalformed as error:
        raise ValueError from error
    return RecordProof(link, tuple(bytes.fromhex(each) for each in hashes[2:]), head)
