"""An account of 100,000 dollars in front of the gate: quotes, rates, a book, and decisions to judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from exec_bench import MONDAY, a_decision

from hive_core.calendars.trading_day import to_ns
from hive_core.configuration.model import Account
from hive_core.contracts.decision import Decision
from hive_core.risk.account import AccountState, Exposure, Quote
from hive_core.risk.gate import Judgement, judge
from hive_core.risk.ledger import Ledger, open_ledger
from hive_core.risk.rules.phases import rules_on
from hive_core.risk.standing import resets_of

NOW = MONDAY + timedelta(minutes=59)
NOW_NS = to_ns(NOW)
DAY = date(2017, 3, 6)
RULES = rules_on("ftmo_2step_phase1", DAY)
RESET = resets_of(RULES)[0].trading_day
SETTINGS = Account(name="samples", mode="replay", sources=("*",))

QUOTES = {
    "EURUSD": ("1.06000", "1.06010"),
    "GBPUSD": ("1.25000", "1.25020"),
    "USDJPY": ("110.000", "110.010"),
    "USDCHF": ("0.99000", "0.99020"),
}
RATES = {"USD": "1.10", "JPY": "121", "CHF": "0.99", "GBP": "0.88"}
"""Units for one euro, so that a yen is 1/110 of a dollar, a franc 10/9 of one, a pound 1.25."""


def money(balance: Decimal, at_reset: Decimal, initial: Decimal = Decimal(100_000)) -> Ledger:
    """The account's money on its day: what it has now, and what it had at the reset."""
    ledger = open_ledger(initial, resets_of(RULES), RESET.start_ns(DAY))
    anchors = tuple(
        replace(one, balance_at_reset=at_reset, equity_at_reset=at_reset) for one in ledger.anchors
    )
    return replace(ledger, balance=balance, equity=balance, anchors=anchors)


def set_money(account: AccountState, balance: object = None, at_reset: object = None) -> None:
    """Give an account another balance, or another one at its last reset."""
    ledger = account.ledger
    now = ledger.balance if balance is None else Decimal(str(balance))
    anchors = ledger.anchors
    if at_reset is not None:
        told = Decimal(str(at_reset))
        anchors = tuple(replace(one, balance_at_reset=told, equity_at_reset=told) for one in anchors)
    account.ledger = replace(ledger, balance=now, equity=now, anchors=anchors)


def a_state(*, balance: str = "100000", at_reset: str | None = None, **changes: Any) -> AccountState:
    """The account at `NOW`: every quote and rate known and fresh, nothing held."""
    told: dict[str, Any] = {
        "name": "samples",
        "currency": "USD",
        "ledger": money(Decimal(balance), Decimal(at_reset or balance)),
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
) -> Judgement:
    """What the gate says."""
    return judge(decision or a_decision(), state or a_state(), settings, RULES, now_ns)


def settings_with(**changes: Any) -> Account:
    """The account's settings, some changed."""
    return SETTINGS.model_copy(update=changes)
