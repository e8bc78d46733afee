"""The port between the journal and the database that keeps it: rows in, rows out, one transaction each.

A store knows nothing of what records mean, of hashes or of signatures. It is used by one thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hive_core.evidence.chain import ChainLink

KEPT_SNAPSHOTS = 2
"""The last one, and the one before it should the last one not hold."""


class InboxEntry(NamedTuple):
    """What was answered to an idempotency key, and for which content."""

    content_sha256: str
    response: bytes


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A folded state as it is stored, with the place in the journal it belongs to.

    `peaks` are the roots of the Merkle frontier of `seq` records, one after the other. `signature` and
    `key_id` are empty when the journal has no key.
    """

    seq: int
    code_version: str
    chain_hash: str
    peaks: bytes
    state: bytes
    digest: str
    key_id: str
    signature: str


class JournalStore(Protocol):
    """A database with a journal in it, open and led by this process."""

    @property
    def journal_id(self) -> str:
        """32 hexadecimal digits, drawn when the journal was made."""

    @property
    def epoch(self) -> int:
        """How many times this journal was opened for writing, this time included."""

    @property
    def describes(self) -> str:
        """Where the journal is, for people; never a secret."""

    def head(self) -> ChainLink | None:
        """The last durable record.

        Raises:
            JournalFailed: it cannot be read. So raise all methods below.
        """

    def append(
        self,
        links: Sequence[ChainLink],
        answers: Sequence[tuple[str, str, bytes]],
        snapshot: SnapshotRow | None,
    ) -> None:
        """Make records, answers (key, content hash, response) and a snapshot durable, all or nothing.

        Returns after the disk has them. With a snapshot all but the last two are removed.

        Raises:
            LeaseLost: another process leads the journal; nothing was written.
            JournalFailed: it was not written, or nobody knows whether it was.
        """

    def rows(self, after_seq: int, limit: int | None) -> Iterator[ChainLink]:
        """Durable records after a place, in order; all of them when `limit` is None."""

    def answered(self, idempotency_key: str) -> InboxEntry | None:
        """The durable answer to a key."""

    def answered_many(self, idempotency_keys: Sequence[str]) -> dict[str, InboxEntry]:
        """The durable answers to those of these keys that have one."""

    def snapshots(self) -> Sequence[SnapshotRow]:
        """The snapshots that are kept, the newest first."""

    def close(self) -> None:
        """Give the database back. What was not committed is gone."""
