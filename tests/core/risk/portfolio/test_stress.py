"""Books under stress: gaps through stops, the worst course through history, and what nobody knows."""

from __future__ import annotations

import csv
import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import instruments
from hive_core.market.rates import parse_ecb_rates
from hive_core.risk.portfolio.history import DAILY_PRICES, pair_prices, price_history
from hive_core.risk.portfolio.holdings import Holding, Market
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.scenario_files import (
    Window,
    packaged_scenarios,
    packaged_windows,
    parse_scenarios,
)
from hive_core.risk.portfolio.stress import STRESS, historical_stress, results_along, shock_stress

PRICES = {"EURUSD": 1.10, "USDJPY": 110.0, "EURJPY": 121.0, "USDCHF": 0.99, "XAUUSD": 2000.0}
MARKET = Market("USD", PRICES)
ONE = Decimal(1)
MONDAY = date(2024, 1, 1)
WINDOW = Window(name="test", title="A test", source="made up", first=date(2024, 1, 2), last=date(2024, 1, 6))
EUROS = [Holding("EURUSD", "buy", ONE)]


def path(**ratios):
    return {symbol: np.array(each, dtype=np.float64) for symbol, each in ratios.items()}


def along(holdings, ratios, stops_fill="at_gap"):
    return results_along(holdings, MARKET, ratios, stops_fill=stops_fill).results.tolist()


def daily(**prices):
    rows = [
        {"date": MONDAY + timedelta(days=day), "symbol": symbol, "price": price}
        for symbol, each in prices.items()
        for day, price in enumerate(each)
        if price is not None
    ]
    return pl.DataFrame(rows, schema=DAILY_PRICES)


def in_history(holdings, prices, window=WINDOW):
    return historical_stress(holdings, MARKET, prices, [window]).row(0, named=True)


def test_a_stop_behind_a_gap_fills_at_the_gap():
    held = [Holding("EURUSD", "buy", ONE, stop_loss=Decimal("1.09"))]
    ratios = path(EURUSD=[0.98, 1.05])
    # 1.10 x 0.98 = 1.078: 220 pips lost though the stop lies 100 away; the rise comes too late.
    assert along(held, ratios) == pytest.approx([-2_200, -2_200])
    assert along(held, ratios, "at_stop") == pytest.approx([-1_000, -1_000])
    assert along(EUROS, ratios) == pytest.approx([-2_200, 5_500])
    assert results_along(held, MARKET, ratios).stops_passed.tolist() == [1, 1]


def test_a_stop_that_is_met_exactly_is_not_passed():
    held = [Holding("XAUUSD", "sell", ONE, stop_loss=Decimal(2500))]
    found = results_along(held, MARKET, path(XAUUSD=[1.25, 1.5]))
    assert found.results.tolist() == pytest.approx([-50_000, -50_000])
    assert found.stops_passed.tolist() == [0, 0]


def test_a_stop_that_is_not_reached_closes_nothing():
    held = [Holding("EURUSD", "sell", ONE, stop_loss=Decimal("1.20"))]
    assert along(held, path(EURUSD=[1.05, 0.95])) == pytest.approx([-5_500, 5_500])


def test_a_target_fills_at_its_own_price_and_never_better():
    held = [Holding("EURUSD", "buy", ONE, take_profit=Decimal("1.12"))]
    assert along(held, path(EURUSD=[1.05, 0.5])) == pytest.approx([2_000, 2_000])


def test_profit_is_converted_when_it_is_made():
    ratios = path(EURJPY=[1.2, 1.2], USDJPY=[1.0, 2.0])
    assert along([Holding("EURJPY", "buy", ONE)], ratios) == pytest.approx([22_000, 11_000])
    closed = [Holding("EURJPY", "buy", ONE, take_profit=Decimal("133.1"))]
    assert along(closed, ratios) == pytest.approx([11_000, 11_000])


RATIOS = st.lists(st.floats(0.5, 1.8), min_size=4, max_size=4)


@given(RATIOS, RATIOS, st.sampled_from(["buy", "sell"]), st.floats(0.001, 0.4), st.integers(1, 4))
def test_gaps_never_help_and_the_future_never_changes_the_past(one, other, side, distance, cut):
    stop = Decimal(str(round(121.0 * (1 - distance if side == "buy" else 1 + distance), 3)))
    held = [Holding("EURJPY", side, ONE, stop_loss=stop), Holding("USDJPY", "sell", ONE)]
    ratios = path(EURJPY=one, USDJPY=other)
    at_gap, at_stop = (np.array(along(held, ratios, how)) for how in ("at_gap", "at_stop"))
    assert (at_gap <= at_stop + 1e-6).all()
    short = {symbol: each[:cut] for symbol, each in ratios.items()}
    assert along(held, short) == at_gap[:cut].tolist()


