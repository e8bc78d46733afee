"""The trading sessions of the currency market, each by the clock of its own city.

The hours are the market's convention: 08:00 to 17:00 in London and New York, 09:00 to 18:00 in
Tokyo. They are local, so in UTC they move with each city's own daylight saving. Bank holidays and
news events are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl


class Session(StrEnum):
    """Who is trading at a moment. `overlap` is London and New York together; `between` is nobody of
    the three; `closed` is the weekend."""

    TOKYO = "tokyo"
    LONDON = "london"
    OVERLAP = "overlap"
    NEW_YORK = "new_york"
    BETWEEN = "between"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class SessionHours:
    """One city's hours: from `opens` to before `closes`, full hours of its local clock."""

    zone: str
    opens: int
    closes: int

    def holds(self, moment: pl.Expr) -> pl.Expr:
        """Boolean: the moment (a UTC Datetime) falls into these hours."""
        hour = moment.dt.convert_time_zone(self.zone).dt.hour()
        return (hour >= self.opens) & (hour < self.closes)


TOKYO = SessionHours("Asia/Tokyo", 9, 18)
LONDON = SessionHours("Europe/London", 8, 17)
NEW_YORK = SessionHours("America/New_York", 8, 17)


def market_closed_at(moment: pl.Expr) -> pl.Expr:
    """Boolean: spot currencies are closed, Friday 17:00 to Sunday 17:00 by New York's clock.

    The same rule as `trading_day.market_is_closed`, over a UTC Datetime column.
    """
    local = moment.dt.convert_time_zone(NEW_YORK.zone)
    weekday, hour = local.dt.weekday(), local.dt.hour()
    friday_evening = (weekday == 5) & (hour >= 17)
    before_sunday_evening = (weekday == 7) & (hour < 17)
    return friday_evening | (weekday == 6) | before_sunday_evening


def session_of(moment: pl.Expr) -> pl.Expr:
    """The `Session` at a moment (a UTC Datetime column), as text.

    While Tokyo and London both trade, the session is London: it is the larger market.
    """
    london, new_york = LONDON.holds(moment), NEW_YORK.holds(moment)
    return (
        pl.when(moment.is_null())
        .then(None)
        .when(market_closed_at(moment))
        .then(pl.lit(Session.CLOSED.value))
        .when(london & new_york)
        .then(pl.lit(Session.OVERLAP.value))
        .when(london)
        .then(pl.lit(Session.LONDON.value))
        .when(new_york)
        .then(pl.lit(Session.NEW_YORK.value))
        .when(TOKYO.holds(moment))
        .then(pl.lit(Session.TOKYO.value))
        .otherwise(pl.lit(Session.BETWEEN.value))
    )
