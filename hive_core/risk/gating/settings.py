"""What the owner of an account asks for beyond the firm's rules. Every value restricts; none has a way to
widen what a rule pack allows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """Percentages are of the balance where they size, of the equity where they limit.

    `slippage_buffer_pips` is how far beyond its price a stop is taken to fill, `conversion_buffer_pct` how
    much worse than known a conversion rate is taken, `swap_reserve_per_lot` what holding may cost on the way.
    `commission_per_lot` is for entry and exit together; `may_charge_exits`: the venue may take a part of it
    at the exit, nobody knows which, so that what is open still owes it all.
    `accepted_unknowns` are kinds of rules that the owner has read up on himself; loss limits are never among
    them. `scale_by_volatility`: an instrument that moves more than it usually does is traded smaller in
    proportion, never larger. `asks_where_firm_forbids`: a person decides where the firm forbids, in place of
    a denial.
    """

    risk_per_trade_pct: Decimal
    max_entry_slippage_r: Decimal
    slippage_buffer_pips: Decimal
    conversion_buffer_pct: Decimal
    commission_per_lot: Decimal
    may_charge_exits: bool
    swap_reserve_per_lot: Decimal
    price_collar_pct: Decimal
    max_decision_age_s: int
    max_quote_age_s: int
    max_open_positions: int
    max_orders_per_hour: int | None
    max_repeats: int | None
    repeat_window_s: int
    flat_before_weekend_s: int
    max_currency_exposure_pct: Decimal
    scale_by_volatility: bool
    correlation_threshold: Decimal
    max_correlated_positions: int | None
    max_value_at_risk_pct: Decimal | None
    value_at_risk_quantile: Decimal
    """Standard deviations of a day: 2.326 for 99 %."""
    review_over_uncertainty: Decimal
    accepted_unknowns: frozenset[str] = frozenset()
    asks_where_firm_forbids: bool = False
