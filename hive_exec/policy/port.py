"""The port of policy engines, and the one way from a document to an answer: whatever fails denies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hive_exec.policy.answer import NoAnswer, PolicyAnswer, PolicyCode, plain_detail
from hive_exec.policy.deadline import Deadline
from hive_exec.policy.question import InputRefused, Question, decision_id, question_of
from hive_exec.policy.reading import reasons_against


class PolicyEngine(Protocol):
    """Who is asked about an order that adds risk. Orders that lessen risk, cancels and the kill switch are
    never asked about: they pass while an engine is down."""

    @property
    def revision(self) -> str:
        """The SHA-256 of the policies that are expected to answer."""
        ...

    def decide(self, document: Mapping[str, Any]) -> PolicyAnswer:
        """Ask about one order. Never raises for what the document or the engine is: that denies."""
        ...

    def close(self) -> None:
        """Let go of what the engine holds; whatever is asked afterwards is denied."""
        ...


def answer_of(
    document: Mapping[str, Any],
    revision: str,
    evaluate: Callable[[Question], object],
    deadline: Deadline,
) -> PolicyAnswer:
    """Spell the question, have it evaluated within the deadline, and read the answer.

    Args:
        document: as `question_of` accepts it.
        evaluate: returns the decision as parsed JSON. A `NoAnswer` of it denies by its own code, any other
            exception as a failed engine.
    """
    try:
        question = question_of(document, revision)
    except InputRefused as error:
        return PolicyAnswer(
            error.code,
            (),
            str(error),
            decision_id(revision, error.input_sha256),
            revision,
            error.input_sha256,
        )
    reasons: tuple[str, ...] = ()
    detail = ""
    try:
        reasons = reasons_against(deadline.run(lambda: evaluate(question)), question)
        code = PolicyCode.DENIED if reasons else PolicyCode.ALLOWED
    except NoAnswer as error:
        code, detail = error.code, plain_detail(error.detail)
    except Exception as error:  # noqa: BLE001 - whatever an engine throws, it has not said yes
        code, detail = PolicyCode.ENGINE_FAILED, plain_detail(f"{type(error).__name__}: {error}")
    return PolicyAnswer(code, reasons, detail, question.decision_id, revision, question.input_sha256)
