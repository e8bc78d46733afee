"""Columns of texts that repeat as small numbers, so that arrays can be indexed by them.

A text is looked up by 16 bits of its hash, in a table that the known texts fill without a clash; the whole
hash is then held against the known text's. Known texts are told apart exactly. An unknown one is seen by
its 64 bits: resolution has checked symbols before (`live_signals`), and counted the other texts itself.
`pl.Enum` does the same in twice the time, and does it where texts are few, clash, or are not all known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from hive_core.instruments.specification import instruments
from hive_core.signals.vote_kernel import BLOCK

Codes: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]

FEW_ROWS = 20_000
"""Under so many rows the table costs more than it saves."""

ROWS_AT_ONCE = 1 << 18
"""How many rows' hashes and found texts are in memory together."""

_SLOT_BITS = 16
_SLOT_SHIFTS = (48, 32, 16, 0)
_SLOT_MASK = np.uint64((1 << _SLOT_BITS) - 1)


def codes_of(
    frame: pl.DataFrame, *columns: str, known: Mapping[str, Sequence[str]] | None = None
) -> list[tuple[Codes, list[str]]]:
    """Of each column of texts the number of each row's text, and the texts by number.

    Args:
        known: the texts of columns whose texts are known before; those of symbols always are.

    Raises:
        polars.exceptions.InvalidOperationError: a text is not among the known ones.
    """
    names = {"symbol": list(instruments()), **{name: list(texts) for name, texts in (known or {}).items()}}
    unknown = [name for name in columns if name not in names]
    if unknown:
        found = frame.select(pl.col(name).unique().sort().implode() for name in unknown)
        names |= {name: found[name].item().to_list() for name in unknown}
    codes = _codes_by_hash(frame, {name: names[name] for name in columns})
    left = [name for name in columns if name not in codes]
    numbers = frame.select(pl.col(name).cast(pl.Enum(names[name])).to_physical() for name in left)
    return [(codes[name] if name in codes else numbers[name].to_numpy(), names[name]) for name in columns]


def _codes_by_hash(frame: pl.DataFrame, texts: Mapping[str, Sequence[str]]) -> dict[str, Codes]:
    """The codes of those columns of which a table has every text."""
    if frame.height < FEW_ROWS:
        return {}
    tables = {name: table for name, known in texts.items() if (table := _Table.of(known)) is not None}
    codes = {name: np.empty(frame.height, table.codes.dtype) for name, table in tables.items()}
    for begin in range(0, frame.height if tables else 0, ROWS_AT_ONCE):
        block = slice(begin, begin + ROWS_AT_ONCE)
        # One query for all columns: Polars shares them out among the processors.
        hashes = frame[block].select(pl.col(name).hash() for name in tables)
        for name, table in list(tables.items()):
            if not table.look_up(hashes[name].to_numpy(), codes[name][block]):
                del tables[name]
    return {name: codes[name] for name in tables}


@dataclass(frozen=True, slots=True)
class _Table:
    """The hashes of known texts and their codes, by the bits that tell them apart."""

    shift: int
    hashes: npt.NDArray[np.uint64]
    codes: Codes

    @classmethod
    def of(cls, known: Sequence[str]) -> Self | None:
        """The table of these texts, or None where no bits tell them apart."""
        slots = slots_of(known)
        if slots is None:
            return None
        shift, slot = slots
        codes = np.zeros(1 << _SLOT_BITS, np.min_scalar_type(len(known)))
        codes[slot] = np.arange(len(known))
        hashes = np.zeros(1 << _SLOT_BITS, np.uint64)
        hashes[slot] = _hashes_of(known)
        return cls(shift, hashes, codes)

    def look_up(self, hashes: npt.NDArray[np.uint64], codes: Codes) -> bool:
        """Set the code of each hash; whether every one is that of a known text."""
        found = np.empty(min(hashes.size, BLOCK), np.uint64)
        for begin in range(0, hashes.size, BLOCK):
            asked = hashes[begin : begin + BLOCK]
            slot = _slot(asked, self.shift)
            # No slot is outside of the table: `clip` spares the question.
            self.codes.take(slot, out=codes[begin : begin + BLOCK], mode="clip")
            self.hashes.take(slot, out=found[: slot.size], mode="clip")
            if not np.array_equal(found[: slot.size], asked):
                return False
        return True


def slots_of(texts: Sequence[str]) -> tuple[int, npt.NDArray[np.int64]] | None:
    """By which bits of their hashes texts can be told apart, and these bits of each; None if by none."""
    hashes = _hashes_of(texts)
    for shift in _SLOT_SHIFTS:
        slot = _slot(hashes, shift)
        if texts and np.unique(slot).size == slot.size:
            return shift, slot
    return None


def _hashes_of(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    return pl.Series(texts, dtype=pl.String).hash().to_numpy()


def _slot(hashes: npt.NDArray[np.uint64], shift: int) -> npt.NDArray[np.int64]:
    # The highest bits need no mask.
    moved = hashes >> np.uint64(shift)
    return (moved if shift + _SLOT_BITS == 64 else moved & _SLOT_MASK).view(np.int64)
