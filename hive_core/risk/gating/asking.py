"""How a rule leaves its finding, and how a denial ends the asking."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hive_core.contracts.reasons import DenialReason
from hive_core.risk.gating.verdict import Finding, Outcome

_new = tuple.__new__
"""A finding without the detour over keywords: there are thirty of them in a decision."""
_ALLOW = Outcome.ALLOW


class Denied(Exception):
    """A rule denied: nothing after it is asked."""


class Asking:
    """The findings so far."""

    __slots__ = ("findings",)

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def require(self, rule: str, holds: bool, reason: DenialReason, numbers: Mapping[str, object]) -> None:
        """Allow or deny."""
        if holds:
            self.findings.append(_new(Finding, (rule, _ALLOW, None, numbers, None, None)))
            return
        self.findings.append(Finding(rule, Outcome.DENY, reason, numbers))
        raise Denied

    def ask(self, rule: str, holds: bool, reason: DenialReason, numbers: Mapping[str, object]) -> None:
        """Allow, or let a person decide."""
        outcome = _ALLOW if holds else Outcome.REVIEW
        self.findings.append(_new(Finding, (rule, outcome, None if holds else reason, numbers, None, None)))

    def reduce(
        self,
        rule: str,
        wanted: Decimal,
        allowed: Decimal,
        reason: DenialReason,
        numbers: Mapping[str, object],
        headroom: Decimal | None = None,
    ) -> Decimal:
        """Allow, reduce to fewer lots, or deny where none are left; returns the lots that are left."""
        if allowed <= 0:
            self.findings.append(Finding(rule, Outcome.DENY, reason, numbers, Decimal(0), headroom))
            raise Denied
        if allowed < wanted:
            self.findings.append(Finding(rule, Outcome.REDUCE, reason, numbers, allowed, headroom))
            return allowed
        self.findings.append(_new(Finding, (rule, _ALLOW, None, numbers, None, headroom)))
        return wanted
