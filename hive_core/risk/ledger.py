"""What an account has been through: a fold over what happened to its money, by the days of its rules.

The same fold serves a backtest, a paper account and a broker's account. It keeps balance and equity, the
anchors of every reset that a rule may mean, peaks, and one result a trading day. Positions and prices are not
here: whoever knows them says what equity is (`Marked`). Verdicts are those of `standing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from hive_core.calendars.trading_day import iso_utc
from hive_core.risk.floors import Anchors
from hive_core.risk.rules.values import Reset

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Opened:
    """A trade was opened; its costs are taken from the balance at once. Costs are positive."""

    ts_ns: int
    commission: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Closed:
    """A trade, or a part of one, was closed. Costs are positive; a swap that was earned is negative."""

    ts_ns: int
    opened_ns: int
    profit: Decimal
    commission: Decimal = ZERO
    swap: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Charged:
    """A cost that was taken from the balance beside any trade: a swap booked at the rollover, a fee."""

    ts_ns: int
    swap: Decimal = ZERO
    commission: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Corrected:
    """The venue's books say what the balance is: swaps, fees and payments that no report told."""

    ts_ns: int
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    """An account that began before it was known, as it was found. Its balance is no result of a day."""

    ts_ns: int
    balance: Decimal
    peak: Decimal
    """The highest that it ever had, as far as anybody says."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What equity is: balance, open profit at the side where it can be closed, and costs to come."""

    ts_ns: int
    equity: Decimal


Event = Opened | Closed | Charged | Corrected | Found | Marked


class EventOutOfOrder(ValueError):
    """An event from before the last one: a fold has no past to change."""


@dataclass(frozen=True, slots=True)
class DayResult:
    """One trading day, by the first reset of the account."""

    day: date
    opened: int = 0
    opened_and_closed: int = 0
    closed: int = 0
    profit: Decimal = ZERO
    commission: Decimal = ZERO
    swap: Decimal = ZERO
    corrected: Decimal = ZERO
    """What the venue's books added beside that; negative where they took."""
    equity_low: Decimal | None = None
    equity_high: Decimal | None = None

    @property
    def net(self) -> Decimal:
        """What the day added to the balance."""
        return self.profit - self.commission - self.swap + self.corrected


@dataclass(frozen=True, slots=True)
class Ledger:
    """The state of the fold. `anchors` has one entry a reset, in the order of `resets`."""

    resets: tuple[Reset, ...]
    anchors: tuple[Anchors, ...]
    next_reset_ns: tuple[int, ...]
    ts_ns: int
    balance: Decimal
    equity: Decimal
    current_day: DayResult
    days: tuple[DayResult, ...] = field(default=())
    """Days that ended, and on which something happened."""
    last_traded_ns: int | None = None

    @property
    def initial_balance(self) -> Decimal:
        """What the account began with."""
        return self.anchors[0].initial_balance


def open_ledger(initial_balance: Decimal, resets: Iterable[Reset], ts_ns: int) -> Ledger:
    """An account that begins now.

    Raises:
        ValueError: no reset: the days of the account are unknown.
    """
    held = tuple(resets)
    if not held:
        raise ValueError("an account needs a reset to count days by")
    days = [reset.trading_day for reset in held]
    return Ledger(
        resets=held,
        anchors=tuple(Anchors.at_start(initial_balance) for _ in held),
        next_reset_ns=tuple(day.next_reset_ns(ts_ns) for day in days),
        ts_ns=ts_ns,
        balance=initial_balance,
        equity=initial_balance,
        current_day=DayResult(days[0].day_of(ts_ns)),
    )


def at_time(ledger: Ledger, ts_ns: int) -> Ledger:
    """The ledger once every reset up to this instant has happened. An instant of a reset lies in the day
    that it begins; equity at a reset is what it was last marked before.

    Raises:
        EventOutOfOrder: the instant is before the last event.
    """
    if ts_ns < ledger.ts_ns:
        raise EventOutOfOrder(f"{iso_utc(ts_ns)} is before {iso_utc(ledger.ts_ns)}")
    if ts_ns < min(ledger.next_reset_ns):
        return ledger if ts_ns == ledger.ts_ns else replace(ledger, ts_ns=ts_ns)
    passed = [ts_ns >= at for at in ledger.next_reset_ns]
    anchors = tuple(
        replace(
            one,
            balance_at_reset=ledger.balance,
            equity_at_reset=ledger.equity,
            highest_reset_balance=max(one.highest_reset_balance, ledger.balance),
        )
        if is_passed
        else one
        for one, is_passed in zip(ledger.anchors, passed, strict=True)
    )
    nexts = tuple(
        reset.trading_day.next_reset_ns(ts_ns) if is_passed else at
        for reset, at, is_passed in zip(ledger.resets, ledger.next_reset_ns, passed, strict=True)
    )
    today, days = ledger.current_day, ledger.days
    if passed[0]:
        days = days if _is_empty(today) else (*days, today)
        today = DayResult(ledger.resets[0].trading_day.day_of(ts_ns))
    return replace(ledger, anchors=anchors, next_reset_ns=nexts, ts_ns=ts_ns, current_day=today, days=days)


