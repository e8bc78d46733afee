"""How much room an account has under each of its limits: used, left, and left at the worst.

The arithmetic is the gate's and the floors' own; here it is laid out for a person. Nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from hive_core.calendars.trading_day import iso_utc
from hive_core.configuration.model import Account
from hive_core.risk.account import AccountState, equity
from hive_core.risk.gate import book_of, gate_settings
from hive_core.risk.gating.account_rules import unknown_history
from hive_core.risk.gating.asking import Asking, Denied
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.size_rules import Worst, worst_of
from hive_core.risk.gating.time_rules import HOUR_NS, orders_since
from hive_core.risk.gating.totals import ZERO, PerLot
from hive_core.risk.ledger import Ledger, Marked, at_time, happened
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.rules.values import (
    Consistency,
    DailyLoss,
    MaximumLoss,
    MinimumDays,
    NoAmountForSize,
    OrderLimits,
    ProfitTarget,
    RequestLimits,
)
from hive_core.risk.standing import (
    Floors,
    RuleUnknown,
    best_day_share_pct,
    days_counted,
    floors_ahead,
    floors_now,
    inactive_after_ns,
    ledger_resets,
    measured,
)

Known = Literal["known", "none", "unknown"]
"""`none`: the firm says that there is no such limit; `unknown`: nobody knows whether there is."""


@dataclass(frozen=True, slots=True)
class LossLimit:
    """A loss limit, in the account's currency. `worth` is what the firm compares with `floor`;
    `allowance` the most that may be lost from the anchor, of which `used_pct` is gone. `worst_left` is what
    is left above the floor, as high as it may come to lie, once every stop is hit and every waiting order was
    filled and stopped: None where a rate is missing, so that nobody can say. `next_reset_ns` is when the day
    begins anew, by the first reading of the firm's words."""

    rule: Literal["daily_loss", "maximum_loss"]
    known: Known
    floor: Decimal | None = None
    worth: Decimal | None = None
    left: Decimal | None = None
    allowance: Decimal | None = None
    used_pct: Decimal | None = None
    worst_equity: Decimal | None = None
    worst_floor: Decimal | None = None
    worst_left: Decimal | None = None
    next_reset_ns: int | None = None


@dataclass(frozen=True, slots=True)
class OtherLimit:
    """Another limit or goal, in words and numbers: what stands now, and what it is measured against."""

    rule: str
    known: Known
    now: str = ""
    limit: str = ""
    is_met: bool | None = None
    """Whether the limit is kept, or the goal reached; None where that cannot be said."""


@dataclass(frozen=True, slots=True)
class Headroom:
    """Every limit of an account at one instant."""

    loss: tuple[LossLimit, ...]
    others: tuple[OtherLimit, ...]

    @property
    def least_left(self) -> Decimal | None:
        """The room above the nearest floor; None where no floor is known."""
        return min((one.left for one in self.loss if one.left is not None), default=None)


def headroom(state: AccountState, account: Account, rules: RuleSet, now_ns: int) -> Headroom:
    """The limits of an account as its rules have them, with open positions at their last quotes."""
    now_ns = max(now_ns, state.ledger.ts_ns)
    ledger = happened(at_time(state.ledger, now_ns), Marked(now_ns, equity(state)))
    settings = gate_settings(account)
    book = book_of(state, account, settings, rules)
    worst = _worst(book, state.currency, now_ns)
    return Headroom(
        tuple(_loss_limits(rules, ledger, worst)),
        (
            *_history(book, now_ns),
            *_counts(state, account, rules, book, now_ns),
            *_goals(rules, ledger, now_ns),
            *_exposures(book, now_ns),
        ),
    )


def _history(book: Book, now_ns: int) -> list[OtherLimit]:
    """What the floors of an account with a past lack."""
    lacking = unknown_history(book, now_ns)
    return [OtherLimit("history", "unknown", f"lacks {' and '.join(lacking)}")] if lacking else []


def _worst(book: Book, currency: str, now_ns: int) -> Worst | None:
    nothing = PerLot(ZERO, ZERO, ZERO, ZERO)
    try:
        return worst_of(Asking(), book, nothing, currency, now_ns)
    except Denied:
        return None


def _loss_limits(rules: RuleSet, ledger: Ledger, worst: Worst | None) -> list[LossLimit]:
    floors: Floors | None
    ahead: Floors | None
    try:
        floors = floors_now(rules, ledger)
        ahead = None if worst is None else floors_ahead(rules, ledger, ledger.balance + worst.book_gain)
    except (RuleUnknown, NoAmountForSize):
        floors = ahead = None
    found = []
    for name, rule in (("daily_loss", rules.daily_loss), ("maximum_loss", rules.maximum_loss)):
        is_daily = name == "daily_loss"
        kind: Literal["daily_loss", "maximum_loss"] = "daily_loss" if is_daily else "maximum_loss"
        if rule == "none":
            found.append(LossLimit(kind, "none"))
            continue
        floor = None if floors is None else floors.daily if is_daily else floors.maximum
        if isinstance(rule, str) or floor is None:
            found.append(LossLimit(kind, "unknown"))
            continue
        worst_floor = None if ahead is None else ahead.daily if is_daily else ahead.maximum
        found.append(_loss_limit(kind, rule, rules, ledger, floor, worst, worst_floor))
    return found


