"""Sending a request once, and what its answer means. What is asked belongs to `requests`.

Only the codes that the documentation calls a refusal are one; a lost answer, no answer, "time-out", "no
connection" and codes that nobody documented are `Ambiguous`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from hive_exec.brokers.metatrader.channel import NoAnswer, NotAsked
from hive_exec.brokers.metatrader.constants import Filling
from hive_exec.brokers.metatrader.requests import Request, permitted_fillings
from hive_exec.brokers.metatrader.retcodes import Meaning, Retcode, verdict_of
from hive_exec.brokers.metatrader.rows import NotUnderstood, SendRow, SymbolRow
from hive_exec.brokers.metatrader.terminal import Terminal
from hive_exec.brokers.port import Ambiguous, NotSent, Throttled, Unavailable
from hive_exec.brokers.rate_limit import RateLimit

CHECK_PASSED = frozenset({0, Retcode.DONE, Retcode.PLACED})
"""order_check answers 0 where a request is right; terminals of some builds answer as order_send would."""
PASSING = frozenset({Retcode.TOO_MANY_REQUESTS, Retcode.CONNECTION})
"""What order_check may say and unsay within seconds, and a rejection of order_send is not."""


def may_try_another_filling(answer: SendRow, already_sent: int) -> bool:
    """Whether an entry may be sent a second time, with another filling mode: the only repeat there is.

    Only after TRADE_RETCODE_INVALID_FILL, by which the server says that it did not take the order because
    of that one field; and only once. Nothing else that an answer can say permits it, for nothing else both
    proves that no order exists and names a request that would be right.
    """
    return answer.retcode == Retcode.INVALID_FILL and already_sent == 1


class Pace:
    """Our own limit of trade requests, for brokers forbid more than a person could make. An entry that comes
    too soon is put off, and is judged again before the next try; what changes, cancels or closes waits for
    its turn, and while it does no entry takes a place."""

    def __init__(self, per_s: int, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._per_s, self._sleep = per_s, sleep
        self._limit = RateLimit(per_s, monotonic)

    def keep_to(self, *, may_wait: bool) -> None:
        """Count a request that is about to leave.

        Raises:
            Throttled: it must not wait, and there is no place now.
        """
        wait_s = self._limit.reserve() if may_wait else self._limit.take()
        if wait_s and not may_wait:
            text = f"more than {self._per_s} trade requests a second to MetaTrader"
            raise Throttled(text, max(1, math.ceil(wait_s)))
        if wait_s:
            self._sleep(wait_s)


class Sender:
    """The one place from which `order_send` is called. `trouble` hears of what is not understood."""

    def __init__(self, terminal: Terminal, trouble: Callable[[str], None], pace: Pace) -> None:
        self._terminal = terminal
        self._trouble = trouble
        self._pace = pace

    def create(
        self, request: Request, symbol: SymbolRow, *, is_pending: bool, may_wait: bool
    ) -> tuple[Meaning, SendRow]:
        """Send a request that creates an order, with a filling mode that the symbol permits. `may_wait` where
        the order closes.

        Returns:
            DONE, PLACED, PARTIAL or REFUSED, with the answer.

        Raises:
            NotSent, Throttled: it was certainly not processed.
            Ambiguous: it may have been.
        """
        for sent, filling in enumerate(self._checked_fillings(request, symbol, is_pending), start=1):
            self._pace.keep_to(may_wait=may_wait)
            meaning, answer = self._send(request | {"type_filling": int(filling)}, symbol, is_creating=True)
            if not may_try_another_filling(answer, sent):
                break
        return meaning, answer

    def change(self, request: Request, symbol: SymbolRow) -> tuple[Meaning, SendRow]:
        """Send a request that changes or removes what exists. As `create`; UNCHANGED besides."""
        self._pace.keep_to(may_wait=True)
        return self._send(request, symbol, is_creating=False)

    def _checked_fillings(self, request: Request, symbol: SymbolRow, is_pending: bool) -> tuple[Filling, ...]:
        """The filling modes that the symbol permits and `order_check` passes, the preferred first.

        Raises:
            NotSent: there is none, or the check refuses the request for another reason.
        """
        permitted = permitted_fillings(symbol, is_pending=is_pending)
        for number, filling in enumerate(permitted):
            try:
                answer = self._terminal.check(request | {"type_filling": int(filling)})
            except Unavailable as fault:
                raise NotSent(str(fault), is_passing=fault.is_passing) from None
            if answer.retcode in CHECK_PASSED:
                return permitted[number:]
            if answer.retcode != Retcode.INVALID_FILL:
                verdict = verdict_of(answer.retcode)
                text = verdict.text if verdict else "a code that is not documented"
                raise NotSent(
                    f"the check before the send: {answer.retcode} {text} ({answer.comment})",
                    is_passing=answer.retcode in PASSING,
                )
        raise NotSent(f"{symbol.name} permits no filling mode for this order")

    def _send(self, request: Request, symbol: SymbolRow, *, is_creating: bool) -> tuple[Meaning, SendRow]:
        """Send once; returns what it means, when that is known.

        Raises:
            NotSent, Throttled: it was certainly not processed.
            Ambiguous: everything else that is not documented as done or refused.
        """
        try:
            answer = self._terminal.send(request, symbol)
        except NotAsked as failure:
            raise NotSent(str(failure), is_passing=failure.is_passing) from None
        except NoAnswer as failure:
            raise Ambiguous(str(failure)) from None
        except NotUnderstood as fault:
            self._trouble(str(fault))
            raise Ambiguous(str(fault)) from None
        if isinstance(answer, str):
            raise Ambiguous(f"order_send gave no result, last error {answer}")
        verdict = verdict_of(answer.retcode)
        if verdict is None:
            text = f"MetaTrader answered {answer.retcode} ({answer.comment}), which is not documented"
            self._trouble(text)
            raise Ambiguous(text)
        meaning = verdict.creating if is_creating else verdict.changing
        text = f"{answer.retcode} {verdict.text} ({answer.comment})"
        if meaning is Meaning.THROTTLED:
            raise Throttled(text)
        if meaning is Meaning.UNKNOWN:
            raise Ambiguous(text)
        return meaning, answer
