"""A rule pack: what a firm's programme forbids, as dated data with sources. Judging is the gate's."""

from __future__ import annotations

import tomllib
from datetime import date, time
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from hive_core.calendars.trading_day import TradingDay
from hive_core.contracts.base import Contract, ExactDecimal, Lots

Percentage = Annotated[ExactDecimal, Field(gt=0, le=100)]


class DailyLoss(Contract):
    """The daily loss limit: equity may not fall to `anchor at the reset - pct of base`."""

    pct: Percentage
    base: Literal["initial"]
    anchor: Literal["balance"]
    counts_open_profit: Literal[True]
    counts_costs: Literal[True]
    reset_zone: str
    reset_time: Annotated[str, Field(pattern=r"^[0-2][0-9]:[0-5][0-9]$")]
    effect: Literal["hard"]
    source: str

    @property
    def trading_day(self) -> TradingDay:
        """The account's day under this rule."""
        return TradingDay(self.reset_zone, time.fromisoformat(self.reset_time))


class MaximumLoss(Contract):
    """The maximum loss limit: equity may never fall to `initial - pct of initial`."""

    pct: Percentage
    base: Literal["initial"]
    mode: Literal["static"]
    effect: Literal["hard"]
    source: str


class ProfitTarget(Contract):
    """The profit at which a phase is passed."""

    pct: Percentage
    source: str


class MinimumDays(Contract):
    """How many days must be traded, and what the firm counts as one."""

    days: Annotated[int, Field(ge=0)]
    definition: str
    source: str


class OrderLimits(Contract):
    """What a single order may be."""

    max_lots: Lots
    source: str


class RulePack(Contract):
    """One programme and phase of one firm, as read on a day."""

    name: str
    firm: str
    programme: str
    phase: str
    read_on: date
    currency_of_amounts: Literal["account"]
    daily_loss: DailyLoss
    maximum_loss: MaximumLoss
    profit_target: ProfitTarget
    minimum_days: MinimumDays
    order: OrderLimits

    def daily_floor(self, initial_balance: Decimal, balance_at_reset: Decimal) -> Decimal:
        """The equity at which the day is lost. FTMO: balance at 00:00 Prague less 5 % of the initial."""
        return balance_at_reset - initial_balance * self.daily_loss.pct / 100

    def maximum_floor(self, initial_balance: Decimal) -> Decimal:
        """The equity at which the account is lost."""
        return initial_balance - initial_balance * self.maximum_loss.pct / 100


@cache
def rule_pack_names() -> tuple[str, ...]:
    """The names of the packs there are."""
    found = (entry.name for entry in files("hive_core.risk.packs").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


@cache
def rule_pack(name: str) -> RulePack:
    """Load a pack by its name.

    Raises:
        KeyError: no such pack, with the names there are.
    """
    if name not in rule_pack_names():
        raise KeyError(f"no rule pack {name!r}; there are: {', '.join(rule_pack_names())}")
    raw = tomllib.loads(files("hive_core.risk.packs").joinpath(f"{name}.toml").read_text("utf-8"))
    raw["read_on"] = date.fromisoformat(raw["read_on"])
    return RulePack.model_validate(raw)
