"""Labels behind their prices are read where every label stands so, and nothing is guessed where some do."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal

PROFILE = SourceProfile()


def read(text: str) -> list[str]:
    """Each verdict in short: "buy 2030-2032 sl 2025 tp 2036 2040", or the reason of a refusal."""
    found = []
    for verdict in read_text(text, PROFILE):
        if isinstance(verdict, ParsedSignal):
            assert verdict.entry is not None
            entry = "-".join(dict.fromkeys(map(str, verdict.entry)))
            targets = " ".join(map(str, verdict.take_profits))
            found.append(f"{verdict.side} {entry} sl {verdict.stop_loss} tp {targets}")
        else:
            found.append("none")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030 buy gold\n2025 sl\n2036 tp1\n2040 tp2", "buy 2030 sl 2025 tp 2036 2040"),
        ("buy gold 2030 2025 sl 2036 tp", "buy 2030 sl 2025 tp 2036"),
        ("buy gold 2030 // 2025 sl // 2036 2040 tp", "buy 2030 sl 2025 tp 2036 2040"),
        ("gold long 2030-28 // 2025 stop // 2036 2040 2044 tp", "buy 2028-2030 sl 2025 tp 2036 2040 2044"),
        ("gold short 2030-32 / 2037 stop / 2024 2020 tp", "sell 2030-2032 sl 2037 tp 2024 2020"),
        ("gold sell 2030, 2024 2020 target, 2037 stop", "sell 2030 sl 2037 tp 2024 2020"),
        ("gold buy 2030 2036 tp 2025 sl", "buy 2030 sl 2025 tp 2036"),
    ],
)
def test_labels_behind_their_prices(text: str, expected: str) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "gold buy 2030 2036 2040 tp 2025 sl",  # a zone up to 2036, or two targets
        "buy gold 2030 sl 2025 2036 tp",  # one label before its price, one behind
        "sell gold 2030 sl 2025 tp",
        "sell gold 2030-2035 sl 2040 tp",
        "buy gold 2035-2030 sl 2025 tp",
        "buy gold 2030 2037 sl 2024 tp",
    ],
)
def test_what_may_be_read_in_two_ways_is_refused(text: str) -> None:
    assert read(text) == ["none"]


@pytest.mark.parametrize(
    "text",
    ["buy gold 2030 sl 2025 tp 2036", "Buy gold 2030\nsl 2025 tp\n2036", "buy gold 2030 / sl 2025 / tp 2036"],
)
def test_the_usual_order_stays(text: str) -> None:
    assert read(text) == ["buy 2030 sl 2025 tp 2036"]
