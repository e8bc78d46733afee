"""What must be said of a file before it is read, and how a wrong saying is told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.contracts.rejection import RefusedFile
from hive_core.market.declaration import BarDeclaration, declare_bars

GOOD = {"symbol": "EURUSD", "timeframe": "H1", "format": "mt5", "time_zone": "Europe/Athens"}


def test_a_declaration_without_a_time_zone_is_refused_by_the_name_of_its_option():
    with pytest.raises(RefusedFile, match=r"^--time-zone is not declared; it is never guessed$"):
        declare_bars({**GOOD, "time_zone": None})


def test_every_fault_is_told_at_once():
    with pytest.raises(RefusedFile) as refusal:
        declare_bars({"symbol": "EURUSX", "timeframe": "H3", "format": "mt5", "price_scale": "-1"})
    for option in ("--symbol", "--timeframe", "--time-zone", "--price-scale"):
        assert option in str(refusal.value)


@pytest.mark.parametrize("zone", ["UTC+2", "EET+3", "", "Europe/Atlantis", "../etc/passwd", "+02:00"])
def test_a_clock_without_an_iana_name_is_refused(zone):
    with pytest.raises(RefusedFile, match="is not an IANA time zone"):
        declare_bars({**GOOD, "time_zone": zone})


def test_an_unknown_instrument_is_refused_with_the_nearest_name():
    with pytest.raises(RefusedFile, match="EURUDS is not an instrument Hive knows; did you mean EURUSD"):
        declare_bars({**GOOD, "symbol": "EURUDS"})


@pytest.mark.parametrize(
    ("said", "meant"),
    [("GOLD", "XAUUSD"), ("eurusd", "EURUSD"), ("EUR/USD", "EURUSD"), ("EURUSD.r", "EURUSD")],
)
def test_another_spelling_is_no_symbol_but_names_it(said, meant):
    with pytest.raises(RefusedFile, match=f"did you mean {meant}"):
        declare_bars({**GOOD, "symbol": said})


def test_a_mid_price_is_refused():
    with pytest.raises(RefusedFile, match="say bid, ask or both"):
        declare_bars({**GOOD, "side": "mid"})


def test_an_unknown_option_is_refused():
    with pytest.raises(RefusedFile, match="--colour"):
        declare_bars({**GOOD, "colour": "red"})


@given(
    st.sampled_from(["EURUSD", "XAUUSD"]),
    st.sampled_from(["UTC", "Etc/GMT+5", "America/New_York"]),
    st.none() | st.sampled_from([Decimal(1), Decimal("0.01"), Decimal(100000)]),
    st.none() | st.sampled_from(["bid", "ask", "both"]),
)
def test_a_declaration_comes_back_from_its_text(symbol, zone, scale, side):
    declaration = BarDeclaration(
        symbol=symbol, timeframe="M5", format="csv", time_zone=zone, price_scale=scale, side=side
    )
    assert declare_bars(declaration.as_text()) == declaration


def test_only_mt5_leaves_its_scale_to_the_user():
    scales = {
        name: declare_bars({**GOOD, "format": name}).scale
        for name in ("mt5", "histdata", "lean", "dukascopy", "csv", "parquet")
    }
    assert scales.pop("mt5") is None
    assert set(scales.values()) == {Decimal(1)}
