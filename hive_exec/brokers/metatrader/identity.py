"""How an order of ours is known at the venue again: by its magic number first, by its comment second.

The comment holds the client order id (28 of 31 characters), but brokers cut comments off, put their own in
their place, or write "[sl ...]" into those of closing deals. The magic number stays: its upper part is the
installation's, its lower 48 bits come from the id. Positions, deals and closing orders follow from there by
the venue's own position identifiers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from hive_exec.brokers.metatrader.constants import COMMENT_CHARACTERS

_OWN_BITS = 48
_OUR_ID = re.compile(r"ord_[0-9a-f]{24}", re.ASCII)


def magic_of(installation: int, client_order_id: str) -> int:
    """The magic number of an order: 15 bits of the installation over 48 of the id's hash. Under 2^63."""
    digest = hashlib.sha256(client_order_id.encode()).digest()
    return (installation << _OWN_BITS) | int.from_bytes(digest[: _OWN_BITS // 8], "big")


def comment_of(client_order_id: str) -> str:
    """The comment of an order: its id, as far as the venue has room."""
    return client_order_id[:COMMENT_CHARACTERS]


class Identities:
    """Which client order id a row at the venue belongs to. Learned names are a cache: a row whose comment is
    whole names itself, and one of an order that nobody mentioned yet is still known to be ours."""

    def __init__(self, installation: int, known: Iterable[str]) -> None:
        self._installation = installation
        self._by_magic: dict[int, str] = {}
        for client_order_id in known:
            self.learn(client_order_id)

    def learn(self, client_order_id: str) -> int:
        """Remember an id; returns its magic number."""
        magic = magic_of(self._installation, client_order_id)
        self._by_magic[magic] = client_order_id
        return magic

    def is_ours(self, magic: int) -> bool:
        """Whether a magic number is this installation's."""
        return magic >> _OWN_BITS == self._installation

    def name(self, magic: int, comment: str) -> str:
        """The id of a row's order; "" where it is not ours. Ours without a legible id gets one of our form
        made of its magic number, which no journal holds: whoever reconciles stops there."""
        if _OUR_ID.fullmatch(comment) and (
            magic == magic_of(self._installation, comment) or not self.is_ours(magic)
        ):
            # A comment of our form with no magic of ours: a broker that drops magic numbers, or another
            # installation on this account. Either way it is not a stranger's.
            return comment
        if not self.is_ours(magic):
            return ""
        return self._by_magic.get(magic, f"ord_{magic:024x}")
