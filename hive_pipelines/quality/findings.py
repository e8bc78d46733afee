"""What a check found of one rule: whether it holds, and the rows, columns and values that fail it."""

from __future__ import annotations

from dataclasses import dataclass

MAX_EXAMPLES = 5
"""Failing values that are kept for people to look at; the count is always of all of them."""


@dataclass(frozen=True, slots=True)
class Example:
    """One failing place: the row in the frame (0 is the first; None when the rule is about a whole
    column), and the columns at fault with their values as text."""

    row: int | None
    values: dict[str, str]

    def __str__(self) -> str:
        place = "" if self.row is None else f"row {self.row}: "
        return place + ", ".join(f"{column}={value}" for column, value in self.values.items())


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one rule: its name, its column or columns, and how many rows fail it."""

    rule: str
    column: str
    unexpected_count: int
    examples: tuple[Example, ...] = ()
    holds: bool = False