def happened(ledger: Ledger, event: Event) -> Ledger:
    """The ledger after an event.

    Raises:
        EventOutOfOrder: it is from before the last one.
    """
    ledger = at_time(ledger, event.ts_ns)
    if isinstance(event, Marked):
        return _marked(ledger, event.equity)
    if isinstance(event, Corrected):
        return _corrected(ledger, event.balance)
    if isinstance(event, Found):
        return _found(ledger, event)
    today, cost = ledger.current_day, event.commission
    changes: dict[str, object] = {"commission": today.commission + event.commission}
    gained = ZERO
    if isinstance(event, Opened):
        changes["opened"] = today.opened + 1
    else:
        cost += event.swap
        changes["swap"] = today.swap + event.swap
    if isinstance(event, Closed):
        gained = event.profit
        days = ledger.resets[0].trading_day
        is_of_today = days.start_ns(today.day) <= event.opened_ns
        changes |= {
            "profit": today.profit + gained,
            "closed": today.closed + 1,
            "opened_and_closed": today.opened_and_closed + is_of_today,
        }
    balance = ledger.balance + gained - cost
    anchors = tuple(
        replace(one, highest_closed_balance=max(one.highest_closed_balance, balance))
        for one in ledger.anchors
    )
    is_trade = not isinstance(event, Charged)
    return replace(
        ledger,
        balance=balance,
        anchors=anchors,
        current_day=replace(today, **changes),  # type: ignore[arg-type]
        last_traded_ns=event.ts_ns if is_trade else ledger.last_traded_ns,
    )


def _corrected(ledger: Ledger, balance: Decimal) -> Ledger:
    """A balance that is set anew moves equity as much. It may be a profit that nobody told, so it lifts the
    anchors as one: the floor of a trailing limit is then the higher one."""
    added = balance - ledger.balance
    today = ledger.current_day
    return replace(
        ledger,
        balance=balance,
        equity=ledger.equity + added,
        anchors=tuple(
            replace(one, highest_closed_balance=max(one.highest_closed_balance, balance))
            for one in ledger.anchors
        ),
        current_day=replace(today, corrected=today.corrected + added),
    )


def _found(ledger: Ledger, event: Found) -> Ledger:
    """Nobody knows what it had at the last reset, only that floors lie no lower than they do by what is known
    now: who judges has to wait for the next reset."""
    balance, highest = event.balance, max(event.balance, event.peak)
    return replace(
        ledger,
        balance=balance,
        equity=ledger.equity + balance - ledger.balance,
        anchors=tuple(
            replace(
                one,
                balance_at_reset=max(one.balance_at_reset, balance),
                equity_at_reset=max(one.equity_at_reset, balance),
                highest_reset_balance=max(one.highest_reset_balance, highest),
                highest_closed_balance=max(one.highest_closed_balance, highest),
                highest_equity=max(one.highest_equity, highest),
            )
            for one in ledger.anchors
        ),
    )


def _marked(ledger: Ledger, equity: Decimal) -> Ledger:
    anchors, today = ledger.anchors, ledger.current_day
    if any(equity > one.highest_equity for one in anchors):
        anchors = tuple(replace(one, highest_equity=max(one.highest_equity, equity)) for one in anchors)
    low, high = today.equity_low, today.equity_high
    if low is None or high is None or not low <= equity <= high:
        low = equity if low is None else min(low, equity)
        high = equity if high is None else max(high, equity)
        today = replace(today, equity_low=low, equity_high=high)
    elif equity == ledger.equity:  # most ticks of an account without positions
        return ledger
    return replace(ledger, equity=equity, anchors=anchors, current_day=today)


def _is_empty(day: DayResult) -> bool:
    return day == DayResult(day.day)
