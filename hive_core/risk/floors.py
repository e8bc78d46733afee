"""The equity below which an account breaches a rule: now, and at its worst from here on.

Pure arithmetic on a rule and what the account was anchored at; the fold that keeps anchors is `ledger`. All
amounts are Decimal in the account's currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hive_core.risk.rules.values import DailyLoss, Lock, MaximumLoss


@dataclass(frozen=True, slots=True)
class Anchors:
    """What floors hang on, under one reset: the last reset's balance and equity, and the highest of each
    kind that the account ever had: balance at a reset, balance after a close, equity at any instant."""

    initial_balance: Decimal
    balance_at_reset: Decimal
    equity_at_reset: Decimal
    highest_reset_balance: Decimal
    highest_closed_balance: Decimal
    highest_equity: Decimal

    @classmethod
    def at_start(cls, initial_balance: Decimal) -> Anchors:
        """An account on which nothing has happened."""
        return cls(*[initial_balance] * 6)


def daily_floor(rule: DailyLoss, anchors: Anchors) -> Decimal:
    """The equity below which the day is lost: `anchor at the reset - limit`.

    Source: academy.ftmo.com/lesson/maximum-daily-loss for the anchor by balance, help.the5ers.com for the
    higher of balance and equity.

    Raises:
        NoAmountForSize: the firm states no amount for this size of account.
    """
    return _daily(rule, anchors.initial_balance, anchors.balance_at_reset, anchors.equity_at_reset)


def maximum_floor(rule: MaximumLoss, anchors: Anchors) -> Decimal:
    """The equity below which the account is lost. A trailing floor never lies below where it began, and a
    lock that is unknown is taken for none: that floor is the higher one.

    Source: "ftmo.com/au/?p=1671" (1-Step, by the highest balance at a reset), help.e8markets.com 11782996
    (by closed profit), apextraderfunding.com (by the highest equity).

    Raises:
        NoAmountForSize: the firm states no amount for this size of account.
    """
    initial = anchors.initial_balance
    return _maximum(rule, anchors, initial, initial)


def worst_daily_floor(
    rule: DailyLoss, anchors: Anchors, balance: Decimal, highest_equity_ahead: Decimal
) -> Decimal:
    """The higher of the floor now and the one after the next reset, at its worst.

    Args:
        balance: closed, now. A gain that is closed on the way lifts floor and equity alike, so the balance of
            now is the worst that the next reset may find.
        highest_equity_ahead: the most that equity may be on the way: everything open at its target. A profit
            that is only open at the reset lifts the floors that count equity, and can be lost again.

    Raises:
        NoAmountForSize: as `daily_floor`.
    """
    # A floor rises with its reference, so that of the higher reference is the higher floor.
    highest_balance, highest_equity = anchors.balance_at_reset, anchors.equity_at_reset
    if balance > highest_balance:
        highest_balance = balance
    if highest_equity_ahead > highest_equity:
        highest_equity = highest_equity_ahead
    return _daily(rule, anchors.initial_balance, highest_balance, highest_equity)


def worst_maximum_floor(
    rule: MaximumLoss, anchors: Anchors, balance: Decimal, highest_equity_ahead: Decimal
) -> Decimal:
    """The maximum floor as high as it may come to lie, by the same arguments. It only rises, so that is the
    one ahead.

    Raises:
        NoAmountForSize: as `maximum_floor`.
    """
    return _maximum(rule, anchors, balance, highest_equity_ahead)


def _daily(rule: DailyLoss, initial: Decimal, balance: Decimal, equity: Decimal) -> Decimal:
    if rule.anchor == "balance":
        reference = balance
    elif rule.anchor == "equity":
        reference = equity
    else:
        reference = max(balance, equity)
    return reference - rule.of(initial if rule.base == "initial" else reference, initial)


def _maximum(rule: MaximumLoss, anchors: Anchors, balance: Decimal, equity: Decimal) -> Decimal:
    initial = anchors.initial_balance
    highest = initial
    if rule.mode == "eod_trailing":
        highest = max(initial, anchors.highest_reset_balance, balance)
    elif rule.mode == "closed_trailing":
        highest = max(initial, anchors.highest_closed_balance, balance)
    elif rule.mode == "intraday_trailing":
        highest = max(initial, anchors.highest_equity, equity)
    floor = highest - rule.of(initial, initial)
    return min(floor, initial + rule.lock.over_initial) if isinstance(rule.lock, Lock) else floor
