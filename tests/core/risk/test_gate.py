"""From a decision to the gate and back: what settings mean to it, legs, bounds and amounts.

The rules themselves, each with an input that only it holds back, are tested in `gating`.
"""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from exec_bench import a_decision
from risk_bench import NOW_NS, RATES, RULES, SETTINGS, a_state, held, money, settings_with, verdict_on

from hive_core.contracts.reasons import DenialReason
from hive_core.instruments.specification import instruments
from hive_core.risk.account import Quote
from hive_core.risk.gate import book_of, gate_settings, intent_of, judge
from hive_core.risk.gating.settings import GateSettings
from hive_core.risk.gating.totals import totals_of


def voted(*sources, against=()):
    """A decision with a vote of each source, all of the same weight."""
    decision = a_decision()
    (vote,) = decision.votes
    other = "sell" if decision.side == "buy" else "buy"
    votes = [vote.model_copy(update={"source": name, "signal_id": f"sig_{name}"}) for name in sources]
    votes += [
        vote.model_copy(update={"source": name, "signal_id": f"sig_{name}", "side": other})
        for name in against
    ]
    return decision.model_copy(update={"votes": tuple(votes)})


def test_the_plain_decision_becomes_one_leg():
    verdict = verdict_on()
    assert verdict.denial is None
    assert verdict.asks == ()
    assert [(leg.lots, leg.take_profit) for leg in verdict.legs] == [(Decimal("2.38"), Decimal("1.06300"))]
    assert verdict.risk_amount == Decimal("499.80")
    assert verdict.price_bound == Decimal("1.06115")


def test_a_denial_has_no_legs_and_its_reason_last():
    verdict = verdict_on(state=a_state(breached_rule="daily_loss"))
    assert verdict.denial is DenialReason.ACCOUNT_BREACHED
    assert (verdict.legs, verdict.price_bound, verdict.risk_amount) == ((), 0, 0)


def test_every_setting_of_the_gate_comes_from_the_account():
    """With every number of the account changed, no setting of the gate stays what it was, but the confidence
    of value at risk, which is the same for all."""
    changed = settings_with(
        mode="broker",
        risk_per_trade_pct=Decimal("0.25"),
        max_entry_slippage_r=Decimal("0.1"),
        slippage_buffer_pips=Decimal(9),
        conversion_buffer_pct=Decimal(4),
        commission_per_lot=Decimal(8),
        swap_reserve_per_lot=Decimal(6),
        price_collar_pct=Decimal(2),
        max_decision_age_s=31,
        max_quote_age_s=11,
        max_open_positions=4,
        max_orders_per_hour=5,
        max_repeats=2,
        repeat_window_s=33,
        flat_before_weekend_s=34,
        max_currency_exposure_pct=Decimal(77),
        max_correlated_positions=3,
        correlation_threshold=Decimal("0.4"),
        max_value_at_risk_pct=Decimal(5),
        scale_by_volatility=True,
        review_over_dissent=Decimal("0.2"),
        accepted_unknowns=("news",),
        asks_where_firm_forbids=True,
    )
    plain, other = gate_settings(SETTINGS), gate_settings(changed)
    same = {one.name for one in fields(GateSettings) if getattr(plain, one.name) == getattr(other, one.name)}
    assert same == {"value_at_risk_quantile"}
    assert (plain.max_orders_per_hour, plain.max_repeats) == (None, None)
    assert other.accepted_unknowns == {"news"}


def test_a_replay_has_nobody_to_ask_and_every_other_account_has():
    """FTMO says nothing of signals of third parties: a person decides, or has said that he read up on it."""
    assert verdict_on().asks == ()
    asked = verdict_on(settings=settings_with(mode="paper"))
    assert [one.rule for one in asked.asks] == ["rules_known", "firm_permits"]
    assert asked.denial is None
    assert asked.legs
    read_up = ("request_limits", "policy", "policy.third_party_automation")
    assert verdict_on(settings=settings_with(mode="paper", accepted_unknowns=read_up)).asks == ()


def test_signals_are_a_third_partys_unless_every_voice_is_the_owners_own():
    own = settings_with(own_sources=("me_*",))
    assert not intent_of(voted("me_1"), own).is_third_party
    assert intent_of(voted("me_1", "room"), own).is_third_party
    assert intent_of(voted("me_1"), SETTINGS).is_third_party


def test_the_weight_that_stands_against_a_decision_is_its_uncertainty():
    decision = voted("one", "two", against=("three",))
    uncertainty = intent_of(decision, SETTINGS).uncertainty
    assert uncertainty is not None
    assert round(uncertainty, 3) == Decimal("0.333")
    asked = verdict_on(decision, settings=settings_with(review_over_dissent=Decimal("0.3")))
    assert [one.rule for one in asked.asks] == ["certain_enough"]
    assert verdict_on(decision, settings=settings_with(review_over_dissent=Decimal("0.4"))).asks == ()


def test_where_the_firm_forbids_nothing_passes_not_even_a_replay():
    policy = RULES.policy
    assert not isinstance(policy, str)
    rules = RULES.model_copy(
        update={"policy": policy.model_copy(update={"third_party_signals": "forbidden"})}
    )
    state, decision = a_state(), voted("me_1")
    denied = judge(decision, state, SETTINGS, rules, NOW_NS)
    assert denied.denial is DenialReason.FIRM_FORBIDS
    own = settings_with(own_sources=("me_1",))
    assert judge(decision, state, own, rules, NOW_NS).denial is not DenialReason.FIRM_FORBIDS
    asks = settings_with(asks_where_firm_forbids=True)
    asked = judge(decision, state, asks, rules, NOW_NS)
    assert (asked.denial, [one.rule for one in asked.asks]) == (None, ["firm_permits"])


