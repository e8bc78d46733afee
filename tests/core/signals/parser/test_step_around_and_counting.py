"""What the tokens around a place tell of the word or number there, asked one question at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hive_core.signals.parser import around, counting
from hive_core.signals.parser.call_parts import Unit
from hive_core.signals.parser.tokens import Token, tokenise


def at(text: str, mark: str = "^") -> tuple[list[Token], int]:
    """The tokens of a text, and the place of the one behind the mark."""
    start = text.index(mark)
    tokens = tokenise(text.replace(mark, ""))
    return tokens, next(place for place, token in enumerate(tokens) if token.start == start)


@pytest.mark.parametrize(
    ("between", "joins"),
    [
        ("", True),
        ("-", True),
        ("and", True),
        ("\n", True),
        (", / &", True),
        ("@", True),
        ("swing", False),
        ("first and", True),
        ("and the second is", True),
        ("and the second perhaps", False),
        ("is", False),  # only beside an ordinal
    ],
)
def test_what_makes_one_list_of_two_numbers(between: str, joins: bool) -> None:
    assert around.joins(tokenise(between)) is joins


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("^buy it sl 1.08", True),
        ("^buy it 1.0850", True),
        ("^buy it 12", False),
        ("^buy it, your choice", False),
        ("^buy " + "and wait " * 40 + "sl 1.08", False),
        ("^buy", False),
    ],
)
def test_a_side_with_prices_of_its_own_begins_another_call(text: str, begins: bool) -> None:
    tokens, place = at(text)
    assert around.begins_another(around.own_prices(tokens), place) is begins


QUESTIONS = [
    # question, text with the place marked, answer
    (around.stands_in_brackets, "entry (^breakout): 1.15", True),
    (around.stands_in_brackets, "entry ^breakout: 1.15", False),
    (around.stands_in_brackets, "entry (^breakout now): 1.15", False),
    (around.is_prose, "the ^short sellers are crowded", True),
    (around.is_prose, "the ^short 1.0850 is crowded", False),
    (around.is_prose, "we think gold ^short is crowded", False),
    (around.is_prose, "^short sellers are crowded", False),
    (around.is_prose, "side: ^sell it is", False),
    (around.is_prose, "then ^sell limit orders", False),
    (around.is_a_term, "^long term view", True),
    (around.is_a_term, "^short-term view", True),
    (around.is_a_term, "as ^long as it holds", True),
    (around.is_a_term, "^buy term", False),
    (around.is_a_term, "^long gold", False),
    (around.is_stop_order, "buy ^stop 1.77", True),
    (around.is_stop_order, "buy ^stop loss 1.77", False),
    (around.is_stop_order, "gold ^stop 1.77", False),
    (around.is_stop_order, "buy\n^stop 1.77", False),
    (around.is_moved, "move ^sl 1.10", True),
    (around.is_moved, "move your ^stop to 1.10", True),
    (around.is_moved, "the ^stop is 1.10", False),
    (counting.stands_alone, "^4080", True),
    (counting.stands_alone, "tp\n- ^4080", True),
    (counting.stands_alone, "2) ^4080", True),
    (counting.stands_alone, "at ^4080", False),
    (counting.adds_an_edge, "5360+^5350", True),
    (counting.adds_an_edge, "5360+^50", False),
    (counting.adds_an_edge, "gold +^5350", False),
]


@pytest.mark.parametrize(
    ("question", "text", "answer"), QUESTIONS, ids=[f"{q.__name__}: {text!r}" for q, text, _ in QUESTIONS]
)
def test_a_question_about_neighbours(
    question: Callable[[list[Token], int], bool], text: str, answer: bool
) -> None:
    assert question(*at(text)) is answer


def test_the_next_line_is_the_next_that_has_anything_on_it() -> None:
    tokens, place = at("tp^\n\n\n4090 4095\n4100")
    assert [token.text for token in around.next_line(tokens, place)] == ["4090", "4095"]


SPELLINGS = [
    (counting.is_cut_off, "^1.08xx", True),
    (counting.is_cut_off, "^1.08x", False),
    (counting.is_cut_off, "^1.08 xx", False),
    (counting.has_a_letter, "^33o1", True),
    (counting.has_a_letter, "^331o", True),
    (counting.has_a_letter, "^33o", False),
    (counting.has_a_letter, "^331 o", False),
    (counting.has_a_letter, "^331", False),
    (counting.counts_thousands, "^62k", True),
    (counting.counts_thousands, "^60.5k", True),
    (counting.counts_thousands, "^62 k", False),
    (counting.counts_thousands, "^1,062k", False),
    (counting.counts_thousands, "^.6250k", False),
]


@pytest.mark.parametrize(
    ("question", "text", "answer"), SPELLINGS, ids=[f"{q.__name__}: {text!r}" for q, text, _ in SPELLINGS]
)
def test_how_a_number_is_spelled(
    question: Callable[[list[Token], int, Token], bool], text: str, answer: bool
) -> None:
    tokens, place = at(text)
    assert question(tokens, place, tokens[place]) is answer


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("^4105", Unit.PRICE),
        ("^4105 gold", Unit.PRICE),
        ("^50 pips", Unit.PIPS),
        ("^50pips", Unit.PIPS),
        ("^50 + pips", Unit.PIPS),
        ("^400 points", Unit.POINTS),
        ("^1.0850 points", Unit.PRICE),  # six characters with a point: a price
        ("^50%", Unit.SHARE),
        ("^20-50-100 pips", Unit.PIPS),
        ("^20/50 points", Unit.POINTS),
        ("^20-50-100", Unit.PRICE),
        ("^4105-50 pips", Unit.PRICE),
        ("^2 lots", Unit.OTHER),
        ("^4105 lot size 0.2", Unit.PRICE),
        ("^2nd", Unit.OTHER),
        ("^15m", Unit.OTHER),
        ("^15 m", Unit.PRICE),
    ],
)
def test_what_a_number_counts(text: str, unit: Unit) -> None:
    tokens, place = at(text)
    assert counting.unit_of(tokens, place, tokens[place]) is unit


@pytest.mark.parametrize(
    ("text", "is_index"),
    [
        ("tp ^2 1.0850", True),
        ("tp^1", True),
        ("tp^20 1.0850", True),
        ("tp^21 1.0850", False),
        ("tp ^0 1.0850", False),
        ("tp ^123", False),
        ("tp ^1.5", False),
        ("tp ^16", False),  # a coin's price
        ("tp ^16: 1.0850", True),
        ("tp ^50%", False),
        ("^2nd tp", True),
        ("tp ^12 pips", False),
    ],
)
def test_whether_a_labels_number_counts(text: str, is_index: bool) -> None:
    tokens, place = at(text)
    unit = counting.unit_of(tokens, place, tokens[place])
    assert counting.is_index(tokens, place, tokens[place], unit) is is_index
