"""What the gate promises, on random books: limits hold on hostile paths, and are monotone.

The promise: while no stop slips by more than the buffer and no entry fills beyond its bound, equity
never reaches a floor. Gaps beyond the buffer and moving conversion rates are outside of it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from exec_bench import a_decision
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from risk_bench import PACK, QUOTES, SETTINGS, a_state, held, settings_with, verdict_on

from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import instruments
from hive_core.risk.account import Exposure, commission_of, profit_at, stressed_stop

LIMITS = {DenialReason.DAILY_LOSS_LIMIT, DenialReason.MAXIMUM_LOSS_LIMIT}
sides = st.sampled_from(["buy", "sell"])
percents = st.integers(0, 100).map(lambda number: Decimal(number) / 100)


@st.composite
def books(draw, initial=100_000, largest_lots=300):
    """An account on any day with any book of positions and waiting orders."""
    balance = initial + draw(st.integers(-8_000, 8_000)) * initial // 100_000
    at_reset = balance + draw(st.integers(-3_000, 3_000)) * initial // 100_000
    state = a_state(balance=str(balance), at_reset=str(at_reset), initial_balance=Decimal(initial))
    for _ in range(draw(st.integers(0, 6))):
        symbol, side = draw(st.sampled_from(sorted(QUOTES))), draw(sides)
        it, (bid, _) = instruments()[symbol], QUOTES[symbol]
        away = draw(st.integers(-60, 60)) * it.pip
        entry = Decimal(bid) + away
        stop = entry - (1 if side == "buy" else -1) * draw(st.integers(-10, 60)) * it.pip
        held(
            state,
            symbol=symbol,
            side=side,
            lots=str(draw(st.integers(1, largest_lots)) * Decimal("0.01")),
            entry=str(entry),
            stop=str(stop),
            is_open=draw(st.booleans()),
        )
    return state


@st.composite
def new_decisions(draw):
    symbol, side = draw(st.sampled_from(sorted(QUOTES))), draw(sides)
    sign = 1 if side == "buy" else -1
    it, (bid, _) = instruments()[symbol], QUOTES[symbol]
    price = Decimal(bid)
    order_type = draw(st.sampled_from(["market", "limit", "stop"]))
    near = draw(st.integers(-30, 30)) * it.pip
    stop = price + near - sign * draw(st.integers(3, 80)) * it.pip
    return a_decision(
        symbol=symbol,
        side=side,
        order_type=order_type,
        entry=None if order_type == "market" else str(price + near),
        reference=bid,
        stop=str(stop),
        targets=tuple(
            str(price + sign * number * 100 * it.pip) for number in range(1, draw(st.integers(2, 4)))
        ),
    )


commissions = st.integers(0, 700).map(lambda cents: Decimal(cents) / 100)


@settings(max_examples=250)
@given(books(), new_decisions(), commissions, st.data())
def test_if_the_gate_allowed_it_no_hostile_path_reaches_a_floor(state, decision, commission, data):
    account = settings_with(commission_per_lot=commission)
    verdict = verdict_on(decision, state, account)
    assume(verdict.denial is None)
    for number, leg in enumerate(verdict.legs):
        bound, stop = verdict.price_bound, decision.stop_loss
        state.exposures[f"new_{number}"] = Exposure(
            f"new_{number}",
            decision.symbol,
            decision.side,
            leg.lots,
            bound,
            stop,
            leg.take_profit,
            is_open=False,
        )
    balance, at_reset = state.balance, state.balance_at_reset
    waiting = data.draw(st.permutations(sorted(state.exposures)))
    resets_before = data.draw(st.integers(0, len(waiting)))
    for number, key in enumerate(waiting):
        if number == resets_before:
            at_reset = balance  # midnight in Prague
        exposure = state.exposures[key]
        if not exposure.is_open:
            if data.draw(st.booleans(), label="expires"):
                continue
            balance -= commission_of(exposure.lots, commission)
        slipped = account.slippage_buffer_pips * data.draw(percents, label="slipped")
        lowest = stressed_stop(exposure, slipped)
        leaves_at = exposure.take_profit if data.draw(st.booleans(), label="wins") else lowest
        dip = balance + min(profit_at(state, exposure, lowest), Decimal(0))
        balance += profit_at(state, exposure, leaves_at)
        for worth in (dip, balance):
            assert worth > PACK.daily_floor(state.initial_balance, at_reset)
            assert worth > PACK.maximum_floor(state.initial_balance)


CAPPED = SETTINGS.model_copy(update={"risk_per_trade_pct": Decimal(2), "max_open_positions": 200})
"""On ten millions every size is capped at 50 lots, so that what is compared is the same order: a lower
balance that also buys a smaller order may well be allowed more."""
DECISION = a_decision(stop="1.05500", targets=("1.07",))


@st.composite
def denied_books(draw):
    """A book whose worst case with `DECISION` lies on a floor, or up to 20,000 below it."""
    state = draw(books(initial=10_000_000, largest_lots=5_000))
    checks = verdict_on(DECISION, state, CAPPED).checks
    worst = next(Decimal(c.numbers["worst_case_equity"]) for c in checks if "worst_case_equity" in c.numbers)
    below = Decimal(draw(st.integers(0, 2_000_000))) / 100
    if draw(st.booleans(), label="by the maximum loss"):
        state.balance -= worst - PACK.maximum_floor(state.initial_balance) + below
        state.balance_at_reset = state.balance
    else:
        state.balance_at_reset = worst + state.initial_balance * PACK.daily_loss.pct / 100 + below
    assert verdict_on(DECISION, state, CAPPED).denial in LIMITS
    return state


def is_denied(state, decision=DECISION, account=CAPPED):
    return verdict_on(decision, state, account).denial in LIMITS


@given(denied_books(), st.integers(1, 500_000))
def test_a_lower_balance_never_allows_what_was_denied(state, less):
    state.balance -= less
    assert is_denied(state)


@given(denied_books(), st.integers(1, 500_000))
def test_a_higher_balance_at_the_reset_never_allows_what_was_denied(state, more):
    state.balance_at_reset += more
    assert is_denied(state)


@given(denied_books(), st.integers(1, 30))
def test_a_larger_spread_never_allows_what_was_denied(state, pips):
    quote = state.quotes["EURUSD"]
    state.quotes["EURUSD"] = replace(quote, ask=quote.ask + pips * Decimal("0.0001"))
    assert is_denied(state)


@given(denied_books(), st.integers(1, 100), st.data())
def test_a_wider_stop_or_a_worse_entry_of_what_is_held_never_allows_what_was_denied(state, pips, data):
    assume(state.exposures)
    key = data.draw(st.sampled_from(sorted(state.exposures)))
    old = state.exposures[key]
    off = pips * instruments()[old.symbol].pip * (1 if old.side == "buy" else -1)
    if data.draw(st.booleans()):
        state.exposures[key] = replace(old, stop_loss=old.stop_loss - off)
    else:
        state.exposures[key] = replace(old, entry=old.entry + off)
    assert is_denied(state)


@given(denied_books(), st.sampled_from(sorted(QUOTES)), sides, st.integers(1, 5_000))
def test_another_position_never_allows_what_was_denied(state, symbol, side, steps):
    price = Decimal(QUOTES[symbol][0])
    stop = price * (Decimal("0.99") if side == "buy" else Decimal("1.01"))
    held(state, symbol=symbol, side=side, lots=str(steps * Decimal("0.01")), entry=str(price), stop=str(stop))
    assert is_denied(state)


@given(denied_books(), st.integers(1, 40))
def test_a_farther_stop_of_the_same_size_never_allows_what_was_denied(state, pips):
    farther = a_decision(stop=str(Decimal("1.05500") - pips * Decimal("0.0001")), targets=("1.07",))
    assert is_denied(state, farther)


@given(denied_books(), st.integers(0, 200), commissions)
def test_a_larger_buffer_or_commission_never_allows_what_was_denied(state, tenths, commission):
    buffer = CAPPED.slippage_buffer_pips + Decimal(tenths) / 10
    dearer = CAPPED.model_copy(update={"slippage_buffer_pips": buffer, "commission_per_lot": commission})
    assert is_denied(state, account=dearer)
