"""How long decisions and orders take from stage to stage: read off the records as they are written.

Accounts that live by the clock only; a replay lives in another time. How the times are counted and shown
belongs to `metrics`; the stages before a decision are timed where requests are answered.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from hive_exec.core.records import CELL, Kind, Record

Stage = Literal["accept", "durable", "decide", "send", "fill"]
"""accept: until a request is understood; durable: until its record is on the disk; decide: from a decision's
receipt until risk has judged it, waiting and persons included; send: from an order's intent until the
broker's first answer; fill: from its intent until it is filled whole."""

MAX_REMEMBERED = 10_000
"""What is older than so many others is not timed any more."""

_JUDGED = {Kind.ORDER_INTENDED, Kind.DECISION_DENIED, Kind.DECISION_SHADOWED}
_ANSWERED = {
    Kind.ORDER_ACCEPTED,
    Kind.ORDER_REJECTED,
    Kind.ORDER_EXPIRED,
    Kind.ORDER_CANCELLED,
    Kind.ORDER_PARTIALLY_FILLED,
    Kind.ORDER_FILLED,
}
_ENDED = _ANSWERED - {Kind.ORDER_ACCEPTED, Kind.ORDER_PARTIALLY_FILLED} | {Kind.ORDER_NOT_ACCEPTED}


class StageTimes:
    """Sees every record that is written, in the cell's thread, and tells how long each stage took."""

    def __init__(
        self,
        observe: Callable[[Stage, float], None],
        *,
        is_timed: Callable[[str], bool] = lambda _: True,
        monotonic_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`is_timed` says of an account whether it lives by the clock."""
        self._observe, self._is_timed, self._monotonic_s = observe, is_timed, monotonic_s
        self._decided: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._sent: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._filled: OrderedDict[tuple[str, str], float] = OrderedDict()

    def seen(self, record: Record) -> None:
        """A record was written."""
        if record.account == CELL:
            return
        kind, now_s = record.kind, self._monotonic_s()
        if kind is Kind.DECISION_RECEIVED and self._is_timed(record.account):
            _remember(self._decided, (record.account, record.body["decision_id"]), now_s)
        elif kind in _JUDGED:
            told = record.body["order"] if kind is Kind.ORDER_INTENDED else record.body
            self._tell("decide", self._decided, (record.account, told["decision_id"]), now_s)
        if kind is Kind.ORDER_INTENDED and self._is_timed(record.account):
            order = (record.account, record.body["client_order_id"])
            _remember(self._sent, order, now_s)
            _remember(self._filled, order, now_s)
        elif kind in _ANSWERED or kind in _ENDED:
            order = (record.account, record.body["client_order_id"])
            if kind in _ANSWERED:
                self._tell("send", self._sent, order, now_s)
            if kind is Kind.ORDER_FILLED:
                self._tell("fill", self._filled, order, now_s)
            if kind in _ENDED:
                self._sent.pop(order, None)
                self._filled.pop(order, None)

    def _tell(
        self, stage: Stage, began: OrderedDict[tuple[str, str], float], key: tuple[str, str], now_s: float
    ) -> None:
        began_s = began.pop(key, None)
        if began_s is not None:
            self._observe(stage, now_s - began_s)


def _remember(began: OrderedDict[tuple[str, str], float], key: tuple[str, str], now_s: float) -> None:
    began[key] = now_s
    if len(began) > MAX_REMEMBERED:
        began.popitem(last=False)
