"""What fills and breaches do to an account at a broker, and what is forgotten when memory is full."""

from __future__ import annotations

from decimal import Decimal

import pytest
from broker_bench import FIRST, BrokerBench, account
from exec_bench import a_decision
from risk_bench import set_money

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.order import OrderState as S
from hive_core.risk.gating.verdict import Finding, Outcome
from hive_exec.core import deciding, order_folds, state
from hive_exec.core.events import (
    BarRanged,
    BreakerTrip,
    Cancel,
    ClosePosition,
    DecisionDue,
    Flatten,
    Reported,
    Started,
    Ticked,
)
from hive_exec.core.orders import IllegalRecord, expose
from hive_exec.core.records import Kind
from hive_exec.core.state import with_settings
from hive_exec.core.waiting import Pending


def crash_of_prices(low: str = "1.0000") -> BarPrices[Decimal]:
    bids = [Decimal(price) for price in ("1.0600", "1.0600", low, low)]
    return BarPrices(*bids, *(bid + Decimal("0.0001") for bid in bids))


def unprotected(bench):
    """A position that its stop does not end in time."""
    line = bench.ordered(S.PARTIALLY_FILLED)
    line.stop_loss = Decimal("0.9000")
    bench.bot.account.exposures.clear()
    expose(bench.bot.account, line)
    return line


def test_a_breach_at_a_broker_closes_and_cancels_by_requests_of_their_own():
    bench = BrokerBench()
    line = unprotected(bench)
    set_money(bench.bot.account, "95100")
    records, effects = bench.take(BarRanged(FIRST, "EURUSD", crash_of_prices()))
    kinds = [record.kind for record in records]
    assert kinds == [Kind.EQUITY_MARKED, Kind.ACCOUNT_BREACHED, Kind.REQUEST_SENT, Kind.REQUEST_SENT]
    assert [type(effect) for effect in effects] == [Cancel, ClosePosition]
    assert {effect.order for effect in effects} == {line.order}
    assert bench.decide(a_decision(stop="1.05790")) == [Kind.DECISION_DENIED]


def test_a_breach_of_a_paper_account_flattens_it():
    bench = BrokerBench(account(mode="paper", broker=None, symbols=()))
    bench.take(DecisionDue(FIRST, bench.receive()))
    bench.take(bench.report("filled"))
    set_money(bench.bot.account, "95100")
    line = bench.line
    line.stop_loss = Decimal("0.9000")
    expose(bench.bot.account, line)
    _, effects = bench.take(BarRanged(FIRST, "EURUSD", crash_of_prices()))
    assert effects == [Flatten(FIRST)]
    assert bench.kinds(Started(2, "code")) == [Kind.STARTED]
    assert bench.take(Ticked()) == ([], [])


def test_a_mark_is_written_every_ten_seconds():
    bench = BrokerBench()
    bench.ordered(S.FILLED)
    calm = BarRanged(FIRST, "EURUSD", crash_of_prices("1.0600"))
    assert bench.kinds(calm) == [Kind.EQUITY_MARKED]
    assert bench.kinds(calm) == []
    bench.at = (bench.at[0] + 10 * 10**9, *bench.at[1:])
    assert bench.kinds(calm) == [Kind.EQUITY_MARKED]


def test_a_paper_account_is_marked_as_often_and_one_in_replay_with_every_bar():
    for mode, again in (("paper", []), ("replay", [Kind.EQUITY_MARKED])):
        bench = BrokerBench(account(mode=mode, broker=None, symbols=("EURUSD",) if mode == "replay" else ()))
        bench.take(DecisionDue(FIRST, bench.receive()))
        bench.take(bench.report("filled"))
        calm = BarRanged(FIRST, "EURUSD", crash_of_prices("1.0600"))
        assert bench.kinds(calm) == [Kind.EQUITY_MARKED]
        assert bench.kinds(calm) == again


