"""The settings of a paper venue: spread, slippage, latency, liquidity, swap, commission, margin, netting.

Every part is off by default: a venue without settings fills whole orders at the prices it is given, as
replays are scored. What the parts do to a fill stands in `hive_core.backtest.venue`.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.configuration.amounts import Setting
from hive_core.contracts.base import Contract, Symbol

MINUTES_OF_DAY = 24 * 60


_NotNegative = Annotated[Setting, Field(ge=0)]
_Positive = Annotated[Setting, Field(gt=0)]
HourOfWeek = Annotated[int, Field(ge=0, lt=168)]
"""Hours since Monday 00:00 by New York's clock, where the market's week and its rollover are kept."""


class SpreadHour(Contract):
    """What is added to the spread in one hour of the week, instead of `Spread.added_pips`."""

    hour_of_week: HourOfWeek
    added_pips: _NotNegative


class Spread(Contract):
    """Pips added to the spread of the prices, half on each side. Around the rollover (17:00 New York) retail
    spreads are several times those of the day: `hours` holds what single hours add."""

    added_pips: _NotNegative = Decimal(0)
    hours: tuple[SpreadHour, ...] = ()

    @model_validator(mode="after")
    def _an_hour_stands_once(self) -> Self:
        named = [hour.hour_of_week for hour in self.hours]
        if len(set(named)) != len(named):
            raise ValueError("an hour of the week stands twice")
        return self

    @property
    def is_wider(self) -> bool:
        """Whether anything is added at any hour."""
        return self.added_pips > 0 or any(hour.added_pips > 0 for hour in self.hours)

    def added_at(self, hour_of_week: int) -> Decimal:
        """Pips added in an hour of the week."""
        for hour in self.hours:
            if hour.hour_of_week == hour_of_week:
                return hour.added_pips
        return self.added_pips


class Slippage(Contract):
    """How much worse than its price a market or stop execution is, in sum: fixed pips, a share of the spread
    of the moment, and up to `random_pips` drawn from the seed. Limits and targets never slip against."""

    fixed_pips: _NotNegative = Decimal(0)
    share_of_spread: _NotNegative = Decimal(0)
    random_pips: _NotNegative = Decimal(0)

    @property
    def slips(self) -> bool:
        """Whether any execution is worse than its price."""
        return self.fixed_pips + self.share_of_spread + self.random_pips > 0


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


class SwapRate(Contract):
    """What holding one lot of an instrument over a rollover brings, negative what it costs.

    In `points` (ticks of the price, as MetaTrader shows it) or in `money` (the account's currency).
    `triple_on` is the day whose rollover counts for the weekend too: Wednesday for spot currencies that
    settle in two days, Friday for much else; None for what trades at weekends, where every day counts once.
    """

    symbol: Symbol
    long: Setting
    short: Setting
    unit: Literal["points", "money"] = "points"
    triple_on: Weekday | None = "wednesday"

    def days_at(self, weekday: int) -> int:
        """How many days the rollover of a weekday (Monday is 0) counts for. A week counts for seven."""
        if self.triple_on is None:
            return 1
        if weekday >= 5:
            return 0
        return 3 if WEEKDAYS[weekday] == self.triple_on else 1


class Margin(Contract):
    """Leverage, and the levels (equity in percent of used margin) below which nothing new is opened and at
    which positions are closed, the largest loss first. 100 and 50 are MetaTrader's usual levels."""

    leverage: _Positive
    margin_call_pct: _NotNegative = Decimal(100)
    stop_out_pct: _NotNegative = Decimal(50)

    @model_validator(mode="after")
    def _called_before_it_is_closed(self) -> Self:
        if self.stop_out_pct > self.margin_call_pct:
            raise ValueError("stop_out_pct must not be above margin_call_pct")
        return self


class MaintenanceWindow(Contract):
    """A time of every week, by New York's clock, in which the venue refuses requests and fills nothing."""

    weekday: Weekday
    begins: Annotated[time, Field(strict=False)]
    minutes: Annotated[int, Field(gt=0, le=MINUTES_OF_DAY)]

    def holds(self, minute_of_week: int) -> bool:
        """Whether a minute since Monday 00:00 lies in it; a window may run over the end of the week."""
        begins = WEEKDAYS.index(self.weekday) * MINUTES_OF_DAY + self.begins.hour * 60 + self.begins.minute
        return (minute_of_week - begins) % (7 * MINUTES_OF_DAY) < self.minutes


class PaperVenueSettings(Contract):
    """How one paper account is filled. Without any of it: whole, at once, at the given prices, free of costs.

    `latency_ms` (plus up to `latency_random_ms`, drawn from the seed) lies between a request and the first
    quote that may fill it. `liquidity_lots` is what one quote fills of each side of an instrument.
    `commission_per_lot` is charged on each side of a trade, in the account's currency. `minimum_stop_pips`
    is the least distance of stops and targets from the price (MetaTrader's stops level). `is_hedging` False
    is a netting account: one position an instrument, opposite orders reduce it first. With
    `closes_at_weekends` prices from Friday 17:00 to Sunday 17:00 New York fill nothing.
    """

    spread: Spread = Spread()
    slippage: Slippage = Slippage()
    latency_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    latency_random_ms: Annotated[int, Field(ge=0, le=600_000)] = 0
    liquidity_lots: _Positive | None = None
    swap: tuple[SwapRate, ...] = ()
    commission_per_lot: _NotNegative = Decimal(0)
    margin: Margin | None = None
    is_hedging: bool = True
    minimum_stop_pips: _NotNegative = Decimal(0)
    closes_at_weekends: bool = False
    maintenance: tuple[MaintenanceWindow, ...] = ()
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _an_instrument_has_one_swap(self) -> Self:
        named = [rate.symbol for rate in self.swap]
        if len(set(named)) != len(named):
            raise ValueError("swap: an instrument stands twice")
        return self

    @property
    def counts_money(self) -> bool:
        """Whether it needs a balance in a currency."""
        return bool(self.swap) or self.commission_per_lot > 0 or self.margin is not None

    def swap_of(self, symbol: str) -> SwapRate | None:
        """The swap of an instrument, or None where it has none."""
        return next((rate for rate in self.swap if rate.symbol == symbol), None)
