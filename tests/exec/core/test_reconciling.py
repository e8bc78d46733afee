"""Books against journal: each way in which they can differ, and what is done about it.

The ways are those of NautilusTrader's tables of start-up and continuous reconciliation (guarantee O9):
orders and positions on one side only, in another state, of another size, without a stop, of others.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from broker_bench import FIRST, BrokerBench, account
from exec_bench import a_decision

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import from_ns
from hive_core.contracts.broker import Lookup
from hive_core.contracts.order import OrderState as S
from hive_core.risk.account import equity_marks
from hive_core.risk.gating.news_times import NewsTimes
from hive_core.risk.rules.as_of import ASKABLE
from hive_exec.core.controls import Mode
from hive_exec.core.events import LookedUp, LookUp, TimePassed

FOREIGN = f"ord_{5:024x}"


@dataclass(frozen=True)
class Case:
    """A difference: our order's state (None: no order), what the venue shows, and what must follow."""

    name: str
    ours: S | None
    orders: str = ""
    """"" none, "ours", "foreign" with our mark, "manual"."""
    position: str = ""
    """"" none, "ours", "more", "less", "bare", "foreign", "manual", "bare manual", "unknown symbol"."""
    mode: Mode = Mode.NORMAL
    asks: bool = False
    """Whether the venue's log is asked."""
    stops: bool = False
    """Whether the account stops for a person."""
    becomes: S | None = None
    external: int = 0
    is_hedging: bool = True


N, R, H = Mode.NORMAL, Mode.REDUCE_ONLY, Mode.HALT
CASES = (
    Case("nothing anywhere", None),
    Case("intended here, nothing there", S.INTENDED, asks=True),
    Case("intended here, working there", S.INTENDED, "ours", becomes=S.ACCEPTED),
    Case("intended here, open there", S.INTENDED, "", "ours", mode=R, asks=True),
    Case("unresolved here, nothing there", S.UNRESOLVED, asks=True),
    Case("unresolved here, working there", S.UNRESOLVED, "ours", becomes=S.ACCEPTED),
    Case("unresolved here, open there", S.UNRESOLVED, "", "ours", mode=R, asks=True),
    Case("accepted here, working there", S.ACCEPTED, "ours"),
    Case("accepted here, nothing there", S.ACCEPTED, mode=R, asks=True),
    Case("accepted here, open there", S.ACCEPTED, "", "ours", mode=R, asks=True),
    Case("accepted here, working and open there", S.ACCEPTED, "ours", "ours", mode=R, asks=True),
    Case("partly filled here, open and working there", S.PARTIALLY_FILLED, "ours", "half"),
    Case("partly filled here, all open there", S.PARTIALLY_FILLED, "", "ours", mode=R, asks=True),
    Case("partly filled here, nothing there", S.PARTIALLY_FILLED, mode=R, asks=True),
    Case("filled here, open there", S.FILLED, "", "ours"),
    Case("filled here, nothing there", S.FILLED, mode=R, asks=True),
    Case("filled here, more open there", S.FILLED, "", "more", mode=R, asks=True),
    Case("filled here, less open there", S.FILLED, "", "less", mode=R, asks=True),
    Case("filled here, working there", S.FILLED, "ours", "ours"),
    Case("filled here, open there without a stop", S.FILLED, "", "bare", mode=H, stops=True),
    Case("closed here, nothing there", S.CLOSED),
    Case("closed here, open there", S.CLOSED, "", "ours", mode=R, asks=True),
    Case("closed here, working there", S.CLOSED, "ours", mode=H, stops=True),
    Case("rejected here, nothing there", S.REJECTED),
    Case("rejected here, working there", S.REJECTED, "ours", mode=H, stops=True),
    Case("rejected here, open there", S.REJECTED, "", "ours", mode=R, asks=True),
    Case("expired here, working there", S.EXPIRED, "ours", mode=H, stops=True),
    Case("expired here, open there", S.EXPIRED, "", "ours", mode=R, asks=True),
    Case("cancelled here, working there", S.CANCELLED, "ours", mode=H, stops=True),
    Case("cancelled here, open there", S.CANCELLED, "", "ours", mode=R, asks=True),
    Case("given up here, nothing there", S.NOT_ACCEPTED),
    Case("given up here, working there", S.NOT_ACCEPTED, "ours", mode=H, stops=True, becomes=S.ACCEPTED),
    Case("given up here, open there", S.NOT_ACCEPTED, "", "ours", mode=R, asks=True),
    Case("an order with our mark that the journal lacks", None, "foreign", mode=H, stops=True),
    Case("a position with our mark that the journal lacks", None, "", "foreign", mode=H, stops=True),
    Case("an order that a person made", None, "manual"),
    Case("a position that a person opened", None, "", "manual", external=1),
    Case("the same without a stop", None, "", "bare manual", external=1),
    Case("the same in an instrument that is not known", None, "", "unknown symbol", external=1),
    Case("filled here and a person's beside it", S.FILLED, "", "both", external=1),
    Case("netting: filled here and as much there", S.FILLED, "", "ours", is_hedging=False),
    Case("netting: filled here, nothing there", S.FILLED, mode=R, asks=True, is_hedging=False),
    Case("netting: filled here, more there", S.FILLED, "", "more", external=1, is_hedging=False),
    Case("netting: filled here, the other way there", S.FILLED, "", "short", external=1, is_hedging=False),
    Case("netting: nothing here, open there", None, "", "manual", external=1, is_hedging=False),
)


