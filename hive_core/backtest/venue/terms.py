"""The terms of one account at the venue: its settings, its currency, and what the clock says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from hive_core.calendars.trading_day import from_ns, market_is_closed
from hive_core.configuration.broker_paper import PaperVenueSettings
from hive_core.instruments.specification import InstrumentSpecification, specification_of

_NEW_YORK = ZoneInfo("America/New_York")

Deduplication = Literal["always", "working", "never"]
"""Which orders a new one may not share its client id with: any ever seen, those that still work (OANDA's
rule), or none."""


@dataclass(frozen=True)
class Terms:
    """Settings of one account. Without a currency money is not counted: reports say no profit.

    Raises:
        ValueError: settings that need money without a currency; a currency without a balance, or the reverse.
    """

    settings: PaperVenueSettings = field(default_factory=PaperVenueSettings)
    currency: str | None = None
    initial_balance: Decimal | None = None
    deduplication: Deduplication = "always"
    attaches_stops: bool = True
    """False: the venue fills entries and then refuses their stops, as venues do that add them afterwards."""
    has_wider_spread: bool = field(init=False)
    has_slippage: bool = field(init=False)
    can_be_shut: bool = field(init=False)

    def __post_init__(self) -> None:
        if (self.currency is None) != (self.initial_balance is None):
            raise ValueError("a currency and an initial balance belong together")
        if self.settings.counts_money and self.currency is None:
            raise ValueError("swap, commission and margin need the account's currency and balance")
        object.__setattr__(self, "has_wider_spread", self.settings.spread.is_wider)
        object.__setattr__(self, "has_slippage", self.settings.slippage.slips)
        can_be_shut = self.settings.closes_at_weekends or bool(self.settings.maintenance)
        object.__setattr__(self, "can_be_shut", can_be_shut)

    def is_closed(self, symbol: str, ts_ns: int) -> bool:
        """Whether the weekend keeps an instrument from being filled."""
        if not self.settings.closes_at_weekends or not specification(symbol).closes_at_weekends:
            return False
        return market_is_closed(ts_ns)

    def is_in_maintenance(self, ts_ns: int) -> bool:
        """Whether the venue is shut for maintenance."""
        windows = self.settings.maintenance
        return bool(windows) and any(window.holds(_minute_of_week(ts_ns)) for window in windows)


def specification(symbol: str) -> InstrumentSpecification:
    """The facts of an instrument.

    Raises:
        ValueError: it is not known.
    """
    found = specification_of(symbol)
    if found is None:
        raise ValueError(f"the paper venue does not know {symbol}: add it to instruments.toml")
    return found


def _minute_of_week(ts_ns: int) -> int:
    local = from_ns(ts_ns).astimezone(_NEW_YORK)
    return (local.weekday() * 24 + local.hour) * 60 + local.minute


def hour_of_week(ts_ns: int) -> int:
    """Hours since Monday 00:00 by New York's clock."""
    return _minute_of_week(ts_ns) // 60
