"""What the command says when it cannot go on: what, where, next step, in at most six lines.

Only the shape of an error belongs here. Each command knows its own reasons.
"""

from __future__ import annotations

from collections.abc import Sequence

MAX_LINES = 6
"""A reader who sees more than a screenful of error reads none of it. `--debug` has the rest."""


class Failure(Exception):
    """The command cannot go on.

    `what` is one sentence, `where` a file, address or log, `details` further lines, `next_step` what to
    do about it. `exit_code` 1 says that something failed or was refused, 2 that the request was wrong.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        details: Sequence[str] = (),
        next_step: str = "",
        exit_code: int = 1,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.details = tuple(details)
        self.next_step = next_step
        self.exit_code = exit_code

    def lines(self) -> list[str]:
        """The text of the error, at most `MAX_LINES` lines; the first details give way."""
        head = [f"ERROR {self.what}"]
        if self.where:
            head.append(f"  where: {self.where}")
        tail = [f"  next: {self.next_step}"] if self.next_step else []
        room = MAX_LINES - len(head) - len(tail)
        details = [f"  {line}" for line in self.details]
        return [*head, *details[max(len(details) - room, 0) :], *tail]


class Faults(Failure):
    """The request or the configuration has faults: all of them at once, each on its own lines."""

    def __init__(self, what: str, faults: Sequence[str], *, next_step: str = "") -> None:
        super().__init__(what, details=faults, next_step=next_step, exit_code=2)

    def lines(self) -> list[str]:
        """Every fault; here being complete is worth more than being short."""
        tail = [f"  next: {self.next_step}"] if self.next_step else []
        told = [f"  {line}" for detail in self.details for line in detail.splitlines()]
        return [f"ERROR {self.what}", *told, *tail]
