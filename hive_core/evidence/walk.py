"""Walking a journal: chain and Merkle tree together, held against the signed heads that it must contain.

One pass in order, from the beginning or from a place whose hash and frontier are known. Where records
and heads come from, and what happens when they do not hold, is the caller's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from hive_core.evidence.chain import GENESIS_HASH, ChainFault, ChainLink, link_hash
from hive_core.evidence.merkle import Frontier, leaf_hash
from hive_core.evidence.signed_head import SignedHead, TreeHead


class JournalWalk:
    """How far a journal was found to hold: `seq` records, the hash of the last, the tree over them."""

    __slots__ = ("_expected", "frontier", "head_hash", "seq")

    def __init__(
        self,
        heads: Iterable[SignedHead] = (),
        *,
        seq: int = 0,
        head_hash: str = GENESIS_HASH,
        frontier: Frontier | None = None,
    ) -> None:
        """Begin at a place; of the heads those of that size and above are looked for."""
        self.seq = seq
        self.head_hash = head_hash
        self.frontier = Frontier() if frontier is None else frontier
        self._expected: defaultdict[int, list[TreeHead]] = defaultdict(list)
        for signed in heads:
            self._expected[signed.head.tree_size].append(signed.head)

    def take(self, link: ChainLink) -> ChainFault | None:
        """Go one record on; a fault leaves the walk where it was before the record."""
        seq = self.seq + 1
        if link.seq != seq:
            return ChainFault(seq, f"missing; found {link.seq}")
        if link.previous_hash != self.head_hash:
            return ChainFault(seq, "does not follow the record before it")
        if link_hash(seq, self.head_hash, link.body) != link.record_hash:
            return ChainFault(seq, "its content is not what was written")
        self.seq, self.head_hash = seq, link.record_hash
        self.frontier.append(record_leaf(link.record_hash))
        return self.differs() if seq in self._expected else None

    def differs(self) -> ChainFault | None:
        """Whether the heads of just this size tell of other records."""
        for head in self._expected.get(self.seq, ()):
            if head.chain_hash != self.head_hash or head.root != self.frontier.root().hex():
                return ChainFault(self.seq, "it or one before it was written anew: a signed head differs")
        return None

    def cut_off(self) -> ChainFault | None:
        """Called at the end of the journal: whether a head tells of more records."""
        longest = max(self._expected, default=0)
        if longest > self.seq:
            return ChainFault(self.seq + 1, f"missing; a signed head tells of {longest} records")
        return None


def record_leaf(record_hash: str) -> bytes:
    """The leaf of the tree that stands for a record: over the 32 bytes of its hash in the chain."""
    return leaf_hash(bytes.fromhex(record_hash))
