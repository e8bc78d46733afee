"""What each kind of rule can say: one closed contract a kind.

Every field is a fact that differs between firms; `unknown` where the firm does not state it. A programme's
file (`programme`) dates these values and names their sources; the floors that follow from them are `floors`.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from hive_core.calendars.trading_day import TradingDay
from hive_core.contracts.base import Contract, ExactDecimal, Lots
from hive_core.risk.rules.zones import known_zone

Unknown = Literal["unknown"]
Percentage = Annotated[ExactDecimal, Field(gt=0, le=100)]
Money = Annotated[ExactDecimal, Field(gt=0)]
Zone = Annotated[str, AfterValidator(known_zone)]
Count = Annotated[int, Field(gt=0)]


class NoAmountForSize(ValueError):
    """The firm states its amounts for some sizes of account, and this one is none of them."""


class Share(Contract):
    """An amount of money: a percentage, an amount in the account's currency, or one for each size of account
    (by its initial balance)."""

    pct: Percentage | None = None
    amount: Money | None = None
    amount_by_initial: dict[Annotated[str, Field(pattern=r"^[1-9][0-9]*$")], Money] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if [self.pct, self.amount, self.amount_by_initial].count(None) != 2:
            raise ValueError("one of `pct`, `amount` and `amount_by_initial`")
        return self

    def of(self, base: Decimal, initial: Decimal) -> Decimal:
        """The amount in the account's currency; a percentage is of `base`.

        Raises:
            NoAmountForSize: the firm has no amount for this initial balance.
        """
        if self.pct is not None:
            return base * self.pct / 100
        if self.amount is not None:
            return self.amount
        by_initial = self.amount_by_initial or {}
        found = by_initial.get(format(initial.normalize(), "f"))
        if found is None:
            sizes = ", ".join(by_initial)
            raise NoAmountForSize(f"no amount is stated for an initial balance of {initial}; for: {sizes}")
        return found


class Reset(Contract):
    """When a day begins: a time of a zone's own clock, so that it moves with the zone's daylight saving."""

    zone: Zone
    time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]

    @property
    def trading_day(self) -> TradingDay:
        """The day under this reset."""
        return TradingDay(self.zone, time.fromisoformat(self.time))


Resets = Annotated[tuple[Reset, ...], Field(min_length=1, max_length=3)]
"""What a firm's words may mean: "server time, GMT+2 and +3 in summer" leaves open whose summer. The strictest
floor of them all counts; reports name days by the first."""


class DailyLoss(Share):
    """The daily loss limit: equity may not fall below `anchor at the reset - limit`.

    `base` is what a percentage is of: the initial balance, or the anchor of the day itself. `anchor` is the
    balance at the reset, the equity, or the higher of both. `effect` of a breach: the account is lost
    (hard), it rests until the next reset (pause), or it is lost at the breach of that number (strikes).
    `evaluation` is what the firm looks at: every tick, or the close of the day. We hold both at every tick,
    for an account that stays above its floor all day closes above it too.
    """

    base: Literal["initial", "reference"]
    anchor: Literal["balance", "equity", "higher"]
    counts_open_profit: bool
    counts_costs: bool
    evaluation: Literal["tick", "close"]
    resets: Resets | Unknown
    effect: Literal["hard", "pause", "strikes"]
    strikes: Count | None = None

    @model_validator(mode="after")
    def _strikes_are_counted(self) -> Self:
        if (self.effect == "strikes") != (self.strikes is not None):
            raise ValueError("`strikes` says how many breaches lose the account, where the effect is strikes")
        if self.pct is None and self.base != "initial":
            raise ValueError("an amount has no base but the initial balance")
        return self


class Lock(Contract):
    """Where a trailing floor stops rising: at the initial balance and this much more."""

    over_initial: Annotated[ExactDecimal, Field(ge=0)]
    """In the account's currency."""


