"""What the answer to a request that changes something says: its transactions, and their reports.

An answer that cannot be understood to its end is ambiguous, never a guess. Who is asked what belongs to
`adapter`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hive_core.contracts.broker import BrokerReport, ReportKind
from hive_core.contracts.reasons import RejectionReason
from hive_exec.brokers.oanda.reading import Unreadable, read_document
from hive_exec.brokers.oanda.reasons import BY_REPLACEMENT, DUPLICATES, our_reason
from hive_exec.brokers.oanda.reports import Interpreter
from hive_exec.brokers.oanda.transactions import (
    Cancelled,
    CancelRefused,
    DependentRefused,
    OrderRefused,
    Transaction,
    read_transaction,
)
from hive_exec.brokers.oanda.transport import Answer
from hive_exec.brokers.port import Ambiguous, Unavailable


class Answers:
    """Reads the answers to the requests of one account."""

    def __init__(
        self, interpreter: Interpreter, account: str, account_id: str, now_ns: Callable[[], int]
    ) -> None:
        self._interpreter = interpreter
        self._account = account
        self._account_id = account_id
        self._now_ns = now_ns

    def told(self, answer: Answer, names: Sequence[str]) -> list[Transaction]:
        """The transactions of an answer, in their order.

        Raises:
            Ambiguous: it cannot be understood, or holds none of them.
        """
        try:
            document = read_document(answer.body)
            document.id("lastTransactionID")
            held = [document.inner(name) for name in names if document.has(name)]
            told = [read_transaction(one, self._account_id) for one in held]
        except Unreadable as error:
            raise Ambiguous(f"OANDA answered {answer.status}, and {error}") from None
        if not told:
            raise Ambiguous(f"OANDA answered {answer.status} without a word of what became of it")
        return sorted(told, key=lambda one: one.head.id)

    def reports(self, told: Sequence[Transaction], client_order_id: str) -> list[BrokerReport]:
        """Reports of an answer. Each of its transactions must say something of the order.

        Raises:
            Ambiguous: one of them does not, or says that the id is in use.
        """
        found: list[BrokerReport] = []
        for one in told:
            reason = one.reason if isinstance(one, OrderRefused | Cancelled) else ""
            if reason in DUPLICATES:
                raise Ambiguous(
                    f"OANDA says {reason}: a request with the id {client_order_id} is there already"
                )
            if reason == BY_REPLACEMENT:
                continue
            try:
                said = self._interpreter.reports([one])
            except Unavailable as error:
                raise Ambiguous(f"OANDA answered, and what it did cannot be told yet: {error}") from None
            if not any(report.client_order_id == client_order_id for report in said):
                kind = one.head.type.value
                raise Ambiguous(f"OANDA's answer holds a {kind} that is not of order {client_order_id}")
            found.extend(said)
        return found

    def refusal(
        self, told: Sequence[Transaction], owner: str, kind: ReportKind, said: str = ""
    ) -> BrokerReport:
        """The report that a request about an order was refused. `said` stands before the venue's words.

        Raises:
            Ambiguous: nothing of the answer refuses it.
        """
        for one in told:
            if isinstance(one, OrderRefused | CancelRefused | Cancelled | DependentRefused):
                reason = our_reason(one.reason)
                return self._interpreter.say(one.head, owner, kind, reason=reason, text=said + one.reason)
        raise Ambiguous("OANDA's answer neither does what was asked nor refuses it")

    def not_allowed(self, owner: str, kind: ReportKind, answer: Answer, what: str) -> BrokerReport:
        """The report of a 401 or 403: refused before processing, whatever the body says."""
        text = (
            f"OANDA answered {answer.status} before processing: check the token and the rights of account_id"
        )
        return self._own_words(owner, kind, RejectionReason.NOT_AUTHORISED, f"{answer.status}:{what}", text)

    def nothing_there(self, owner: str, kind: ReportKind, what: str) -> BrokerReport:
        """The report that the venue holds nothing which could be changed."""
        text = "the venue holds neither a waiting order nor an open trade of this id"
        return self._own_words(owner, kind, RejectionReason.UNKNOWN_ORDER, what, text)

    def _own_words(
        self, owner: str, kind: ReportKind, reason: RejectionReason, what: str, text: str
    ) -> BrokerReport:
        """A report that no transaction of the venue stands behind: its id comes from the time instead."""
        now_ns = self._now_ns()
        return BrokerReport(
            account=self._account,
            client_order_id=owner,
            kind=kind,
            execution_id=f"oanda:{what}:{owner}:{now_ns}",
            ts_ns=now_ns,
            reason=reason.value,
            text=text,
        )
