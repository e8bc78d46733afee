"""Books and intents for tests of the gate: a calm account at which everything is allowed, and its changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rules_bench import PRAGUE, rule_set

from hive_core.calendars.trading_day import NS_PER_SECOND, to_ns
from hive_core.contracts.decision import Side
from hive_core.risk.account import Exposure, Quote
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.check import check
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.rates import Rates
from hive_core.risk.gating.settings import GateSettings
from hive_core.risk.gating.totals import totals_of
from hive_core.risk.gating.verdict import Verdict
from hive_core.risk.ledger import open_ledger
from hive_core.risk.rules.values import Policy

NOW_NS = to_ns(datetime(2026, 3, 4, 12, tzinfo=UTC))
"""A Wednesday."""
MINUTE_NS = 60 * NS_PER_SECOND
PERMITTED = Policy(
    third_party_signals="allowed",
    copying="allowed",
    automation="allowed",
    third_party_automation="allowed",
    cloud_copiers="allowed",
    remote_servers="allowed",
)
SETTINGS = GateSettings(
    risk_per_trade_pct=Decimal("0.5"),
    max_entry_slippage_r=Decimal("0.5"),
    slippage_buffer_pips=Decimal(3),
    conversion_buffer_pct=Decimal(1),
    commission_per_lot=Decimal(7),
    may_charge_exits=False,
    swap_reserve_per_lot=Decimal(5),
    price_collar_pct=Decimal(1),
    max_decision_age_s=300,
    max_quote_age_s=30,
    max_open_positions=20,
    max_orders_per_hour=30,
    max_repeats=3,
    repeat_window_s=300,
    flat_before_weekend_s=3_600,
    max_currency_exposure_pct=Decimal(500),
    scale_by_volatility=False,
    correlation_threshold=Decimal("0.7"),
    max_correlated_positions=None,
    max_value_at_risk_pct=None,
    value_at_risk_quantile=Decimal("2.326"),
    review_over_uncertainty=Decimal("0.5"),
)
PER_EUR = {"USD": Decimal("1.10"), "JPY": Decimal(160), "GBP": Decimal("0.85"), "CHF": Decimal("0.95")}
QUOTES = {
    "EURUSD": Quote(Decimal("1.09995"), Decimal("1.10005"), NOW_NS),
    "USDJPY": Quote(Decimal("145.40"), Decimal("145.42"), NOW_NS),
    "GBPUSD": Quote(Decimal("1.29990"), Decimal("1.30010"), NOW_NS),
    "XAUUSD": Quote(Decimal("1999.90"), Decimal("2000.10"), NOW_NS),
}


def an_intent(**changes: Any) -> Intent:
    """Buy EURUSD at the market, 50 pips of stop, 100 of target."""
    made = Intent(
        decision_id="dec_1",
        signal_ids=("sig_1",),
        symbol="EURUSD",
        side="buy",
        order_type="market",
        entry=None,
        reference_price=Decimal("1.1"),
        stop_loss=Decimal("1.09500"),
        take_profits=(Decimal("1.11000"),),
        ts_decided_ns=NOW_NS - NS_PER_SECOND,
        valid_until_ns=NOW_NS + 60 * MINUTE_NS,
        is_third_party=True,
    )
    return replace(made, **changes)


def held(
    symbol: str, side: Side, lots: str, entry: str, stop: str, target: str | None, **more: Any
) -> Exposure:
    """A position, or an order with `is_open=False`."""
    told = {"is_open": True, **more}
    return Exposure(
        f"ord_{symbol}_{side}_{lots}",
        symbol,
        side,
        Decimal(lots),
        Decimal(entry),
        Decimal(stop),
        None if target is None else Decimal(target),
        **told,
    )


def a_book(*exposures: Exposure, rules: Any = None, settings: Any = None, **changes: Any) -> Book:
    """An account of 100,000 USD under two loss limits, with these positions."""
    asked = replace(SETTINGS, **(settings or {}))
    quotes = changes.pop("quotes", QUOTES)
    per_eur = changes.pop("per_eur", PER_EUR)
    told: dict[str, Any] = {
        "rules": rule_set(**{"policy": PERMITTED, **(rules or {})}),
        "settings": asked,
        "ledger": open_ledger(Decimal(100_000), (PRAGUE,), NOW_NS - 60 * MINUTE_NS),
        "totals": totals_of(exposures, asked.slippage_buffer_pips),
        "quotes": quotes,
        "rates": Rates(
            "USD",
            quotes,
            {name: (rate, NOW_NS) for name, rate in per_eur.items()},
            asked.conversion_buffer_pct,
            asked.max_quote_age_s,
        ),
    }
    return Book(**{**told, **changes})


def judged(book: Book | None = None, **changes: Any) -> Verdict:
    """The verdict on an intent, now."""
    return check(an_intent(**changes), book or a_book(), NOW_NS)
