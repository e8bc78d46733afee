"""Accounts under the gate on the worst paths that its promise covers: an adversary moves prices, resets and
rates against every account, and no floor may be met through an order that the gate let pass.

After each order that passes, every path is tried: all stops hit at once, slipped by the whole buffer and
converted at the worst of its buffer; the same after everything floated to its target; and both with a reset
between. Then the account lives on by one of them, or closes a part. Gaps beyond the buffer are outside the
promise: `beyond_the_buffer` shows what they do.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_core.instruments.specification import instruments
from hive_core.risk.account import Exposure, Quote
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.check import check
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.rates import Rates
from hive_core.risk.gating.settings import GateSettings
from hive_core.risk.gating.totals import totals_of
from hive_core.risk.gating.verdict import Outcome
from hive_core.risk.ledger import Charged, Closed, Ledger, Marked, Opened, at_time, happened, open_ledger
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.rules.values import DailyLoss, MaximumLoss
from hive_core.risk.standing import RuleUnknown, breach, resets_of

START_NS = 1_772_625_600 * NS_PER_SECOND
"""2026-03-04 12:00 UTC; the clocks of New York and Prague change within the weeks after."""
MINUTE_NS = 60 * NS_PER_SECOND
PRICES = {"EURUSD": "1.1000", "GBPUSD": "1.3000", "USDJPY": "145.00", "XAUUSD": "2000.00"}
PER_EUR = {"USD": Decimal("1.10"), "JPY": Decimal("159.5"), "GBP": Decimal("0.846")}
CENT = Decimal("0.01")

SETTINGS = GateSettings(
    risk_per_trade_pct=Decimal("1.5"),
    max_entry_slippage_r=Decimal("0.5"),
    slippage_buffer_pips=Decimal(5),
    conversion_buffer_pct=Decimal(2),
    commission_per_lot=Decimal(7),
    may_charge_exits=False,
    swap_reserve_per_lot=Decimal(20),
    price_collar_pct=Decimal(1),
    max_decision_age_s=300,
    max_quote_age_s=300,
    max_open_positions=50,
    max_orders_per_hour=3_600,
    max_repeats=3_600,
    repeat_window_s=60,
    flat_before_weekend_s=0,
    max_currency_exposure_pct=Decimal(100_000),
    scale_by_volatility=False,
    correlation_threshold=Decimal(1),
    max_correlated_positions=None,
    max_value_at_risk_pct=None,
    value_at_risk_quantile=Decimal("2.326"),
    review_over_uncertainty=Decimal(1),
    accepted_unknowns=frozenset(
        {"news", "holding", "order_limits", "stop_required", "request_limits", "policy", "consistency"}
    ),
)


@dataclass(slots=True)
class Course:
    """What came of many attempts under one set of rules."""

    attempts: int = 0
    passed: int = 0
    reduced: int = 0
    denied: int = 0
    accounts: int = 0
    paths: int = 0
    breaches: list[str] = field(default_factory=list)
    least_headroom: Decimal | None = None
    """The least room that was left on any path, in the account's currency."""


def money_only(rules: RuleSet) -> RuleSet:
    """The rules without what holds orders back for other reasons than money: the limits are to be met."""
    return rules.model_copy(
        update={
            "news": "none",
            "holding": "none",
            "order_limits": "none",
            "stop_required": "none",
            "request_limits": "none",
            "policy": "unknown",
            "contradictions": (),
        }
    )


def initial_balance_of(rules: RuleSet) -> Decimal:
    """A size of account for which the firm states its amounts."""
    for rule in (rules.maximum_loss, rules.daily_loss):
        if isinstance(rule, DailyLoss | MaximumLoss) and rule.amount_by_initial:
            return Decimal(next(iter(rule.amount_by_initial)))
    return Decimal(100_000)


