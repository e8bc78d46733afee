"""The venue's log of an account, read whole from a cursor: the only thing that can prove an absence.

Transactions of an account are numbered one by one; a number that is missing means that the log was not
read whole. What the transactions mean belongs to `reports`.
"""

from __future__ import annotations

import re

from hive_exec.brokers.oanda.reading import Fields, Unreadable, read_document
from hive_exec.brokers.oanda.transactions import Transaction, read_transaction
from hive_exec.brokers.oanda.transport import Transport
from hive_exec.brokers.port import Unavailable

MAX_PAGES = 200
_CURSOR = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


class NotUnderstood(Unavailable):
    """The log was given, and holds what cannot be understood: asking again will not help."""


class TransactionLog:
    """Questions to the log of one account."""

    def __init__(self, transport: Transport, account_id: str) -> None:
        self._transport = transport
        self._account_id = account_id
        self._path = f"/v3/accounts/{account_id}/transactions"

    def since(self, cursor: str) -> tuple[list[Transaction], str]:
        """Every transaction after a cursor, in order, and the cursor after them.

        Raises:
            Unavailable: it could not be read, or not completely.
            NotUnderstood: it holds what cannot be understood.
        """
        if not _CURSOR.fullmatch(cursor):
            raise Unavailable(f"{cursor!r} is no cursor of OANDA's log: take a snapshot first")
        found: list[Transaction] = []
        at = int(cursor)
        for _ in range(MAX_PAGES):
            page, last = self._page(at)
            found.extend(page)
            at += len(page)
            if at == last:
                return found, str(at)
            if not page:
                raise Unavailable(f"OANDA's log ends at {last}, and nothing of it comes after {at}")
        raise Unavailable(f"OANDA's log is longer than {MAX_PAGES} pages after {cursor}")

    def one(self, transaction_id: int) -> Transaction:
        """One transaction by its number.

        Raises:
            Unavailable, NotUnderstood: as `since`, or it is not there.
        """
        answer = self._transport.ask(f"{self._path}/{transaction_id}")
        if answer.status == 404:
            raise Unavailable(f"OANDA's log has no transaction {transaction_id}")
        try:
            found = read_transaction(read_document(answer.body).inner("transaction"), self._account_id)
        except Unreadable as error:
            raise NotUnderstood(f"transaction {transaction_id}: {error}") from None
        if found.head.id != transaction_id:
            raise Unavailable(f"OANDA was asked for transaction {transaction_id} and gave {found.head.id}")
        return found

    def _page(self, after: int) -> tuple[list[Transaction], int]:
        answer = self._transport.ask(f"{self._path}/sinceid", {"id": str(after)})
        if answer.status == 404:
            raise Unavailable("OANDA does not know the account, or not this part of its log")
        try:
            document = read_document(answer.body)
            last = document.id("lastTransactionID")
            page = self._ordered(document.inners("transactions"))
        except Unreadable as error:
            raise NotUnderstood(f"OANDA's log cannot be understood: {error}") from None
        numbers = [one.head.id for one in page]
        if numbers != list(range(after + 1, after + 1 + len(numbers))):
            missing = next((n for n, m in enumerate(numbers, after + 1) if n != m), after + 1)
            raise Unavailable(f"OANDA's log was not given whole: transaction {missing} is missing")
        if last < after + len(numbers):
            raise Unavailable(f"OANDA's log ends at {last}, before what was read of it")
        return page, last

    def _ordered(self, raw: list[Fields]) -> list[Transaction]:
        """In the order of their numbers, each once. The same number with two contents is no log."""
        found: dict[int, Transaction] = {}
        for fields in raw:
            one = read_transaction(fields, self._account_id)
            if found.setdefault(one.head.id, one) != one:
                raise Unreadable(f"transaction {one.head.id} stands twice, differently")
        return [found[number] for number in sorted(found)]
