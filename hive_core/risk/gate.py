"""The gate: ordered rules between a decision and an order. The first that fails denies.

Every rule leaves its numbers, so that an order can show why it was allowed and a denial why not.
Unknown is a denial. The gate can only restrict; it sends nothing and knows no clock but `now_ns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hive_core.backtest.fills import price_bound
from hive_core.calendars.trading_day import NS_PER_SECOND, iso_utc
from hive_core.configuration.model import Account
from hive_core.contracts.base import decimal_text
from hive_core.contracts.decision import Decision
from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import InstrumentSpecification, instruments
from hive_core.risk.account import (
    AccountState,
    Exposure,
    MissingRate,
    Quote,
    fresh_rate,
    worst_case_equity,
)
from hive_core.risk.rule_pack import RulePack
from hive_core.risk.sizing import Size, size_by_risk, split_over_targets


@dataclass(frozen=True, slots=True)
class Check:
    """What one rule said, with the numbers it used, all as text."""

    rule: str
    reason_code: DenialReason | None
    numbers: Mapping[str, str]

    def as_body(self) -> dict[str, object]:
        """The check as it stands in the journal."""
        return {
            "rule": self.rule,
            "verdict": "allow" if self.reason_code is None else "deny",
            "reason_code": None if self.reason_code is None else self.reason_code.value,
            "numbers": dict(self.numbers),
        }


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of an allowed decision: its lots and its target."""

    lots: Decimal
    take_profit: Decimal


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks up to the first denial; the legs to trade if there was none."""

    checks: tuple[Check, ...]
    legs: tuple[Leg, ...]
    price_bound: Decimal
    risk_amount: Decimal

    @property
    def denial(self) -> DenialReason | None:
        """The reason of the rule that denied, or None."""
        return self.checks[-1].reason_code


class _Denied(Exception):
    pass


class _Ledger:
    def __init__(self) -> None:
        self.checks: list[Check] = []

    def require(self, rule: str, holds: bool, reason: DenialReason, **numbers: object) -> None:
        texts = {
            key: decimal_text(value) if isinstance(value, Decimal) else str(value)
            for key, value in numbers.items()
        }
        self.checks.append(Check(rule, None if holds else reason, texts))
        if not holds:
            raise _Denied


def judge(decision: Decision, state: AccountState, account: Account, pack: RulePack, now_ns: int) -> Verdict:
    """Judge a decision for an account at `now_ns`, in this order: account, time, market, geometry,
    size, limits.

    Returns:
        the verdict; its last check tells whether it was allowed.
    """
    ledger = _Ledger()
    try:
        _judge_time(ledger, decision, state, account, now_ns)
        specification, quote = _judge_market(ledger, decision, state, account, now_ns)
        planned = _judge_geometry(ledger, decision, quote)
        bound = _bound(decision, planned, account, specification)
        size = _judge_size(ledger, decision, state, account, pack, specification, planned, now_ns)
        legs = split_over_targets(size.lots, decision.take_profits, specification)
        _judge_limits(ledger, decision, state, account, pack, legs, bound)
    except _Denied:
        return Verdict(tuple(ledger.checks), (), Decimal(0), Decimal(0))
    risk_amount = (size.loss_per_lot * size.lots).quantize(Decimal("0.01"))
    return Verdict(tuple(ledger.checks), tuple(Leg(*leg) for leg in legs), bound, risk_amount)


def _judge_time(
    ledger: _Ledger, decision: Decision, state: AccountState, account: Account, now_ns: int
) -> None:
    ledger.require(
        "account_not_breached",
        state.breached_rule is None,
        DenialReason.ACCOUNT_BREACHED,
        breached_rule=state.breached_rule or "none",
    )
    ledger.require(
        "every_position_has_a_stop",
        not state.unprotected,
        DenialReason.POSITION_WITHOUT_STOP,
        without=("; ".join(state.unprotected[key] for key in sorted(state.unprotected))) or "none",
    )
    traded = {
        vote.signal_id: state.traded_signals[vote.signal_id]
        for vote in decision.agreeing_votes()
        if state.traded_signals.get(vote.signal_id, decision.decision_id) != decision.decision_id
    }
    ledger.require(
        "signals_not_traded_before",
        not traded,
        DenialReason.SIGNAL_TRADED_BEFORE,
        traded=", ".join(f"{signal} by {by}" for signal, by in sorted(traded.items())) or "none",
    )
    age_s = Decimal(now_ns - decision.ts_decided_ns) / NS_PER_SECOND
    ledger.require("not_from_the_future", age_s >= 0, DenialReason.FROM_THE_FUTURE, age_s=age_s)
    ledger.require(
        "fresh",
        age_s <= account.max_decision_age_s,
        DenialReason.STALE,
        age_s=age_s,
        max_decision_age_s=account.max_decision_age_s,
        clock=iso_utc(now_ns),
    )
    ledger.require(
        "still_valid",
        now_ns < decision.valid_until_ns,
        DenialReason.EXPIRED,
        valid_until=iso_utc(decision.valid_until_ns),
        clock=iso_utc(now_ns),
    )


def _judge_market(
    ledger: _Ledger, decision: Decision, state: AccountState, account: Account, now_ns: int
) -> tuple[InstrumentSpecification, Quote]:
    specification = instruments().get(decision.symbol)
    ledger.require(
        "instrument_known", specification is not None, DenialReason.UNKNOWN_INSTRUMENT, symbol=decision.symbol
    )
    quote = state.quotes.get(decision.symbol)
    ledger.require("quote_known", quote is not None, DenialReason.NO_QUOTE, symbol=decision.symbol)
    if specification is None or quote is None:
        raise AssertionError("unreachable: the two rules above deny")
    quote_age_s = Decimal(now_ns - quote.ts_ns) / NS_PER_SECOND
    ledger.require(
        "quote_fresh",
        0 <= quote_age_s <= account.quote_age_limit_s,
        DenialReason.QUOTE_TOO_OLD,
        quote_age_s=quote_age_s,
        max_quote_age_s=account.quote_age_limit_s,
    )
    off_pct = abs(decision.reference_price - quote.mid) / quote.mid * 100
    entry_off_pct = abs((decision.entry or quote.mid) - quote.mid) / quote.mid * 100
    ledger.require(
        "price_collar",
        max(off_pct, entry_off_pct) <= account.price_collar_pct,
        DenialReason.PRICE_COLLAR,
        bid=quote.bid,
        ask=quote.ask,
        reference_off_pct=off_pct.quantize(Decimal("0.0001")),
        entry_off_pct=entry_off_pct.quantize(Decimal("0.0001")),
        price_collar_pct=account.price_collar_pct,
    )
    return specification, quote


def _bound(
    decision: Decision, planned: Decimal, account: Account, specification: InstrumentSpecification
) -> Decimal:
    """The worst entry that may happen; a limit order bounds itself."""
    if decision.order_type == "limit":
        return planned
    bound = price_bound(planned, decision.stop_loss, account.max_entry_slippage_r)
    # A stop at thrice the price would bound a sale below zero, where nothing is ever dealt.
    return max(specification.round_to_tick(bound), specification.tick)


def _judge_geometry(ledger: _Ledger, decision: Decision, quote: Quote) -> Decimal:
    """Returns the entry to plan with: the price of a limit order; of a market or stop order where it
    would fill now or the price that the signal named, whichever is farther from the stop."""
    is_buy = decision.side == "buy"
    entry = quote.ask if is_buy else quote.bid
    if decision.entry is not None and decision.order_type == "limit":
        entry = decision.entry
    elif decision.entry is not None:
        entry = max(entry, decision.entry) if is_buy else min(entry, decision.entry)
    stop = decision.stop_loss
    ledger.require(
        "stop_on_right_side",
        stop < entry if is_buy else stop > entry,
        DenialReason.STOP_ON_WRONG_SIDE,
        side=decision.side,
        entry=entry,
        stop_loss=stop,
    )
    ledger.require(
        "targets_on_right_side",
        all(target > entry if is_buy else target < entry for target in decision.take_profits),
        DenialReason.TARGET_ON_WRONG_SIDE,
        side=decision.side,
        entry=entry,
        take_profits=", ".join(decimal_text(target) for target in decision.take_profits),
    )
    spread = quote.ask - quote.bid
    ledger.require(
        "stop_outside_spread",
        abs(entry - stop) > spread,
        DenialReason.STOP_INSIDE_SPREAD,
        stop_distance=abs(entry - stop),
        spread=spread,
    )
    return entry


def _judge_size(
    ledger: _Ledger,
    decision: Decision,
    state: AccountState,
    account: Account,
    pack: RulePack,
    specification: InstrumentSpecification,
    entry: Decimal,
    now_ns: int,
) -> Size:
    try:
        rate = fresh_rate(state, specification.quote, now_ns)
    except MissingRate as error:
        ledger.require("conversion_known", False, DenialReason.NO_CONVERSION_RATE, problem=str(error))
        raise
    size = size_by_risk(
        specification=specification,
        entry=entry,
        stop_loss=decision.stop_loss,
        risk_amount=(state.balance * account.risk_per_trade_pct / 100).quantize(Decimal("0.01")),
        rate_to_account=rate,
        commission_per_lot=account.commission_per_lot,
        max_lots=min(specification.max_lots, pack.order.max_lots),
    )
    ledger.require(
        "size",
        size.lots > 0,
        DenialReason.BELOW_MINIMUM_LOTS,
        balance=state.balance,
        risk_per_trade_pct=account.risk_per_trade_pct,
        risk_amount=size.risk_amount,
        loss_per_lot=size.loss_per_lot.quantize(Decimal("0.01")),
        lots=size.lots,
        is_capped=size.is_capped,
    )
    return size


def _judge_limits(
    ledger: _Ledger,
    decision: Decision,
    state: AccountState,
    account: Account,
    pack: RulePack,
    legs: list[tuple[Decimal, Decimal]],
    bound: Decimal,
) -> None:
    count = len(state.exposures) + len(legs)
    ledger.require(
        "open_positions",
        count <= account.max_open_positions,
        DenialReason.TOO_MANY_POSITIONS,
        with_this=count,
        max_open_positions=account.max_open_positions,
    )
    new = [
        Exposure("", decision.symbol, decision.side, lots, bound, decision.stop_loss, target, is_open=False)
        for lots, target in legs
    ]
    try:
        worst = worst_case_equity(
            state,
            new,
            slippage_pips=account.slippage_buffer_pips,
            commission_per_lot=account.commission_per_lot,
        )
    except MissingRate as error:  # of what is held already: its worth is unknown, so is the room left
        ledger.require("conversion_known", False, DenialReason.NO_CONVERSION_RATE, problem=str(error))
        raise
    basis = f"{pack.firm} {pack.programme} phase {pack.phase}"
    floor_now = pack.daily_floor(state.initial_balance, state.balance_at_reset)
    # A position that is inside the limit before the reset may be outside it after, at the same price.
    floor_after_reset = pack.daily_floor(state.initial_balance, state.balance)
    daily_floor = max(floor_now, floor_after_reset)
    ledger.require(
        "daily_loss_limit",
        worst > daily_floor,
        DenialReason.DAILY_LOSS_LIMIT,
        worst_case_equity=worst,
        price_bound=bound,
        floor_now=floor_now,
        floor_after_reset=floor_after_reset,
        headroom=worst - daily_floor,
        slippage_buffer_pips=account.slippage_buffer_pips,
        basis=f"{basis}: {decimal_text(pack.daily_loss.pct)} % of initial from the balance at the reset",
    )
    maximum_floor = pack.maximum_floor(state.initial_balance)
    ledger.require(
        "maximum_loss_limit",
        worst > maximum_floor,
        DenialReason.MAXIMUM_LOSS_LIMIT,
        worst_case_equity=worst,
        floor=maximum_floor,
        headroom=worst - maximum_floor,
        basis=f"{basis}: {decimal_text(pack.maximum_loss.pct)} % of initial, static",
    )
