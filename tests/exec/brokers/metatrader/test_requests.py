"""What the venue would refuse is refused before it is sent: volumes, prices, stops, freezes, filling modes.

The simulated server checks independently: what the adapter lets through, it must take.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metatrader_bench import a_limit, a_sale, an_order

from hive_exec.brokers.metatrader.constants import Execution, Filling, LifetimeFlag, TradeMode
from hive_exec.brokers.metatrader.requests import (
    check_lots,
    check_price,
    check_stops,
    entry_request,
    permitted_fillings,
)
from hive_exec.brokers.metatrader.rows import SymbolRow, TickRow
from hive_exec.brokers.port import NotSent
from hive_exec.simulators.metatrader.book import Books, Instrument
from hive_exec.simulators.metatrader.checks import Asked, refusal

FACTS = SymbolRow(
    name="EURUSD.m",
    visible=True,
    digits=5,
    point=Decimal("0.00001"),
    tick_size=Decimal("0.00001"),
    trade_mode=TradeMode.FULL,
    execution=Execution.MARKET,
    filling_flags=3,
    lifetime_flags=15,
    stops_level_points=0,
    freeze_level_points=0,
    volume_min=Decimal("0.01"),
    volume_max=Decimal(100),
    volume_step=Decimal("0.01"),
)
TICK = TickRow(Decimal("1.10000"), Decimal("1.10010"), 0)
FOK, IOC, RETURN = Filling.FOK, Filling.IOC, Filling.RETURN


@pytest.mark.parametrize(
    ("execution", "flags", "market", "pending"),
    [
        (Execution.MARKET, 0, (), (RETURN,)),
        (Execution.MARKET, 1, (FOK,), (RETURN, FOK)),
        (Execution.MARKET, 2, (IOC,), (RETURN, IOC)),
        (Execution.MARKET, 3, (FOK, IOC), (RETURN, FOK, IOC)),
        (Execution.MARKET, 4, (), (RETURN,)),
        (Execution.EXCHANGE, 0, (RETURN,), (RETURN,)),
        (Execution.EXCHANGE, 2, (IOC, RETURN), (RETURN, IOC)),
        (Execution.INSTANT, 0, (FOK, IOC, RETURN), (RETURN,)),
        (Execution.REQUEST, 1, (FOK, IOC, RETURN), (RETURN, FOK)),
    ],
)
def test_filling_modes_by_the_vendors_table(execution, flags, market, pending):
    facts = replace(FACTS, execution=execution, filling_flags=flags)
    assert permitted_fillings(facts, is_pending=False) == market
    assert permitted_fillings(facts, is_pending=True) == pending


def test_a_symbol_that_permits_no_filling_mode_gets_no_order(mt5):
    mt5.instrument.filling_flags = 0
    with pytest.raises(NotSent, match="no filling mode"):
        mt5.broker.submit(an_order())


LOTS = st.decimals(min_value="0.001", max_value="200", places=3)
STEPS = st.sampled_from([Decimal(text) for text in ("0.01", "0.1", "0.05", "1", "0.001")])


@given(LOTS, STEPS, st.integers(1, 5), st.integers(6, 200))
def test_lots_pass_exactly_where_they_are_on_the_step_and_inside_the_bounds(lots, step, least, most):
    facts = replace(FACTS, volume_step=step, volume_min=step * least, volume_max=step * most)
    on_step = (lots / step) == (lots / step).to_integral_value()
    if on_step and least <= lots / step <= most:
        check_lots(lots, facts)
    else:
        with pytest.raises(NotSent, match="lots"):
            check_lots(lots, facts)


@given(st.decimals(min_value="0.001", max_value="3", places=3))
def test_the_lots_that_are_sent_are_the_lots_that_were_asked_for(lots):
    order = an_order(lots=lots)
    try:
        request = entry_request(order, FACTS, TICK, 1, 0)
    except NotSent:
        assert lots % FACTS.volume_step or lots < FACTS.volume_min
    else:
        assert Decimal(request["volume"]) == lots


@given(
    st.decimals(min_value="0.5", max_value="2", places=6),
    st.sampled_from(["0.00001", "0.0001", "0.00005", "0.01"]),
)
def test_prices_pass_exactly_where_the_broker_can_quote_them(price, tick_size):
    facts = replace(FACTS, tick_size=Decimal(tick_size))
    if (price / Decimal(tick_size)) == (price / Decimal(tick_size)).to_integral_value():
        check_price("stop", price, facts)
    else:
        with pytest.raises(NotSent, match="in steps of"):
            check_price("stop", price, facts)


POINTS = st.integers(-60, 60)


@given(st.sampled_from([an_order, a_sale]), POINTS, POINTS, st.integers(0, 40))
def test_what_passes_here_the_server_takes_and_what_it_would_refuse_does_not(make, stop, target, level):
    """Stops level of market orders, against the simulated server's own arithmetic."""
    order = make()
    reference = TICK.bid if order.side == "buy" else TICK.ask
    point, direction = FACTS.point, 1 if order.side == "buy" else -1
    levels = {
        "stop_loss": reference - stop * point * direction,
        "take_profit": reference + target * point * direction,
    }
    instrument = Instrument("EURUSD.m", stops_level=level, bid=TICK.bid, ask=TICK.ask)
    asked = Asked(
        action=1, symbol="EURUSD.m", volume=Decimal("0.10"), kind=0 if order.side == "buy" else 1, **levels
    )
    taken = refusal(asked, Books(instruments={"EURUSD.m": instrument})) is None
    facts = replace(FACTS, stops_level_points=level)
    if taken:
        entry_request(order.model_copy(update=levels), facts, TICK, 1, 0)
    else:
        with pytest.raises(NotSent, match=r"stops level|wrong side"):
            entry_request(order.model_copy(update=levels), facts, TICK, 1, 0)


