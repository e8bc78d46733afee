"""What the gate answers: one finding a rule, and the verdict that follows from them.

Numbers stay as they were computed; they become text only where somebody writes them down (`as_body`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from hive_core.contracts.base import decimal_text


class Outcome(StrEnum):
    """What a rule says of an intent. The strictest of all rules counts; a denial ends the asking."""

    ALLOW = "allow"
    REDUCE = "reduce"
    REVIEW = "review"
    DENY = "deny"


class GateReason(StrEnum):
    """Why an intent is not allowed as it is."""

    ACCOUNT_BREACHED = "account_breached"
    POSITION_WITHOUT_STOP = "position_without_stop"
    POSITION_WITHOUT_TARGET = "position_without_target"
    RULE_UNKNOWN = "rule_unknown"
    FIRM_FORBIDS = "firm_forbids"
    SIGNAL_TRADED_BEFORE = "signal_traded_before"
    FROM_THE_FUTURE = "from_the_future"
    STALE = "stale"
    EXPIRED = "expired"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    NO_QUOTE = "no_quote"
    QUOTE_TOO_OLD = "quote_too_old"
    QUOTE_CROSSED = "quote_crossed"
    PRICE_COLLAR = "price_collar"
    STOP_ON_WRONG_SIDE = "stop_on_wrong_side"
    TARGET_ON_WRONG_SIDE = "target_on_wrong_side"
    STOP_INSIDE_SPREAD = "stop_inside_spread"
    TOO_MANY_ORDERS = "too_many_orders"
    TOO_MANY_REPEATS = "too_many_repeats"
    TOO_MANY_REQUESTS = "too_many_requests"
    NEWS_UNKNOWN = "news_unknown"
    NEWS_WINDOW = "news_window"
    WEEKEND = "weekend"
    CLOSE_OF_DAY = "close_of_day"
    NO_CONVERSION_RATE = "no_conversion_rate"
    BELOW_MINIMUM_LOTS = "below_minimum_lots"
    TOO_MANY_POSITIONS = "too_many_positions"
    MAXIMUM_LOTS = "maximum_lots"
    RISK_PER_TRADE = "risk_per_trade"
    OPEN_LOSS = "open_loss"
    DAILY_LOSS_LIMIT = "daily_loss_limit"
    MAXIMUM_LOSS_LIMIT = "maximum_loss_limit"
    CURRENCY_EXPOSURE = "currency_exposure"
    CORRELATION = "correlation"
    VALUE_AT_RISK = "value_at_risk"
    RISK_MODEL_UNKNOWN = "risk_model_unknown"
    UNCERTAINTY = "uncertainty"


class Finding(NamedTuple):
    """What one rule said, with the numbers it used. `lots` is the most that it allows, where it reduces;
    `headroom` what is left after the order, in the unit that the rule's numbers name."""

    rule: str
    outcome: Outcome
    reason: GateReason | None
    numbers: Mapping[str, object]
    lots: Decimal | None = None
    headroom: Decimal | None = None

    def as_body(self) -> dict[str, object]:
        """The finding as it stands in a journal: every number as text."""
        return {
            "rule": self.rule,
            "verdict": self.outcome.value,
            "reason_code": None if self.reason is None else self.reason.value,
            "numbers": {key: _text(value) for key, value in self.numbers.items()},
            "lots": None if self.lots is None else decimal_text(self.lots),
            "headroom": None if self.headroom is None else decimal_text(self.headroom),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings up to the first denial, and the lots that may be sent: none where it is denied."""

    findings: tuple[Finding, ...]
    lots: Decimal

    @property
    def outcome(self) -> Outcome:
        """The strictest finding."""
        return max((finding.outcome for finding in self.findings), key=_STRICTNESS.__getitem__)

    @property
    def reasons(self) -> tuple[GateReason, ...]:
        """Why it is not allowed as it is, in the order of the rules."""
        return tuple(finding.reason for finding in self.findings if finding.reason is not None)

    def of(self, rule: str) -> Finding:
        """What a rule said. Raises KeyError where it was not asked."""
        for finding in self.findings:
            if finding.rule == rule:
                return finding
        raise KeyError(rule)


_STRICTNESS = {outcome: number for number, outcome in enumerate(Outcome)}


def _text(value: object) -> str:
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
