"""How a rule leaves its finding, and how a denial ends the asking."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hive_core.risk.gating.verdict import Finding, GateReason, Outcome


class Denied(Exception):
    """A rule denied: nothing after it is asked."""


class Asking:
    """The findings so far."""

    __slots__ = ("findings",)

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def require(self, rule: str, holds: bool, reason: GateReason, numbers: Mapping[str, object]) -> None:
        """Allow or deny."""
        if holds:
            self.findings.append(Finding(rule, Outcome.ALLOW, None, numbers))
            return
        self.findings.append(Finding(rule, Outcome.DENY, reason, numbers))
        raise Denied

    def ask(self, rule: str, holds: bool, reason: GateReason, numbers: Mapping[str, object]) -> None:
        """Allow, or let a person decide."""
        outcome = Outcome.ALLOW if holds else Outcome.REVIEW
        self.findings.append(Finding(rule, outcome, None if holds else reason, numbers))

    def reduce(
        self,
        rule: str,
        wanted: Decimal,
        allowed: Decimal,
        reason: GateReason,
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
        self.findings.append(Finding(rule, Outcome.ALLOW, None, numbers, None, headroom))
        return wanted
