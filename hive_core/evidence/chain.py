"""The hash chain of the journal: each record's hash covers the one before it.

A chain shows every change, insertion and removal inside it. It cannot show that its end was cut
off; for that the last hash must be kept somewhere else too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hive_core.evidence.canonical import sha256_hex

GENESIS_HASH = "0" * 64


class ChainLink(NamedTuple):
    """One stored record: its position, the bytes it holds, and the hashes written beside it."""

    seq: int
    body: bytes
    previous_hash: str
    record_hash: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """The first place where a chain does not hold."""

    seq: int
    reason: str


def link_hash(seq: int, previous_hash: str, body: bytes) -> str:
    """SHA-256 over the position, the previous hash and the body."""
    return sha256_hex(b"%d\n%s\n" % (seq, previous_hash.encode("ascii")) + body)


def first_fault(links: Iterable[ChainLink]) -> tuple[int, str, ChainFault | None]:
    """Walk a chain from its beginning.

    Returns:
        (records that hold, hash of the last of them, the first fault or None).
    """
    expected_seq, previous = 1, GENESIS_HASH
    for link in links:
        if link.seq != expected_seq:
            return expected_seq - 1, previous, ChainFault(expected_seq, f"missing; found {link.seq}")
        if link.previous_hash != previous:
            return expected_seq - 1, previous, ChainFault(link.seq, "does not follow the record before it")
        if link_hash(link.seq, previous, link.body) != link.record_hash:
            return expected_seq - 1, previous, ChainFault(link.seq, "its content is not what was written")
        previous = link.record_hash
        expected_seq += 1
    return expected_seq - 1, previous, None
