"""From a decision to the gate's question, and from its answer to legs that may be sent.

The rules are those of `gating`; here is what an account's settings and state mean to them. Nothing is sent
here, and no clock is known but `now_ns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hive_core.configuration.model import Account
from hive_core.contracts.decision import Decision
from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import instruments
from hive_core.risk.account import AccountState
from hive_core.risk.gating.asking import Asking
from hive_core.risk.gating.book import Book
from hive_core.risk.gating.check import check
from hive_core.risk.gating.intent import Intent
from hive_core.risk.gating.market_rules import planned_entry, worst_entry
from hive_core.risk.gating.news_times import NewsTimes
from hive_core.risk.gating.rates import Rates
from hive_core.risk.gating.risk_model import RiskModel
from hive_core.risk.gating.settings import GateSettings
from hive_core.risk.gating.totals import RunningTotals, Totals
from hive_core.risk.gating.verdict import Finding, Outcome, Verdict
from hive_core.risk.rules.as_of import RuleSet
from hive_core.risk.sizing import split_over_targets


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of an allowed decision: its lots and its target."""

    lots: Decimal
    take_profit: Decimal


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings up to the first denial; the legs to trade if there was none, the worst price at which they
    may fill, and what they lose at their stop, with costs."""

    findings: tuple[Finding, ...]
    legs: tuple[Leg, ...]
    price_bound: Decimal
    risk_amount: Decimal

    @property
    def denial(self) -> DenialReason | None:
        """The reason of the rule that denied, or None."""
        last = self.findings[-1]
        return last.reason if last.outcome is Outcome.DENY else None

    @property
    def asks(self) -> tuple[Finding, ...]:
        """What a person has to decide."""
        return tuple(one for one in self.findings if one.outcome is Outcome.REVIEW)

    @property
    def headroom(self) -> Decimal | None:
        """The room above the nearest floor that is left with this; None where there is no floor."""
        rooms = [
            one.headroom
            for one in self.findings
            if one.rule in ("daily_loss_limit", "maximum_loss_limit") and one.headroom is not None
        ]
        return min(rooms, default=None)


def judge(
    decision: Decision,
    state: AccountState,
    account: Account,
    rules: RuleSet,
    now_ns: int,
    *,
    most_lots: Decimal | None = None,
    news: NewsTimes | None = None,
    model: RiskModel | None = None,
) -> Judgement:
    """Judge a decision for an account at `now_ns`.

    Args:
        most_lots: no more than so many, where a person was shown them.
        news: the calendar as it is known; without one nothing passes where the rules forbid to trade on news.
        model: how instruments move, as it is known; without one nothing passes where the settings ask it.
    """
    settings = gate_settings(account)
    # An account's own time may be a little ahead of who asks: its money has no past to be judged in.
    now_ns = max(now_ns, state.ledger.ts_ns)
    intent = intent_of(decision, account)
    verdict = check(intent, book_of(state, account, settings, rules, news, model), now_ns)
    findings = verdict.findings
    if findings[-1].outcome is Outcome.DENY:
        return Judgement(findings, (), Decimal(0), Decimal(0))
    specification = instruments()[decision.symbol]
    lots = verdict.lots if most_lots is None else min(verdict.lots, most_lots)
    planned = planned_entry(Asking(), intent, state.quotes[decision.symbol])
    bound = worst_entry(intent, planned, settings, specification)
    legs = split_over_targets(lots, decision.take_profits, specification)
    return Judgement(findings, tuple(Leg(*leg) for leg in legs), bound, _risk_amount(verdict, lots))


def _risk_amount(verdict: Verdict, lots: Decimal) -> Decimal:
    per_lot = verdict.of("size").numbers["loss_per_lot"]
    if not isinstance(per_lot, Decimal):
        raise AssertionError("unreachable: the rule on size counts in Decimal")
    return (per_lot * lots).quantize(Decimal("0.01"))


def intent_of(decision: Decision, account: Account) -> Intent:
    """What a decision wants. It is a third party's unless every voice that agrees is the owner's own; how
    unsure it is, is the share of the votes' weight that stands against it."""
    agreeing = decision.agreeing_votes()
    return Intent(
        decision_id=decision.decision_id,
        signal_ids=tuple(vote.signal_id for vote in agreeing),
        symbol=decision.symbol,
        side=decision.side,
        order_type=decision.order_type,
        entry=decision.entry,
        reference_price=decision.reference_price,
        stop_loss=decision.stop_loss,
        take_profits=decision.take_profits,
        ts_decided_ns=decision.ts_decided_ns,
        valid_until_ns=decision.valid_until_ns,
        is_third_party=not all(account.is_own(vote.source) for vote in agreeing),
        uncertainty=_dissent(decision),
    )


