"""The equity below which an account breaches a rule: now, and at its worst from here on.

Pure arithmetic on a rule and what the account was anchored at; the fold that keeps anchors is `ledger`. All
amounts are Decimal in the account's currency.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    reference = {
        "balance": anchors.balance_at_reset,
        "equity": anchors.equity_at_reset,
        "higher": max(anchors.balance_at_reset, anchors.equity_at_reset),
    }[rule.anchor]
    base = anchors.initial_balance if rule.base == "initial" else reference
    return reference - rule.of(base, anchors.initial_balance)


def maximum_floor(rule: MaximumLoss, anchors: Anchors) -> Decimal:
    """The equity below which the account is lost. A trailing floor never lies below where it began, and a
    lock that is unknown is taken for none: that floor is the higher one.

    Source: "ftmo.com/au/?p=1671" (1-Step, by the highest balance at a reset), help.e8markets.com 11782996
    (by closed profit), apextraderfunding.com (by the highest equity).

    Raises:
        NoAmountForSize: the firm states no amount for this size of account.
    """
    initial = anchors.initial_balance
    highest = {
        "static": initial,
        "eod_trailing": anchors.highest_reset_balance,
        "closed_trailing": anchors.highest_closed_balance,
        "intraday_trailing": anchors.highest_equity,
    }[rule.mode]
    floor = max(initial, highest) - rule.of(initial, initial)
    return min(floor, initial + rule.lock.over_initial) if isinstance(rule.lock, Lock) else floor


def anchors_ahead(anchors: Anchors, balance: Decimal, highest_equity_ahead: Decimal) -> Anchors:
    """The anchors that leave the least room, of all that may come before every open stop is hit.

    Args:
        balance: closed, now. A gain that is closed on the way lifts floor and equity alike, so the balance of
            now is the worst that the next reset may find.
        highest_equity_ahead: the most that equity may be on the way: everything open at its target. A profit
            that is only open at the reset lifts the floors that count equity, and can be lost again.
    """
    return replace(
        anchors,
        balance_at_reset=balance,
        equity_at_reset=highest_equity_ahead,
        highest_reset_balance=max(anchors.highest_reset_balance, balance),
        highest_closed_balance=max(anchors.highest_closed_balance, balance),
        highest_equity=max(anchors.highest_equity, highest_equity_ahead),
    )


def worst_daily_floor(
    rule: DailyLoss, anchors: Anchors, balance: Decimal, highest_equity_ahead: Decimal
) -> Decimal:
    """The higher of the floor now and the one after the next reset, at its worst.

    Raises:
        NoAmountForSize: as `daily_floor`.
    """
    ahead = anchors_ahead(anchors, balance, highest_equity_ahead)
    return max(daily_floor(rule, anchors), daily_floor(rule, ahead))


def worst_maximum_floor(
    rule: MaximumLoss, anchors: Anchors, balance: Decimal, highest_equity_ahead: Decimal
) -> Decimal:
    """The maximum floor as high as it may come to lie. It only rises, so that is the one ahead.

    Raises:
        NoAmountForSize: as `maximum_floor`.
    """
    return maximum_floor(rule, anchors_ahead(anchors, balance, highest_equity_ahead))
