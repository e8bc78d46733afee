"""Why a journal cannot be written, or not trusted. Each ends the daemon: nothing is retried in place."""

from __future__ import annotations

from hive_core.evidence.chain import ChainFault


class JournalFailed(RuntimeError):
    """What was buffered did not become durable, or nobody knows whether it did.

    Nothing of it may be answered or sent, and nothing more is written: a start reads what is there.
    """


class LeaseLost(JournalFailed):
    """Another daemon leads this journal now."""


class JournalCorrupt(RuntimeError):
    """The journal does not hold. Nothing trades on it."""

    @classmethod
    def at(cls, fault: ChainFault, held: int) -> JournalCorrupt:
        """A fault, and how many records before it hold."""
        return cls(f"record {fault.seq}: {fault.reason}; {held} records before it hold")