def run_attempts(
    rules: RuleSet, attempts: int, seed: int, *, beyond_the_buffer: Decimal = Decimal(1)
) -> Course:
    """That many intents, on as many accounts as it takes; an account that has no room left makes place for
    another. `beyond_the_buffer` multiplies the slippage of stops: 1 is what the gate promises for.

    Raises:
        RuleUnknown: the rules do not say when a day begins.
    """
    chance = random.Random(f"{seed}-{rules.name}")  # noqa: S311 - prices, not secrets
    rules, course = money_only(rules), Course()
    while course.attempts < attempts:
        course.accounts += 1
        _Account(rules, chance, course, beyond_the_buffer).live(min(attempts - course.attempts, 60))
    return course


class _Account:
    def __init__(self, rules: RuleSet, chance: random.Random, course: Course, slips: Decimal) -> None:
        self.rules, self.chance, self.course, self.slips = rules, chance, course, slips
        self.ledger = open_ledger(initial_balance_of(rules), resets_of(rules), START_NS)
        self.open: dict[str, Exposure] = {}
        self.number = 0

    def live(self, attempts: int) -> None:
        denied_in_a_row = 0
        for _ in range(attempts):
            self.number += 1
            self._pass_time()
            outcome = self._attempt()
            denied_in_a_row = denied_in_a_row + 1 if outcome is Outcome.DENY else 0
            if outcome is not Outcome.DENY:
                self._try_every_path()
            self._live_on()
            if self.course.breaches or (denied_in_a_row > 5 and not self.open):
                return

    def _pass_time(self) -> None:
        later = self.chance.choice((1, 30, 180, 600)) * MINUTE_NS
        self.ledger = at_time(self.ledger, self.ledger.ts_ns + later)

    def _attempt(self) -> Outcome:
        intent = self._intent()
        verdict = check(intent, self._book(), self.ledger.ts_ns)
        self.course.attempts += 1
        if verdict.outcome is Outcome.DENY:
            self.course.denied += 1
            return verdict.outcome
        if verdict.outcome is Outcome.REVIEW:
            raise RuleUnknown(f"{self.rules.name}: a person would be asked: {verdict.reasons}")
        self.course.passed += 1
        self.course.reduced += verdict.outcome is Outcome.REDUCE
        specification = instruments()[intent.symbol]
        planned = abs(intent.reference_price - intent.stop_loss)
        # Filled anywhere up to the bound, as the venue is told it may.
        slipped = planned * Decimal(str(self.chance.choice((0, 0.2, 0.49))))
        sign = 1 if intent.side == "buy" else -1
        entry = specification.round_to_tick(intent.reference_price + sign * slipped)
        key = f"ord_{self.number}"
        target = (max if sign > 0 else min)(intent.take_profits)
        self.open[key] = Exposure(
            key, intent.symbol, intent.side, verdict.lots, entry, intent.stop_loss, target, is_open=True
        )
        self.ledger = happened(
            self.ledger, Opened(self.ledger.ts_ns, SETTINGS.commission_per_lot * verdict.lots)
        )
        return verdict.outcome

    def _intent(self) -> Intent:
        symbol = self.chance.choice(sorted(PRICES))
        specification = instruments()[symbol]
        price = Decimal(PRICES[symbol])
        side = self.chance.choice(("buy", "sell"))
        sign = 1 if side == "buy" else -1
        stop = specification.round_to_tick(price * Decimal(self.chance.randint(5, 90)) / 10_000)
        reward = Decimal(self.chance.randint(3, 40)) / 10
        target = specification.round_to_tick(stop * reward) + specification.pip
        now_ns = self.ledger.ts_ns
        return Intent(
            decision_id=f"dec_{self.number}",
            signal_ids=(f"sig_{self.number}",),
            symbol=symbol,
            side="buy" if side == "buy" else "sell",
            order_type="market",
            entry=None,
            reference_price=price,
            stop_loss=price - sign * stop,
            take_profits=(price + sign * (stop + target),),
            ts_decided_ns=now_ns,
            valid_until_ns=now_ns + MINUTE_NS,
            is_third_party=False,
        )

    def _book(self) -> Book:
        now_ns = self.ledger.ts_ns
        quotes = {name: Quote(Decimal(price), Decimal(price), now_ns) for name, price in PRICES.items()}
        return Book(
            rules=self.rules,
            settings=SETTINGS,
            ledger=self.ledger,
            totals=totals_of(self.open.values(), SETTINGS.slippage_buffer_pips),
            quotes=quotes,
            rates=Rates(
                "USD",
                quotes,
                {name: (rate, now_ns) for name, rate in PER_EUR.items()},
                SETTINGS.conversion_buffer_pct,
                SETTINGS.max_quote_age_s,
            ),
        )

    def _profit(self, one: Exposure, price: Decimal, *, worst_rate: bool = True) -> Decimal:
        specification = instruments()[one.symbol]
        sign = 1 if one.side == "buy" else -1
        amount = (price - one.entry) * sign * specification.contract_size * one.lots
        rate = Decimal(1)
        if specification.quote != "USD":
            rate = 1 / Decimal(PRICES["USDJPY"])
            rate *= 1 + (SETTINGS.conversion_buffer_pct / 100 if worst_rate else 0)
        return (amount * rate).quantize(CENT)

    def _stopped_at(self, one: Exposure) -> Decimal:
        slip = SETTINGS.slippage_buffer_pips * instruments()[one.symbol].pip * self.slips
        return one.stop_loss - slip if one.side == "buy" else one.stop_loss + slip

    def _try_every_path(self) -> None:
        gained = sum((self._profit(one, one.take_profit) for one in self.open.values()), Decimal(0))
        tops = (Decimal(0), gained, gained / 2)
        for top in tops:
            for crosses in (False, True):
                ledger = happened(self.ledger, Marked(self.ledger.ts_ns, self.ledger.balance + top))
                if crosses:
                    ledger = at_time(ledger, max(ledger.next_reset_ns))
                self._fall(ledger, f"from {top:+} open{' over a reset' if crosses else ''}")

    def _fall(self, ledger: Ledger, how: str) -> None:
        """Every stop hit at once, with the swap that the reserve is for."""
        self.course.paths += 1
        swap = SETTINGS.swap_reserve_per_lot * sum((one.lots for one in self.open.values()), Decimal(0))
        lost = sum((self._profit(one, self._stopped_at(one)) for one in self.open.values()), Decimal(0))
        bottom = happened(ledger, Marked(ledger.ts_ns, ledger.balance + lost - swap))
        rule = breach(self.rules, bottom)
        if rule is not None:
            self.course.breaches.append(
                f"{self.rules.name}: {rule} at equity {bottom.equity}, {len(self.open)} positions, {how}"
            )

    def _live_on(self) -> None:
        """One of the things that may happen: prices rest, a part closes at stop or target, or all of it."""
        what = self.chance.choice(("rest", "target", "stop", "target", "float", "all stops"))
        if what == "float":
            top = sum((self._profit(one, one.take_profit) for one in self.open.values()), Decimal(0))
            self.ledger = happened(self.ledger, Marked(self.ledger.ts_ns, self.ledger.balance + top))
        if what in {"rest", "float"} or not self.open:
            return
        keys = sorted(self.open)
        chosen = keys if what == "all stops" else [self.chance.choice(keys)]
        for key in chosen:
            one = self.open.pop(key)
            price = one.take_profit if what == "target" else self._stopped_at(one)
            at_ns = self.ledger.ts_ns
            self.ledger = happened(self.ledger, Closed(at_ns, at_ns, self._profit(one, price)))
            self.ledger = happened(
                self.ledger, Charged(at_ns, swap=SETTINGS.swap_reserve_per_lot * one.lots / 2)
            )
        floating = self.ledger.balance
        self.ledger = happened(self.ledger, Marked(self.ledger.ts_ns, floating))
        rule = breach(self.rules, self.ledger)
        if rule is not None:
            self.course.breaches.append(f"{self.rules.name}: {rule} at {self.ledger.equity} after {what}")
