"""What counts as an answer, and that policy can only restrict."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hive_core.evidence.canonical import canonical_bytes
from hive_exec.policy.answer import NoAnswer, PolicyAnswer, PolicyCode, is_allowed, plain_detail
from hive_exec.policy.deadline import Deadline
from hive_exec.policy.port import answer_of
from hive_exec.policy.question import question_of
from hive_exec.policy.reading import reasons_against

REVISION = "a" * 64
DOCUMENT = {"mode": "normal"}
QUESTION = question_of(DOCUMENT, REVISION)
YES = {"answer": {"allow": True, "reasons": []}, "decision_id": QUESTION.decision_id, "revision": REVISION}
NO = {**YES, "answer": {"allow": False, "reasons": ["b_late", "a_first"]}}


@pytest.fixture(scope="module")
def deadline():
    made = Deadline("test-policy", 30)
    yield made
    made.close()


def test_an_exact_yes_and_an_exact_no():
    assert reasons_against(YES, QUESTION) == ()
    assert reasons_against(NO, QUESTION) == ("a_first", "b_late")


MALFORMED = PolicyCode.MALFORMED_ANSWER


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (None, MALFORMED),
        (True, MALFORMED),
        ({}, MALFORMED),
        ([YES], MALFORMED),
        ({**YES, "more": 1}, MALFORMED),
        ({key: YES[key] for key in ("answer", "revision")}, MALFORMED),
        ({key: YES[key] for key in ("answer", "decision_id")}, MALFORMED),
        ({key: YES[key] for key in ("decision_id", "revision")}, MALFORMED),
        ({**YES, "revision": "b" * 64}, PolicyCode.UNKNOWN_REVISION),
        ({**YES, "revision": REVISION.upper()}, PolicyCode.UNKNOWN_REVISION),
        ({**YES, "revision": ""}, PolicyCode.UNKNOWN_REVISION),
        ({**YES, "revision": None}, PolicyCode.UNKNOWN_REVISION),
        ({**YES, "revision": [REVISION]}, PolicyCode.UNKNOWN_REVISION),
        ({**YES, "decision_id": "pol_1"}, PolicyCode.OTHER_QUESTION),
        ({**YES, "decision_id": None}, PolicyCode.OTHER_QUESTION),
        *(
            ({**YES, "answer": answer}, MALFORMED)
            for answer in (
                None,
                True,
                [],
                {},
                {"allow": True},
                {"reasons": []},
                {"allow": True, "reasons": [], "more": None},
                {"allow": 1, "reasons": []},
                {"allow": Decimal(1), "reasons": []},
                {"allow": "true", "reasons": []},
                {"allow": [True], "reasons": []},
                {"allow": None, "reasons": []},
                {"allow": True, "reasons": None},
                {"allow": True, "reasons": {}},
                {"allow": True, "reasons": ""},
                {"allow": True, "reasons": ["a_reason"]},
                {"allow": True, "reasons": [""]},
                {"allow": False, "reasons": []},
                {"allow": False, "reasons": ["A reason"]},
                {"allow": False, "reasons": ["a_reason", "a_reason"]},
                {"allow": False, "reasons": ["a_reason", 1]},
                {"allow": False, "reasons": [["a_reason"]]},
                {"allow": False, "reasons": ["a_reason\n"]},
                {"allow": False, "reasons": [f"r{number}" for number in range(65)]},
            )
        ),
    ],
    ids=repr,
)
def test_what_is_not_exactly_an_answer_denies(deadline, decision, code):
    with pytest.raises(NoAnswer) as refused:
        reasons_against(decision, QUESTION)
    assert refused.value.code is code
    answer = answer_of(DOCUMENT, REVISION, lambda _: decision, deadline)
    assert (answer.code, answer.allow, answer.reasons) == (code, False, ())
    assert answer.decision_id == QUESTION.decision_id


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NEARLY = st.fixed_dictionaries(
    {
        "answer": st.fixed_dictionaries(
            {
                "allow": st.sampled_from([True, True, False, 1, "true", None]),
                "reasons": st.sampled_from([[], [], ["a_reason"], None, {}, "", [""]]),
            },
            optional={"why": ANY_JSON},
        ),
        "decision_id": st.sampled_from([QUESTION.decision_id, QUESTION.decision_id, "", None]),
        "revision": st.sampled_from([REVISION, REVISION, "", None, True]),
    },
    optional={"more": ANY_JSON},
)


@given(st.one_of(ANY_JSON, NEARLY, NEARLY), st.booleans())
@example(YES, True)
@example(YES, False)
@example(NO, True)
def test_policy_only_restricts_and_only_the_exact_yes_allows(deadline, decision, core_allows):
    answer = answer_of(DOCUMENT, REVISION, lambda _: decision, deadline)
    is_yes = decision == YES and type(decision["answer"]["allow"]) is bool
    assert answer.allow is is_yes
    assert is_allowed(core_allows, answer) is (core_allows and is_yes)
    assert not (is_allowed(core_allows, answer) and not core_allows)


@given(st.sampled_from(list(PolicyCode)), st.booleans())
def test_no_code_but_allowed_lets_anything_pass(code, core_allows):
    reasons = ("a_reason",) if code is PolicyCode.DENIED else ()
    answer = PolicyAnswer(code, reasons, "", QUESTION.decision_id, REVISION, QUESTION.input_sha256)
    assert is_allowed(core_allows, answer) is (core_allows and code is PolicyCode.ALLOWED)


@pytest.mark.parametrize("truthy", [1, "yes", [True]])
def test_a_core_that_says_something_like_yes_allows_nothing(truthy):
    answer = PolicyAnswer(PolicyCode.ALLOWED, (), "", QUESTION.decision_id, REVISION, QUESTION.input_sha256)
    assert is_allowed(truthy, answer) is False


@pytest.mark.parametrize(
    ("code", "reasons"),
    [(PolicyCode.ALLOWED, ("a_reason",)), (PolicyCode.DENIED, ()), (PolicyCode.TIMED_OUT, ("a_reason",))],
)
def test_an_answer_that_contradicts_itself_is_not_made(code, reasons):
    with pytest.raises(ValueError, match="reasons"):
        PolicyAnswer(code, reasons, "", QUESTION.decision_id, REVISION, None)


@pytest.mark.parametrize("error", [OSError("gone"), KeyError("x"), RecursionError(), MemoryError()])
def test_whatever_an_engine_throws_denies(deadline, error):
    def broken(_: object) -> object:
        raise error

    answer = answer_of(DOCUMENT, REVISION, broken, deadline)
    assert answer.code is PolicyCode.ENGINE_FAILED
    assert type(error).__name__ in answer.detail


def test_an_input_that_is_refused_never_reaches_the_engine(deadline):
    asked: list[object] = []
    answer = answer_of({"drawdown": 0.01}, REVISION, asked.append, deadline)
    assert (answer.code, answer.input_sha256, asked) == (PolicyCode.INPUT_REFUSED, None, [])
    again = answer_of({"drawdown": 0.01}, REVISION, asked.append, deadline)
    assert again == answer


def test_the_same_question_has_the_same_answer_to_the_byte(deadline):
    bodies = {
        canonical_bytes(answer_of(DOCUMENT, REVISION, lambda _: NO, deadline).as_body()) for _ in range(3)
    }
    assert len(bodies) == 1
    assert json.loads(bodies.pop()) == {
        "allow": False,
        "code": "denied",
        "reasons": ["a_first", "b_late"],
        "detail": "",
        "decision_id": QUESTION.decision_id,
        "revision": REVISION,
        "input_sha256": QUESTION.input_sha256,
    }


@given(st.text())
def test_a_detail_can_stand_in_every_record(text):
    detail = plain_detail(text)
    assert detail.isascii()
    assert len(detail) <= 200
    assert "\n" not in detail
    canonical_bytes({"detail": detail})
