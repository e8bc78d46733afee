"""The facts of each instrument fit together, and prices are rounded to what a venue can quote."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.specification import (
    AssetClass,
    alias_table,
    ambiguous_names,
    instruments,
)
from hive_core.market.embedded import embedded_ecb_rates
from hive_core.market.rates import parse_ecb_rates

ALL = sorted(instruments())
PAIRS = [symbol for symbol in ALL if instruments()[symbol].asset_class is AssetClass.CURRENCY]
LARGE = ("EUR", "GBP", "AUD", "NZD", "USD", "CAD", "CHF", "JPY")
LOST_ITS_WORTH = {"USDTRY", "EURTRY"}
"""From about 1.3 liras a dollar in 2005 to over 40."""


@pytest.mark.parametrize("symbol", ALL)
def test_facts_fit_together(symbol):
    it = instruments()[symbol]
    assert it.symbol == symbol
    assert it.base != it.quote
    assert it.pip % it.tick == 0
    assert it.lot_step <= it.min_lots <= it.max_lots
    assert it.min_lots % it.lot_step == 0
    assert it.max_lots % it.lot_step == 0
    assert 0 < it.plausible_low < it.plausible_high
    assert it.spread == it.spread_pips * it.pip
    # Nothing is quoted tighter than its tick, or wider than a fifth of its lowest price (a coin's).
    assert it.tick <= it.spread <= it.plausible_low / 5


@pytest.mark.parametrize("symbol", PAIRS)
def test_a_pair_is_named_after_its_currencies(symbol):
    it = instruments()[symbol]
    assert symbol == it.base + it.quote
    assert it.currencies == (it.base, it.quote)


@pytest.mark.parametrize("symbol", sorted(set(ALL) - set(PAIRS)))
def test_anything_else_moves_with_the_news_of_its_quote_currency(symbol):
    it = instruments()[symbol]
    assert it.currencies == (it.quote,)
    assert not it.has_agreed_pip


def test_every_cross_of_the_eight_large_currencies_is_known():
    crosses = {first + second for place, first in enumerate(LARGE) for second in LARGE[place + 1 :]}
    assert len(crosses) == 28
    assert crosses <= set(PAIRS)


@pytest.mark.parametrize("symbol", PAIRS)
def test_a_pip_is_a_hundredth_of_yen_and_forint_and_a_ten_thousandth_of_anything_else(symbol):
    it = instruments()[symbol]
    assert it.pip == (Decimal("0.01") if it.quote in {"JPY", "HUF"} else Decimal("0.0001"))
    assert it.tick == it.pip / 10
    assert it.contract_size == 100_000


@pytest.mark.parametrize("symbol", sorted(set(PAIRS) - LOST_ITS_WORTH))
def test_a_price_of_a_wrong_scale_is_never_plausible(symbol):
    it = instruments()[symbol]
    assert it.plausible_high <= it.plausible_low * 5  # so ten times any price, or a tenth, is outside


# Lowest and highest of widely published closes since 1999, and of coins since 2013; rounded outward.
EXTREMES = {
    "XAUUSD": (252, 5_500), "XAGUSD": (4.0, 121), "XPTUSD": (335, 2_900), "XPDUSD": (145, 3_440),
    "US30": (6_440, 50_500), "NAS100": (795, 26_200), "US500": (666, 7_000), "US2000": (324, 2_750),
    "GER40": (2_188, 25_500), "UK100": (3_277, 10_900), "FRA40": (2_401, 8_600), "EU50": (1_765, 6_200),
    "JP225": (6_994, 58_000), "HK50": (8_331, 33_500), "AUS200": (2_666, 9_200),
    "USOIL": (10, 147), "UKOIL": (9.5, 148), "BTCUSD": (152, 126_300), "ETHUSD": (6, 4_960),
}  # fmt: skip


@pytest.mark.parametrize("symbol", sorted(set(ALL) - set(PAIRS)))
def test_the_extremes_of_what_is_no_pair_are_plausible(symbol):
    lowest, highest = EXTREMES[symbol]
    it = instruments()[symbol]
    assert it.plausible_low <= Decimal(str(lowest)) < highest * 1.5 <= it.plausible_high


@pytest.fixture(scope="module")
def per_eur() -> pl.DataFrame:
    pytest.importorskip("currency_converter")
    frame, _ = parse_ecb_rates(embedded_ecb_rates(), landing_sha256="0" * 64)
    wide = frame.pivot("currency", index="date", values="per_eur").with_columns(EUR=1.0)
    # The yuan outside China is not quoted by the ECB; it stays within a few per cent of the one inside.
    return wide.with_columns(CNH="CNY")


@pytest.mark.parametrize("symbol", PAIRS)
def test_every_reference_rate_since_1999_is_plausible(symbol, per_eur):
    it = instruments()[symbol]
    cross = per_eur[it.quote] / per_eur[it.base]
    # One fixing a day does not see the extremes between two of them: a twentieth is left on both sides.
    assert float(it.plausible_low) < cross.min() * 0.95
    assert float(it.plausible_high) > cross.max() * 1.05


@pytest.mark.parametrize(
    ("symbol", "contract_size", "tick", "pip", "quote"),
    [
        ("XAUUSD", 100, "0.01", "0.1", "USD"),
        ("XAGUSD", 5_000, "0.001", "0.01", "USD"),
        ("USOIL", 1_000, "0.001", "0.01", "USD"),
        ("US30", 1, "0.01", "1", "USD"),
        ("GER40", 1, "0.01", "1", "EUR"),
        ("JP225", 1, "0.01", "1", "JPY"),
        ("BTCUSD", 1, "0.01", "1", "USD"),
    ],
)
def test_what_is_no_pair_has_its_own_contract(symbol, contract_size, tick, pip, quote):
    it = instruments()[symbol]
    found = (it.contract_size, it.tick, it.pip, it.quote)
    assert found == (contract_size, Decimal(tick), Decimal(pip), quote)


def test_coins_alone_trade_at_weekends():
    open_then = {symbol for symbol in ALL if not instruments()[symbol].closes_at_weekends}
    assert open_then == {"BTCUSD", "ETHUSD"}


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


def test_an_ambiguous_name_is_no_alias_and_means_known_instruments(monkeypatch):
    for name, meanings in ambiguous_names().items():
        assert name not in alias_table()
        assert name == name.upper()
        assert name.isalnum()
        assert len(meanings) >= 2
        assert set(meanings) <= set(ALL)
    monkeypatch.setattr(
        "hive_core.instruments.specification.ambiguous_names", lambda: {"GOLD": ("XAUUSD", "XAUEUR")}
    )
    with pytest.raises(ValueError, match="GOLD is an alias and ambiguous"):
        alias_table.__wrapped__()