def test_what_a_person_was_shown_is_the_most():
    verdict = judge(a_decision(), a_state(), SETTINGS, RULES, NOW_NS, most_lots=Decimal("1.5"))
    assert verdict.legs[0].lots == Decimal("1.5")
    assert verdict.risk_amount == Decimal("315.00")
    larger = judge(a_decision(), a_state(), SETTINGS, RULES, NOW_NS, most_lots=Decimal(40))
    assert larger.legs[0].lots == Decimal("2.38")


def test_the_room_that_is_left_is_that_above_the_nearest_floor():
    # 2.38 lots, 31.5 + 3 pips: 821.10 of the 5,000 of the day and the 10,000 of all
    assert verdict_on().headroom == Decimal("4178.88")
    low = a_state(ledger=money(Decimal(91_000), Decimal(91_000)))
    # at 91,000 the day may lose 5,000, and the account but 1,000
    found = verdict_on(state=low).headroom
    assert found is not None
    assert 0 < found < 1_000


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
    rich = money(Decimal(10_000_000), Decimal(10_000_000), Decimal(10_000_000))
    verdict = verdict_on(decision, a_state(ledger=rich))
    assert verdict.denial is None
    assert verdict.price_bound == Decimal("0.00001")


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
    plain = settings_with(commission_per_lot=Decimal(0), conversion_buffer_pct=Decimal(0))
    verdict = verdict_on(decision, state, plain)
    (size,) = [finding for finding in verdict.findings if finding.rule == "size"]
    found = size.numbers["loss_per_lot"]
    # The euro is quoted against the dollar here, at 1.06010 at the worse side; the yen and others are rates.
    worse = Decimal("1.06010") / Decimal(RATES["USD"]) if instruments()[symbol].quote == "EUR" else 1
    worse = worse if instruments()[symbol].quote != "JPY" else 1 / (Decimal(110) * loss_per_lot / 210)
    assert round(found, 2) == round(Decimal(loss_per_lot) * worse, 2)


@pytest.mark.parametrize(
    ("symbol", "reference", "stop", "target", "lots", "risk"),
    [
        # ask 110.010, 30 pips: 30,000 yen a lot, a dollar at 110.000 the worse side: 272.73; 500 buy 1.83
        ("USDJPY", "110.000", "109.710", "111", "1.83", "499.09"),
        # ask 0.99020, 20 pips: 200 francs a lot, a dollar at 0.99000: 202.02 dollars; 500 buy 2.47
        ("USDCHF", "0.99000", "0.98820", "1.00", "2.47", "498.99"),
        # ask 1.25020, 25 pips of dollars: 250 a lot; 500 buy 2
        ("GBPUSD", "1.25000", "1.24770", "1.30", "2", "500.00"),
    ],
)
def test_sizes_are_of_the_accounts_currency(symbol, reference, stop, target, lots, risk):
    decision = a_decision(symbol=symbol, reference=reference, stop=stop, targets=(target,))
    verdict = verdict_on(decision, settings=settings_with(conversion_buffer_pct=Decimal(0)))
    assert verdict.legs[0].lots == Decimal(lots)
    assert verdict.risk_amount == Decimal(risk)


def test_a_size_is_cut_to_what_the_firm_allows_an_order():
    limits = RULES.order_limits
    assert not isinstance(limits, str)
    rules = RULES.model_copy(update={"order_limits": limits.model_copy(update={"max_lots": Decimal("1.5")})})
    verdict = judge(a_decision(), a_state(), SETTINGS, rules, NOW_NS)
    assert verdict.legs[0].lots == Decimal("1.5")


def test_a_commission_is_part_of_the_risk_and_of_the_worst_case():
    verdict = verdict_on(settings=settings_with(commission_per_lot=Decimal(7)))
    assert verdict.legs[0].lots == Decimal("2.3")  # 500 / (210 + 7)
    assert verdict.risk_amount == Decimal("499.10")
    # 2.3 lots, 31.5 + 3 pips and 16.10 of commission
    worst = next(one for one in verdict.findings if one.rule == "daily_loss_limit")
    assert worst.as_texts()["worst_case_equity"] == "99190.38"


def test_a_clock_behind_the_accounts_own_is_no_way_into_its_past():
    state = a_state()
    ahead = replace(state.ledger, ts_ns=NOW_NS + 1_000)
    assert verdict_on(state=replace(state, ledger=ahead)).denial is None


def test_a_decision_is_judged_without_touching_the_account():
    state = a_state()
    held(state)
    before = repr(state)
    verdict_on(state=state)
    assert repr(state) == before


def test_the_same_question_has_the_same_answer():
    assert verdict_on() == verdict_on()
    assert Quote(Decimal(1), Decimal(3), 0).mid == 2


def test_a_book_is_summed_anew_when_it_changes_and_only_then():
    def totals(state, account=SETTINGS):
        return book_of(state, account, gate_settings(account), RULES).totals

    def fresh(state, pips="3"):
        return totals_of(state.exposures.values(), Decimal(pips))

    state, same_name = a_state(), a_state()
    held(state)
    first = totals(state)
    assert first == fresh(state)
    assert totals(state) is first
    assert totals(same_name) == fresh(same_name) != first
    held(state, symbol="GBPUSD", lots="2", entry="1.25", stop="1.24")
    assert totals(state) == fresh(state)
    key = min(state.exposures)
    state.exposures[key] = replace(state.exposures[key], lots=Decimal(9))
    assert totals(state) == fresh(state)
    del state.exposures[key]
    assert totals(state) == fresh(state)
    assert totals(state, settings_with(slippage_buffer_pips=Decimal(9))) == fresh(state, "9") != fresh(state)
