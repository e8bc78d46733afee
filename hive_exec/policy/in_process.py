"""Policies evaluated in this process, by rego-cpp (the package regopy): nothing to install, nothing to reach.

Chosen of three for being an official build and for letting other threads run while it works. It may end the
process on Rego outside the subset, so `bundle` lets nothing else come this far.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hive_core.contracts.base import strict_json
from hive_core.evidence.canonical import canonical_bytes
from hive_exec.policy.answer import NoAnswer, PolicyAnswer, PolicyCode, plain_detail
from hive_exec.policy.bundle import PolicyBundle, PolicyUnusable
from hive_exec.policy.deadline import Deadline
from hive_exec.policy.port import answer_of
from hive_exec.policy.question import Question
from hive_exec.policy.reading import ENTRY

DECISION_TIMEOUT_S = 0.25
"""A decision takes a millisecond; 250 of them are a machine in trouble."""


class InProcessEngine:
    """A policy engine on a thread of its own."""

    def __init__(self, bundle: PolicyBundle, *, timeout_s: float = DECISION_TIMEOUT_S) -> None:
        """Compile the policies.

        Raises:
            PolicyUnusable: the engine refuses them.
        """
        self._revision = bundle.revision
        self._rego = _Rego(bundle)
        self._deadline = Deadline("hive-policy", timeout_s)

    @property
    def revision(self) -> str:
        """The SHA-256 of the policies."""
        return self._revision

    def decide(self, document: Mapping[str, Any]) -> PolicyAnswer:
        """Ask about one order; whatever fails denies."""
        return answer_of(document, self._revision, self._rego.decision, self._deadline)

    def close(self) -> None:
        """Answer nothing any more."""
        self._deadline.close()


class _Rego:
    """The interpreter and the compiled policies. Used by one thread at a time."""

    def __init__(self, bundle: PolicyBundle) -> None:
        from regopy import Interpreter, LogLevel, RegoError

        self._entry = "/".join(ENTRY)
        self._interpreter = Interpreter()
        self._interpreter.log_level = LogLevel.NONE
        # Without this a failing built-in is silently undefined, and a rule that denies by it never does.
        self._interpreter.strict_built_in_errors = True
        try:
            self._interpreter.add_data_json(canonical_bytes(bundle.served_data()).decode())
            for name, source in sorted(bundle.modules.items()):
                self._interpreter.add_module(name, source)
            self._compiled = self._interpreter.build(None, [self._entry])
        except RegoError as error:
            raise PolicyUnusable(plain_detail(str(error))) from None
        if not self._compiled.ok():
            raise PolicyUnusable("the policies do not compile")

    def decision(self, question: Question) -> object:
        # As JSON text: handed over as a value, texts end at a NUL and integers wrap at 64 bits.
        self._interpreter.set_input_term(question.payload.decode())
        output = self._interpreter.query_bundle_entrypoint(self._compiled, self._entry)
        said = str(output)
        if not output.ok():
            raise NoAnswer(PolicyCode.ENGINE_FAILED, said)
        if said == "undefined":
            raise NoAnswer(PolicyCode.UNDEFINED, "the policies give no decision")
        result = strict_json(said.encode())
        if not isinstance(result, dict) or result.keys() != {"expressions"}:
            raise NoAnswer(PolicyCode.MALFORMED_ANSWER, "the engine gave something else than expressions")
        if not isinstance(result["expressions"], list) or len(result["expressions"]) != 1:
            raise NoAnswer(PolicyCode.MALFORMED_ANSWER, "the engine gave other than one expression")
        return result["expressions"][0]
