"""The worked example of docs/traders.md is what the gate says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from hive_core.configuration.model import Account
from hive_core.contracts.decision import Decision, DecisionRule, Vote
from hive_core.contracts.reasons import DenialReason
from hive_core.risk.account import AccountState, Quote
from hive_core.risk.gate import Judgement, judge
from hive_core.risk.ledger import open_ledger
from hive_core.risk.rules.phases import rules_on
from hive_core.risk.standing import floors_now, resets_of

PAGE = (Path(__file__).parents[3] / "docs" / "traders.md").read_text("utf-8")
NOW_NS = 1_700_000_000_000_000_000
STOP, TARGET = Decimal("1.09700"), Decimal("1.10600")


def verdict_at(balance: str) -> Judgement:
    """The example's decision, judged at a balance; it was 102,000 at the reset."""
    vote = Vote(
        kind="source",
        source="room",
        signal_id="s",
        message_id="m",
        message_sha256="0" * 64,
        ts_event_ns=NOW_NS,
        valid_until_ns=NOW_NS + 1,
        side="buy",
        order_type="market",
        base_weight=Decimal(1),
        weight=Decimal(1),
        entry=None,
        stop_loss=STOP,
        take_profits=(TARGET,),
    )
    decision = Decision(
        decision_id="d",
        account="a",
        symbol="EURUSD",
        side="buy",
        order_type="market",
        entry=None,
        market_bid=Decimal("1.09994"),
        market_ask=Decimal("1.10000"),
        reference_price=Decimal("1.09997"),
        stop_loss=STOP,
        take_profits=(TARGET,),
        ts_decided_ns=NOW_NS,
        valid_until_ns=NOW_NS + 1,
        rule=DecisionRule(vote_window_s=3600, decay_half_life_s=None, threshold=Decimal(1), minimum_voices=1),
        votes=(vote,),
        resolver_version="r",
        resolver_settings_sha256="0" * 64,
    )
    quote = Quote(Decimal("1.09994"), Decimal("1.10000"), NOW_NS)
    rules = rules_on("ftmo_2step_phase1", date(2023, 11, 14))
    start = open_ledger(Decimal(100_000), resets_of(rules), NOW_NS)
    anchors = tuple(replace(one, balance_at_reset=Decimal(102_000)) for one in start.anchors)
    ledger = replace(start, balance=Decimal(balance), equity=Decimal(balance), anchors=anchors)
    assert floors_now(rules, ledger).daily == 97_000
    state = AccountState("a", "USD", ledger, quotes={"EURUSD": quote})
    account = Account(name="a", mode="replay", sources=("room",))
    return judge(decision, state, account, rules, NOW_NS)


@pytest.mark.parametrize(("column", "balance", "said"), [(1, "102000", "allow"), (2, "97600", "reduce")])
def test_every_number_of_the_table_is_the_gates(column, balance, said):
    verdict = verdict_at(balance)
    assert verdict.denial is None
    bodies = {finding.rule: finding.as_body() for finding in verdict.findings}
    size, daily = bodies["size"]["numbers"], bodies["daily_loss_limit"]
    assert daily["verdict"] == said
    rows = {
        cells[1].strip(): cells[column + 1].replace(",", "").replace("\u2212", "-").strip()
        for line in PAGE.splitlines()
        if len(cells := line.split("|")) == 5
    }
    assert Decimal(rows["balance now"]) == Decimal(size["balance"])
    assert Decimal(rows["risk 0.5 %"]) == Decimal(size["risk_amount"])
    assert Decimal(rows["loss per lot, 30 pips"]) == Decimal(size["loss_per_lot"])
    assert Decimal(rows["lots by risk"]) == Decimal(size["lots"])
    assert Decimal(rows["lots that fit"]) == sum(leg.lots for leg in verdict.legs)
    assert Decimal(rows["price bound"]) == verdict.price_bound
    worst = rows["worst case: entered at the bound, out at 1.09670"]
    assert Decimal(worst.rsplit("= ", 1)[1]) == Decimal(daily["numbers"]["worst_case_equity"])
    assert Decimal(rows["room to the daily floor of 97,000"]) == verdict.headroom
    assert Decimal(daily["numbers"]["floor"]) == 97_000


def test_below_the_smallest_lot_the_example_is_denied():
    assert "At 97,004 not even a hundredth of a lot would fit" in PAGE
    assert verdict_at("97004").denial is DenialReason.DAILY_LOSS_LIMIT
    assert verdict_at("97005").denial is None