@given(RATIOS, RATIOS, st.sampled_from(["buy", "sell"]))
def test_without_stops_each_step_is_a_plain_revaluation(one, other, side):
    found = along([Holding("EURJPY", side, Decimal(2))], path(EURJPY=one, USDJPY=other))
    sign = 1 if side == "buy" else -1
    by_hand = [sign * 200_000 * (121 * e - 121) / (110 * u) for e, u in zip(one, other, strict=True)]
    assert found == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.parametrize(
    ("holding", "ratios", "why"),
    [
        (Holding("EURUSD", "buy", ONE), path(USDJPY=[1.0]), "how far EURUSD moves"),
        (Holding("EURJPY", "buy", ONE), path(EURJPY=[1.0]), "how far USDJPY moves"),
        (Holding("EURUSD", "buy", ONE), path(EURUSD=[0.0]), "not above zero"),
        (Holding("EURUSD", "buy", ONE), path(EURUSD=[np.nan]), "not finite"),
        (Holding("EURUSD", "buy", ONE), path(EURUSD=[1.0], USDJPY=[1.0, 1.0]), "of one length"),
        (Holding("EURUSD", "buy", ONE), path(EURUSD=[]), "of one length"),
        (Holding("EURUSD", "buy", ONE), {}, "of one length"),
        (Holding("EURUSD", "buy", ONE, Decimal("1.10")), path(EURUSD=[1.0]), "beyond the stop"),
        (Holding("EURUSD", "sell", ONE, Decimal("1.09")), path(EURUSD=[1.0]), "beyond the stop"),
        (Holding("EURUSD", "buy", ONE, None, Decimal("1.09")), path(EURUSD=[1.0]), "beyond the target"),
    ],
)
def test_a_path_that_does_not_say_enough_is_refused(holding, ratios, why):
    with pytest.raises(RefusedInput, match=why):
        results_along([holding], MARKET, ratios)


def test_a_shock_moves_what_it_names_and_the_crosses_that_follow():
    held = [Holding("EURJPY", "buy", ONE, stop_loss=Decimal("119.79")), Holding("XAUUSD", "buy", ONE)]
    found = shock_stress(held, MARKET, packaged_scenarios())
    assert dict(found.schema) == STRESS
    first = found.row(0, named=True)
    after, rate = 121 * 0.85 * 0.90, 1 / (110 * 0.90)
    assert first["scenario"] == "2008_crisis"
    assert first["result"] == pytest.approx(100_000 * (after - 121) * rate + 100 * 2000 * 0.05)
    assert first["if_stops_held"] == pytest.approx(100_000 * -1.21 * rate + 100 * 2000 * 0.05)
    assert first["stops_passed"] == 1
    assert first["unknown"] == []
    assert found["kind"].unique().to_list() == ["shock"]


def test_what_a_shock_does_not_name_is_unknown_and_not_unmoved():
    found = shock_stress([*EUROS, Holding("USDCHF", "buy", ONE)], MARKET, packaged_scenarios())
    assert found["result"].null_count() == 3
    assert found["if_stops_held"].null_count() == 3
    assert found["unknown"].to_list() == [["USDCHF"]] * 3


def test_a_rate_that_nobody_shocks_makes_a_profit_unknown():
    text = 'scenarios: [{name: one, title: One, source: one, shocks_pct: {EURJPY: "-5"}}]'
    found = shock_stress([Holding("EURJPY", "buy", ONE)], MARKET, parse_scenarios(text, "file.yaml"))
    assert found["unknown"].to_list() == [["USDJPY"]]


def test_history_is_asked_for_the_start_at_which_the_book_did_worst():
    prices = daily(EURUSD=[1.00, 1.05, 1.00, 0.90, 0.99, 1.02])
    row = in_history(EUROS, prices)
    assert row["result"] == pytest.approx(110_000 * (0.90 / 1.05 - 1))
    assert (row["from_date"], row["to_date"]) == (date(2024, 1, 2), date(2024, 1, 4))
    assert row["kind"] == "history"
    sold = in_history([Holding("EURUSD", "sell", ONE)], prices)
    assert sold["result"] == pytest.approx(-110_000 * (1.02 / 0.90 - 1))


def test_history_begins_with_the_price_before_the_first_day():
    row = in_history(EUROS, daily(EURUSD=[1.10, 0.90, 0.95, 0.95, 0.95, 0.95]))
    assert row["result"] == pytest.approx(110_000 * (0.90 / 1.10 - 1))
    assert row["from_date"] == MONDAY


