"""A heading over rows, and labels in brackets behind the prices."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal

HEADING = "PAIR\tSIDE\tENTRY\tSL\tTP1\tTP2\n"


def read(text: str) -> list[str]:
    found = []
    for verdict in read_text(text, SourceProfile()):
        if isinstance(verdict, ParsedSignal):
            assert verdict.entry is not None
            targets = " ".join(map(str, verdict.take_profits))
            found.append(
                f"{verdict.symbol} {verdict.side} {verdict.order_type} {verdict.entry[0]} "
                f"sl {verdict.stop_loss} tp {targets}"
            )
        else:
            found.append("none")
    return found


def test_each_row_has_the_labels_of_its_heading() -> None:
    rows = "EURUSD\tSELL\t1.0862\t1.0885\t1.0835\t1.0800\nXAUUSD\tBUY STOP\t2337.0\t2330.0\t2344.0\t2355.0"
    assert read(HEADING + rows) == [
        "EURUSD sell market 1.0862 sl 1.0885 tp 1.0835 1.0800",
        "XAUUSD buy stop 2337.0 sl 2330.0 tp 2344.0 2355.0",
    ]


@pytest.mark.parametrize(
    "row",
    [
        "EURUSD\tSELL\t1.0862\t1.0885\t1.0835",  # a price is missing: which one?
        "EURUSD\tSELL\t1.0862\t1.0885\t1.0835\t1.0800\t1.0700",
    ],
)
def test_a_row_with_another_number_of_prices_is_refused(row: str) -> None:
    assert read(HEADING + row) == ["none"]


def test_labels_in_brackets_behind_the_prices() -> None:
    assert read("XAUUSD long 1858, 1852, 1868, 1880 (entry, stop, t1, t2)") == [
        "XAUUSD buy market 1858 sl 1852 tp 1868 1880"
    ]
    assert read("XAUUSD long 1858, 1852, 1868 (entry, stop, t1, t2)") == ["none"]


def test_a_call_with_labels_of_its_own_is_left_alone() -> None:
    text = "Entry, SL and TP below\nEURUSD buy 1.0850 sl 1.0810 tp 1.0910"
    assert read(text) == ["EURUSD buy market 1.0850 sl 1.0810 tp 1.0910"]
