"""How fast the gate judges: an account with 50 open positions, on one core.

The book is as a daemon holds it: sums are made anew when a position changes. How long that takes is a row of
its own, and so are the verdict that has to search for the size that still fits, and the whole judgement.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bench.reporting import Row, row
from hive_core.risk.account import AccountState, Exposure, Quote
from hive_core.risk.gate import Judgement, judge
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.check import check
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.rates import Rates
from hive_core.risk.gating.totals import Totals, totals_of
from hive_core.risk.gating.verdict import Outcome
from hive_core.risk.ledger import open_ledger
from hive_core.risk.rules.as_of import rules_as_of
from hive_core.risk.rules.phases import rules_on
from hive_core.risk.rules.reading import programme
from hive_core.risk.standing import resets_of
from proofs.risk import AS_OF
from proofs.risk_parity import QUIET, decision_of, settings_of
from proofs.risk_paths import PER_EUR, PRICES, SETTINGS, START_NS, money_only

POSITIONS = 50
WORK = f"a decision with {POSITIONS} open positions"
BLOCK = 4_000
RUNS = 7


def exposures() -> list[Exposure]:
    """Fifty small positions in four instruments, of both sides."""
    made = []
    for number in range(POSITIONS):
        symbol = sorted(PRICES)[number % len(PRICES)]
        price = Decimal(PRICES[symbol])
        side, sign = (("buy", 1), ("sell", -1))[number % 2]
        made.append(
            Exposure(
                f"ord_{number}",
                symbol,
                "buy" if side == "buy" else "sell",
                Decimal("0.01") * (1 + number % 3),
                price,
                price * (1000 - 4 * sign) / 1000,
                price * (1000 + 8 * sign) / 1000,
                is_open=True,
            )
        )
    return made


def book_of(totals: Totals) -> Book:
    """An FTMO account of 100,000 USD that holds these."""
    rules = money_only(rules_as_of(programme("ftmo_2step"), "phase1", AS_OF))
    quotes = {name: Quote(Decimal(price), Decimal(price), START_NS) for name, price in PRICES.items()}
    settings = replace(SETTINGS, max_open_positions=200, risk_per_trade_pct=Decimal("0.5"))
    return Book(
        rules=rules,
        settings=settings,
        ledger=open_ledger(Decimal(100_000), resets_of(rules), START_NS - 1),
        totals=totals,
        quotes=quotes,
        rates=Rates(
            "USD",
            quotes,
            {name: (rate, START_NS) for name, rate in PER_EUR.items()},
            settings.conversion_buffer_pct,
            settings.max_quote_age_s,
        ),
    )


def an_intent() -> Intent:
    """Buy EURUSD at the market."""
    return Intent(
        decision_id="dec_1",
        signal_ids=("sig_1",),
        symbol="EURUSD",
        side="buy",
        order_type="market",
        entry=None,
        reference_price=Decimal("1.1"),
        stop_loss=Decimal("1.095"),
        take_profits=(Decimal("1.11"),),
        ts_decided_ns=START_NS,
        valid_until_ns=START_NS + 60_000_000_000,
        is_third_party=False,
    )


def whole_judgement() -> Callable[[], Judgement]:
    """All that the daemon does for a decision, from its settings to the legs: book, verdict, split."""
    account = settings_of("ftmo_2step_phase1", Decimal("0.5")).model_copy(
        update={"max_open_positions": 200, "max_entry_slippage_r": Decimal("0.5")}
    )
    rules = rules_on(account.rule_pack, AS_OF)
    state = AccountState("bench", "USD", open_ledger(Decimal(100_000), resets_of(rules), START_NS - 1))
    state.exposures = {one.client_order_id: one for one in exposures()}
    state.quotes = {name: Quote(Decimal(price), Decimal(price), START_NS) for name, price in PRICES.items()}
    state.rates_per_eur = {name: (rate, START_NS) for name, rate in PER_EUR.items()}
    price, stop, target = Decimal("1.1"), Decimal("1.095"), Decimal("1.11")
    decision = decision_of("bench", START_NS, "buy", price, stop, (target,))
    return lambda: judge(decision, state, account, rules, START_NS, news=QUIET)


def gate_rows() -> list[Row]:
    """Decisions a second and their p99, allowed and reduced, and with what the daemon does around them; the
    sums of a book made anew."""
    held = exposures()
    intent, book = an_intent(), book_of(totals_of(held, SETTINGS.slippage_buffer_pips))
    tight = replace(book, settings=replace(book.settings, risk_per_trade_pct=Decimal(50)))
    assert check(intent, book, START_NS).outcome is Outcome.ALLOW  # noqa: S101
    assert check(intent, tight, START_NS).outcome is Outcome.REDUCE  # noqa: S101
    rows = []
    for subject, asked in (("allowed", book), ("reduced to what is left", tight)):
        runs = [_block(lambda asked=asked: check(intent, asked, START_NS)) for _ in range(RUNS)]  # type: ignore[misc]
        rates = [1e9 / statistics.fmean(times) for times in runs]
        tails = [sorted(times)[int(len(times) * 0.99)] / 1e6 for times in runs]
        rows.append(row(WORK, subject, "decisions", "/s", rates, at_least=20_000))
        rows.append(row(WORK, subject, "p99", "ms", tails, goal=0.2))
    whole = whole_judgement()
    assert whole().denial is None  # noqa: S101
    runs = [_block(whole) for _ in range(RUNS)]
    subject = "allowed, from the settings to the legs"
    rows.append(row(WORK, subject, "decisions", "/s", [1e9 / statistics.fmean(times) for times in runs]))
    sums = [
        statistics.fmean(_block(lambda: totals_of(held, SETTINGS.slippage_buffer_pips), 500)) / 1e6
        for _ in range(RUNS)
    ]
    rows.append(row(f"the sums of a book of {POSITIONS}", "made anew", "time", "ms", sums))
    return rows


def _block(work: Callable[[], object], count: int = BLOCK) -> list[int]:
    """Nanoseconds of each of so many calls, after some that warm up."""
    for _ in range(count // 10):
        work()
    times = []
    for _ in range(count):
        began = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - began)
    return times