def test_stops_keep_their_distance_in_history_and_gaps_pass_them():
    held = [Holding("EURUSD", "buy", ONE, stop_loss=Decimal("1.078"))]  # 2 % away
    row = in_history(held, daily(EURUSD=[1.00, 0.96, 0.80, 0.80, 0.80, 0.80]))
    # Who bought at 0.96 met the larger gap; who bought at 1.00 had been stopped at 0.96 before.
    assert row["result"] == pytest.approx(110_000 * (0.80 / 0.96 - 1))
    assert row["if_stops_held"] == pytest.approx(-2_200)
    assert row["stops_passed"] == 1


@pytest.mark.parametrize(
    ("prices", "unknown"),
    [
        ({"EURUSD": [None, 1.0, 1.0, 1.0, 1.0, 1.0], "USDJPY": [110.0] * 6}, ["EURUSD"]),
        ({"EURUSD": [1.0] * 6}, ["USDJPY"]),
        ({"AUDUSD": [1.0] * 6}, ["EURUSD", "USDJPY"]),
    ],
)
def test_prices_that_do_not_reach_over_a_window_leave_it_unknown(prices, unknown):
    row = in_history([*EUROS, Holding("USDJPY", "buy", ONE)], daily(**prices))
    assert row["result"] is None
    assert row["if_stops_held"] is None
    assert row["unknown"] == unknown


def test_prices_that_end_before_the_window_does_leave_it_unknown():
    long = WINDOW.model_copy(update={"last": date(2024, 1, 20)})
    assert in_history(EUROS, daily(EURUSD=[1.0] * 6), long)["unknown"] == ["EURUSD"]


def test_a_hole_within_a_window_is_refused():
    prices = daily(EURUSD=[1.0] * 6, USDJPY=[110.0, 110.0, None, 110.0, 110.0, 110.0])
    with pytest.raises(RefusedInput, match="USDJPY has no price on 2024-01-03"):
        in_history([*EUROS, Holding("USDJPY", "buy", ONE)], prices)


def test_prices_outside_of_a_window_change_nothing():
    inside = daily(EURUSD=[1.00, 1.05, 1.00, 0.90, 0.99, 1.02])
    later = daily(EURUSD=[*[None] * 6, 0.1, 5.0])
    assert in_history(EUROS, inside) == in_history(EUROS, pl.concat([inside, later]))


def ecb_prices(symbols):
    path_of = Path(os.environ["HIVE_REAL_DATA"]) / "fx/ecb_eurofxref_hist_1999_2026.csv.gz"
    rates, _ = parse_ecb_rates(path_of.read_bytes(), landing_sha256="0" * 64)
    return pair_prices(rates, symbols)


@pytest.mark.skipif("HIVE_REAL_DATA" not in os.environ, reason="HIVE_REAL_DATA is not set: no real crises")
def test_real_crises_are_as_deep_as_an_independent_table_of_them_says():
    """The deepest fall of a price in a window: what a lot lost from its worst day to the worst day after."""
    table = Path(os.environ["HIVE_REAL_DATA"]) / "stress/shock_windows_daily_ecb.csv"
    with table.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["pair"] in instruments()]
    prices = ecb_prices(sorted({row["pair"] for row in rows}))
    assert len(rows) > 100
    for row in rows:
        pair, start, end = row["pair"], date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
        own = prices.filter(pl.col("symbol") == pair)
        first = min(day for day in price_history(own, [pair]).dates if day >= start)
        window = WINDOW.model_copy(update={"first": first + timedelta(days=1), "last": end})
        market = Market(pair[3:], {pair: 1.0})
        found = historical_stress([Holding(pair, "buy", ONE)], market, own, [window])
        expected = pytest.approx(float(row["max_fall_from_peak_pct"]), abs=6e-4)
        assert found["result"][0] / 1_000 == expected, (row["window"], pair)


@pytest.mark.skipif("HIVE_REAL_DATA" not in os.environ, reason="HIVE_REAL_DATA is not set: no real crises")
def test_a_stop_of_one_per_cent_lost_fourteen_in_january_2015():
    held = [Holding("EURCHF", "buy", ONE, stop_loss=Decimal("0.99"))]
    found = historical_stress(
        held, Market("CHF", {"EURCHF": 1.0}), ecb_prices(["EURCHF"]), packaged_windows()
    )
    row = found.row(by_predicate=pl.col("scenario") == "franc_2015", named=True)
    assert row["result"] < -14_000
    assert row["if_stops_held"] == pytest.approx(-1_000)
    assert row["from_date"] == date(2015, 1, 14)
    assert row["stops_passed"] == 1
