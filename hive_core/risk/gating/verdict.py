"""What the gate answers: one finding a rule, and the verdict that follows from them.

Numbers stay as they were computed; they become text only where somebody writes them down (`as_body`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from hive_core.calendars.trading_day import iso_utc
from hive_core.contracts.base import decimal_text
from hive_core.contracts.reasons import DenialReason
from hive_core.evidence.canonical import Texts


class Outcome(StrEnum):
    """What a rule says of an intent. The strictest of all rules counts; a denial ends the asking."""

    ALLOW = "allow"
    REDUCE = "reduce"
    REVIEW = "review"
    DENY = "deny"


Said: TypeAlias = tuple[
    str, Outcome, DenialReason | None, Mapping[str, object], Decimal | None, Decimal | None
]
"""A finding as the gate leaves it: the fields of `Finding`."""


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
        return _texts(self.numbers)

    def as_body(self) -> Mapping[str, str | Mapping[str, str] | None]:
        """The finding as it stands in a journal: every number as text."""
        body: dict[str, str | Mapping[str, str] | None] = {
            "rule": self.rule,
            "verdict": _VALUE[self.outcome],
            "reason_code": None if self.reason is None else self.reason.value,
            "numbers": _texts(self.numbers),
        }
        if self.lots is not None:
            body["lots"] = decimal_text(self.lots)
        if self.headroom is not None:
            body["headroom"] = decimal_text(self.headroom)
        return body


def checks_of(findings: Iterable[Finding]) -> Texts:
    """Findings as they stand in a journal."""
    return Texts(finding.as_body() for finding in findings)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules said up to the first denial, and the lots that may be sent: none where it is denied."""

    said: tuple[Said, ...]
    lots: Decimal

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings up to the first denial."""
        return tuple(map(Finding._make, self.said))

    @property
    def outcome(self) -> Outcome:
        """The strictest finding."""
        other = [one[1] for one in self.said if one[1] is not Outcome.ALLOW]
        return max(other, key=_STRICTNESS.__getitem__, default=Outcome.ALLOW)

    @property
    def reasons(self) -> tuple[DenialReason, ...]:
        """Why it is not allowed as it is, in the order of the rules."""
        return tuple(finding.reason for finding in self.findings if finding.reason is not None)

    def of(self, rule: str) -> Finding:
        """What a rule said. Raises KeyError where it was not asked."""
        for one in self.said:
            if one[0] == rule:
                return Finding._make(one)
        raise KeyError(rule)


_STRICTNESS = {outcome: number for number, outcome in enumerate(Outcome)}
_VALUE = {outcome: outcome.value for outcome in Outcome}


def _texts(numbers: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in numbers.items():
        if type(value) is str:
            text = value
        elif type(value) is Decimal and key[-4:] != "_pct":
            text = decimal_text(value)
        else:
            text = _text(key, value)
        found[key if key[-3:] != "_ns" else key[:-3]] = text
    return found


def _text(key: str, value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, Decimal):
        return decimal_text(round(value, 4) if key[-4:] == "_pct" else value)
    if isinstance(value, tuple):
        return ", ".join(_text(key, one) for one in value)
    if isinstance(value, int) and key.endswith("_ns"):
        return iso_utc(value)
    return str(value)
