"""What a book could lose and gain: every stop hit beyond its price, every target reached, by currency."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from gate_bench import held
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import instruments
from hive_core.risk.account import Exposure
from hive_core.risk.gating.totals import RunningTotals, totals_of


def losses(*exposures, slippage="3"):
    return dict(totals_of(exposures, Decimal(slippage)).losses)


def test_every_stop_counts_slipped_by_the_buffer_filled_or_not():
    book = (
        held("EURUSD", "buy", "1", "1.06000", "1.05500", "1.07"),  # 50 + 3 pips
        held("EURUSD", "sell", "2", "1.06000", "1.06200", "1.05", is_open=False),  # 20 + 3, twice
    )
    assert losses(*book) == {"USD": Decimal(530 + 460)}
    assert losses(*book, slippage="0") == {"USD": Decimal(500 + 400)}


def test_only_what_has_not_filled_still_costs():
    book = (
        held("EURUSD", "buy", "1", "1.06000", "1.05970", "1.07"),
        held("EURUSD", "sell", "0.5", "1.06000", "1.06030", "1.05", is_open=False),
    )
    totals = totals_of(book, Decimal(3))
    assert (totals.lots, totals.lots_to_fill, totals.count) == (Decimal("1.5"), Decimal("0.5"), 2)


def test_a_stop_that_locks_in_a_gain_counts_as_nothing_gained():
    locked = held("EURUSD", "buy", "1", "1.05000", "1.05500", "1.07")
    assert losses(locked) == {"USD": 0}
    nearly = held("EURUSD", "buy", "1", "1.05490", "1.05500", "1.07")  # 1 pip gained, 3 slipped
    assert losses(locked, nearly) == {"USD": 20}


@pytest.mark.parametrize(("side", "stop"), [("buy", "109.500"), ("sell", "110.500")])
def test_a_stop_slips_against_the_position_by_pips_of_its_instrument(side, stop):
    target = "111" if side == "buy" else "109"
    assert losses(held("USDJPY", side, "1", "110", stop, target)) == {"JPY": Decimal("0.53") * 100_000}


def test_what_has_no_target_is_named():
    assert totals_of((held("EURUSD", "buy", "1", "1.06", "1.05", None),), Decimal(0)).unbounded
    assert not totals_of((held("EURUSD", "buy", "1", "1.06", "1.05", "1.07"),), Decimal(0)).unbounded


@st.composite
def exposures(draw: st.DrawFn) -> Exposure:
    symbol = draw(st.sampled_from(sorted(instruments())))
    price = st.integers(1, 300_000).map(lambda points: points * instruments()[symbol].tick)
    return Exposure(
        client_order_id=draw(st.sampled_from("abc")),
        symbol=symbol,
        side=draw(st.sampled_from(["buy", "sell"])),
        lots=Decimal(draw(st.integers(1, 10_000))) / 100,
        entry=draw(price),
        stop_loss=draw(st.none() | price),
        take_profit=draw(st.none() | price),
        is_open=draw(st.booleans()),
    )


books = st.dictionaries(st.sampled_from("abcdef"), exposures(), max_size=5)


@given(st.lists(books, min_size=1, max_size=6), st.integers(0, 90))
def test_however_a_book_came_about_its_sums_are_those_of_what_is_in_it(history, tenths):
    slippage = Decimal(tenths) / 10
    running = RunningTotals(slippage)
    for book in history:
        assert running.of(book) == totals_of(book.values(), slippage)
        moved = {key: replace(one, is_open=True, lots=one.lots * 2) for key, one in book.items()}
        assert running.of(moved) == totals_of(moved.values(), slippage)


def test_a_book_that_changes_in_place_is_summed_anew():
    book = {"a": held("EURUSD", "buy", "1", "1.06", "1.05", "1.07")}
    running = RunningTotals(Decimal(0))
    assert running.of(book).lots == 1
    book["b"] = held("EURUSD", "sell", "2", "1.06", "1.07", "1.05")
    assert running.of(book).lots == 3
    del book["a"]
    assert running.of(book).lots == 2
    assert running.of({}) == totals_of((), Decimal(0))


def test_sums_that_could_not_be_made_are_not_answered_later():
    known = held("EURUSD", "buy", "1", "1.06", "1.05", "1.07")
    running = RunningTotals(Decimal(0))
    assert running.of({"a": known}).count == 1
    with pytest.raises(KeyError, match="EURXXX"):
        running.of({"b": known, "c": replace(known, symbol="EURXXX")})
    assert running.of({"b": known}) == totals_of((known,), Decimal(0))
    assert running.of({"a": known, "b": known}).count == 2
