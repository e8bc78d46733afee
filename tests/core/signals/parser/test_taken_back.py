"""A call that is taken back, asked about, made to hang on something, or told as an example is no call."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal, Refused

CALL = "gold buy limit 4080 sl 4070 tp 4090"
TAKEN_BACK = (
    f"CANCEL: {CALL}",
    f"Delete {CALL}",
    f"Ignore: {CALL}",
    f"Please cancel {CALL}",
    f"{CALL} CANCELLED",
    f"{CALL} is invalid now",
    f"{CALL} (closed)",
    f"We are out of {CALL}",
    f"We closed {CALL}",
    f"Missed it: {CALL}",
    f"Closed {CALL} at breakeven",
    f"Yesterday: {CALL}",
    f"{CALL} was yesterday's signal",
    f"Example: {CALL}",
    f"Should I {CALL}?",
    f"who bought {CALL}?",
    f"waiting for {CALL}",
    f"{CALL} not active yet, wait for confirmation",
    "if gold gives me 1940 i buy, sl 1934, tp 1950",
    "Отмена: золото покупка 4080 стоп 4070 тейк 4090",
    "Cancelar compra ouro 4080 stop 4070 alvo 4090",
)
STANDS = (
    f"{CALL}. Cancel if not triggered in 10 hours",
    f"{CALL}\nWe will close half at TP1",
    f"{CALL}, delete it after the news",
    f"{CALL}\nClose at TP1 and wait for the next one",
    f"{CALL}\nWho is in?",
    f"EURJPY TP1 done ✅ SL to entry\n\nNew signal:\n{CALL}",
)


@pytest.mark.parametrize("text", TAKEN_BACK)
def test_it_is_refused(text: str) -> None:
    verdicts = read_text(text, SourceProfile())
    assert not any(isinstance(verdict, ParsedSignal) for verdict in verdicts), verdicts


def test_the_words_are_told() -> None:
    (verdict,) = read_text(f"Ignore: {CALL}", SourceProfile())
    assert isinstance(verdict, Refused)
    assert (verdict.reason.value, "ignore" in verdict.detail) == ("taken_back", True)


@pytest.mark.parametrize("text", STANDS)
def test_what_is_said_of_later_leaves_the_call_as_it_is(text: str) -> None:
    signals = [verdict for verdict in read_text(text, SourceProfile()) if isinstance(verdict, ParsedSignal)]
    assert [float(signal.stop_loss) for signal in signals] == [4070.0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("GBPUSD buy now 1.2700", "USDCAD buy sl 1.2600 tp 1.2800"),
        ("Gold buy now 4100", "Gold sell sl 4110 tp 4090"),
        ("Gold sell now", "GBPUSD 1.2700 sl 1.28 tp 1.26 usdjpy"),
    ],
)
def test_an_alert_leaves_nothing_to_another_instrument_or_side(first: str, second: str) -> None:
    from datetime import UTC, datetime, timedelta

    from hive_core.signals.parser.room import Room

    room, ts = Room(SourceProfile()), datetime(2025, 3, 12, 9, tzinfo=UTC)
    room.read(ts, "1", first, None)
    for verdict in room.read(ts + timedelta(minutes=1), "2", second, None):
        assert not (isinstance(verdict, ParsedSignal) and verdict.entry is not None)


def test_an_alert_that_is_called_off_is_completed_by_nothing() -> None:
    from datetime import UTC, datetime, timedelta

    from hive_core.signals.parser.room import Room

    room, ts = Room(SourceProfile()), datetime(2025, 3, 12, 9, tzinfo=UTC)
    for number, text in enumerate(("Gold sell now 4100", "Cancel the gold order")):
        room.read(ts + timedelta(minutes=number), str(number), text, None)
    verdicts = room.read(ts + timedelta(minutes=3), "3", "sl 4110 tp 4090", None)
    assert not any(isinstance(verdict, ParsedSignal) for verdict in verdicts)