def _loss_limit(
    kind: Literal["daily_loss", "maximum_loss"],
    rule: DailyLoss | MaximumLoss,
    rules: RuleSet,
    ledger: Ledger,
    floor: Decimal,
    worst: Worst | None,
    worst_floor: Decimal | None,
) -> LossLimit:
    initial = ledger.initial_balance
    worth = measured(rule, ledger)
    base = (
        initial
        if not isinstance(rule, DailyLoss) or rule.base == "initial"
        else ledger.anchors[0].balance_at_reset
    )
    allowance = rule.of(base, initial)
    left = worth - floor
    worst_equity = None if worst is None else ledger.balance - worst.book_loss - worst.rounding
    resets = ledger_resets(rules)
    nexts = [at for reset, at in zip(ledger.resets, ledger.next_reset_ns, strict=True) if reset in resets]
    return LossLimit(
        kind,
        "known",
        floor,
        worth,
        left,
        allowance,
        max(ZERO, (allowance - left) / allowance * 100),
        worst_equity,
        worst_floor,
        None if worst_equity is None or worst_floor is None else worst_equity - worst_floor,
        min(nexts, default=None) if kind == "daily_loss" else None,
    )


def _counts(
    state: AccountState, account: Account, rules: RuleSet, book: Book, now_ns: int
) -> list[OtherLimit]:
    limits = rules.order_limits
    of_firm = limits.max_open_positions if isinstance(limits, OrderLimits) else None
    positions = min(account.max_open_positions, of_firm or account.max_open_positions)
    of_hour = orders_since(state.sent, now_ns - HOUR_NS)
    most = account.max_orders_per_hour
    requests = rules.request_limits
    of_day = requests.requests_per_day if isinstance(requests, RequestLimits) else None
    return [
        OtherLimit(
            "open_positions", "known", str(book.totals.count), str(positions), book.totals.count <= positions
        ),
        OtherLimit(
            "orders_of_the_hour",
            "none" if most is None else "known",
            str(of_hour),
            "none" if most is None else str(most),
            most is None or of_hour <= most,
        ),
        OtherLimit(
            "requests_of_the_day",
            _known(requests) if of_day is None else "known",
            str(state.requests_of_day),
            "" if of_day is None else str(of_day),
            None if of_day is None else state.requests_of_day <= of_day,
        ),
    ]


def _goals(rules: RuleSet, ledger: Ledger, now_ns: int) -> list[OtherLimit]:
    return [
        _target(rules, ledger),
        _days(rules, ledger),
        _best_day(rules, ledger),
        _activity(rules, ledger, now_ns),
    ]


def _target(rules: RuleSet, ledger: Ledger) -> OtherLimit:
    target, gained = rules.profit_target, ledger.balance - ledger.initial_balance
    if not isinstance(target, ProfitTarget):
        return OtherLimit("profit_target", _known(target), str(gained))
    try:
        asked = target.of(ledger.initial_balance, ledger.initial_balance)
    except NoAmountForSize:
        return OtherLimit("profit_target", "unknown", str(gained))
    return OtherLimit("profit_target", "known", str(gained), str(asked), gained >= asked)


def _days(rules: RuleSet, ledger: Ledger) -> OtherLimit:
    rule = rules.minimum_days
    if not isinstance(rule, MinimumDays):
        return OtherLimit("minimum_days", _known(rule))
    try:
        counted = days_counted(rule, ledger)
    except RuleUnknown:
        return OtherLimit("minimum_days", "unknown", "", str(rule.days))
    return OtherLimit("minimum_days", "known", str(counted), str(rule.days), counted >= rule.days)


def _best_day(rules: RuleSet, ledger: Ledger) -> OtherLimit:
    rule = rules.consistency
    if not isinstance(rule, Consistency):
        return OtherLimit("best_day_share", _known(rule))
    limit = f"{rule.best_day_max_pct} %"
    if rule.base == "unknown":
        return OtherLimit("best_day_share", "unknown", "", limit)
    share = best_day_share_pct(ledger, rule.base)
    if share is None:
        return OtherLimit("best_day_share", "known", "no profit yet", limit)
    return OtherLimit("best_day_share", "known", f"{share:.2f} %", limit, share <= rule.best_day_max_pct)


def _activity(rules: RuleSet, ledger: Ledger, now_ns: int) -> OtherLimit:
    opened_ns = ledger.resets[0].trading_day.start_ns((*ledger.days, ledger.current_day)[0].day)
    try:
        until_ns = inactive_after_ns(rules, ledger, opened_ns)
    except RuleUnknown:
        return OtherLimit("trade_before", "unknown")
    if until_ns is None:
        return OtherLimit("trade_before", "none")
    return OtherLimit("trade_before", "known", iso_utc(now_ns), iso_utc(until_ns), now_ns < until_ns)


def _exposures(book: Book, now_ns: int) -> list[OtherLimit]:
    limit = book.ledger.equity * book.settings.max_currency_exposure_pct / 100
    found = []
    for currency in sorted(book.totals.units):
        units = book.totals.units[currency]
        if currency == book.rates.account_currency or not units:
            continue
        try:
            held = units * book.rates.worst(currency, now_ns)
        except ValueError:
            found.append(OtherLimit(f"exposure_{currency}", "unknown", f"{units} {currency}", f"{limit:.0f}"))
            continue
        found.append(
            OtherLimit(f"exposure_{currency}", "known", f"{held:.0f}", f"{limit:.0f}", abs(held) <= limit)
        )
    return found


def _known(value: object) -> Known:
    return "unknown" if value == "unknown" else "none"
