"""What is said around a whole call: what takes it back, and what does not."""

from __future__ import annotations

import pytest

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.verdicts import ParsedSignal

CALL = "gold buy 2650 sl 2640 tp 2660"


def is_taken(text: str) -> bool:
    return any(isinstance(verdict, ParsedSignal) for verdict in read_text(text, SourceProfile()))


@pytest.mark.parametrize(
    "text",
    [
        f"avoid: {CALL}",
        f"{CALL} invalid",
        f"last week: {CALL}",
        f"{CALL} (this was last week)",
        f"tomorrow: {CALL}",
        f"DEMO ONLY {CALL}",
        f"Scam alert: they said {CALL}",
        "he bought gold 2650 sl 2640 tp 2660",
        f"I missed {CALL}",
        "My SL was 2640, I bought gold at 2650, my TP 2660",
        "Trade #88 closed. Sold gold 2650.2 at London open, stop 2656, target 2638.",
        f"Class at eight. Example, {CALL}",
        f"TP1 2660 tagged\n\n{CALL}",
        f"TP1 hit!\n\n{CALL}",
        f"{CALL} from yesterday",
        f"Should we {CALL}?",
        f"{CALL}\nCONFIRMATION NEEDED",
        "SPX gamma flip 5205, put wall 5150, call wall 5250. Vol control still buying.",
    ],
)
def test_what_is_no_call_to_take(text: str) -> None:
    assert not is_taken(text)


@pytest.mark.parametrize(
    "text",
    [
        f"TP1 hit on EURUSD!\n\n{CALL}",
        f"Who is in? {CALL}",
        f"Can we get 100 likes? {CALL}",
        f"Dear student {CALL}",
        f"{CALL}\nLot size unchanged",
        f"{CALL}\nPositions: 2",
        "gold buy limit 2650 sl 2640 tp 2660 must be filled before 15:00",
        f"{CALL}, same lot as yesterday",
        f"{CALL}\nBelow yesterday's low we are wrong",
        "Gold gave us the high I was waiting for. I am long from 2650, stop 2640, target 2660",
    ],
)
def test_talk_beside_a_call_leaves_it(text: str) -> None:
    assert is_taken(text)


def test_a_history_of_calls_is_no_message_of_calls() -> None:
    calls = [f"EURUSD buy 1.08{number:02} sl 1.0750 tp 1.0950" for number in range(25)]
    verdicts = read_text("\n".join(calls), SourceProfile())
    assert [getattr(verdict, "reason", None) for verdict in verdicts] == ["too_many_calls"]
    assert (
        sum(isinstance(each, ParsedSignal) for each in read_text("\n".join(calls[:24]), SourceProfile()))
        == 24
    )
