"""What counts as a decision of the policies: exactly its fields and types, to the question that was asked."""

from __future__ import annotations

import re

from hive_exec.policy.answer import NoAnswer, PolicyCode
from hive_exec.policy.question import Question

ENTRY = ("hive", "served", "decision")
"""Where the decision stands in the policies."""
MAX_REASONS = 64

_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


def reasons_against(decision: object, question: Question) -> tuple[str, ...]:
    """Why the policies deny what was asked, sorted; nothing where they allow it.

    Args:
        decision: parsed JSON, `{"answer": {"allow", "reasons"}, "decision_id", "revision"}`. Only `true` and
            no reason allows; only `false` and at least one reason is a denial.

    Raises:
        NoAnswer: it is anything else, by other policies, or to another question.
    """
    fields = _fields(decision, {"answer", "decision_id", "revision"}, "decision")
    if fields["revision"] != question.revision:
        raise NoAnswer(PolicyCode.UNKNOWN_REVISION, "the answer is by other policies than the expected ones")
    if fields["decision_id"] != question.decision_id:
        raise NoAnswer(PolicyCode.OTHER_QUESTION, "the answer repeats another decision_id")
    answer = _fields(fields["answer"], {"allow", "reasons"}, "answer")
    allow, reasons = answer["allow"], answer["reasons"]
    if not isinstance(allow, bool):
        raise _malformed("allow is no boolean")
    if not isinstance(reasons, list) or len(reasons) > MAX_REASONS:
        raise _malformed(f"reasons is no list of at most {MAX_REASONS}")
    words = [word for word in reasons if isinstance(word, str) and _REASON.fullmatch(word)]
    if len(set(words)) != len(reasons):
        raise _malformed("reasons is no list of different names")
    if allow == bool(words):
        raise _malformed("yes with reasons against it" if allow else "no without a reason")
    return tuple(sorted(words))


def _fields(value: object, names: set[str], what: str) -> dict[str, object]:
    if not isinstance(value, dict) or value.keys() != names:
        raise _malformed(f"{what} is no object of {', '.join(sorted(names))}")
    return value


def _malformed(detail: str) -> NoAnswer:
    return NoAnswer(PolicyCode.MALFORMED_ANSWER, detail)