class MaximumLoss(Share):
    """The maximum loss limit: equity may never fall below the floor.

    The floor is `initial - limit` (static), or trails: the highest balance at a reset (eod_trailing), the
    highest balance after a close (closed_trailing), or the highest equity at any instant (intraday_trailing),
    less the limit. It only rises, up to its `lock`.
    """

    mode: Literal["static", "eod_trailing", "closed_trailing", "intraday_trailing"]
    counts_open_profit: bool
    counts_costs: bool
    evaluation: Literal["tick", "close"]
    lock: Lock | Literal["none"] | Unknown
    resets: Resets | Unknown | None = None
    effect: Literal["hard"]

    @model_validator(mode="after")
    def _fits_its_mode(self) -> Self:
        if self.mode == "static" and self.lock != "none":
            raise ValueError("a static floor does not move: its lock is none")
        if (self.mode == "eod_trailing") != (self.resets is not None):
            raise ValueError("`resets` says when the day ends, where the floor trails the ends of days")
        return self


class ProfitTarget(Share):
    """The closed profit at which a phase is passed."""


class MinimumDays(Contract):
    """How many days must be traded, and what the firm counts as one: a trade opened on it, opened and closed
    on it, a profit of `least_profit_pct` of the initial balance, or `least_trades` in all."""

    days: Annotated[int, Field(ge=0)]
    counts: Literal["opened", "opened_and_closed", "profitable"] | Unknown
    least_profit_pct: Percentage | None = None
    least_trades: Count | None = None


class Consistency(Contract):
    """The best day's profit may be at most this share of the base; what waits until it is: the pass, or the
    payout. Not a breach."""

    best_day_max_pct: Percentage
    base: Literal["total_profit", "profit_of_winning_days"] | Unknown
    gate: Literal["pass", "payout", "pass_and_payout"] | Unknown


class NewsWindow(Contract):
    """What is not done around scheduled news. `instruments`: those with a currency of the event, or all.
    `forbids` names the actions, `effect` what the firm does then, `profit_kept_pct` what it leaves."""

    minutes_before: Annotated[int, Field(ge=0, le=240)]
    minutes_after: Annotated[int, Field(ge=0, le=240)]
    impacts: Annotated[tuple[Literal["low", "medium", "high"], ...], Field(min_length=1)] | Unknown
    instruments: Literal["affected", "all"]
    forbids: Annotated[
        tuple[Literal["open", "close", "stop_or_target", "pending", "bracket"], ...], Field(min_length=1)
    ]
    effect: Literal["breach", "profit_cut", "excluded"] | Unknown
    profit_kept_pct: Annotated[ExactDecimal, Field(ge=0, lt=100)] | None = None

    @model_validator(mode="after")
    def _a_cut_has_a_size(self) -> Self:
        if (self.effect == "profit_cut") != (self.profit_kept_pct is not None):
            raise ValueError("`profit_kept_pct` says what is kept, where the effect is profit_cut")
        return self


class Holding(Contract):
    """Whether positions may be held over night, over the weekend, and over breaks longer than this.

    `flat_by` is the time of day by which everything is closed, where the firm names one.
    `no_opening_before_break_h`: in that many hours before a market closes for as long or longer, nothing is
    opened (FTMO calls it gap trading).
    """

    overnight: bool | Unknown
    weekend: bool | Unknown
    longest_break_h: Count | None = None
    flat_by: Reset | None = None
    no_opening_before_break_h: Count | None = None


class OrderLimits(Contract):
    """What an order and a book may be. `max_risk_pct` is the most that one trade may lose, and
    `max_open_loss_pct` the most that the whole book may stand at a loss, both of the initial balance."""

    max_lots: Lots | Unknown | None = None
    max_open_orders: Count | None = None
    max_open_positions: Count | None = None
    max_risk_pct: Percentage | None = None
    max_open_loss_pct: Percentage | None = None


class StopRequired(Contract):
    """Whether every position must have a stop loss, and within how long; the most that it may risk."""

    is_required: bool
    within_s: Annotated[int, Field(ge=0)] | None = None
    max_risk_pct: Percentage | None = None


class Inactivity(Contract):
    """After how many days without a trade the account ends."""

    days: Count


class RequestLimits(Contract):
    """How much an account may ask of the firm's server."""

    requests_per_day: Count | None = None
    orders_at_once: Count | None = None


Permission = Literal["allowed", "own_accounts_only", "restricted", "forbidden"] | Unknown


class Policy(Contract):
    """What the firm says of following others and of machines. `restricted` is allowed under conditions that
    a person has to read; the note of the entry tells them."""

    third_party_signals: Permission
    copying: Permission
    automation: Permission
    third_party_automation: Permission
    cloud_copiers: Permission
    remote_servers: Permission
