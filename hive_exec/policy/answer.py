"""What a policy engine said, or why it said nothing. Only an exact yes allows; asking has its own modules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_DETAIL = 200


class PolicyCode(StrEnum):
    """How a question to the policies ended. All but the first deny."""

    ALLOWED = "allowed"
    DENIED = "denied"
    """The policies answered, and said no, with their reasons."""
    INPUT_REFUSED = "input_refused"
    """The document cannot be said to every engine alike: a float, a huge number, half a character."""
    UNDEFINED = "undefined"
    """There is no answer to this: no such policy, or one whose conditions left it without a value."""
    TIMED_OUT = "timed_out"
    BUSY = "busy"
    """An earlier question has not been answered yet."""
    ENGINE_FAILED = "engine_failed"
    MALFORMED_ANSWER = "malformed_answer"
    """Something that is not exactly an answer: a wrong type, a field too many or too few."""
    UNKNOWN_REVISION = "unknown_revision"
    """An answer by other policies than those that were expected."""
    OTHER_QUESTION = "other_question"
    """An answer to a question that was not asked here."""
    UNREACHABLE = "unreachable"
    REDIRECTED = "redirected"
    UNEXPECTED_STATUS = "unexpected_status"
    ANSWER_TOO_BIG = "answer_too_big"


class NoAnswer(Exception):
    """There is no answer that counts, for the reason `code`; `detail` tells a person more."""

    def __init__(self, code: PolicyCode, detail: str = "") -> None:
        super().__init__(f"{code.value}: {detail}" if detail else code.value)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """One answer, as it is journaled.

    `reasons` are the policies' own words, sorted; there are some exactly where the policies denied.
    `revision` is the SHA-256 of the policies that were asked. `decision_id` is made from revision and input,
    so that the same question to the same policies has the same id everywhere. `input_sha256` is None where
    the input has no canonical spelling.
    """

    code: PolicyCode
    reasons: tuple[str, ...]
    detail: str
    decision_id: str
    revision: str
    input_sha256: str | None

    def __post_init__(self) -> None:
        if bool(self.reasons) != (self.code is PolicyCode.DENIED):
            raise ValueError("a denial by the policies has reasons, and nothing else has")

    @property
    def allow(self) -> bool:
        """Whether the policies said yes."""
        return self.code is PolicyCode.ALLOWED

    def as_body(self) -> dict[str, object]:
        """The answer as it stands in a record: canonical, without floats."""
        return {
            "allow": self.allow,
            "code": self.code.value,
            "reasons": list(self.reasons),
            "detail": self.detail,
            "decision_id": self.decision_id,
            "revision": self.revision,
            "input_sha256": self.input_sha256,
        }


def is_allowed(core_allows: bool, answer: PolicyAnswer) -> bool:
    """Whether an order may go: the core and the policies both say so. Policy can only restrict."""
    return core_allows is True and answer.allow


def plain_detail(text: str) -> str:
    """`text` as a record can hold it: printable ASCII, of at most `MAX_DETAIL` characters."""
    return ascii(" ".join(text.split()))[1:-1][:MAX_DETAIL]
