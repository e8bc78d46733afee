"""The second step by itself: plain text as tokens, each with its place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.signals.parser.text import normalise
from hive_core.signals.parser.tokens import Said, own_words, said_in, symbol_of, tokenise
from hive_core.signals.parser.vocabulary import WORDS, Kind

TOKENS = {
    "a call": ("gold buy 4105", "SYMBOL:XAUUSD SIDE:buy NUMBER:4105"),
    "a word of no meaning": ("hello 12", "WORD:hello NUMBER:12"),
    "lines and marks": ("sl:\n1.5", "STOP:sl MARK:: LINE:\n NUMBER:1.5"),
    "a sign for a place": ("@ 1.10", "PLACE:@ NUMBER:1.10"),
    "a phrase": ("stop loss 1.10", "STOP:stop NUMBER:1.10"),
    "a phrase with a mark": ("stop-loss 1.10", "STOP:stop NUMBER:1.10"),
    "a phrase over two marks is none": (
        "take -- profit",
        "WEAK_TARGET:take MARK:- MARK:- WEAK_TARGET:profit",
    ),
    "side and zone in one phrase": ("sell zone 1.10", "SIDE:sell ENTRY:sell NUMBER:1.10"),
    "glued words": ("xauusdbuynow", "SYMBOL:XAUUSD SIDE:buy MARKET:xauusdbuynow"),
    "a glued order that waits": ("eurusdbuystop", "SYMBOL:EURUSD SIDE:buy STOP_ORDER:eurusdbuystop"),
    "a letter too many": ("goldd buyyy", "SYMBOL:XAUUSD SIDE:buy"),
    "a pair with a slash": ("eur/usd", "SYMBOL:EURUSD"),
    "a pair with a blank": ("eur usd", "SYMBOL:EURUSD"),
    "a metal and its currency": ("gold/usd", "SYMBOL:XAUUSD"),
    "an index with its number apart": ("us 30", "SYMBOL:US30"),
    "a coin of no list": ("zec/usdt", "SYMBOL:ZECUSDT"),
    "a broker's suffix": ("eurusdm", "SYMBOL:EURUSD"),
    "a currency alone": ("usd 100", "UNIT_OTHER:usd NUMBER:100"),
    "two of one currency": ("usd usd", "UNIT_OTHER:usd UNIT_OTHER:usd"),
    "a number in groups": ("4,105.50", "NUMBER:4,105.50"),
    "points that slipped": ("2650..5", "NUMBER:2650..5"),
    "a list in one run": ("3222,15,05", "NUMBER:3222,15,05"),
    "a point before the digits": (".6250", "NUMBER:.6250"),
    "a time": ("at 18:30 gmt", "PLACE:at MOMENT:18:30 UNIT_OTHER:gmt"),
    "a date": ("2025-03-12 1.10", "MOMENT:2025-03-12 NUMBER:1.10"),
    "a date in words": ("12 mar 2025", "MOMENT:12 mar 2025"),
    "no time but a ratio": ("1:2", "NUMBER:1 MARK:: NUMBER:2"),
    "a number glued to its label": ("tp1.0850", "TARGET:tp NUMBER:1.0850"),
    "another language": ("стоп 4098", "STOP:стоп NUMBER:4098"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", TOKENS)
def test_the_tokens_of_a_text(name: str) -> None:
    text, expected = TOKENS[name]
    assert " ".join(f"{token.kind.name}:{token.text}" for token in tokenise(text)) == expected


def test_a_token_knows_where_it_stands() -> None:
    text = "buy eur/usd  stop loss 1.10"
    assert [text[token.start : token.end] for token in tokenise(text)] == [
        "buy",
        "eur/usd",
        "stop loss",
        "1.10",
    ]


@pytest.mark.parametrize(
    ("word", "symbol"),
    [
        ("eurusd", "EURUSD"),
        ("usdzar", "USDZAR"),
        ("gold", "XAUUSD"),
        ("linkusdt", "LINKUSDT"),
        ("btcusd", "BTCUSD"),
        ("eurusdpro", "EURUSD"),
        ("xauusdmicro", "XAUUSD"),
        ("goldm", None),  # too short for a suffix
        ("eurusdq", None),  # no broker's
        ("eureur", "EUREUR"),
        ("usdt", None),
        ("hello", None),
    ],
)
def test_the_instrument_of_one_word(word: str, symbol: str | None) -> None:
    assert symbol_of(word) == symbol


def test_a_suffix_stays_where_none_is_to_be_cut() -> None:
    assert symbol_of("eurusdm", cut_suffix=False) is None


OWN = own_words({"Ausstieg": "target", "Nehmen": "buy", "sl": "other", "Réf": "stop"}, {"Jungle": "XAUUSD"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ausstieg 1.10", "TARGET:ausstieg NUMBER:1.10"),
        ("nehmen jungle", "SIDE:buy SYMBOL:XAUUSD"),
        ("sl 1.10", "OTHER:sl NUMBER:1.10"),  # a source's word comes before the packs'
        ("ref 1.10", "STOP:ref NUMBER:1.10"),  # declared as written, kept as read
    ],
)
def test_a_sources_own_words_come_first(text: str, expected: str) -> None:
    assert " ".join(f"{token.kind.name}:{token.text}" for token in tokenise(text, OWN)) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gold buy sl tp", Said(side=True, stop=True, target=True)),
        ("gold sl", Said(side=False, stop=True, target=False)),
        ("gold target", Said(side=False, stop=False, target=True)),
        ("bullish gold", Said(side=True, stop=False, target=False)),
        ("good morning", Said(side=False, stop=False, target=False)),
        ("xauusdbuynow", Said(side=True, stop=False, target=False)),
    ],
)
def test_what_words_speak_of(text: str, said: Said) -> None:
    assert said_in(set(WORDS.findall(text))) == said


def test_own_words_speak_too() -> None:
    assert said_in({"ausstieg", "ref"}, OWN) == Said(side=False, stop=True, target=True)
    assert said_in({"ausstieg", "ref"}) == Said(side=False, stop=False, target=False)


pieces = st.sampled_from(
    [
        "gold",
        "eur/usd",
        "buy",
        "sl",
        "stop",
        "loss",
        "tp1",
        "1.10",
        "4,105.50",
        "4105-03",
        "18:30",
        "12 mar 2025",
        "@",
        "-",
        "(",
        ")",
        "\n",
        "us30",
        "x",
        "usdt",
    ]
)


@settings(max_examples=100)
@given(st.lists(st.tuples(pieces, st.sampled_from(["", " ", "\n"])), max_size=12))
def test_tokens_stand_in_their_order_and_leave_out_blanks_only(parts: list[tuple[str, str]]) -> None:
    text = normalise("".join(word + gap for word, gap in parts))
    tokens = tokenise(text)
    assert all(token.start < token.end for token in tokens)
    covered = {place for token in tokens for place in range(token.start, token.end)}
    assert all(text[place] in " \n" for place in set(range(len(text))) - covered)
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
    assert all(token.kind in Kind for token in tokens)
