"""Folded state as the journal keeps it: made, bound to its place, and checked before it is believed.

A snapshot only saves time. One that does not hold is left aside, and everything is folded from the
records. What the state says is the core's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from hive_core.evidence.canonical import content_hash, sha256_hex
from hive_core.evidence.merkle import HASH_BYTES, Frontier
from hive_core.evidence.signature import PublicKey, Signature, SignatureFault, SigningKey
from hive_exec.journal.store import SnapshotRow

PURPOSE = "journal-snapshot-1"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state after record `seq`, as the code of `code_version` folded it."""

    seq: int
    code_version: str
    state: bytes


def make_snapshot(
    *,
    journal_id: str,
    chain_hash: str,
    frontier: Frontier,
    state: bytes,
    code_version: str,
    key: SigningKey | None,
) -> SnapshotRow:
    """The state after the frontier's records, bound to them by a digest, and signed where there is a key."""
    row = SnapshotRow(
        seq=frontier.size,
        code_version=code_version,
        chain_hash=chain_hash,
        peaks=b"".join(frontier.peaks),
        state=state,
        digest="",
        key_id="",
        signature="",
    )
    digest = _digest(row, journal_id)
    if key is None:
        return replace(row, digest=digest)
    signature = key.sign(PURPOSE, digest.encode("ascii"))
    return replace(row, digest=digest, key_id=signature.key_id, signature=signature.value)


def frontier_of(row: SnapshotRow) -> Frontier:
    """The Merkle frontier that a snapshot holds.

    Raises:
        ValueError: it holds none for its place.
    """
    places = range(0, len(row.peaks), HASH_BYTES)
    return Frontier(row.seq, [row.peaks[at : at + HASH_BYTES] for at in places])


def snapshot_fault(row: SnapshotRow, journal_id: str, keys: Mapping[str, PublicKey] | None) -> str | None:
    """Why a stored snapshot is not believed; None when it is. Without `keys` signatures are not asked for.

    Whether the journal has the record it follows is for the caller to see.
    """
    if _digest(row, journal_id) != row.digest:
        return "its content is not what was written"
    try:
        frontier_of(row)
    except ValueError as error:
        return str(error)
    if keys is None:
        return None
    key = keys.get(row.key_id)
    if key is None:
        return "it is not signed by a key that is trusted here"
    try:
        signature = Signature(key_id=row.key_id, value=row.signature)
        key.verify(PURPOSE, row.digest.encode("ascii"), signature)
    except ValidationError:
        return "its signature is malformed"
    except SignatureFault as error:
        return str(error)
    return None


def _digest(row: SnapshotRow, journal_id: str) -> str:
    return content_hash(
        {
            "journal_id": journal_id,
            "seq": row.seq,
            "code_version": row.code_version,
            "chain_hash": row.chain_hash,
            "peaks_sha256": sha256_hex(row.peaks),
            "state_sha256": sha256_hex(row.state),
        }
    )