def shown(bench: BrokerBench, case: Case):
    orders = {
        "": (),
        "ours": lambda: (bench.venue_order(),),
        "foreign": lambda: (bench.venue_order(FOREIGN),),
        "manual": lambda: (bench.venue_order(""),),
    }[case.orders]
    one = Decimal(1)
    positions = {
        "": (),
        "ours": lambda: (bench.venue_position(),),
        "half": lambda: (bench.venue_position(lots=bench.line.open_lots),),
        "more": lambda: (bench.venue_position(lots=bench.line.order.lots + 1),),
        "less": lambda: (bench.venue_position(lots=bench.line.order.lots - 1),),
        "bare": lambda: (bench.venue_position(stop=None),),
        "short": lambda: (bench.venue_position(side="sell"),),
        "foreign": lambda: (bench.venue_position(FOREIGN, one),),
        "manual": lambda: (bench.venue_position("", one),),
        "bare manual": lambda: (bench.venue_position("", one, None),),
        "unknown symbol": lambda: (bench.venue_position("", one, symbol="XXXYYY"),),
        "both": lambda: (bench.venue_position(), bench.venue_position("", one, position_id="p2")),
    }[case.position]
    return {
        "orders": orders() if callable(orders) else orders,
        "positions": positions() if callable(positions) else positions,
        "is_hedging": case.is_hedging,
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_difference_between_journal_and_books(case):
    bench = BrokerBench()
    line = None if case.ours is None else bench.ordered(case.ours)
    records, effects = bench.books(**shown(bench, case))
    assert bench.mode is case.mode
    assert any(isinstance(effect, LookUp) for effect in effects) is case.asks
    assert ("bot:first" in bench.state.controls.breakers) is case.stops
    assert len(bench.bot.external) == case.external
    if line is not None:
        assert line.state is (case.becomes or case.ours)
    counted = {key for key in bench.bot.account.exposures if key.startswith("external/")}
    unprotected = {key for key in bench.bot.account.unprotected if key.startswith("external/")}
    assert len(counted | unprotected) == case.external
    assert records or case.name == "nothing anywhere" or bench.state.controls.conditions


def test_there_are_thirty_ways_and_more():
    assert len({case.name for case in CASES}) == len(CASES) >= 30


def test_what_is_not_ours_counts_is_never_touched_and_goes_when_it_is_gone():
    bench = BrokerBench()
    _, effects = bench.books(positions=(bench_position(bench, "1.05"),))
    assert effects == []
    assert bench.bot.account.exposures["external/p1"].lots == 1
    bench.books()
    assert (bench.bot.external, bench.bot.account.exposures) == ({}, {})


def bench_position(bench, stop):
    return bench.venue_position("", Decimal(1), stop)


def test_a_position_of_others_without_a_stop_allows_nothing_new():
    bench = BrokerBench()
    bench.books(positions=(bench_position(bench, None),))
    assert "is not ours and has no stop" in bench.bot.account.unprotected["external/p1"]
    assert [kind.value for kind in bench.decide()] == ["decision_denied"]


def test_a_position_of_others_without_a_target_holds_orders_back_where_open_profit_lifts_a_floor():
    # Nobody can say how far equity may rise before it falls again.
    for pack, reason in (
        ("ftmo_2step_phase1", None),
        ("the5ers_high_stakes_phase1", "position_without_target"),
    ):
        bench = BrokerBench(account(rule_pack=pack, accepted_unknowns=ASKABLE, own_sources=("*",)))
        bench.engine.news = Quiet()
        bench.books(positions=(bench_position(bench, "1.05"),))
        bench.decide()
        assert bench.journal.records[-1].body.get("reason_code") == reason
        bench.books(positions=(bench.venue_position("", Decimal(1), "1.05", take_profit=Decimal("1.07")),))
        assert [kind.value for kind in bench.decide(a_decision(stop="1.0579"))] == ["order_intended"]


class Quiet:
    """A calendar that is whole and shows nothing."""

    def shown_at(self, now_ns):
        return NewsTimes.of((), 0, 2**62, ("EUR", "USD"))


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_position_of_others_is_worth_what_the_market_pays_beyond_stop_and_target_that_it_lacks(side):
    bench = BrokerBench()
    entry, high, low = Decimal("1.06"), Decimal("1.07"), Decimal("1.05")
    bench.books(positions=(bench.venue_position("", Decimal(1), None, side=side, entry=entry),))
    state, good = bench.bot.account, high if side == "buy" else low
    wide = BarPrices(entry, high, low, entry, entry, high, low, entry)
    assert equity_marks(state, "EURUSD", wide) == (99_000, 101_000, 100_000)
    moved = BarPrices.of_quote(good, good)
    marks = equity_marks(state, "EURUSD", moved)
    assert marks.lowest == marks.last == 101_000


def test_equal_books_are_written_once_and_the_venues_balance_counts():
    bench = BrokerBench()
    assert bench.books(balance="99000")[0][0].kind.value == "reconciled"
    assert bench.bot.account.balance == 99_000
    assert bench.books(balance="99000")[0] == []


def test_a_question_that_is_answered_lets_the_account_trade_again():
    bench = BrokerBench()
    bench.ordered(S.ACCEPTED)
    bench.books()
    assert bench.mode is Mode.REDUCE_ONLY
    bench.looked_up(bench.report("filled").report)
    bench.books(positions=(bench.venue_position(),))
    assert bench.mode is Mode.NORMAL


def test_a_netting_venue_that_shows_nothing_is_asked_first_and_then_a_person_is():
    bench = BrokerBench()
    line = bench.ordered(S.FILLED)
    _, effects = bench.books(is_hedging=False)
    assert (bench.mode, [type(one) for one in effects]) == (Mode.REDUCE_ONLY, [LookUp])
    records, effects = bench.books(is_hedging=False)
    assert [one.kind.value for one in records] == ["divergence_found", "breaker_tripped"]
    assert "EURUSD are open here and none at the venue" in records[0].body["divergence"]
    assert records[0].body["client_order_id"] == line.order.client_order_id
    assert bench.mode is Mode.HALT
    assert [type(one) for one in effects] == [LookUp]
    assert bench.books(is_hedging=False)[0] == []  # said once, while it stands stopped
    assert bench.bot.account.exposures[line.order.client_order_id].lots == line.order.lots


def test_an_exit_at_a_netting_venue_that_is_heard_a_moment_late_stops_nothing():
    bench = BrokerBench()
    bench.ordered(S.FILLED)
    bench.books(is_hedging=False)
    bench.looked_up(bench.report("closed").report)
    bench.books(is_hedging=False)
    assert (bench.mode, bench.state.controls.breakers) == (Mode.NORMAL, {})


def test_a_position_of_a_netting_venue_without_lots_is_nothing():
    bench = BrokerBench()
    bench.ordered(S.FILLED)
    bench.books(positions=(bench.venue_position("", Decimal(0)),), is_hedging=False)
    assert bench.mode is Mode.REDUCE_ONLY


def test_a_naked_position_is_closed_again_when_the_request_was_lost():
    bench = BrokerBench()
    bench.ordered(S.FILLED)
    bare = (bench.venue_position(stop=None),)
    _, first = bench.books(positions=bare)
    assert [type(effect).__name__ for effect in first] == ["ClosePosition"]
    assert bench.books(positions=bare)[1] == []
    bench.passes(11)
    bench.at = (bench.at[0] + 11 * 10**9, *bench.at[1:])
    assert [type(effect).__name__ for effect in bench.books(positions=bare)[1]] == ["ClosePosition"]


def test_a_lookup_of_an_order_that_is_not_known_says_nothing():
    bench = BrokerBench()
    bench.decide()
    del bench.bot.orders[bench.line.order.client_order_id]
    assert bench.take(LookedUp(FIRST, Lookup("ord_x", (), True))) == ([], [])


# --- an account with a past -------------------------------------------------------------------------------


def reset_passes(bench):
    """The day of the account begins anew."""
    (next_ns,) = bench.bot.account.ledger.next_reset_ns
    bench.passes((next_ns - bench.at[0]) // 10**9 + 1)
    bench.take(TimePassed(FIRST))
    bench.quotes()
    return a_decision(ts=from_ns(bench.at[0]))


@pytest.mark.parametrize("balance", ["104000", "97000"])
def test_an_account_that_is_found_with_a_past_trades_from_its_next_reset_on(balance):
    bench = BrokerBench()
    bench.books(balance=balance)
    ledger, found = bench.bot.account.ledger, Decimal(balance)
    assert (ledger.balance, ledger.equity, ledger.current_day.net) == (found, found, 0)
    assert ledger.anchors[0].balance_at_reset == max(found, 100_000)
    assert [kind.value for kind in bench.decide()] == ["decision_denied"]
    assert bench.journal.records[-1].body["reason_code"] == "account_history_unknown"
    decision = reset_passes(bench)
    assert bench.bot.account.ledger.anchors[0].balance_at_reset == found
    assert [kind.value for kind in bench.decide(decision)] == ["order_intended"]


def test_a_new_account_has_no_past_and_later_corrections_are_none():
    bench = BrokerBench()
    bench.books(balance="100000")
    bench.books(balance="99990")  # a fee
    assert bench.bot.account.ledger.current_day.corrected == -10
    assert [kind.value for kind in bench.decide()] == ["order_intended"]


@pytest.mark.parametrize(("peak", "highest"), [(None, "104000"), ("106000", "106000"), ("101000", "104000")])
def test_where_a_limit_trails_the_owner_says_how_high_the_account_was(peak, highest):
    told = {} if peak is None else {"peak_balance": Decimal(peak)}
    bench = BrokerBench(
        account(rule_pack="ftmo_1step_phase1", accepted_unknowns=ASKABLE, own_sources=("*",), **told)
    )
    bench.books(balance="104000")
    anchors = bench.bot.account.ledger.anchors[0]
    assert (anchors.highest_reset_balance, anchors.highest_closed_balance) == (Decimal(highest),) * 2
    assert anchors.highest_equity == Decimal(highest)
    kinds = [kind.value for kind in bench.decide(reset_passes(bench))]
    body = bench.journal.records[-1].body
    assert (kinds, body.get("reason_code")) == (
        (["decision_denied"], "account_history_unknown") if peak is None else (["order_intended"], None)
    )
