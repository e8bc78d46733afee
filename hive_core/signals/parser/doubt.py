"""What makes a call unclear, and what makes a clear one less than certain."""

from __future__ import annotations

from dataclasses import dataclass, field

from hive_core.signals.reasons import SignalReason
from hive_core.signals.verdicts import Span


class Unclear(ValueError):
    """A field that is missing or not clear; the span is in the plain text."""

    def __init__(self, name: str, reason: SignalReason, detail: str, span: Span) -> None:
        super().__init__(detail)
        self.name, self.reason, self.detail, self.span = name, reason, detail, span


@dataclass(slots=True)
class Grounds:
    """Why a reading is less than certain: `confidence` is what is left of 1."""

    confidence: float = 1.0
    said: list[str] = field(default_factory=list)

    def less(self, by: float, why: str) -> None:
        """Take something off, once for each reason."""
        if why not in self.said:
            self.said.append(why)
            self.confidence = max(0.05, round(self.confidence - by, 2))
