"""A source may have words and nicknames of its own; nobody else hears them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import Noise, ParsedSignal, Verdict

PROFILE = SourceProfile(
    words={
        "CALL": "buy",
        "put": "sell",
        "Ausstieg": "stop",
        "Sieg": "target",
        "rein": "entry",
        "konto": "other",
    },
    symbols={"Goldie": "XAUUSD"},
)
TEXT = "Goldie CALL rein 2650, Ausstieg 2640, Sieg 2670, Konto 9000"


def read(text: str, profile: SourceProfile) -> Verdict:
    (verdict,) = read_text(text, profile)
    return verdict


def test_a_source_is_read_by_its_own_words() -> None:
    signal = read(TEXT, PROFILE)
    assert isinstance(signal, ParsedSignal)
    assert (signal.symbol, signal.side) == ("XAUUSD", "buy")
    assert [float(price) for price in (*(signal.entry or ()), signal.stop_loss, *signal.take_profits)] == [
        *(2650, 2650, 2640, 2670)
    ]
    assert isinstance(read("GOLDIE PUT 2650 Ausstieg 2660 Sieg 2630", PROFILE), ParsedSignal)


def test_another_source_does_not_know_them() -> None:
    assert read(TEXT, SourceProfile()) == Noise()


def test_own_words_come_before_those_of_all_rooms() -> None:
    profile = SourceProfile(words={"buy": "sell"})
    signal = read("EURUSD buy 1.0850 sl 1.0890 tp 1.0790", profile)
    assert isinstance(signal, ParsedSignal)
    assert signal.side == "sell"


@pytest.mark.parametrize("words", [{"two words": "buy"}, {"x1": "buy"}, {"call": "perhaps"}])
def test_what_is_no_word_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SourceProfile.model_validate({"words": words})
