"""The one result on a book: figures as their modules say them, none from the future, and refusals."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from hive_core.risk.portfolio.correlation import DAILY_RESULTS
from hive_core.risk.portfolio.exposure import currency_exposures
from hive_core.risk.portfolio.history import DAILY_PRICES, price_history
from hive_core.risk.portfolio.holdings import Holding, Market
from hive_core.risk.portfolio.inputs import RefusedInput
from hive_core.risk.portfolio.report import HEADLINE, VALUE_AT_RISK, portfolio_risk
from hive_core.risk.portfolio.scenario_files import Window, packaged_scenarios
from hive_core.risk.portfolio.value_at_risk import WINDOW, filtered_value_at_risk

FIRST = date(2020, 1, 1)
LAST = FIRST + timedelta(days=WINDOW)
HELD = (
    Holding("EURJPY", "buy", Decimal(1), stop_loss=Decimal(1)),
    Holding("EURUSD", "sell", Decimal(2)),
    Holding("XAUUSD", "buy", Decimal("0.5")),
)
CRASH = Window(
    name="crash",
    title="Made up",
    source="made up",
    first=FIRST + timedelta(days=100),
    last=FIRST + timedelta(days=140),
)


def prices(days=WINDOW + 1, seed=5, later=1.0):
    """Random walks of three prices; EURJPY is the product of two, so that it moves with both."""
    moves = np.random.default_rng(seed).standard_t(4, (days, 3)) * 0.004
    moves[WINDOW + 1 :] *= later
    walks = np.exp(np.cumsum(moves, axis=0)) * [1.10, 110.0, 2000.0]
    columns = {"EURUSD": walks[:, 0], "USDJPY": walks[:, 1], "XAUUSD": walks[:, 2]}
    columns["EURJPY"] = columns["EURUSD"] * columns["USDJPY"]
    dates = [FIRST + timedelta(days=day) for day in range(days)]
    return pl.concat(
        [
            pl.DataFrame({"date": dates, "symbol": symbol, "price": column}, schema=DAILY_PRICES)
            for symbol, column in columns.items()
        ]
    )


def told(holdings=HELD, daily=None, currency="USD", **changes):
    settings = {"as_of": LAST, "seed": 7, "windows": [CRASH], "simulations": 20_000, **changes}
    return portfolio_risk(holdings, prices() if daily is None else daily, currency, **settings)


def figures(found):
    return [found.as_of, found.days, *(
        frame.rows() for frame in (found.value_at_risk, found.exposures, found.positions, found.stress)
    )]  # fmt: skip


def test_each_figure_is_that_of_its_own_module():
    found = told()
    history = price_history(prices(), ["EURJPY", "EURUSD", "XAUUSD", "USDJPY"])
    market = Market("USD", dict(zip(history.symbols, map(float, history.prices[-1]), strict=True)))
    euro, gold = market.price("EURUSD"), market.price("XAUUSD")
    held = [100_000 * euro, -200_000 * euro, 50 * gold, 0.0]
    expected = filtered_value_at_risk(held, history.relative_returns(), 0.99)
    row = found.value_at_risk.row(
        by_predicate=(pl.col("method") == HEADLINE) & (pl.col("level") == 0.99), named=True
    )
    assert row["value_at_risk"] == pytest.approx(expected.value_at_risk)
    assert row["expected_shortfall"] == pytest.approx(expected.expected_shortfall)
    assert found.exposures.equals(currency_exposures(HELD, market))
    assert (found.account_currency, found.as_of, found.days) == ("USD", LAST, WINDOW)
    assert found.stress["scenario"].to_list() == [*(each.name for each in packaged_scenarios()), "crash"]
    assert found.stress["result"].null_count() == 0
    assert found.strategies is None


def test_all_methods_speak_of_the_same_book():
    table = told().value_at_risk
    assert dict(table.schema) == VALUE_AT_RISK
    assert table["method"].n_unique() == 8
    assert table.height == 16
    for level in (0.95, 0.99):
        rows = table.filter(pl.col("level") == level)
        assert (rows["expected_shortfall"] >= rows["value_at_risk"]).all()
        assert rows["value_at_risk"].max() < 2 * rows["value_at_risk"].min()
    simulated = pl.col("method").str.starts_with("simulated")
    assert table.filter(simulated)["value_at_risk_error"].null_count() == 0
    assert table.filter(~simulated)["value_at_risk_error"].null_count() == 10


def test_a_book_of_twice_the_size_has_twice_the_risk():
    # Moments before rounding: VaR of a sample is homogeneous of degree one, stress without stops is too.
    double = tuple(Holding(one.symbol, one.side, one.lots * 2, one.stop_loss) for one in HELD)
    one, two = told(), told(double)
    for name in ("value_at_risk", "expected_shortfall"):
        np.testing.assert_allclose(two.value_at_risk[name], 2 * one.value_at_risk[name], rtol=1e-4)
    np.testing.assert_allclose(two.exposures["net"], 2 * one.exposures["net"])
    np.testing.assert_allclose(two.stress["result"], 2 * one.stress["result"])


def test_what_comes_later_changes_nothing():
    longer = prices(days=WINDOW + 60, later=50.0)
    assert longer["price"].max() > 2 * prices()["price"].max()
    assert figures(told(daily=longer)) == figures(told(daily=longer.filter(pl.col("date") <= LAST)))


def test_the_same_seed_gives_the_same_figures_and_another_does_not():
    assert figures(told()) == figures(told())
    assert figures(told(threads=2)) == figures(told())
    assert figures(told(seed=8)) != figures(told())


def test_positions_that_move_together_are_told():
    found = told((Holding("EURJPY", "buy", Decimal(1)), Holding("USDJPY", "buy", Decimal(1))), threshold=0.6)
    assert any(text.startswith("positions EURJPY and USDJPY: correlation +0.") for text in found.alerts())
    against = told(
        (Holding("EURJPY", "buy", Decimal(1)), Holding("USDJPY", "sell", Decimal(1))), threshold=0.6
    )
    assert any(text.startswith("positions EURJPY and USDJPY: correlation -0.") for text in against.alerts())
    assert told((Holding("EURUSD", "buy", Decimal(1)), Holding("XAUUSD", "buy", Decimal(1)))).alerts() == ()


def test_strategies_that_win_and_lose_together_are_told_but_not_from_later_days():
    days = 120
    base = np.random.default_rng(1).standard_normal(days)
    rows = [
        {"date": LAST - timedelta(days=days - 1 - day), "strategy": name, "result": float(base[day] * factor)}
        for day in range(days)
        for name, factor in (("one", 1.0), ("two", 2.0))
    ]
    early = pl.DataFrame(rows, schema=DAILY_RESULTS)
    later = pl.DataFrame(
        [{"date": LAST + timedelta(days=1), "strategy": "one", "result": 1e6}], schema=DAILY_RESULTS
    )
    found = told(daily_results=pl.concat([early, later]))
    assert found.strategies.equals(told(daily_results=early).strategies)
    assert any(text.startswith("strategies one and two: correlation +1.00") for text in found.alerts())


def test_live_prices_go_before_the_last_of_history():
    live = Market("USD", {"EURUSD": 1.5, "EURJPY": 150.0, "USDJPY": 100.0, "XAUUSD": 3000.0})
    found = told(market=live)
    assert found.exposures.equals(currency_exposures(HELD, live))


def test_a_single_position_has_no_correlation():
    assert told(HELD[1:2]).positions.height == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"holdings": ()}, "nothing is held"),
        ({"holdings": (HELD[1], Holding("EURUSD", "buy", Decimal(2)))}, "cancel each other"),
        ({"as_of": LAST + timedelta(days=1)}, "the last prices are of"),
        ({"as_of": LAST - timedelta(days=1)}, f"{WINDOW - 1} daily returns"),
        ({"daily": prices().filter(pl.col("symbol") != "USDJPY")}, "no price of USDJPY"),
        ({"market": Market("EUR", {})}, "an account in EUR"),
        ({"simulations": 1_000}, "30 are needed"),
        ({"daily_results": pl.DataFrame({"day": [1]})}, "daily results have the columns"),
        ({"levels": (0.4,)}, "the level is 0.4"),
    ],
)
def test_a_book_that_cannot_be_told_of_is_refused(changes, why):
    with pytest.raises(RefusedInput, match=why):
        told(**changes)
