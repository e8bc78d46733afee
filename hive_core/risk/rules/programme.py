"""A programme's file: every value with its source, the phases it is for, and from when to when it held.

What a value can say is `values`; reading the file is `reading`; what held on a day is `as_of`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.contracts.base import Contract
from hive_core.risk.rules.values import (
    Consistency,
    DailyLoss,
    Holding,
    Inactivity,
    MaximumLoss,
    MinimumDays,
    NewsWindow,
    OrderLimits,
    Policy,
    ProfitTarget,
    RequestLimits,
    StopRequired,
)

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,47}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Stated = Literal["none", "unknown"]
"""In place of a value: the firm says that there is no such rule, or nobody could read what it says."""


class Source(Contract):
    """A page, who publishes it, and when it was read. Only a firm's own page makes a value verified."""

    address: Annotated[str, Field(min_length=4, max_length=300)]
    publisher: Literal["firm", "secondary", "made_up"]
    read_on: date


class Dated(Contract):
    """What every entry has. It held from `effective_from` on and until the day before `effective_to`;
    without them as far back as is known, and still."""

    phases: Annotated[tuple[Name, ...], Field(min_length=1)]
    sources: Annotated[tuple[Name, ...], Field(min_length=1)]
    effective_from: date | None = None
    effective_to: date | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.effective_from and self.effective_to and self.effective_from >= self.effective_to:
            raise ValueError("`effective_to` is the first day on which it no longer held")
        return self

    def held_on(self, day: date) -> bool:
        """Whether it was in force on a day."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day < self.effective_to
        )


class DailyLossEntry(Dated):
    """A daily loss limit."""

    rule: Literal["daily_loss"]
    value: DailyLoss | Stated


class MaximumLossEntry(Dated):
    """A maximum loss limit."""

    rule: Literal["maximum_loss"]
    value: MaximumLoss | Stated


class ProfitTargetEntry(Dated):
    """A profit target."""

    rule: Literal["profit_target"]
    value: ProfitTarget | Stated


class MinimumDaysEntry(Dated):
    """A least number of trading days."""

    rule: Literal["minimum_days"]
    value: MinimumDays | Stated


class ConsistencyEntry(Dated):
    """A best-day rule."""

    rule: Literal["consistency"]
    value: Consistency | Stated


class NewsEntry(Dated):
    """A window around news."""

    rule: Literal["news"]
    value: NewsWindow | Stated


class HoldingEntry(Dated):
    """Holding over night and weekend."""

    rule: Literal["holding"]
    value: Holding | Stated


class OrderLimitsEntry(Dated):
    """Limits of an order and of the book."""

    rule: Literal["order_limits"]
    value: OrderLimits | Stated


class StopRequiredEntry(Dated):
    """Whether a stop loss is required."""

    rule: Literal["stop_required"]
    value: StopRequired | Stated


class InactivityEntry(Dated):
    """An end by inactivity."""

    rule: Literal["inactivity"]
    value: Inactivity | Stated


class RequestLimitsEntry(Dated):
    """Limits of requests."""

    rule: Literal["request_limits"]
    value: RequestLimits | Stated


class PolicyEntry(Dated):
    """Signals, copying, machines."""

    rule: Literal["policy"]
    value: Policy | Literal["unknown"]


Entry = Annotated[
    DailyLossEntry
    | MaximumLossEntry
    | ProfitTargetEntry
    | MinimumDaysEntry
    | ConsistencyEntry
    | NewsEntry
    | HoldingEntry
    | OrderLimitsEntry
    | StopRequiredEntry
    | InactivityEntry
    | RequestLimitsEntry
    | PolicyEntry,
    Field(discriminator="rule"),
]


class Programme(Contract):
    """One programme of one firm: its phases in their order, its sources, and its dated rules."""

    name: Name
    firm: Text
    title: Text
    standing: Literal["offered", "withdrawn", "made_up"]
    phases: Annotated[tuple[Name, ...], Field(min_length=1)]
    sources: dict[Name, Source]
    rules: Annotated[tuple[Entry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_only_what_it_has(self) -> Self:
        for number, entry in enumerate(self.rules, start=1):
            for phase in entry.phases:
                if phase not in self.phases:
                    raise ValueError(f"rules[{number}] {entry.rule}: no phase {phase!r}")
            for source in entry.sources:
                if source not in self.sources:
                    raise ValueError(f"rules[{number}] {entry.rule}: no source {source!r}")
        cited = {name for entry in self.rules for name in entry.sources}
        if unused := sorted(set(self.sources) - cited):
            raise ValueError(f"sources that nothing cites: {', '.join(unused)}")
        return self
