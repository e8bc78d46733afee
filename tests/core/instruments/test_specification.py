"""The facts of each instrument fit together, and prices are rounded to what a venue can quote."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import alias_table, instruments
from hive_core.market.embedded import embedded_ecb_rates
from hive_core.market.rates import parse_ecb_rates

ALL = sorted(instruments())
WITHOUT_GOLD = [symbol for symbol in ALL if not symbol.startswith("XAU")]


@pytest.mark.parametrize("symbol", ALL)
def test_facts_fit_together(symbol):
    it = instruments()[symbol]
    assert it.symbol == symbol == it.base + it.quote
    assert it.base != it.quote
    assert it.pip % it.tick == 0
    assert it.lot_step <= it.min_lots <= it.max_lots
    assert it.min_lots % it.lot_step == 0
    assert it.max_lots % it.lot_step == 0
    assert 0 < it.plausible_low < it.plausible_high
    assert it.spread == it.spread_pips * it.pip
    assert it.tick <= it.spread < it.plausible_low / 100


@pytest.mark.parametrize("symbol", WITHOUT_GOLD)
def test_a_pip_is_a_hundredth_of_yen_and_a_ten_thousandth_of_anything_else(symbol):
    it = instruments()[symbol]
    assert it.pip == (Decimal("0.01") if it.quote == "JPY" else Decimal("0.0001"))
    assert it.tick == it.pip / 10
    assert it.contract_size == 100_000


@pytest.mark.parametrize("symbol", WITHOUT_GOLD)
def test_a_price_of_a_wrong_scale_is_never_plausible(symbol):
    it = instruments()[symbol]
    assert it.plausible_high <= it.plausible_low * 5  # so ten times any price, or a tenth, is outside


@pytest.fixture(scope="module")
def per_eur() -> pl.DataFrame:
    pytest.importorskip("currency_converter")
    frame, _ = parse_ecb_rates(embedded_ecb_rates(), landing_sha256="0" * 64)
    return frame.pivot("currency", index="date", values="per_eur").with_columns(EUR=1.0)


@pytest.mark.parametrize("symbol", WITHOUT_GOLD)
def test_every_reference_rate_since_1999_is_plausible(symbol, per_eur):
    it = instruments()[symbol]
    cross = per_eur[it.quote] / per_eur[it.base]
    # One fixing a day does not see the extremes between two of them: a twentieth is left on both sides.
    assert float(it.plausible_low) < cross.min() * 0.95
    assert float(it.plausible_high) > cross.max() * 1.05


def test_gold_is_counted_in_ounces():
    gold = instruments()["XAUUSD"]
    assert (gold.contract_size, gold.tick, gold.pip) == (100, Decimal("0.01"), Decimal("0.1"))


@pytest.mark.parametrize(
    ("symbol", "price", "rounded"),
    [
        ("EURUSD", "1.060004", "1.06000"),
        ("EURUSD", "1.060006", "1.06001"),
        ("EURUSD", "1.060005", "1.06000"),  # half to even
        ("EURUSD", "1.060015", "1.06002"),
        ("USDJPY", "113.4565", "113.456"),
        ("USDJPY", "113.4575", "113.458"),
        ("XAUUSD", "1234.565", "1234.56"),
        ("XAUUSD", "1234.5651", "1234.57"),
    ],
)
def test_prices_are_rounded_to_the_tick_half_to_even(symbol, price, rounded):
    assert instruments()[symbol].round_to_tick(Decimal(price)) == Decimal(rounded)


@given(st.sampled_from(ALL), st.decimals(min_value="0.1", max_value="20000", places=8))
def test_a_rounded_price_is_the_nearest_tick_and_stays(symbol, price):
    it = instruments()[symbol]
    rounded = it.round_to_tick(price)
    assert rounded % it.tick == 0
    assert abs(rounded - price) <= it.tick / 2
    assert it.round_to_tick(rounded) == rounded


def test_every_spelling_means_one_instrument():
    table = alias_table()
    assert set(table.values()) == set(instruments())
    spelled = [name for it in instruments().values() for name in (it.symbol, *it.aliases)]
    assert len(spelled) == len(set(spelled)) == len(table)
    assert all(name == name.upper() and name.isalnum() for name in table)


def test_an_alias_that_means_two_instruments_is_refused(monkeypatch):
    doubled = dict(instruments())
    doubled["GBPUSD"] = doubled["GBPUSD"].model_copy(update={"aliases": ("FIBER",)})
    monkeypatch.setattr("hive_core.instruments.specification.instruments", lambda: doubled)
    with pytest.raises(ValueError, match="FIBER means both EURUSD and GBPUSD"):
        alias_table.__wrapped__()
