"""What is an input for policies, and the number of the question about it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_core.evidence.canonical import content_hash
from hive_exec.policy.question import InputRefused, question_of

REVISION = "a" * 64


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (1.5, "float"),
        (float("nan"), "float"),
        (float("inf"), "float"),
        (Decimal("NaN"), "NaN"),
        (2**53, "beyond"),
        (-(2**53), "beyond"),
        (2**64 + 5, "beyond"),
        (10**40, "characters"),
        ("EURUSD\0", "NUL"),
        ({"a\0b": 1}, "NUL"),
        ("half \ud800", "surrogates"),
        ("x" * 65_536, "bytes"),
        (nested(16), "deeper"),
        (nested(2_000), "no canonical spelling"),
        ({1: 2}, "text keys"),
        (b"bytes", "no canonical spelling"),
    ],
)
def test_what_engines_would_see_differently_is_refused(value, why):
    with pytest.raises(InputRefused, match=why):
        question_of({"intent": value}, REVISION)


@pytest.mark.parametrize("document", [[], "text", None, 7])
def test_an_input_is_an_object(document):
    with pytest.raises(InputRefused, match="object"):
        question_of(document, REVISION)


def test_the_number_of_the_question_is_not_the_askers_to_say():
    with pytest.raises(InputRefused, match="the question's own"):
        question_of({"decision_id": "pol_1"}, REVISION)


@pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, nested(15), "", None, True, "ä\u2028\u007f"])
def test_the_largest_and_oddest_that_is_accepted(value):
    assert question_of({"intent": value}, REVISION).input_sha256 == content_hash({"intent": value})


def test_an_amount_as_a_decimal_becomes_text():
    assert b'"0.05"' in question_of({"drawdown": Decimal("0.050")}, REVISION).payload


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("abä€", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", max_size=2), JSON, max_size=4), st.randoms())
def test_the_order_of_fields_does_not_matter_and_the_policies_do(document, random):
    shuffled = list(document.items())
    random.shuffle(shuffled)
    one, other = question_of(document, REVISION), question_of(dict(shuffled), REVISION)
    assert one == other
    assert json.loads(one.payload) == {**document, "decision_id": one.decision_id}
    assert question_of(document, "b" * 64).decision_id != one.decision_id


@given(st.integers(0, 9), st.integers(0, 9))
def test_different_inputs_have_different_numbers(one, other):
    assert (
        question_of({"a": one}, REVISION).decision_id == question_of({"a": other}, REVISION).decision_id
    ) is (one == other)


def test_the_number_of_a_known_question():
    question = question_of({"a": 1}, REVISION)
    assert question.input_sha256 == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert (
        question.decision_id
        == "pol_" + content_hash({"input_sha256": question.input_sha256, "revision": REVISION})[:24]
    )