def test_a_fill_in_parts_has_the_mean_price():
    bench = BrokerBench()
    line = bench.ordered(S.ACCEPTED)
    half = line.order.lots / 2
    bench.take(bench.report("filled", lots=half, price=Decimal("1.0601")))
    bench.take(bench.report("filled", lots=half, price=Decimal("1.0603")))
    assert (line.fill_price, line.state) == (Decimal("1.0602"), S.FILLED)


def test_an_exit_without_a_quote_is_reckoned_with_its_stop():
    bench = BrokerBench()
    line = bench.ordered(S.FILLED)
    bench.bot.account.quotes.clear()
    (closed,), _ = bench.take(bench.report("closed", lots=line.order.lots / 2))
    assert closed.body["profit"] == "0"
    assert Decimal(closed.body["equity"]) < bench.bot.account.balance


def test_memory_is_bounded(monkeypatch):
    for module in (state, order_folds):
        monkeypatch.setattr(module, "MAX_REMEMBERED", 2)
    bench = BrokerBench()
    for pips in range(4):
        bench.decide(a_decision(stop=f"1.057{pips}0"))
        bench.take(bench.report("rejected"))
        bench.bot.rejections = 0
    assert [len(bench.bot.orders), len(bench.bot.decided)] == [2, 2]
    assert len(bench.bot.account.traded_signals) == 2
    assert {line.state for line in bench.bot.orders.values()} == {S.REJECTED}


def test_a_shadowed_signal_counts_as_traded_once():
    bench = BrokerBench()
    bench.take(BreakerTrip("cell", "shadow", "trouble", "anna"))
    decision = a_decision()
    vote = decision.votes[0]
    twice = decision.model_copy(update={"votes": (vote, vote)})
    assert bench.decide(twice) == [Kind.DECISION_SHADOWED]
    assert list(bench.bot.account.traded_signals.values()) == [twice.decision_id]


def test_a_decision_is_due_when_it_was_made_or_when_its_account_is_let_go():
    bench = BrokerBench()
    pending = bench.bot.pending[bench.receive()]
    ts_ns = pending.delivery.decision.ts_decided_ns
    assert pending.due_ns == ts_ns
    assert Pending(pending.delivery, ts_ns + 5).due_ns == ts_ns + 5


def test_todays_settings_leave_history_as_it_is():
    bench = BrokerBench()
    bench.ordered(S.FILLED)
    changed = with_settings(bench.bot, account(rule_pack=bench.bot.settings.rule_pack, max_open_positions=3))
    assert changed.settings.max_open_positions == 3
    assert (changed.orders, changed.account) == (bench.bot.orders, bench.bot.account)
    bench.bot.rules = None
    assert with_settings(bench.bot, changed.settings).rules == changed.rules  # the rules are today's too


def test_the_venue_in_this_process_does_not_contradict_the_journal():
    bench = BrokerBench(account(mode="paper", broker=None, symbols=()))
    bench.take(DecisionDue(FIRST, bench.receive()))
    told = bench.report("modified").report
    with pytest.raises(IllegalRecord, match="intended, and the venue reports modified"):
        bench.take(Reported(told, 1))


def test_a_denial_ends_with_the_check_that_denied():
    bench = BrokerBench()
    pending = bench.bot.pending[bench.receive()]
    with pytest.raises(AssertionError, match="unreachable"):
        deciding._denied(bench.bot, pending, (Finding("any", Outcome.ALLOW, None, {}),), bench.at)


def test_two_that_wait_go_one_by_one_and_a_review_does_not_block():
    bench = BrokerBench()
    bench.health("broker", "down")
    for stop in ("1.05790", "1.05800"):
        bench.decide(a_decision(stop=stop, valid_s=600))
    assert bench.passes(1)[1] == []
    bench.health("broker", "ok")
    assert len(bench.take(Ticked())[1]) == 1
    assert len(bench.take(Ticked())[1]) == 1
    assert bench.bot.pending == {}
