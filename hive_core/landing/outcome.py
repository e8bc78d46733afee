"""What an import tells its caller: the receipt, whether it is new, and what was taken and refused."""

from __future__ import annotations

from dataclasses import dataclass

from hive_core.contracts.rejection import RejectedRow
from hive_core.landing.receipts import Receipt


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """One import. When the same bytes landed before, `receipt` is the old one and `is_new` is false."""

    receipt: Receipt
    is_new: bool
    accepted_rows: int
    rejected: tuple[RejectedRow, ...]
