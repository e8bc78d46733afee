"""What is said of input that is not used: a row, or the whole file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of an input that is not used: where it stands (1 is the first line or element), the
    column at fault, its value as it stood there, and why."""

    row: int
    column: str
    value: str
    reason: str


class RefusedFile(ValueError):
    """A whole input that is not used. The text says the reason and the next step."""