@given(
    st.sampled_from(["limit", "stop"]),
    st.sampled_from([an_order, a_sale]),
    POINTS,
    st.integers(0, 40),
    st.integers(1, 80),
)
def test_pending_orders_keep_their_distance_too(kind, make, points, level, room):
    sided = make()
    is_buy = sided.side == "buy"
    market = TICK.ask if is_buy else TICK.bid
    entry = market + points * FACTS.point
    away = room * FACTS.point if is_buy else -room * FACTS.point
    order = sided.model_copy(
        update={
            "order_type": kind,
            "entry": entry,
            "price_bound": entry,
            "stop_loss": entry - away,
            "take_profit": entry + away,
        }
    )
    number = {("limit", True): 2, ("limit", False): 3, ("stop", True): 4, ("stop", False): 5}[kind, is_buy]
    asked = Asked(
        action=5,
        symbol="EURUSD.m",
        volume=order.lots,
        kind=number,
        price=entry,
        stop_loss=order.stop_loss,
        take_profit=order.take_profit,
        filling=2,
        type_time=2,
        expiration_s=10,
    )
    instrument = Instrument("EURUSD.m", stops_level=level, bid=TICK.bid, ask=TICK.ask)
    taken = refusal(asked, Books(instruments={"EURUSD.m": instrument})) is None
    facts = replace(FACTS, stops_level_points=level)
    if taken:
        entry_request(order, facts, TICK, 1, 10)
    else:
        with pytest.raises(NotSent):
            entry_request(order, facts, TICK, 1, 10)


def test_the_stops_level_is_named_in_points():
    facts = replace(FACTS, stops_level_points=50)
    with pytest.raises(NotSent, match=r"20 points from 1.10000; EURUSD.m wants at least 50"):
        check_stops("buy", TICK.bid, Decimal("1.09980"), None, facts)


@pytest.mark.parametrize(
    ("order", "bound", "deviation"),
    [(an_order(), "1.10010", 0), (an_order(), "1.10033", 23), (a_sale(), "1.09990", 10)],
)
def test_the_deviation_is_what_the_bound_leaves(order, bound, deviation):
    bounded = order.model_copy(update={"price_bound": Decimal(bound)})
    assert entry_request(bounded, FACTS, TICK, 1, 0)["deviation"] == deviation


@pytest.mark.parametrize(("order", "bound"), [(an_order(), "1.10009"), (a_sale(), "1.10001")])
def test_a_price_beyond_the_bound_is_not_sent(order, bound):
    with pytest.raises(NotSent, match="beyond the bound"):
        entry_request(order.model_copy(update={"price_bound": Decimal(bound)}), FACTS, TICK, 1, 0)


def test_an_entry_beyond_its_own_bound_is_not_sent():
    with pytest.raises(NotSent, match="beyond the bound"):
        entry_request(a_limit(price_bound=Decimal("1.09700")), FACTS, TICK, 1, 0)


def test_a_symbol_without_orders_that_end_takes_no_pending_order():
    facts = replace(FACTS, lifetime_flags=int(LifetimeFlag.GTC | LifetimeFlag.DAY))
    with pytest.raises(NotSent, match="end at a stated time"):
        entry_request(a_limit(), facts, TICK, 1, 0)
    entry_request(an_order(), facts, TICK, 1, 0)  # one at the market needs none


@pytest.mark.parametrize(
    ("mode", "allowed"),
    [
        (TradeMode.FULL, {"buy", "sell"}),
        (TradeMode.LONG_ONLY, {"buy"}),
        (TradeMode.SHORT_ONLY, {"sell"}),
        (TradeMode.CLOSE_ONLY, set()),
        (TradeMode.DISABLED, set()),
    ],
)
def test_the_symbols_trade_mode_is_kept(mode, allowed):
    for order in (an_order(), a_sale()):
        if order.side in allowed:
            entry_request(order, replace(FACTS, trade_mode=mode), TICK, 1, 0)
        else:
            with pytest.raises(NotSent, match="takes no order"):
                entry_request(order, replace(FACTS, trade_mode=mode), TICK, 1, 0)


def test_inside_the_freeze_level_nothing_is_changed(mt5):
    mt5.broker.submit(an_order(1))
    mt5.broker.submit(a_limit(2))
    mt5.instrument.freeze_level = 100
    mt5.quote("1.09590", "1.09600")  # the stop at 1.09500 is 90 points away
    with pytest.raises(NotSent, match="frozen"):
        mt5.broker.modify(an_order(1), Decimal("1.09400"), None)
    mt5.broker.submit(a_limit(3, entry=Decimal("1.09520"), stop_loss=Decimal("1.09000")))
    for change in (
        lambda: mt5.broker.cancel(a_limit(3)),
        lambda: mt5.broker.modify(a_limit(3), Decimal("1.09100"), None),
    ):
        with pytest.raises(NotSent, match="frozen"):
            change()
    assert len(mt5.package.sent) == 3


def test_a_stop_too_near_is_not_moved_there(mt5):
    mt5.instrument.stops_level = 50
    mt5.broker.submit(an_order())
    with pytest.raises(NotSent, match="at least 50"):
        mt5.broker.modify(an_order(), Decimal("1.09960"), None)
    with pytest.raises(NotSent, match="in steps of"):
        mt5.broker.modify(an_order(), Decimal("1.095001"), None)
    assert len(mt5.package.sent) == 1