def _dissent(decision: Decision) -> Decimal | None:
    total = sum((vote.weight for vote in decision.votes), Decimal(0))
    if not total:
        return None
    return 1 - sum((vote.weight for vote in decision.agreeing_votes()), Decimal(0)) / total


def gate_settings(account: Account) -> GateSettings:
    """What an account's settings ask of the gate."""
    return GateSettings(
        risk_per_trade_pct=account.risk_per_trade_pct,
        max_entry_slippage_r=account.max_entry_slippage_r,
        slippage_buffer_pips=account.slippage_buffer_pips,
        conversion_buffer_pct=account.conversion_buffer_pct,
        commission_per_lot=account.commission_per_lot,
        may_charge_exits=account.has_broker,
        swap_reserve_per_lot=account.swap_reserve_per_lot,
        price_collar_pct=account.price_collar_pct,
        max_decision_age_s=account.max_decision_age_s,
        max_quote_age_s=account.quote_age_limit_s,
        max_open_positions=account.max_open_positions,
        max_orders_per_hour=account.max_orders_per_hour,
        max_repeats=account.max_repeats,
        repeat_window_s=account.repeat_window_s,
        flat_before_weekend_s=account.flat_before_weekend_s,
        max_currency_exposure_pct=account.max_currency_exposure_pct,
        scale_by_volatility=account.scale_by_volatility,
        correlation_threshold=account.correlation_threshold,
        max_correlated_positions=account.max_correlated_positions,
        max_value_at_risk_pct=account.max_value_at_risk_pct,
        value_at_risk_quantile=Decimal("2.326"),
        review_over_uncertainty=(
            Decimal(1) if account.review_over_dissent is None else account.review_over_dissent
        ),
        accepted_unknowns=account.accepted,
        asks_where_firm_forbids=account.asks_where_firm_forbids,
    )


def book_of(
    state: AccountState,
    account: Account,
    settings: GateSettings,
    rules: RuleSet,
    news: NewsTimes | None = None,
    model: RiskModel | None = None,
) -> Book:
    """What the gate knows of an account."""
    return Book(
        rules=rules,
        settings=settings,
        ledger=state.ledger,
        totals=_totals(state, settings.slippage_buffer_pips),
        quotes=state.quotes,
        rates=Rates(
            state.currency,
            state.quotes,
            state.rates_per_eur,
            settings.conversion_buffer_pct,
            settings.max_quote_age_s,
        ),
        breached_rule=state.breached_rule,
        day_known_from_ns=state.day_known_from_ns,
        is_peak_unknown=state.is_peak_unknown,
        unprotected=state.unprotected,
        traded_signals=state.traded_signals,
        sent=tuple(state.sent),
        requests_of_day=state.requests_of_day,
        news=news,
        model=model,
    )


_running: dict[str, RunningTotals] = {}
"""Of each account the sums of its last book."""

_MOST_RUNNING = 1_000


def _totals(state: AccountState, slippage_buffer_pips: Decimal) -> Totals:
    running = _running.get(state.name)
    if running is None or running.slippage_buffer_pips != slippage_buffer_pips:
        if len(_running) >= _MOST_RUNNING:
            _running.clear()
        running = _running[state.name] = RunningTotals(slippage_buffer_pips)
    return running.of(state.exposures)
