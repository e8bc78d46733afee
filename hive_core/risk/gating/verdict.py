"""What the gate answers: one finding a rule, and the verdict that follows from them.

Numbers stay as they were computed; they become text only where somebody writes them down (`as_body`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from hive_core.calendars.trading_day import iso_utc
from hive_core.contracts.base import decimal_text
from hive_core.contracts.reasons import DenialReason


class Outcome(StrEnum):
    """What a rule says of an intent. The strictest of all rules counts; a denial ends the asking."""

    ALLOW = "allow"
    REDUCE = "reduce"
    REVIEW = "review"
    DENY = "deny"


class Finding(NamedTuple):
    """What one rule said, with the numbers it used. `lots` is the most that it allows, where it reduces;
    `headroom` what is left after the order, in the unit that the rule's numbers name."""

    rule: str
    outcome: Outcome
    reason: DenialReason | None
    numbers: Mapping[str, object]
    lots: Decimal | None = None
    headroom: Decimal | None = None

    def as_texts(self) -> dict[str, str]:
        """The numbers, each as text; instants are told as times."""
        return {key.removesuffix("_ns"): _text(key, value) for key, value in self.numbers.items()}

    def as_body(self) -> dict[str, object]:
        """The finding as it stands in a journal: every number as text."""
        more = {"lots": self.lots, "headroom": self.headroom}
        return {
            "rule": self.rule,
            "verdict": self.outcome.value,
            "reason_code": None if self.reason is None else self.reason.value,
            "numbers": self.as_texts(),
            **{key: decimal_text(value) for key, value in more.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings up to the first denial, and the lots that may be sent: none where it is denied."""

    findings: tuple[Finding, ...]
    lots: Decimal

    @property
    def outcome(self) -> Outcome:
        """The strictest finding."""
        other = [finding.outcome for finding in self.findings if finding.outcome is not Outcome.ALLOW]
        return max(other, key=_STRICTNESS.__getitem__, default=Outcome.ALLOW)

    @property
    def reasons(self) -> tuple[DenialReason, ...]:
        """Why it is not allowed as it is, in the order of the rules."""
        return tuple(finding.reason for finding in self.findings if finding.reason is not None)

    def of(self, rule: str) -> Finding:
        """What a rule said. Raises KeyError where it was not asked."""
        for finding in self.findings:
            if finding.rule == rule:
                return finding
        raise KeyError(rule)


_STRICTNESS = {outcome: number for number, outcome in enumerate(Outcome)}


def _text(key: str, value: object) -> str:
    if isinstance(value, Decimal):
        return decimal_text(round(value, 4) if key.endswith("_pct") else value)
    if isinstance(value, tuple):
        return ", ".join(_text(key, one) for one in value) or "none"
    if isinstance(value, int) and key.endswith("_ns"):
        return iso_utc(value)
    return "none" if value is None else str(value)
