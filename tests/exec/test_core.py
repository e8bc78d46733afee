"""The core's mind: what follows from each event, and what it refuses to believe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from core_bench import AT, PRICES, a_bot, ask, do, receive, report, with_order
from exec_bench import a_decision
from risk_bench import NOW, NOW_NS, held, set_money

from hive_core.backtest.fills import BarPrices
from hive_core.calendars.trading_day import to_ns
from hive_core.contracts.order import LIVE_STATES, TRANSITIONS, OrderState, client_order_id
from hive_exec.core.events import (
    BarBegan,
    BarRanged,
    DecisionDue,
    Flatten,
    Reported,
    Submit,
    SubmitProvenAbsent,
    TimePassed,
)
from hive_exec.core.folding import apply_to_bot
from hive_exec.core.orders import IllegalRecord
from hive_exec.core.records import RANK_BAR_CLOSED, RANK_DAY_RESET, Kind, Record

SECOND_NS = 10**9
RECORDS = {
    OrderState.ACCEPTED: (Kind.ORDER_ACCEPTED, {"venue_order_id": "v1"}),
    OrderState.REJECTED: (Kind.ORDER_REJECTED, {"reason": "no_fresh_quote"}),
    OrderState.EXPIRED: (Kind.ORDER_EXPIRED, {"reason": "good_till_passed"}),
    OrderState.CANCELLED: (Kind.ORDER_CANCELLED, {"reason": "cancelled_by_client"}),
    OrderState.NOT_ACCEPTED: (Kind.ORDER_NOT_ACCEPTED, {"reason": "absent"}),
    OrderState.UNRESOLVED: (Kind.ORDER_UNRESOLVED, {"reason": "time-out"}),
    OrderState.PARTIALLY_FILLED: (
        Kind.ORDER_PARTIALLY_FILLED,
        {"price": "1.0601", "lots": "0.01", "commission": "7"},
    ),
    OrderState.FILLED: (Kind.ORDER_FILLED, {"price": "1.0601", "lots": "0.01", "commission": "7"}),
    OrderState.CLOSED: (Kind.POSITION_CLOSED, {"price": "1.063", "profit": "100", "reason": "target"}),
}


@pytest.mark.parametrize("before", OrderState)
@pytest.mark.parametrize("after", sorted(set(OrderState) - {OrderState.INTENDED}))
def test_each_pair_of_states_is_a_listed_transition_or_an_error(before, after):
    bot, order_id = with_order(before)
    kind, body = RECORDS[after]
    record = Record("samples", kind, (NOW_NS + 1, 0, ""), {"client_order_id": order_id, **body})
    if after in TRANSITIONS[before]:
        apply_to_bot(bot, record)
        assert bot.orders[order_id].state is after
        assert bot.orders[order_id].ts_state_ns == NOW_NS + 1
        assert (order_id in bot.account.exposures) == (after in LIVE_STATES)
        live = [line.state for line in bot.orders.values() if line.state in LIVE_STATES]
        assert live == [after] * (after in LIVE_STATES)
    else:
        with pytest.raises(IllegalRecord, match=f"{before} cannot become {after}"):
            apply_to_bot(bot, record)


def test_an_order_is_intended_once():
    bot, order_id = with_order(OrderState.INTENDED)
    body = {"order": bot.orders[order_id].order.model_dump(mode="json"), "sources": [], "risk_amount": "1"}
    with pytest.raises(IllegalRecord, match="intended twice"):
        apply_to_bot(bot, Record("samples", Kind.ORDER_INTENDED, AT, {**body, "worst_entry": "1"}))


def test_an_account_is_opened_once():
    with pytest.raises(IllegalRecord, match="opened twice"):
        apply_to_bot(a_bot(), Record("samples", Kind.ACCOUNT_OPENED, AT, {}))


@pytest.mark.parametrize("kind", [kind for kind, _ in RECORDS.values()])
def test_a_record_of_an_order_that_there_is_not_is_an_error(kind):
    with pytest.raises(IllegalRecord, match="no order ord_none"):
        apply_to_bot(a_bot(), Record("samples", kind, AT, {"client_order_id": "ord_none"}))


def test_an_allowed_decision_is_an_intent_a_leg_and_a_submit_a_leg():
    bot = a_bot()
    decision_id = receive(bot, a_decision(targets=("1.06300", "1.06400")))
    records, effects = do(bot, DecisionDue(bot.name, decision_id))
    assert [record.kind for record in records] == [Kind.ORDER_INTENDED] * 2
    assert [effect.order for effect in effects] == [line.order for line in bot.orders.values()]
    ids = [client_order_id("local", "samples", decision_id, leg, 1) for leg in (1, 2)]
    assert list(bot.orders) == ids
    lines = bot.orders.values()
    assert sum(line.order.lots for line in lines) == Decimal("2.38")
    assert sum(line.risk_amount for line in lines) == Decimal("499.80")
    assert {line.order.submitted_ns for line in lines} == {NOW_NS}
    assert bot.pending == {}
    assert bot.decided == {decision_id: "traded"}
    body = records[0].body
    assert body["sources"] == ["sample_edge"]
    assert [check["verdict"] for check in body["checks"]] == ["allow"] * len(body["checks"])
    assert body["origin"]["run_id"] == "run-1"
    assert len(body["decision_sha256"]) == 64


def test_two_installations_never_share_an_order_id():
    bot = a_bot()
    due = DecisionDue(bot.name, receive(bot))
    one, other = (ask(bot, due, environment=name)[1][0].order.client_order_id for name in ("local", "other"))
    assert one != other


def test_only_voices_for_the_side_are_its_sources():
    decision = a_decision()
    against = decision.votes[0].model_copy(update={"source": "a_contrarian", "side": "sell"})
    bot = a_bot()
    voted = decision.model_copy(update={"votes": (*decision.votes, against, *decision.votes)})
    records, _ = do(bot, DecisionDue(bot.name, receive(bot, voted)))
    assert records[0].body["sources"] == ["sample_edge"]


def test_a_denied_decision_leaves_its_checks_and_no_effect():
    bot = a_bot()
    decision_id = receive(bot, a_decision(stop="1.06500", targets=("1.07000",)))
    (record,), effects = do(bot, DecisionDue(bot.name, decision_id))
    assert effects == []
    assert (record.kind, record.body["reason_code"]) == (Kind.DECISION_DENIED, "stop_on_wrong_side")
    assert record.body["checks"][-1]["verdict"] == "deny"
    assert (bot.denied, bot.pending, bot.decided) == (1, {}, {decision_id: "denied"})


def test_money_moves_with_fills_and_closes_alone():
    bot, order_id = with_order(OrderState.ACCEPTED, commission_per_lot=Decimal(7))
    assert bot.account.balance == 100_000
    (filled,), _ = do(bot, report(bot, order_id, "filled", price="1.06010"))
    lots = bot.orders[order_id].order.lots  # 500 / 217
    assert lots == Decimal("2.3")
    assert filled.body["commission"] == "16.1"
    assert filled.body["balance"] == "99983.9"
    assert filled.body["equity"] == "99983.9"  # the position itself counts from its next price on
    (closed,), _ = do(bot, report(bot, order_id, "closed", price="1.06310"))
    assert closed.body["profit"] == "690"
    assert closed.body["balance"] == closed.body["equity"] == "100673.9"
    assert bot.account.balance == Decimal("100673.9")
    assert bot.account.exposures == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"venue_seq": 3}, "venue report 3 after 1: one is missing"),
        ({"venue_seq": 1}, "venue report 1 after 1: one is missing"),
        ({"client_order_id": "ord_foreign"}, "ord_foreign, which is not ours"),
        ({"price": None}, "without its price or lots"),
        ({"lots": Decimal("2.39")}, r"filled for 2\.39 of 2\.\d+ lots"),
        ({"lots": None}, "without its price or lots"),
        ({"lots": Decimal(0)}, "without its price or lots"),
    ],
    ids=["gap", "again", "foreign", "no price", "too many lots", "no lots", "zero lots"],
)
def test_a_report_that_cannot_be_stops_everything(changes, said):
    bot, order_id = with_order(OrderState.ACCEPTED)
    event = report(bot, order_id, "filled", price="1.0601")
    told = {name: value for name, value in changes.items() if name != "venue_seq"}
    impossible = Reported(replace(event.report, **told), changes.get("venue_seq", event.venue_seq))
    with pytest.raises(IllegalRecord, match=said):
        ask(bot, impossible)


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.INTENDED}))
def test_only_an_intent_can_be_proven_absent(state):
    bot, order_id = with_order(state)
    with pytest.raises(IllegalRecord, match="not intended"):
        ask(bot, SubmitProvenAbsent(bot.name, order_id))


def test_an_intent_that_never_arrived_is_tried_again_under_another_id():
    bot, order_id = with_order(OrderState.INTENDED)
    before = bot.orders[order_id].order
    records, (effect,) = do(bot, SubmitProvenAbsent(bot.name, order_id))
    assert [record.kind for record in records] == [Kind.ORDER_NOT_ACCEPTED, Kind.ORDER_INTENDED]
    again = bot.orders[effect.order.client_order_id]
    assert effect == Submit(again.order)
    assert (
        again.order.client_order_id
        == client_order_id("local", "samples", before.decision_id, 1, 2)
        != order_id
    )
    changed = {"attempt": 2, "client_order_id": again.order.client_order_id}
    assert again.order == before.model_copy(update=changed)
    assert bot.orders[order_id].state is OrderState.NOT_ACCEPTED
    assert list(bot.account.exposures) == [again.order.client_order_id]
    assert records[1].body["follows"] == order_id


@pytest.mark.parametrize(
    ("after_s", "valid_s", "goes_out"),
    [(300, 7_200, True), (301, 7_200, False), (59, 60, True), (60, 60, False)],
)
def test_an_intent_that_is_too_old_is_not_tried_again(after_s, valid_s, goes_out):
    bot, order_id = with_order(OrderState.INTENDED, a_decision(valid_s=valid_s))
    at = (NOW_NS + after_s * SECOND_NS, 0, "")
    records, effects = do(bot, SubmitProvenAbsent(bot.name, order_id), at)
    assert bool(effects) is goes_out
    if not goes_out:
        assert [record.body["reason"] for record in records] == ["stale_after_restart"]
        assert bot.account.exposures == {}


def bar(low: str, close: str = "1.06000") -> BarPrices[Decimal]:
    bids = [Decimal(price) for price in ("1.06000", "1.06000", low, close)]
    return BarPrices(*bids, *(bid + Decimal("0.0001") for bid in bids))


def test_a_bar_marks_an_account_that_holds_its_instrument():
    bot, _ = with_order(OrderState.FILLED)
    (mark,), effects = do(bot, BarRanged("samples", "EURUSD", bar("1.05900", "1.06110")))
    assert effects == []
    assert mark.kind is Kind.EQUITY_MARKED
    assert mark.body == {
        "balance": "100000",
        "equity": "100238",  # 10 pips on 2.38 lots
        "equity_low": "99738.2",  # 11 pips
        "equity_high": "99976.2",  # the bar's highest, a pip below where it was bought
        "daily_floor": "95000",
        "maximum_floor": "90000",
        "trading_day": "2017-03-06",
    }


def test_a_bar_of_what_is_not_held_says_nothing():
    bot, _ = with_order(OrderState.FILLED)
    assert ask(bot, BarRanged("samples", "GBPUSD", bar("1.0"))) == ([], [])
    bot, _ = with_order(OrderState.ACCEPTED)
    assert ask(bot, BarRanged("samples", "EURUSD", bar("1.0"))) == ([], [])


@pytest.mark.parametrize(
    ("balance", "at_reset", "rule"),
    [
        ("95499.80", "100000", "daily_loss"),  # the stop takes 499.80: exactly to the floor
        ("95499.81", "100000", None),
        ("90499.80", "92000", "maximum_loss"),
        ("90499.81", "92000", None),
        ("80000", "100000", "maximum_loss"),  # both: the account's end is told
    ],
)
def test_equity_on_a_floor_ends_the_account_and_flattens_it(balance, at_reset, rule):
    bot, _ = with_order(OrderState.FILLED)
    set_money(bot.account, balance, at_reset)
    records, effects = do(bot, BarRanged("samples", "EURUSD", bar("1.05800")))
    assert [record.kind for record in records] == [
        Kind.EQUITY_MARKED,
        *[Kind.ACCOUNT_BREACHED] * (rule is not None),
    ]
    assert effects == [Flatten("samples")] * (rule is not None)
    assert bot.account.breached_rule == rule
    again, no_effects = do(bot, BarRanged("samples", "EURUSD", bar("1.05800")))
    if rule is not None:  # once, and for ever
        assert ([record.kind for record in again], no_effects) == ([Kind.EQUITY_MARKED], [])


LATER = (AT[0] + 3_600 * 10**9, RANK_BAR_CLOSED, "EURUSD")


def test_a_gap_to_a_floor_at_the_open_ends_the_account_and_other_opens_say_nothing():
    bot, _ = with_order(OrderState.FILLED)
    calm = BarBegan("samples", "EURUSD", Decimal("1.06000"), Decimal("1.06010"))
    assert ask(bot, calm, LATER) == ([], [])
    set_money(bot.account, at_reset=bot.account.balance + 5_000)
    records, effects = do(bot, calm, LATER)
    assert [record.kind for record in records] == [Kind.EQUITY_MARKED, Kind.ACCOUNT_BREACHED]
    assert effects == [Flatten("samples")]


def test_a_close_judges_an_account_that_it_leaves_flat_and_no_other():
    """While others are open they may leave in the same bar; of a flat account the balance is all there is."""
    for is_flat in (True, False):
        bot, order_id = with_order(OrderState.FILLED)
        set_money(bot.account, at_reset=bot.account.balance + 5_000)
        if not is_flat:
            held(bot.account, symbol="GBPUSD", entry="1.25000", stop="1.24000")
        records, _ = do(bot, report(bot, order_id, "closed", price="1.06010"))
        kinds = [Kind.POSITION_CLOSED, *[Kind.ACCOUNT_BREACHED] * is_flat]
        assert [record.kind for record in records] == kinds
        assert bot.account.breached_rule == ("daily_loss" if is_flat else None)


def test_a_new_day_begins_with_the_balance_at_its_own_midnight():
    bot, _ = with_order(OrderState.CLOSED)
    reset_ns = to_ns(datetime(2017, 3, 7, 23, tzinfo=UTC))
    # A bar that closes at the reset lies before it; what comes at that instant after it, does not.
    assert (
        ask(bot, TimePassed("samples"), (reset_ns, RANK_BAR_CLOSED, "EURUSD"))[0][0].body["trading_day"]
        == "2017-03-07"
    )
    late = (to_ns(datetime(2017, 3, 8, 5, tzinfo=UTC)), 0, "")
    (opened,), effects = do(bot, TimePassed("samples"), late)
    assert effects == []
    assert opened.at == (reset_ns, RANK_DAY_RESET, "")
    assert opened.body["trading_day"] == "2017-03-08"
    assert opened.body["balance"] == "100690.2"
    assert opened.body["daily_floor"] == "95690.2"
    assert bot.account.ledger.anchors[0].balance_at_reset == Decimal("100690.2")
    assert ask(bot, TimePassed("samples"), late) == ([], [])
    assert ask(bot, TimePassed("samples")) == ([], [])  # and no day begins backwards


def test_records_never_take_the_clock_back():
    bot, order_id = with_order(OrderState.ACCEPTED)
    bot.position = (NOW_NS + 50, 0, "")
    do(bot, report(bot, order_id, "filled", price=PRICES["filled"]))
    assert bot.clock_ns == NOW_NS + 50
    receive(bot, a_decision(ts=NOW + timedelta(days=3)))
    assert bot.clock_ns == NOW_NS + 50
    apply_to_bot(bot, Record("samples", Kind.ADVANCE_REQUESTED, (NOW_NS + 99, 0, ""), {"until_ns": 10}))
    apply_to_bot(bot, Record("samples", Kind.ADVANCE_REQUESTED, (NOW_NS + 99, 0, ""), {"until_ns": 5}))
    assert (bot.clock_ns, bot.advance_until_ns) == (NOW_NS + 50, 10)
