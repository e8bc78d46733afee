"""Where an account stands under its rules: floors, room, breaches, and what a phase still asks for.

A reading of a `Ledger`; nothing is decided about orders here, that is the gate's. Amounts are Decimal in the
account's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.risk.floors import (
    Anchors,
    daily_floor,
    maximum_floor,
    worst_daily_floor,
    worst_maximum_floor,
)
from hive_core.risk.ledger import DayResult, Ledger
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.rules.values import DailyLoss, MaximumLoss, MinimumDays, NoAmountForSize, Reset

MARKETS_DAY = Reset(zone="America/New_York", time="17:00")
Limit = TypeVar("Limit", DailyLoss, MaximumLoss)


class RuleUnknown(ValueError):
    """What the firm does not state decides here: a person has to say."""


@dataclass(frozen=True, slots=True)
class Floors:
    """The equity below which a rule is breached; None where the firm has no such rule."""

    daily: Decimal | None
    maximum: Decimal | None

    @property
    def highest(self) -> Decimal | None:
        """The one that is met first."""
        return max((floor for floor in (self.daily, self.maximum) if floor is not None), default=None)


def resets_of(rules: RuleSet) -> tuple[Reset, ...]:
    """Every reset that the rules may mean, that of the daily loss limit first.

    Raises:
        RuleUnknown: no rule says when a day begins.
    """
    if any(
        not isinstance(rule, str) and rule.resets == "unknown"
        for rule in (rules.daily_loss, rules.maximum_loss)
    ):
        raise RuleUnknown(f"{rules.name}: when the day begins is not stated")
    # Without a rule that counts days any will do for reports; the markets' own is the plainest.
    return rules.stated_resets or (MARKETS_DAY,)


def floors_now(rules: RuleSet, ledger: Ledger) -> Floors:
    """The floors as they lie, by the strictest of what the rules may mean.

    Raises:
        RuleUnknown: a loss limit, or its reset, is not known.
        NoAmountForSize: no amount is stated for this size of account.
    """
    daily, maximum = _known(rules.daily_loss, rules), _known(rules.maximum_loss, rules)
    return Floors(
        None if daily is None else max(daily_floor(daily, one) for one in _anchors(ledger, daily.resets)),
        None
        if maximum is None
        else max(maximum_floor(maximum, one) for one in _anchors(ledger, maximum.resets)),
    )


def floors_ahead(rules: RuleSet, ledger: Ledger, highest_equity_ahead: Decimal) -> Floors:
    """The floors as high as they may come to lie before every open stop is hit, the next reset included.

    Args:
        highest_equity_ahead: the most that equity may be until then: everything open at its target.

    Raises:
        RuleUnknown, NoAmountForSize: as `floors_now`.
    """
    return Floors(
        daily_floor_ahead(rules, ledger, highest_equity_ahead),
        maximum_floor_ahead(rules, ledger, highest_equity_ahead),
    )


def daily_floor_ahead(rules: RuleSet, ledger: Ledger, highest_equity_ahead: Decimal) -> Decimal | None:
    """The first of `floors_ahead`."""
    rule = _known(rules.daily_loss, rules)
    if rule is None:
        return None
    balance, highest = ledger.balance, highest_equity_ahead
    floors = [worst_daily_floor(rule, one, balance, highest) for one in _anchors(ledger, rule.resets)]
    return max(floors) if len(floors) > 1 else floors[0]


def maximum_floor_ahead(rules: RuleSet, ledger: Ledger, highest_equity_ahead: Decimal) -> Decimal | None:
    """The second of `floors_ahead`."""
    rule = _known(rules.maximum_loss, rules)
    if rule is None:
        return None
    balance, highest = ledger.balance, highest_equity_ahead
    floors = [worst_maximum_floor(rule, one, balance, highest) for one in _anchors(ledger, rule.resets)]
    return max(floors) if len(floors) > 1 else floors[0]


def breach(rules: RuleSet, ledger: Ledger) -> Literal["daily_loss", "maximum_loss"] | None:
    """The rule that the account breaches as it was last marked; touching a floor counts. A limit that does
    not count open profit is measured by the balance, one that does not count costs without those of the day.

    Raises:
        RuleUnknown, NoAmountForSize: as `floors_now`.
    """
    floors = floors_now(rules, ledger)
    for name, rule, floor in (
        ("maximum_loss", rules.maximum_loss, floors.maximum),
        ("daily_loss", rules.daily_loss, floors.daily),
    ):
        if floor is not None and not isinstance(rule, str) and measured(rule, ledger) <= floor:
            return "daily_loss" if name == "daily_loss" else "maximum_loss"
    return None


def measured(rule: DailyLoss | MaximumLoss, ledger: Ledger) -> Decimal:
    """What a limit compares with its floor."""
    worth = ledger.equity if rule.counts_open_profit else ledger.balance
    return worth if rule.counts_costs else worth + ledger.current_day.commission + ledger.current_day.swap


def days_counted(rule: MinimumDays, ledger: Ledger) -> int:
    """How many days count towards the minimum, the present one included.

    Raises:
        RuleUnknown: what a day has to hold is not stated.
    """
    return sum(_counts(rule, day, ledger.initial_balance) for day in (*ledger.days, ledger.current_day))


def _counts(rule: MinimumDays, day: DayResult, initial_balance: Decimal) -> bool:
    if rule.counts == "unknown":
        raise RuleUnknown("what counts as a trading day is not stated")
    if rule.counts == "profitable":
        least = initial_balance * (rule.least_profit_pct or Decimal(0)) / 100
        return day.net > 0 and day.net >= least
    return (day.opened if rule.counts == "opened" else day.opened_and_closed) > 0


def best_day_share_pct(
    ledger: Ledger, base: Literal["total_profit", "profit_of_winning_days"]
) -> Decimal | None:
    """The best day's profit as a percentage of all profit, or of that of the days that won; None without."""
    results = [day.net for day in (*ledger.days, ledger.current_day)]
    whole = sum((one for one in results if base == "total_profit" or one > 0), Decimal(0))
    best = max(results)
    return None if whole <= 0 or best <= 0 else best / whole * 100


