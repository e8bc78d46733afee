"""The fourth step by itself: tokens as calls, a call as labels with the numbers that belong to them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hive_core.signals.parser.call_parts import Call, Field, Label, Unit
from hive_core.signals.parser.fields import read_calls
from hive_core.signals.parser.tokens import tokenise


def written(each: Field) -> str:
    """A field in short: "TARGET2 1.09 +1.10 20p runner"; "+" is joined, "-" dashed, "()" aside."""
    marks = {Unit.PRICE: "", Unit.PIPS: "p", Unit.POINTS: "pt", Unit.OTHER: "o", Unit.SHARE: "%"}
    numbers = [
        ("" if not place else "(" if number.aside else "-" if number.dashed else "+" if number.joined else "")
        + number.raw
        + marks[number.unit]
        for place, number in enumerate(each.numbers)
    ]
    flags = [
        name for name in ("runner", "runner_first", "managed", "explicit", "weak") if getattr(each, name)
    ]
    return " ".join([each.label.name + each.index, *numbers, *flags])


def call_of(text: str) -> Call:
    (call,) = read_calls(tokenise(text))
    return call


def fields(text: str) -> list[str]:
    return [written(each) for each in call_of(text).fields if each.numbers or each.runner]


FIELDS = {
    "a call": ("eurusd buy 1.0850 sl 1.0810 tp 1.0910", "CALL 1.0850 | STOP 1.0810 | TARGET 1.0910"),
    "an entry with its word": ("buy entry: 1.0850", "ENTRY 1.0850 explicit"),
    "an entry behind a sign": ("buy @ 1.0850", "ENTRY 1.0850"),
    "a zone": ("buy 4105-03", "CALL 4105 -03"),
    "a zone in words": ("buy 4105 to 4103", "CALL 4105 -4103"),
    "a zone with a plus": ("buy 5360+5350", "CALL 5360 -5350"),
    "a number behind words": ("buy 4105 perhaps 4103", "CALL 4105 4103"),
    "a label that counts": ("tp 2 1.0910", "TARGET2 1.0910"),
    "a label that counts, glued": ("tp1 1.0910 tp2 1.0920", "TARGET1 1.0910 | TARGET2 1.0920"),
    "a glued price": ("tp1.0910", "TARGET 1.0910"),
    "targets on one line": ("tp 1.09, 1.10 and 1.11", "TARGET 1.09 -1.10 -1.11"),
    "targets on lines of their own": ("tp\n1.09\n1.10", "TARGET 1.09 +1.10"),
    "targets counted under one heading": ("tp\n1 4080\n2 4090", "TARGET1 4080 +4090"),
    "a list under a heading": ("tp\n1) 4080\n2) 4090", "TARGET1 4080 +4090"),
    "a remark in brackets": ("tp 1.09 (60 pips) 1.10", "TARGET 1.09 (60p +1.10"),
    "every price in brackets": ("tp (1.09)(1.10)", "TARGET 1.09 +1.10"),
    "pips": ("sl 40 pips", "STOP 40p"),
    "points": ("sl 400 points", "STOP 400pt"),
    "a share": ("tp1 1.09 50%", "TARGET1 1.09 +50%"),
    "thousands": ("buy 62k", "CALL 62000"),
    "digits that are not told": ("sl 1.08xx", "STOP 1.08x"),
    "a letter for the last digit": ("sl 331o", "STOP 331o00"),
    "a letter for a digit": ("sl 33o1", "STOP 33o00 -1"),
    "an open target": ("tp3 open", "TARGET3 runner runner_first"),
    "an open target behind a price": ("tp 1.09 runner", "TARGET 1.09 runner"),
    "a stop that is moved": ("move sl to 1.0850", "STOP 1.0850 managed"),
    "a stop to entry": ("sl to entry 1.0850", "ENTRY 1.0850 managed explicit"),
    "no stop": ("no sl 1.0850", ""),
    "a slip of a label": ("buy 1.0850 si: 1.0810", "CALL 1.0850 | STOP 1.0810 weak"),
    "a year": ("buy 1.0850 in 2025", "CALL 1.0850 2025"),
    "a chart's time": ("h4 buy 1.0850", "CALL 1.0850"),
    "the current price": ("current price: 1.0850", "CURRENT 1.0850"),
    "a number on a line of its own": ("hello\n4105", "LOOSE 4105"),
    "a number in talk": ("hello 4105", ""),
    "a size": ("buy lot size 0.2\nsl 1.08", "STOP 1.08"),
    "a line ends a label": ("sl 1.0810\nsee you at 1.09", "STOP 1.0810 | ENTRY 1.09"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_labels_and_their_numbers(name: str) -> None:
    text, expected = FIELDS[name]
    assert " | ".join(fields(text)) == expected


@pytest.mark.parametrize(
    ("text", "orders", "is_pending"),
    [
        ("buy limit eurusd 1.08", ["limit"], False),
        ("buy stop eurusd 1.08", ["stop"], False),
        ("buy stop loss 1.08", [], False),
        ("set a limit order to sell gold", ["limit"], False),
        ("buy now 4105", ["market"], False),
        ("gold sell 4105 sl 4110 limit your risk", [], False),
        ("pending order buy 4105", [], True),
        ("sell market 1.08\nsell limit 1.09", ["market", "limit"], False),
    ],
)
def test_words_of_orders_count_where_the_entry_is_spoken_of(
    text: str, orders: list[str], is_pending: bool
) -> None:
    call = call_of(text)
    assert (call.orders, call.is_pending) == (orders, is_pending)


ONE, OTHER = "eurusd buy 1.0850 sl 1.0810 tp 1.0910", "gold sell 4105 sl 4110 tp 4098"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", [""]),
        (ONE, ["EURUSD buy"]),
        (f"{ONE}\n\n{OTHER}", ["EURUSD buy", "XAUUSD sell"]),
        (f"{ONE} {OTHER}", ["EURUSD buy", "XAUUSD sell"]),
        (f"{ONE}\nsell 1.0950 sl 1.0990 tp 1.0900", ["EURUSD buy", " sell"]),
        (f"{ONE}\ngold next", ["EURUSD buy"]),  # talk behind a whole call
        (f"{ONE} or sell, your choice", ["EURUSD buy sell"]),
        (f"{ONE}\nnever sell in a panic", ["EURUSD buy"]),
        ("eurusd buy gold sell", ["EURUSD XAUUSD buy sell"]),  # neither is whole
        ("long term view: gold buy 4105", ["XAUUSD buy"]),
    ],
)
def test_where_one_call_ends_and_another_begins(text: str, named: list[str]) -> None:
    told = [
        " ".join(
            [
                " ".join(mention.value for mention in call.symbols),
                *(mention.value for mention in call.sides),
            ]
        )
        for call in read_calls(tokenise(text))
    ]
    assert [each.rstrip() for each in told] == [each.rstrip() for each in named]


def test_a_call_reaches_from_its_first_token_to_its_last() -> None:
    text = f"{ONE}\n\n{OTHER}"
    assert [text[call.start : call.end].strip() for call in read_calls(tokenise(text))] == [ONE, OTHER]


def test_what_no_label_holds_is_kept_apart() -> None:
    call = call_of("risk 500 usd\ngold 9 out of 10 here: buy 4105")
    assert [number.raw for number in call.stray] == ["500"]


def test_words_are_kept_with_the_field_that_they_stand_in() -> None:
    (field,) = [each for each in call_of("please sell once it opens 4105").fields if each.numbers]
    assert (field.before, field.sided, field.conditions) == (["please"], True, ["once"])


pieces = st.sampled_from(
    [
        "eurusd",
        "gold",
        "buy",
        "sell",
        "sl",
        "tp",
        "tp1",
        "entry",
        "open",
        "1.0850",
        "4105",
        "-",
        "\n",
        "(",
        ")",
        "pips",
        "now",
        "limit",
        "move",
        "no",
        "1)",
        "2",
        "x",
        "%",
        "and",
        "@",
    ]
)


@settings(max_examples=150)
@given(st.lists(pieces, max_size=30))
def test_no_number_belongs_to_two_fields_and_none_is_made_up(parts: list[str]) -> None:
    text = " ".join(parts)
    calls = read_calls(tokenise(text))
    assert calls
    numbers = [
        *(number for call in calls for each in call.fields for number in each.numbers),
        *(number for call in calls for number in call.stray),
    ]
    starts = [number.start for number in numbers]
    assert len(starts) == len(set(starts))
    for number in numbers:
        assert text[number.start : number.end][0].isdigit()
    for call in calls:
        assert all(each.label is not Label.NONE for each in call.fields)
        assert call.has_stop == call.has(Label.STOP)
        assert call.has_target == call.has(Label.TARGET)
