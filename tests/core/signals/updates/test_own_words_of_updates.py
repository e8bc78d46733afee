"""A source's own words and nicknames count in updates as in calls, and for nobody else."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.updates.own_words import NO_OWN_WORDS, own_words_of
from hive_core.signals.updates.reading import read_update
from hive_core.signals.verdicts import ActionKind, Noise, ParsedSignal, ParsedUpdate, Verdict

PROFILE = SourceProfile(
    words={
        "Raus": "close",
        "Кирдык": "close",
        "löschen": "cancel",
        "neutral": "breakeven",
        "teils": "partial",
        "Ausstieg": "stop",
        "Sieg": "target",
        "rein": "entry",
        "hoch": "buy",
        "adios": "close",
        "konto": "other",
    },
    symbols={"yellow": "XAUUSD", "желтый": "XAUUSD", "amarillo": "XAUUSD"},
)


def read(text: str, profile: SourceProfile = PROFILE) -> Verdict:
    (verdict,) = read_text(text, profile)
    return verdict


@pytest.mark.parametrize(
    ("text", "kind", "symbol", "side"),
    [
        ("Close the yellow one", ActionKind.CLOSE, "XAUUSD", None),
        ("Cerrar amarillo ahora", ActionKind.CLOSE, "XAUUSD", None),
        ("Закрыть жёлтый сейчас", ActionKind.CLOSE, "XAUUSD", None),
        ("Raus yellow", ActionKind.CLOSE, "XAUUSD", None),
        ("RAUS", ActionKind.CLOSE, None, None),
        ("adios amarillo", ActionKind.CLOSE, "XAUUSD", None),
        ("кирдык сделка", ActionKind.CLOSE, None, None),
        ("Löschen", ActionKind.CANCEL, None, None),
        ("neutral", ActionKind.BREAKEVEN, None, None),
        ("teils", ActionKind.PARTIAL_CLOSE, None, None),
        ("move Ausstieg to rein", ActionKind.BREAKEVEN, None, None),
        ("Ausstieg rein", ActionKind.BREAKEVEN, None, None),
        ("Sieg 1 hit", ActionKind.TARGET_HIT, None, None),
        ("close the hoch", ActionKind.CLOSE, None, "buy"),
    ],
)
def test_a_source_manages_in_its_own_words(
    text: str, kind: ActionKind, symbol: str | None, side: str | None
) -> None:
    update = read(text)
    assert isinstance(update, ParsedUpdate), update
    assert [action.kind for action in update.actions] == [kind]
    assert (update.symbol, update.side) == (symbol, side)


@pytest.mark.parametrize("text", ["Raus yellow", "RAUS", "кирдык сделка", "neutral", "teils"])
def test_another_source_does_not_know_them(text: str) -> None:
    assert read(text, SourceProfile()) == Noise()


def test_own_words_come_before_those_of_all_rooms() -> None:
    profile = SourceProfile(words={"close": "other", "exit": "cancel"}, symbols={"gold": "XAGUSD"})
    assert read("close gold now", profile) == Noise()
    update = read("exit the gold order", profile)
    assert isinstance(update, ParsedUpdate)
    assert ([action.kind for action in update.actions], update.symbol) == ([ActionKind.CANCEL], "XAGUSD")


def test_a_word_that_manages_is_no_side_of_a_call() -> None:
    signal = read("yellow hoch 2650, Ausstieg 2640, Sieg 2670, raus at 2680")
    assert isinstance(signal, ParsedSignal)
    assert (signal.symbol, signal.side) == ("XAUUSD", "buy")


def test_a_source_without_words_is_read_as_everybody() -> None:
    assert own_words_of({}, {}) is NO_OWN_WORDS
    assert own_words_of({"raus": "close"}, {}) is own_words_of({"raus": "close"}, {})
    assert read_update("close half", own_words_of({"raus": "close"}, {})) == read_update("close half")
