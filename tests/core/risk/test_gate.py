"""The gate, rule by rule: one decision that only this rule denies, with its reason and its numbers.

That every rule is needed is itself a test: with any one of them taken out, its decision passes.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from exec_bench import a_decision
from risk_bench import NOW, NOW_NS, PACK, RATES, SETTINGS, a_state, held, settings_with, verdict_on

from hive_core.contracts.reasons import DenialReason
from hive_core.risk import gate
from hive_core.risk.account import MAX_RATE_AGE_NS, MissingRate, Quote
from hive_core.risk.gate import Verdict, judge

SECOND_NS = 1_000_000_000


def breached() -> Verdict:
    return verdict_on(state=a_state(breached_rule="daily_loss"))


def a_position_without_stop() -> Verdict:
    return verdict_on(state=a_state(unprotected={"external/7": "position 7 has no stop"}))


def from_the_future() -> Verdict:
    return verdict_on(a_decision(ts=NOW + timedelta(seconds=1)))


def stale() -> Verdict:
    return verdict_on(a_decision(ts=NOW - timedelta(seconds=301)))


def expired() -> Verdict:
    return verdict_on(a_decision(ts=NOW - timedelta(seconds=60), valid_s=60))


def unknown_instrument() -> Verdict:
    state = a_state()
    state.quotes["EURXXX"] = state.quotes["EURUSD"]
    return verdict_on(a_decision(symbol="EURXXX"), state)


def no_quote() -> Verdict:
    return verdict_on(a_decision(symbol="AUDUSD"))


def old_quote() -> Verdict:
    state = a_state()
    state.quotes["EURUSD"] = replace(state.quotes["EURUSD"], ts_ns=NOW_NS - 7_201 * SECOND_NS)
    return verdict_on(state=state)


def beyond_the_collar() -> Verdict:
    return verdict_on(a_decision(reference="1.07070"))


def entry_beyond_the_collar() -> Verdict:
    return verdict_on(
        a_decision(order_type="stop", entry="1.07100", stop="1.06900", targets=("1.07500",)),
    )


def stop_on_the_wrong_side() -> Verdict:
    return verdict_on(a_decision(stop="1.06500", targets=("1.07000",)))


def target_on_the_wrong_side() -> Verdict:
    return verdict_on(a_decision(targets=("1.06300", "1.05900")))


def stop_inside_the_spread() -> Verdict:
    return verdict_on(a_decision(stop="1.06000"))


def no_rate() -> Verdict:
    state = a_state()
    del state.rates_per_eur["JPY"]
    return verdict_on(
        a_decision(symbol="USDJPY", reference="110", stop="109.700", targets=("111",)), state=state
    )


def too_small() -> Verdict:
    return verdict_on(
        state=a_state(balance="91000"), settings=settings_with(risk_per_trade_pct=Decimal("0.002"))
    )


def too_many() -> Verdict:
    state = a_state()
    for number in range(19):
        held(state, lots="0.01", is_open=number % 2 == 0)
    return verdict_on(a_decision(targets=("1.06300", "1.06400")), state=state)


def daily_loss() -> Verdict:
    state = a_state()
    held(state, lots="8", entry="1.06000", stop="1.05500")  # 8 lots, 50 + 3 pips: 4,240
    return verdict_on(state=state)


def maximum_loss() -> Verdict:
    state = a_state(balance="91000")  # the daily floor is 86,000, the maximum's 90,000
    held(state, lots="1", entry="1.06000", stop="1.05630")  # 37 + 3 pips: 400
    return verdict_on(state=state)


def traded_before() -> Verdict:
    state = a_state()
    state.traded_signals[a_decision().votes[0].signal_id] = "dec_other"
    return verdict_on(state=state)


SCENARIOS: dict[str, list[tuple[Callable[[], Verdict], DenialReason, dict[str, str]]]] = {
    "account_not_breached": [(breached, DenialReason.ACCOUNT_BREACHED, {"breached_rule": "daily_loss"})],
    "every_position_has_a_stop": [
        (a_position_without_stop, DenialReason.POSITION_WITHOUT_STOP, {"without": "position 7 has no stop"})
    ],
    "signals_not_traded_before": [(traded_before, DenialReason.SIGNAL_TRADED_BEFORE, {})],
    "not_from_the_future": [(from_the_future, DenialReason.FROM_THE_FUTURE, {"age_s": "-1"})],
    "fresh": [(stale, DenialReason.STALE, {"age_s": "301", "max_decision_age_s": "300"})],
    "still_valid": [(expired, DenialReason.EXPIRED, {"valid_until": "2017-03-06T08:59:00Z"})],
    "instrument_known": [(unknown_instrument, DenialReason.UNKNOWN_INSTRUMENT, {"symbol": "EURXXX"})],
    "quote_known": [(no_quote, DenialReason.NO_QUOTE, {"symbol": "AUDUSD"})],
    "quote_fresh": [
        (old_quote, DenialReason.QUOTE_TOO_OLD, {"quote_age_s": "7201", "max_quote_age_s": "7200"})
    ],
    "price_collar": [
        (
            beyond_the_collar,
            DenialReason.PRICE_COLLAR,
            {"reference_off_pct": "1.0047", "price_collar_pct": "1"},
        ),
        (entry_beyond_the_collar, DenialReason.PRICE_COLLAR, {"entry_off_pct": "1.033"}),
    ],
    "stop_on_right_side": [
        (stop_on_the_wrong_side, DenialReason.STOP_ON_WRONG_SIDE, {"entry": "1.0601", "stop_loss": "1.065"})
    ],
    "targets_on_right_side": [
        (target_on_the_wrong_side, DenialReason.TARGET_ON_WRONG_SIDE, {"take_profits": "1.063, 1.059"})
    ],
    "stop_outside_spread": [
        (
            stop_inside_the_spread,
            DenialReason.STOP_INSIDE_SPREAD,
            {"stop_distance": "0.0001", "spread": "0.0001"},
        )
    ],
    "conversion_known": [
        (no_rate, DenialReason.NO_CONVERSION_RATE, {"problem": "no reference rate for JPY"})
    ],
    # 1.82 dollars of risk; the smallest lot would lose 2.10
    "size": [
        (
            too_small,
            DenialReason.BELOW_MINIMUM_LOTS,
            {"risk_amount": "1.82", "loss_per_lot": "210", "lots": "0"},
        )
    ],
    "open_positions": [
        (too_many, DenialReason.TOO_MANY_POSITIONS, {"with_this": "21", "max_open_positions": "20"})
    ],
    # 4,240 of the book; 2.38 lots from the bound 1.06115 to the stop, 31.5 + 3 pips: 821.10
    "daily_loss_limit": [
        (
            daily_loss,
            DenialReason.DAILY_LOSS_LIMIT,
            {
                "worst_case_equity": "94938.9",
                "floor_now": "95000",
                "price_bound": "1.06115",
                "headroom": "-61.1",
            },
        )
    ],
    # 455 of risk: 2.16 lots, 34.5 pips: 745.20
    "maximum_loss_limit": [
        (maximum_loss, DenialReason.MAXIMUM_LOSS_LIMIT, {"worst_case_equity": "89854.8", "floor": "90000"})
    ],
}
CASES = [
    pytest.param(rule, *scenario, id=f"{rule}-{scenario[0].__name__}")
    for rule, scenarios in SCENARIOS.items()
    for scenario in scenarios
]


def test_the_plain_decision_is_allowed_with_every_rule_asked():
    verdict = verdict_on()
    assert verdict.denial is None
    assert [check.rule for check in verdict.checks] == [
        rule for rule in SCENARIOS if rule != "conversion_known"
    ]
    assert [(leg.lots, leg.take_profit) for leg in verdict.legs] == [(Decimal("2.38"), Decimal("1.06300"))]
    assert verdict.risk_amount == Decimal("499.80")
    assert verdict.price_bound == Decimal("1.06115")


@pytest.mark.parametrize(("rule", "scenario", "reason", "numbers"), CASES)
def test_each_rule_denies_with_its_reason_and_its_numbers(rule, scenario, reason, numbers):
    verdict = scenario()
    assert verdict.denial is reason
    last = verdict.checks[-1]
    assert (last.rule, last.reason_code) == (rule, reason)
    assert numbers.items() <= last.numbers.items()
    assert verdict.legs == ()
    assert [check.reason_code for check in verdict.checks[:-1]] == [None] * (len(verdict.checks) - 1)
    assert last.as_body()["verdict"] == "deny"
    assert all(isinstance(value, str) for value in last.as_body()["numbers"].values())


@pytest.mark.parametrize(("rule", "scenario", "reason", "numbers"), CASES)
def test_without_a_rule_its_decision_would_pass(monkeypatch, rule, scenario, reason, numbers):
    real = gate._Ledger.require

    def all_but_one(self, name, holds, code, **facts):
        real(self, name, holds or name == rule, code, **facts)

    monkeypatch.setattr(gate._Ledger, "require", all_but_one)
    # Three rules stand before facts without which nothing can be counted: there the gate fails closed.
    fails = {
        "instrument_known": AssertionError,
        "quote_known": AssertionError,
        "conversion_known": MissingRate,
    }
    if rule in fails:
        with pytest.raises(fails[rule]):
            scenario()
    else:
        assert scenario().denial is None


BY_THE_CORE = {
    DenialReason.KILL_SWITCH,
    DenialReason.BREAKER_OPEN,
    DenialReason.TOO_MANY_ORDERS,
    DenialReason.BEYOND_PRICE_BOUND,
    DenialReason.REVIEW_REFUSED,
    DenialReason.REVIEW_TIMED_OUT,
    DenialReason.REVIEW_VOID,
}
"""Reasons of the daemon's core, which knows of switches, waiting and persons; its own tests have them."""


