"""The breaker that opens while there is still room: once, and then only risk may be lessened."""

from __future__ import annotations

from decimal import Decimal

import pytest
from broker_bench import FIRST, BrokerBench, account
from exec_bench import a_decision
from risk_bench import set_money

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.order import OrderState as S
from hive_exec.core.controls import Mode
from hive_exec.core.events import BarRanged
from hive_exec.core.records import Kind


def at(bid: str) -> BarRanged:
    price = Decimal(bid)
    return BarRanged(FIRST, "EURUSD", BarPrices.of_quote(price, price + Decimal("0.0001")))


def a_bench(**settings):
    bench = BrokerBench(account(**{"reduce_only_under_headroom_pct": Decimal(1), **settings}))
    bench.ordered(S.FILLED)
    # 96,000 with 95,000 as the floor of the day, so that one percent is all there is
    set_money(bench.bot.account, 96_100, 100_000)
    return bench


def test_it_opens_once_and_only_risk_may_be_lessened():
    bench = a_bench()
    assert Kind.BREAKER_TRIPPED not in bench.kinds(at("1.06010"))
    kinds = bench.kinds(at("1.05900"))
    assert kinds.count(Kind.BREAKER_TRIPPED) == 1
    told = next(one for one in bench.journal.records if one.kind is Kind.BREAKER_TRIPPED)
    assert told.body["fallback"] == "safe"
    assert told.body["reason"].endswith("% of the initial balance is left above the floor")
    assert bench.mode is Mode.REDUCE_ONLY
    assert Kind.BREAKER_TRIPPED not in bench.kinds(at("1.05890"))
    assert bench.decide(a_decision(stop="1.05790")) == [Kind.DECISION_DENIED]


def test_the_limit_itself_is_room_enough():
    bench = a_bench()
    line = bench.line
    open_loss = (Decimal("1.06000") - line.fill_price) * 100_000 * line.open_lots
    set_money(bench.bot.account, Decimal(96_000) - open_loss, 100_000)
    assert Kind.BREAKER_TRIPPED not in bench.kinds(at("1.06000"))
    set_money(bench.bot.account, Decimal(96_000) - open_loss - Decimal("0.01"), 100_000)
    assert Kind.BREAKER_TRIPPED in bench.kinds(at("1.06000"))


@pytest.mark.parametrize("settings", [{"reduce_only_under_headroom_pct": None}])
def test_unset_it_never_opens(settings):
    assert Kind.BREAKER_TRIPPED not in a_bench(**settings).kinds(at("1.05900"))
