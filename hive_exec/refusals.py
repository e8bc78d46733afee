"""Refusals with a code of their own, finer than that of their HTTP status. Callers may build on a code."""

from __future__ import annotations

from hive_exec.commands import CommandRefused


class CodedRefusal(CommandRefused):
    """A command that is not carried out, and of which kind the reason is."""

    def __init__(self, status: int, code: str, field: str, reason: str) -> None:
        super().__init__(status, field, reason)
        self.code = code
