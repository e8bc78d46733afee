"""The Merkle tree of RFC 9162 (section 2.1): a root over an ordered log, grown one leaf at a time.

Hashes and proofs belong here, over leaf hashes that the caller streams; what a leaf is made of and where
leaves are stored does not. SHA-256; leaves and inner nodes are hashed in different domains, so that no
inner node can be passed off as a leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from hive_core.evidence.canonical import sha256_hex

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Range = tuple[int, int]
"""Leaves from the first index up to, not including, the second."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees as one (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees that cover a log from its left: all that growing needs.

    A log of n entries has as many of them as n has binary ones, so memory and an append are O(log n).
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """A frontier as it was kept, highest subtree first.

        Raises:
            ValueError: the peaks cannot be those of a log of this size.
        """
        if size < 0 or len(peaks) != size.bit_count() or any(len(peak) != HASH_BYTES for peak in peaks):
            raise ValueError(f"{len(peaks)} peaks are not the frontier of a log of {size} entries")
        self._size = size
        self._peaks = list(peaks)

    @property
    def size(self) -> int:
        """Entries in the log."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the perfect subtrees, the highest (leftmost) first."""
        return tuple(self._peaks)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        peaks, full = self._peaks, self._size
        while full & 1:  # every trailing one is a subtree that the new leaf completes
            leaf = hashlib.sha256(b"\x01" + peaks.pop() + leaf).digest()
            full >>= 1
        peaks.append(leaf)
        self._size += 1

    def root(self) -> bytes:
        """The tree's root (the Merkle Tree Hash)."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> Frontier:
        """A frontier that grows on its own from here."""
        return Frontier(self._size, self._peaks)

    def digest(self) -> str:
        """One hash over size and peaks: what names this frontier in a signature."""
        return sha256_hex(b"%d\n" % self._size + b"".join(self._peaks))


def _split(size: int) -> int:
    """The largest power of two below `size`: where a tree of two leaves or more parts."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Which subtrees' roots prove that leaf `index` is in a log of `size`, the lowest first (2.1.3.1).

    Raises:
        ValueError: a log of `size` has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a log of {size} entries has no entry at index {index}")
    ranges: list[Range] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    ranges.reverse()
    return ranges


def consistency_ranges(first: int, second: int) -> list[Range]:
    """Which subtrees' roots prove that a log of `second` entries begins with the log of `first` (2.1.4.1).

    Raises:
        ValueError: not 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError(f"a log of {second} entries cannot be proven to continue one of {first}")
    ranges: list[Range] = []
    start, stop = 0, second
    while first != stop:
        middle = start + _split(stop - start)
        if first <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start > 0:  # else the whole first log is one subtree, whose root the verifier has already
        ranges.append((start, stop))
    ranges.reverse()
    return ranges


def subtree_roots(leaves: Iterable[bytes], ranges: Sequence[Range]) -> list[bytes]:
    """The roots of several parts of a log, in one pass over its leaf hashes, in the order of `ranges`.

    Raises:
        ValueError: the leaves end before a range does.
    """
    waiting = sorted(set(ranges), reverse=True)
    roots: dict[Range, bytes] = {}
    part = Frontier()
    for index, leaf in enumerate(leaves):
        if not waiting:
            break
        start, stop = waiting[-1]
        if index >= start:
            part.append(leaf)
        if index + 1 == stop:
            roots[waiting.pop()] = part.root()
            part = Frontier()
    if waiting:
        raise ValueError(f"the log ends before entry {waiting[0][1]}")
    return [roots[each] for each in ranges]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that `leaf` stands at `index` in the log of `size` with this root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for node in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(node, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, node)
        place >>= 1
        last >>= 1
    return last == 0 and found == root


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether `path` proves that the log with the second root begins with that of the first (2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    nodes = list(path) if first & (first - 1) else [first_root, *path]
    if not nodes:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place >>= 1
        last >>= 1
    older = newer = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node_hash(node, older), node_hash(node, newer)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, node)
        place >>= 1
        last >>= 1
    return last == 0 and older == first_root and newer == second_root
