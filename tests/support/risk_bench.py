"""An account of 100,000 dollars in front of the gate: quotes, rates, a book, and decisions to judge."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from exec_bench import MONDAY, a_decision

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Account
from hive_core.contracts.decision import Decision
from hive_core.risk.account import AccountState, Exposure, Quote
from hive_core.risk.gate import Verdict, judge
from hive_core.risk.rule_pack import rule_pack

NOW = MONDAY + timedelta(minutes=59)
NOW_NS = to_ns(NOW)
PACK = rule_pack("ftmo_2step_phase1")
SETTINGS = Account(name="samples", mode="replay", sources=("*",))

QUOTES = {
    "EURUSD": ("1.06000", "1.06010"),
    "GBPUSD": ("1.25000", "1.25020"),
    "USDJPY": ("110.000", "110.010"),
    "USDCHF": ("0.99000", "0.99020"),
}
RATES = {"USD": "1.10", "JPY": "121", "CHF": "0.99", "GBP": "0.88"}
"""Units for one euro, so that a yen is 1/110 of a dollar, a franc 10/9 of one, a pound 1.25."""


def a_state(*, balance: str = "100000", at_reset: str | None = None, **changes: Any) -> AccountState:
    """The account at `NOW`: every quote and rate known and fresh, nothing held."""
    told: dict[str, Any] = {
        "name": "samples",
        "currency": "USD",
        "initial_balance": Decimal(100_000),
        "balance": Decimal(balance),
        "trading_day": date(2017, 3, 6),
        "balance_at_reset": Decimal(at_reset or balance),
        "quotes": {name: Quote(Decimal(bid), Decimal(ask), NOW_NS) for name, (bid, ask) in QUOTES.items()},
        "rates_per_eur": {name: (Decimal(rate), NOW_NS) for name, rate in RATES.items()},
    }
    return AccountState(**{**told, **changes})


def held(
    state: AccountState,
    *,
    symbol: str = "EURUSD",
    side: str = "buy",
    lots: str = "1",
    entry: str = "1.06000",
    stop: str = "1.05500",
    target: str | None = None,
    is_open: bool = True,
) -> Exposure:
    """Put a position, or an order that may still fill, into the account's book."""
    key = f"ord_{len(state.exposures):03d}"
    far = Decimal(entry) * (Decimal("1.05") if side == "buy" else Decimal("0.95"))
    state.exposures[key] = Exposure(
        key,
        symbol,
        side,
        Decimal(lots),
        Decimal(entry),
        Decimal(stop),
        far if target is None else Decimal(target),
        is_open,
    )
    return state.exposures[key]


def verdict_on(
    decision: Decision | None = None,
    state: AccountState | None = None,
    settings: Account = SETTINGS,
    now_ns: int = NOW_NS,
) -> Verdict:
    """What the gate says."""
    return judge(decision or a_decision(), state or a_state(), settings, PACK, now_ns)


def settings_with(**changes: Any) -> Account:
    """The account's settings, some changed."""
    return SETTINGS.model_copy(update=changes)
