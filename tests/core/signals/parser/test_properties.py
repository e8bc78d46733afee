"""Whatever a room writes, the parser answers, quickly, and never with half a signal."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.intents import read_text
from hive_core.signals.parser.text import normalise
from hive_core.signals.posts import MAX_TEXT_CHARACTERS
from hive_core.signals.verdicts import ParsedSignal, Refused

WORDS = """
EURUSD eur/usd Gold XAUUSDm US30 BTC/USDT buy SELL long short limit stop now market entry @ at from zone
SL S/L T.P TP1 TP² target take-profit 1.0850 1,0850 4,105 4105-03 134.30/35 2 650.50 0 1 12 1.1.0850 50
pips points % open hold if close below hit running don't breakeven move to the 🟢 ➡️ \u200f ½ ① ٣ : , . - _ ( )
closed trades yesterday's results signal no lot risk
"""
SCRAPS = WORDS.split()
scrap_texts = st.lists(
    st.tuples(st.sampled_from(SCRAPS), st.sampled_from([" ", "", "\n", "\n\n"])), max_size=40
).map(lambda pieces: "".join(word + gap for word, gap in pieces))
profiles = st.sampled_from([SourceProfile(), SourceProfile(default_symbol="XAUUSD")])


def assert_whole(text: str, profile: SourceProfile) -> None:
    verdicts = read_text(text, profile)
    assert verdicts
    for verdict in verdicts:
        if isinstance(verdict, ParsedSignal):
            assert verdict.symbol
            assert verdict.side in {"buy", "sell"}
            assert verdict.order_type in {"market", "limit", "stop"}
            assert verdict.stop_loss > 0
            assert 1 <= len(verdict.take_profits) <= 16
            assert all(target > 0 for target in verdict.take_profits)
            assert verdict.entry is not None or verdict.order_type == "market"
            assert verdict.entry is None or 0 < verdict.entry[0] <= verdict.entry[1]
        if isinstance(verdict, Refused):
            assert verdict.field
            assert verdict.detail


@settings(max_examples=200)
@given(text=st.text(max_size=300), profile=profiles)
def test_any_text_is_answered_and_never_with_half_a_signal(text: str, profile: SourceProfile) -> None:
    assert_whole(text, profile)


@settings(max_examples=400)
@given(text=scrap_texts, profile=profiles)
def test_any_shuffling_of_a_rooms_words_is_answered_and_never_with_half_a_signal(
    text: str, profile: SourceProfile
) -> None:
    assert_whole(text, profile)


@settings(max_examples=100)
@given(
    side=st.sampled_from(["buy", "sell"]),
    pips=st.tuples(st.integers(30, 150), st.integers(30, 700)),
    entry=st.integers(60_000, 190_000),
    order=st.permutations(["SL", "TP"]),
    gap=st.sampled_from(["\n", "\n\n", " | ", " "]),
    ornament=st.sampled_from(["", "✅ ", "**", "\u200f"]),
)
def test_a_plan_written_down_is_read_back_whatever_its_layout(
    side: str, pips: tuple[int, int], entry: int, order: list[str], gap: str, ornament: str
) -> None:
    upward = 1 if side == "buy" else -1
    points = {"SL": entry - upward * pips[0] * 10, "TP": entry + upward * pips[1] * 10}
    written = {name: f"{value / 100_000:.5f}" for name, value in points.items()}
    lines = [
        f"EURUSD {side} {entry / 100_000:.5f}",
        *(f"{ornament}{name}: {written[name]}" for name in order),
    ]
    (verdict,) = read_text(gap.join(lines), SourceProfile())
    assert isinstance(verdict, ParsedSignal), verdict
    assert (verdict.side, str(verdict.stop_loss)) == (side, written["SL"])
    assert [str(target) for target in verdict.take_profits] == [written["TP"]]
    assert verdict.entry is not None
    assert f"{verdict.entry[0]:.5f}" == f"{entry / 100_000:.5f}"


@settings(max_examples=100)
@given(text=st.one_of(scrap_texts, st.text(max_size=200)))
def test_normalising_leaves_no_ornament_behind(text: str) -> None:
    for character in normalise(text):
        assert character in "\n .,-/_:@%+&'=?()" or character.isalpha() or character.isascii()


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "1,",
        "1.",
        "tp ",
        "sl 1 ",
        "1-",
        "buy ",
        "eurusd buy 1.1\n\n",
        "close all ",
        "\n",
        "tp hit ",
        "(",
        "½",
    ],
)
def test_the_longest_message_takes_no_time(unit: str) -> None:
    text = (unit * MAX_TEXT_CHARACTERS)[:MAX_TEXT_CHARACTERS]
    began = time.process_time()
    read_text("EURUSD buy\n" + text, SourceProfile())
    assert time.process_time() - began < 2
