"""A written name means one instrument or is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.instruments.mapping import GLUED_SUFFIXES, SUFFIXES, UnmappedSymbol, map_symbol
from hive_core.instruments.specification import alias_table, ambiguous_names, instruments

MEANINGS = {
    "EURUSD": "EURUSD",
    "eur/usd": "EURUSD",
    " Eur Usd ": "EURUSD",
    "EUR-USD": "EURUSD",
    "OANDA:EUR_USD": "EURUSD",
    "FX:GBPJPY": "GBPJPY",
    "EURUSDm": "EURUSD",
    "GBPUSD.vip": "GBPUSD",
    "XAUUSD.vx": "XAUUSD",
    "XAUUSD-": "XAUUSD",
    "XAUUSDmicro": "XAUUSD",
    "usdcad.r": "USDCAD",
    "USDCADm": "USDCAD",
    "gold": "XAUUSD",
    "GOLD.pro": "XAUUSD",
    "silver": "XAGUSD",
    "cable": "GBPUSD",
    "loonie": "USDCAD",
    "#US30": "US30",
    "US30.cash": "US30",
    "US30_USD": "US30",
    "Dow Jones": "US30",
    "ustec": "NAS100",
    "S&P500": None,
    "SPX500USD": "US500",
    "DE30_EUR": "GER40",
    "dax": "GER40",
    "JPN225": "JP225",
    "WTICO_USD": "USOIL",
    "brent": "UKOIL",
    "bitcoin": "BTCUSD",
    # Nothing of this is guessed.
    "": None,
    "...": None,
    "EURUSX": None,
    "BTCUSDT": None,
    "BTCUSD.P": None,
    "BTCUSD.PERP": None,
    "US30EUR": None,
    "DE30_USD": None,
    "US30.fut": None,
    "goldm": None,
    "VIX75": None,
    "oil": None,
    "oil.cash": None,
    "OIL_USD": None,
}


@pytest.mark.parametrize(("written", "meant"), MEANINGS.items())
def test_a_name_means_one_instrument_or_is_refused(written, meant):
    if meant is None:
        with pytest.raises(UnmappedSymbol):
            map_symbol(written)
    else:
        assert map_symbol(written) == meant


def test_what_an_ambiguous_name_may_mean_is_told():
    with pytest.raises(UnmappedSymbol, match="oil may mean USOIL or UKOIL") as refused:
        map_symbol("oil")
    assert refused.value.meanings == ("USOIL", "UKOIL")
    with pytest.raises(UnmappedSymbol, match="EURUSX is not an instrument Hive knows") as refused:
        map_symbol("EURUSX")
    assert refused.value.meanings == ()


def test_the_nicknames_of_a_source_count_first_and_may_settle_what_is_ambiguous():
    assert map_symbol("oil", {"OIL": "USOIL"}) == "USOIL"
    assert map_symbol("the Guppy", {"THEGUPPY": "GBPJPY"}) == "GBPJPY"
    assert map_symbol("gold", {"GOLD": "XAGUSD"}) == "XAGUSD"
    with pytest.raises(UnmappedSymbol):
        map_symbol("wonder", {"WONDER": "NOTHING"})


@given(st.sampled_from(sorted(alias_table())), st.sampled_from(["", *sorted(SUFFIXES)]))
def test_a_suffix_that_is_set_apart_changes_no_meaning(name, suffix):
    assert map_symbol(f"{name.lower()}.{suffix}") == alias_table()[name]


@given(st.sampled_from(sorted(instruments())), st.sampled_from(sorted(GLUED_SUFFIXES)))
def test_a_glued_suffix_of_a_full_name_changes_no_meaning(symbol, suffix):
    if len(symbol) >= 6:
        assert map_symbol(symbol + suffix) == symbol


@given(st.one_of(st.text(max_size=14), st.from_regex(r"[A-Za-z0-9.]{1,14}", fullmatch=True)))
def test_any_text_means_a_known_instrument_or_is_refused(written):
    try:
        meanings = {map_symbol(written)}
    except UnmappedSymbol as refused:
        meanings = set(refused.meanings)
        assert len(meanings) != 1
    assert meanings <= set(instruments())


def test_every_ambiguous_name_is_refused():
    for name in ambiguous_names():
        with pytest.raises(UnmappedSymbol, match=" or "):
            map_symbol(name)
