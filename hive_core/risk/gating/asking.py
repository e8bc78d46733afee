"""How a rule leaves its finding, and how a denial ends the asking."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hive_core.contracts.reasons import DenialReason
from hive_core.risk.gating.verdict import Outcome, Said

_ALLOW, _REDUCE, _REVIEW, _DENY = Outcome.ALLOW, Outcome.REDUCE, Outcome.REVIEW, Outcome.DENY


class Denied(Exception):
    """A rule denied: nothing after it is asked."""


class Asking:
    """What the rules said so far, as bare rows: there are thirty of them in a decision."""

    __slots__ = ("said",)

    def __init__(self) -> None:
        self.said: list[Said] = []

    def require(self, rule: str, holds: bool, reason: DenialReason, numbers: Mapping[str, object]) -> None:
        """Allow or deny."""
        if holds:
            self.said.append((rule, _ALLOW, None, numbers, None, None))
            return
        self.said.append((rule, _DENY, reason, numbers, None, None))
        raise Denied

    def ask(self, rule: str, holds: bool, reason: DenialReason, numbers: Mapping[str, object]) -> None:
        """Allow, or let a person decide."""
        outcome = _ALLOW if holds else _REVIEW
        self.said.append((rule, outcome, None if holds else reason, numbers, None, None))

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
            self.said.append((rule, _DENY, reason, numbers, Decimal(0), headroom))
            raise Denied
        if allowed < wanted:
            self.said.append((rule, _REDUCE, reason, numbers, allowed, headroom))
            return allowed
        self.said.append((rule, _ALLOW, None, numbers, None, headroom))
        return wanted