def inactive_after_ns(rules: RuleSet, ledger: Ledger, opened_ns: int) -> int | None:
    """When the account ends if nothing is traded until then; None where the firm has no such rule.

    Raises:
        RuleUnknown: the firm does not say.
    """
    if rules.inactivity == "none":
        return None
    if isinstance(rules.inactivity, str):
        raise RuleUnknown(f"{rules.name}: after how long without a trade the account ends is not stated")
    last = ledger.last_traded_ns if ledger.last_traded_ns is not None else opened_ns
    return last + int(timedelta(days=rules.inactivity.days).total_seconds()) * NS_PER_SECOND


def known_floors(rules: RuleSet, ledger: Ledger) -> Floors:
    """As `floors_now`, for showing: None too where a limit is not known. Nothing is decided by it."""
    try:
        return floors_now(rules, ledger)
    except (RuleUnknown, NoAmountForSize):
        return Floors(None, None)


def ledger_resets(rules: RuleSet) -> tuple[Reset, ...]:
    """The resets to keep an account's days by: those of the rules, and where these do not say, the markets'
    own. No order passes the gate there; the days are for reports."""
    try:
        return resets_of(rules)
    except RuleUnknown:
        return (MARKETS_DAY,)


def _known(rule: Limit | str, rules: RuleSet) -> Limit | None:
    """The limit, None where the firm has none."""
    if not isinstance(rule, str):
        return rule
    if rule == "unknown":
        raise RuleUnknown(f"{rules.name}: a loss limit is not known")
    return None


def _anchors(ledger: Ledger, resets: tuple[Reset, ...] | str | None) -> tuple[Anchors, ...]:
    """The anchors under the resets of a rule; one without resets has no use for any of them."""
    if isinstance(resets, str):
        raise RuleUnknown("when the day begins is not stated")
    if resets is None:
        return ledger.anchors[:1]
    if resets == ledger.resets:
        return ledger.anchors
    missing = [reset for reset in resets if reset not in ledger.resets]
    if missing:
        raise RuleUnknown(f"the account's days were not counted by {missing[0].time} {missing[0].zone}")
    return tuple(ledger.anchors[ledger.resets.index(reset)] for reset in resets)
