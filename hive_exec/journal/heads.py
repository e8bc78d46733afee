"""When a journal's tree head is signed, where it is kept, and what the journal must contain at a start.

Signing is for records that are durable: a head never tells of a record that a crash could take back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from hive_core.evidence.signature import PublicKey, SigningKey
from hive_core.evidence.signed_head import SignedHead, TreeHead, first_contradiction
from hive_exec.failpoints import failpoint
from hive_exec.journal.errors import JournalCorrupt, JournalFailed
from hive_exec.journal.head_file import HeadFileDamaged, append_line, holds_line, read_heads
from hive_exec.journal.witnesses import Witnesses, WitnessReport

HEAD_EVERY_RECORDS = 1_000
HEAD_EVERY_S = 60


def nobody_listens(_: WitnessReport) -> None:
    return None


class HeadKeeper:
    """The signed heads of one journal: a file beside it, and its witnesses."""

    def __init__(
        self,
        file: Path,
        key: SigningKey,
        trusted: Mapping[str, PublicKey],
        *,
        environment: str,
        code_hash: str,
        is_first_start: bool,
        witnesses: tuple[Path, ...] = (),
        on_witness: Callable[[WitnessReport], None] = nobody_listens,
        every_records: int = HEAD_EVERY_RECORDS,
        every_s: int = HEAD_EVERY_S,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`trusted` are the keys whose heads count, this one's included; `is_first_start` says that the
        key was made just now, so that there cannot be any head yet. `on_witness` is called from another
        thread too."""
        self.key = key
        self._file = file
        self.trusted: Mapping[str, PublicKey] = {**trusted, key.public.key_id: key.public}
        self._environment = environment
        self._code_hash = code_hash
        self._is_first_start = is_first_start
        self._on_witness = on_witness
        self._witnesses = Witnesses(witnesses, on_witness)
        self._every_records = every_records
        self._every_ns = every_s * 1_000_000_000
        self._monotonic_ns = monotonic_ns
        self._signed_size = -1
        self._signed_at_ns = monotonic_ns()

    def must_contain(self, journal_id: str, durable: int) -> list[SignedHead]:
        """The newest heads known of the journal, here and at the witnesses: what it must hold to be whole.

        Raises:
            JournalCorrupt: the heads are gone, are of another journal, or contradict each other.
        """
        local = self._local_heads(journal_id, durable)
        heads = local[-1:]
        for path, signed in self._witnesses.last_heads(journal_id):
            fault = signed.fault(self.trusted)
            if fault is not None:
                self._on_witness(WitnessReport(str(path), f"its last head does not count: {fault}"))
            # One that stands here too needs no look: what the file ends with continues it.
            elif not (self._file.exists() and holds_line(self._file, signed.as_line())):
                heads.append(signed)
        return heads

    def _local_heads(self, journal_id: str, durable: int) -> list[SignedHead]:
        try:
            heads = read_heads(self._file, tail_only=True)
        except FileNotFoundError:
            heads = []
        except (OSError, HeadFileDamaged) as error:
            raise JournalCorrupt(f"its signed heads cannot be read: {error}") from None
        if not heads:
            if self._is_first_start or not durable:
                return []
            raise JournalCorrupt(
                f"{self._file} with its signed heads is gone; restore it from a witness, or move the key "
                "away to begin signing anew"
            )
        last = heads[-1]
        if last.head.journal_id != journal_id:
            raise JournalCorrupt(
                f"it is another journal ({journal_id}) than the one of {last.head.tree_size} records that "
                f"{self._file} tells of ({last.head.journal_id})"
            )
        if (fault := last.fault(self.trusted)) is not None:
            raise JournalCorrupt(f"{self._file}, last line: {fault}")
        if (fork := first_contradiction(heads)) is not None:
            raise JournalCorrupt(f"{self._file}: {fork[1]}")
        return heads

    def is_due(self, durable: int) -> bool:
        """Whether it is time for the next head; never without a record more than the last one had."""
        if durable - self._signed_size >= self._every_records:
            return True
        return durable > self._signed_size and self._monotonic_ns() - self._signed_at_ns >= self._every_ns

    def keep(
        self, *, journal_id: str, size: int, root: bytes, chain_hash: str, epoch: int, ts_ns: int
    ) -> SignedHead | None:
        """Sign a head over `size` durable records, make it durable here, and pass it on; None when the
        last head was of just as many.

        Raises:
            JournalFailed: it could not be kept.
        """
        if size == self._signed_size:
            return None
        head = TreeHead(
            environment=self._environment,
            journal_id=journal_id,
            tree_size=size,
            root=root.hex(),
            chain_hash=chain_hash,
            ts_ns=ts_ns,
            epoch=epoch,
            code_hash=self._code_hash,
        ).sign(self.key)
        try:
            failpoint("heads.before_write")
            append_line(self._file, head.as_line())
            failpoint("heads.after_write")
        except OSError as error:
            raise JournalFailed(f"the signed head could not be written to {self._file}: {error}") from error
        self._signed_size, self._signed_at_ns = size, self._monotonic_ns()
        self._witnesses.pass_on(head)
        return head

    def close(self) -> None:
        """Give the witnesses a moment for what they have not written."""
        self._witnesses.close()
