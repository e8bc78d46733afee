"""Words and signs around a call, by themselves: pictures, reports, quotes, ticks, labels behind prices."""

from __future__ import annotations

import re

import pytest

from hive_core.signals.parser.pictures import with_words_for_pictures
from hive_core.signals.parser.reports import forbidden_side, report_heading, tells_gain, tells_result
from hive_core.signals.parser.restated import is_quoted, is_ticked_off, signed_form, tells_what_it_made
from hive_core.signals.parser.text import normalise, with_signs
from hive_core.signals.parser.tokens import tokenise
from hive_core.signals.parser.turned_lines import turned
from hive_core.signals.parser.vocabulary import WORDS


@pytest.mark.parametrize(
    ("text", "has_stop", "has_target", "expected"),
    [
        ("🎯 1944 ⛔ 1933", False, False, "tp 1944 sl 1933"),
        ("🎯1944 🎯 1948 🛑: 1933", False, False, "tp 1944 tp 1948 sl : 1933"),
        ("✅ 1944 ❌ 1933", False, False, "tp 1944 sl 1933"),
        ("1️⃣ 1944 2️⃣ 1948 🛑 1933", False, False, "tp 1944 tp 1948 sl 1933"),
        ("🎯 1944 🎯 open ⛔ 1933", False, False, "tp 1944 tp open sl 1933"),
        ("🎯 1944 sl 1933", True, False, "tp 1944 sl 1933"),
        ("tp 1944 ⛔ 1933", False, True, "tp 1944 sl 1933"),
        ("🎯 1944 ✅ 1948 ⛔ 1933", False, False, "tp 1944 ✅ 1948 sl 1933"),  # one picture is the label
        ("🎯 1944", False, False, None),  # nothing stands for the stop
        ("⛔ 1933", False, False, None),
        ("🎯 5 ⛔ 1933", False, False, None),  # one digit is no price
        ("🎯 target soon ⛔ 1933", False, False, None),
    ],
)
def test_pictures_become_the_labels_that_are_missing(
    text: str, has_stop: bool, has_target: bool, expected: str | None
) -> None:
    worded = with_words_for_pictures(text, has_stop=has_stop, has_target=has_target)
    assert (None if worded is None else " ".join(worded.split())) == expected


def asked(question: object, text: str) -> object:
    plain = normalise(text)
    return question(plain, set(WORDS.findall(plain)))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("TP1 hit", "tp1 hit"),
        ("SL was hit.", "sl was hit"),
        ("Target 2 reached", "target 2 reached"),
        ("all targets done", "all targets done"),
        ("gold +40 pips running", "pips running"),
        ("hit our first target", "hit our first target"),
        ("if tp1 hit move sl to be", None),  # an instruction
        ("TP1 4090 +50 pips done", None),  # the way to a target
        ("EURUSD buy 1.0850 sl 1.0810 tp 1.0910", None),
        ("good morning", None),
    ],
)
def test_what_tells_a_result(text: str, told: str | None) -> None:
    assert asked(tells_result, text) == told


@pytest.mark.parametrize(
    ("text", "is_heading"),
    [
        ("Weekly results\nEURUSD buy", True),
        ("Closed trades:\n...", True),
        ("VIP results", True),
        ("Results: see below", True),
        ("as a result we wait", False),
        ("the trades of today are open", False),
    ],
)
def test_a_heading_of_results(text: str, is_heading: bool) -> None:
    assert (asked(report_heading, text) is not None) is is_heading


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Do not buy EURUSD", "do not buy"),
        ("don't sell yet", "don't sell"),
        ("never short gold", "never short"),
        ("this is not a signal", "not a signal"),
        ("buy, do it now", None),
        ("no stop, buy", None),
    ],
)
def test_what_forbids_a_direction(text: str, told: str | None) -> None:
    assert asked(forbidden_side, text) == told


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("gold sell +45 pips", True),
        ("+45 pips profit ✅", True),
        ("50 pips running", True),
        ("gold sell +45 pips to go", False),
        ("sl 45 pips", False),
        ("+45", False),
    ],
)
def test_a_gain_in_pips(text: str, is_told: bool) -> None:
    assert asked(tells_gain, text) is is_told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gold buy 4105 sl 4098 tp 4110\n+100 pips", "+100 pips"),
        ("+2.5% made on this", "+2.5%"),
        ("tp1 +50 pips", None),
        ("tp 4110 (+50 pips)", None),
        ("4110 +50 pips", None),
        ("close half after +50 pips", None),
        ("100 pips", None),
    ],
)
def test_what_a_call_made(text: str, told: str | None) -> None:
    assert tells_what_it_made(normalise(text)) == told


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ('they wrote "gold buy 4105" again', True),
        ("they wrote «gold buy 4105» again", True),
        ('"gold buy 4105"', False),  # nobody else's words around it
        ('plan "london": gold buy 4105', False),
        ('they wrote "gold buy 4105', False),  # never closed
    ],
)
def test_a_call_in_quotation_marks(text: str, is_one: bool) -> None:
    signed = with_signs(text)
    assert is_quoted(signed, signed.index("gold")) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("gold buy\ntp1 4110 ✅\ntp2 4120", True),  # some
        ("gold buy tp 4110 ✅", True),  # all, on one line
        ("gold buy\ntp1 4110 ✅\ntp2 4120 ✅", False),  # all, on lines of their own
        ("gold buy\ntp1 4110 ✅\ntp2 4120 ✅\nthank you", True),
        ("gold buy\n✅ tp1 4110\n✅ tp2 4120", False),  # before the labels
        ("gold buy ✅ tp1 4110 ✅ tp2 4120", False),
        ("gold buy now tp 4110 ✅", False),
        ("gold buy tp 4110 ok", False),
    ],
)
def test_targets_that_are_ticked_off(text: str, is_one: bool) -> None:
    signed = with_signs(text)
    ends = [found.end() for found in re.finditer(r"41\d0", signed)]
    assert is_ticked_off(signed, signed.index("gold"), ends) is is_one


def test_a_text_without_signs_has_no_signed_form() -> None:
    assert signed_form("gold buy 4105") is None
    assert signed_form("gold ✅ “buy” 4105") == 'gold \N{CHECK MARK} "buy" 4105'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gold buy 2030\n2025 sl\n2036 tp", "gold buy 2030 sl 2025 tp 2036"),
        ("gold buy 2030 2025 sl 2036 tp", "gold buy 2030 sl 2025 tp 2036"),
        ("gold buy 2030 sl 2025 tp 2036", "gold buy 2030 sl 2025 tp 2036"),
        ("gold buy 2030 sl 2025 2036 tp", "gold buy 2030 sl 2025 2036 tp"),  # one of each: left
        ("2025 sl", "2025 sl"),  # no target, no call
    ],
)
def test_labels_behind_their_prices_are_turned(text: str, expected: str) -> None:
    tokens = tokenise(text)
    pieces = [text[token.start : token.end].strip() for token in turned(tokens)]
    assert " ".join(piece for piece in pieces if piece) == expected
    assert sorted(turned(tokens)) == sorted(tokens)