def test_every_rule_and_every_reason_has_its_decision():
    asked = {
        node.args[0].value
        for node in ast.walk(ast.parse(inspect.getsource(gate)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "require"
    }
    assert asked == set(SCENARIOS)
    assert {reason for cases in SCENARIOS.values() for _, reason, _ in cases} == set(
        DenialReason
    ) - BY_THE_CORE


@pytest.mark.parametrize(
    ("decision", "denied"),
    [
        ({"ts": NOW}, None),
        ({"ts": NOW - timedelta(seconds=300)}, None),
        ({"ts": NOW - timedelta(seconds=300, microseconds=1)}, DenialReason.STALE),
        ({"ts": NOW + timedelta(microseconds=1)}, DenialReason.FROM_THE_FUTURE),
        ({"ts": NOW - timedelta(seconds=10), "valid_s": 11}, None),
        ({"ts": NOW - timedelta(seconds=10), "valid_s": 10}, DenialReason.EXPIRED),
        ({"reference": "1.07065"}, None),  # 1.060050 and 1 % of it: 1.0706505
        ({"reference": "1.07066"}, DenialReason.PRICE_COLLAR),
        ({"reference": "1.04945"}, None),
        ({"reference": "1.04944"}, DenialReason.PRICE_COLLAR),
        ({"stop": "1.05999"}, None),
        ({"stop": "1.06000"}, DenialReason.STOP_INSIDE_SPREAD),
        ({"stop": "1.06010"}, DenialReason.STOP_ON_WRONG_SIDE),
        ({"targets": ("1.06011",)}, None),
        ({"targets": ("1.06010",)}, DenialReason.TARGET_ON_WRONG_SIDE),
        ({"side": "sell", "stop": "1.06011", "targets": ("1.05999",)}, None),
        ({"side": "sell", "stop": "1.06010", "targets": ("1.05999",)}, DenialReason.STOP_INSIDE_SPREAD),
        ({"side": "sell", "stop": "1.06000", "targets": ("1.05999",)}, DenialReason.STOP_ON_WRONG_SIDE),
        ({"side": "sell", "stop": "1.06200", "targets": ("1.06000",)}, DenialReason.TARGET_ON_WRONG_SIDE),
    ],
    ids=repr,
)
def test_limits_are_held_to_the_last_tick(decision, denied):
    assert verdict_on(a_decision(**decision)).denial is denied


@pytest.mark.parametrize(("age_s", "denied"), [(0, None), (7_200, None), (-1, DenialReason.QUOTE_TOO_OLD)])
def test_a_quote_is_neither_old_nor_of_the_future(age_s, denied):
    state = a_state()
    state.quotes["EURUSD"] = replace(state.quotes["EURUSD"], ts_ns=NOW_NS - age_s * SECOND_NS)
    assert verdict_on(state=state).denial is denied


def test_the_count_of_positions_may_be_reached():
    state = a_state()
    for number in range(19):
        held(state, lots="0.01", is_open=number % 2 == 0)
    assert verdict_on(state=state).denial is None


@pytest.mark.parametrize(("cents", "denied"), [("0.01", None), ("0", DenialReason.DAILY_LOSS_LIMIT)])
def test_equity_may_come_to_a_cent_over_the_daily_floor(cents, denied):
    worst = Decimal(verdict_on().checks[-1].numbers["worst_case_equity"])
    at_reset = worst + 5_000 - Decimal(cents)
    assert verdict_on(state=a_state(at_reset=str(at_reset))).denial is denied


@pytest.mark.parametrize(("cents", "denied"), [("0.01", None), ("0", DenialReason.MAXIMUM_LOSS_LIMIT)])
def test_equity_may_come_to_a_cent_over_the_maximum_floor(cents, denied):
    state = a_state(balance="91000")
    # 100 dollars a lot and 10 pips; what the new order takes is known, the rest is filled up to the floor
    taken = 91_000 - Decimal(verdict_on(state=state).checks[-1].numbers["worst_case_equity"])
    state.balance = Decimal(90_000) + taken + Decimal(cents)
    assert verdict_on(state=state).denial is denied


def test_a_limit_is_denied_when_the_next_reset_alone_would_break_it():
    """The day began low and went well; at midnight the floor jumps up to today's balance less 5 %."""
    state = a_state(balance="104000", at_reset="100000")
    held(state, lots="9", entry="1.06000", stop="1.05500")  # 53 pips: 4,770
    verdict = verdict_on(state=state)
    assert verdict.denial is DenialReason.DAILY_LOSS_LIMIT
    numbers = verdict.checks[-1].numbers
    assert Decimal(numbers["worst_case_equity"]) > Decimal(numbers["floor_now"])
    assert numbers["floor_after_reset"] == "99000"


def test_an_order_that_may_still_fill_counts_like_a_position():
    state = a_state()
    held(state, lots="8", entry="1.06000", stop="1.05500", is_open=False)
    assert verdict_on(state=state).denial is DenialReason.DAILY_LOSS_LIMIT


def test_a_sale_is_judged_at_the_bid_and_bounded_below():
    verdict = verdict_on(a_decision(side="sell", stop="1.06200", targets=("1.05500",)))
    assert verdict.legs[0].lots == Decimal("2.5")  # 20 pips from the bid
    assert verdict.price_bound == Decimal("1.05900")


@pytest.mark.parametrize(
    ("side", "entry", "stop", "target", "lots"),
    [
        ("buy", "1.06100", "1.05900", "1.07", "2.5"),  # still to be reached: its own price
        ("buy", "1.05950", "1.05760", "1.07", "2"),  # passed: where it would fill now, 25 pips away
        ("sell", "1.05900", "1.06100", "1.05", "2.5"),
        ("sell", "1.06050", "1.06250", "1.05", "2"),
    ],
)
def test_a_stop_order_counts_at_the_worse_of_its_price_and_the_market(side, entry, stop, target, lots):
    decision = a_decision(side=side, order_type="stop", entry=entry, stop=stop, targets=(target,))
    assert verdict_on(decision).legs[0].lots == Decimal(lots)


def test_a_limit_order_counts_at_its_price_and_bounds_itself():
    decision = a_decision(order_type="limit", entry="1.05900", stop="1.05700", targets=("1.07",))
    verdict = verdict_on(decision)
    assert verdict.legs[0].lots == Decimal("2.5")
    assert verdict.price_bound == Decimal("1.05900")


def test_a_bound_is_always_a_price():
    """A sale whose stop stands at four times the price: half of that distance lies below zero."""
    decision = a_decision(side="sell", stop="4.20000", targets=("1.05000",))
    state = a_state(balance="10000000", initial_balance=Decimal(10_000_000))
    verdict = verdict_on(decision, state)
    assert verdict.denial is None
    assert verdict.price_bound == Decimal("0.00001")


def test_what_is_quoted_in_a_currency_that_nobody_rates_is_denied():
    state = a_state()
    state.quotes["USDCNH"] = Quote(Decimal("7.1000"), Decimal("7.1004"), NOW_NS)
    decision = a_decision(symbol="USDCNH", reference="7.1002", stop="7.0800", targets=("7.1500",))
    verdict = verdict_on(decision, state)
    assert verdict.denial is DenialReason.NO_CONVERSION_RATE
    assert verdict.checks[-1].numbers == {"problem": "no reference rate for CNH"}


@pytest.mark.parametrize(
    ("symbol", "bid", "ask", "stop", "target", "loss_per_lot"),
    [
        ("US30", "40000", "40003", "39903", "40300", 100),
        ("GER40", "18000", "18002", "17902", "18300", 100 * Decimal(RATES["USD"])),
        ("JP225", "39000", "39010", "38800", "39500", 210 * Decimal(RATES["USD"]) / Decimal(RATES["JPY"])),
        ("XAGUSD", "30.00", "30.03", "29.53", "31.00", Decimal("0.5") * 5_000),
        ("USOIL", "70.00", "70.03", "69.03", "72.00", 1_000),
        ("BTCUSD", "60000", "60025", "59025", "63000", 1_000),
    ],
)
def test_what_is_no_pair_is_sized_by_its_own_contract(symbol, bid, ask, stop, target, loss_per_lot):
    state = a_state()
    state.quotes[symbol] = Quote(Decimal(bid), Decimal(ask), NOW_NS)
    decision = a_decision(symbol=symbol, reference=ask, stop=stop, targets=(target,))
    verdict = verdict_on(decision, state, settings_with(commission_per_lot=Decimal(0)))
    (size,) = [check for check in verdict.checks if check.rule == "size"]
    assert Decimal(size.numbers["loss_per_lot"]) == Decimal(loss_per_lot).quantize(Decimal("0.01"))


def test_what_is_held_in_a_currency_without_a_rate_denies_everything_new():
    state = a_state()
    held(state, symbol="USDJPY", entry="110", stop="109.500")
    del state.rates_per_eur["JPY"]
    verdict = verdict_on(state=state)
    assert verdict.denial is DenialReason.NO_CONVERSION_RATE
    assert verdict.checks[-1].numbers == {"problem": "no reference rate for JPY"}


@pytest.mark.parametrize("currency", ["JPY", "USD"])
@pytest.mark.parametrize(("age_ns", "denied"), [(MAX_RATE_AGE_NS, False), (MAX_RATE_AGE_NS + 1, True)])
def test_a_rate_older_than_a_week_denies(currency, age_ns, denied):
    state = a_state()
    state.rates_per_eur[currency] = (state.rates_per_eur[currency][0], NOW_NS - age_ns)
    decision = a_decision(symbol="USDJPY", reference="110", stop="109.700", targets=("111",))
    verdict = verdict_on(decision, state)
    assert (verdict.denial is DenialReason.NO_CONVERSION_RATE) is denied
    if denied:
        problem = f"the reference rate for {currency} is older than seven days"
        assert verdict.checks[-1].numbers == {"problem": problem}


def test_of_two_old_rates_the_first_by_name_is_told_in_every_process():
    state = a_state()
    state.rates_per_eur = {name: (rate, 0) for name, (rate, _) in state.rates_per_eur.items()}
    decision = a_decision(symbol="USDJPY", reference="110", stop="109.700", targets=("111",))
    assert "for JPY" in verdict_on(decision, state).checks[-1].numbers["problem"]


@pytest.mark.parametrize(
    ("symbol", "reference", "stop", "target", "lots", "risk"),
    [
        # ask 110.010, 30 pips: 30,000 yen a lot at 1/110 are 272.73 dollars; 500 buy 1.83
        ("USDJPY", "110.000", "109.710", "111", "1.83", "499.09"),
        # ask 0.99020, 20 pips: 200 francs a lot at 10/9 are 222.22 dollars; 500 buy 2.25
        ("USDCHF", "0.99000", "0.98820", "1.00", "2.25", "500.00"),
        # ask 1.25020, 25 pips of dollars: 250 a lot; 500 buy 2
        ("GBPUSD", "1.25000", "1.24770", "1.30", "2", "500.00"),
    ],
)
def test_sizes_are_of_the_accounts_currency(symbol, reference, stop, target, lots, risk):
    verdict = verdict_on(a_decision(symbol=symbol, reference=reference, stop=stop, targets=(target,)))
    assert verdict.legs[0].lots == Decimal(lots)
    assert verdict.risk_amount == Decimal(risk)


def test_an_account_in_pounds_counts_dollars_at_their_rate():
    verdict = verdict_on(state=a_state(currency="GBP"))
    # 21 pips: 210 dollars a lot, 168 pounds; 500 pounds buy 2.97
    assert verdict.legs[0].lots == Decimal("2.97")


def test_a_size_is_cut_to_what_the_firm_allows_an_order():
    order = PACK.order.model_copy(update={"max_lots": Decimal("1.5")})
    state = a_state()
    verdict = judge(a_decision(), state, SETTINGS, PACK.model_copy(update={"order": order}), NOW_NS)
    assert verdict.legs[0].lots == Decimal("1.5")
    size = next(check for check in verdict.checks if check.rule == "size")
    assert size.numbers["is_capped"] == "True"


def test_a_commission_is_part_of_the_risk_and_of_the_worst_case():
    settings = settings_with(commission_per_lot=Decimal(7))
    verdict = verdict_on(settings=settings)
    assert verdict.legs[0].lots == Decimal("2.3")  # 500 / (210 + 7)
    assert verdict.risk_amount == Decimal("499.10")
    # 2.3 lots, 31.5 + 3 pips and 16.10 of commission
    assert verdict.checks[-1].numbers["worst_case_equity"] == "99190.4"


def test_a_decision_is_judged_without_touching_the_account():
    state = a_state()
    held(state)
    before = repr(state)
    verdict_on(state=state)
    assert repr(state) == before


def test_the_same_question_has_the_same_answer():
    assert verdict_on() == verdict_on()
    assert Quote(Decimal(1), Decimal(3), 0).mid == 2
