"""A desk: the threads between the cell and one broker. Calls go out one at a time, lessening risk first;
what comes back, and what the venue says by itself, becomes events for the core.

The last look before an order leaves is here: the kill switch, the lease and the order's age are asked in
this thread, so that neither a busy cell nor a process that slept can send what must not leave any more.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hive_core.backtest.fills import BarPrices
from hive_core.contracts.broker import BrokerReport
from hive_core.contracts.order import BracketOrder
from hive_exec.brokers.port import Ambiguous, Broker, NotSent, Throttled, Unavailable
from hive_exec.core.events import (
    BarRanged,
    BreakerTrip,
    Cancel,
    ClosePosition,
    Effect,
    Event,
    HealthObserved,
    LookedUp,
    LookUp,
    Modify,
    Reported,
    RequestFailed,
    SnapshotTaken,
    Submit,
    SubmitNotSent,
    SubmitUnknown,
)
from hive_exec.failpoints import failpoint

_log = logging.getLogger("hive_exec.desk")

RETRY_AFTER_S = 2
"""When an order is tried again of which nothing was sent for a cause that passes."""
LOOK_UP_EVERY_S = 2.0
DOWN_AFTER = 3
"""How many questions in a row must stay unanswered until the venue counts as down."""
STOP_AFTER_S = 5.0
MAX_ORDERS = 256
"""How many orders may wait to leave. One beyond them would be old before its turn came: it is refused."""

_FIRST, _SECOND, _LAST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Guard:
    """What is asked in the desk's own thread just before an order leaves. Each answer is a reason not to
    send, or ""."""

    forbids: Callable[[BracketOrder], str]
    monotonic_s: Callable[[], float]


@dataclass(order=True, slots=True)
class _Task:
    rank: int
    due_s: float
    number: int
    effect: Effect | None = field(compare=False)
    """None: compare the books."""


@dataclass(slots=True)
class _Range:
    """Bid and ask of an instrument over a window."""

    bids: list[Decimal]
    asks: list[Decimal]

    def bar(self) -> BarPrices[Decimal]:
        """The window as a bar."""
        bids, asks = self.bids, self.asks
        return BarPrices(bids[0], max(bids), min(bids), bids[-1], asks[0], max(asks), min(asks), asks[-1])


class Desk:
    """One broker's threads. `post` hands an event to the cell; it is thread-safe and never blocks long."""

    def __init__(
        self,
        account: str,
        broker: Broker,
        post: Callable[[Event], None],
        guard: Guard,
        *,
        symbols: tuple[str, ...],
        cursor: str,
        reconcile_every_s: float,
    ) -> None:
        self.account, self.broker = account, broker
        self._post, self._guard = post, guard
        self._symbols, self._cursor = symbols, cursor
        self._reconcile_every_s = reconcile_every_s
        self._tasks: list[_Task] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._looked_up: dict[str, float] = {}
        self._left_s: dict[str, float] = {}
        """When a request whose answer is missing had certainly left, by order."""
        self._failures = 0
        self._ranges: dict[str, _Range] = {}
        self._quotes = threading.Lock()
        self._next_books_s = guard.monotonic_s()
        self._threads = [
            threading.Thread(target=self._work, name=f"desk-{account}", daemon=True),
            threading.Thread(target=self._listen, name=f"ear-{account}", daemon=True),
        ]

    def start(self) -> None:
        """Begin: the books are compared first."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads. A call that is under way is waited for, for a while; nothing is cancelled."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(STOP_AFTER_S)
        self.broker.close()

    def send(self, effect: Effect) -> None:
        """Take an effect whose records are durable.

        An order that finds no room is refused, and the core is told. What lessens risk always finds room: of
        each order one request of a kind waits, the newest, so there are no more of them than live orders.
        """
        rank = _SECOND if isinstance(effect, Submit) else _LAST if isinstance(effect, LookUp) else _FIRST
        delay_s = effect.delay_s if isinstance(effect, Submit) else 0
        now_s = self._guard.monotonic_s()
        with self._changed:
            if isinstance(effect, LookUp) and not self._is_to_be_asked(effect, now_s):
                return
            waiting = self._waiting_like(effect)
            if waiting is not None:
                _log.info("%s: asked for again before it left: %s", self.account, type(effect).__name__)
                waiting.effect = effect
                return
            if not isinstance(effect, Submit) or self._has_room():
                heapq.heappush(self._tasks, _Task(rank, now_s + delay_s, next(self._numbers), effect))
                self._changed.notify_all()
                return
        why_not = f"{MAX_ORDERS} orders wait for the venue"
        self._post(SubmitNotSent(self.account, effect.order.client_order_id, why_not, None))

    def _has_room(self) -> bool:
        return sum(isinstance(task.effect, Submit) for task in self._tasks) < MAX_ORDERS

    def _waiting_like(self, effect: Effect) -> _Task | None:
        """The request of this kind for this order that waits already. Each asks for all that there is to
        cancel or to close, so the newest says what the one before said, and more."""
        if not isinstance(effect, Cancel | ClosePosition | Modify):
            return None
        order_id = effect.order.client_order_id
        for task in self._tasks:
            waits = task.effect
            if (
                isinstance(waits, Cancel | ClosePosition | Modify)
                and type(waits) is type(effect)
                and waits.order.client_order_id == order_id
            ):
                return task
        return None

    def _is_to_be_asked(self, effect: LookUp, now_s: float) -> bool:
        """Not again before the last question was put, nor right after it: however long the venue is silent, a
        question an order waits."""
        order_id = effect.order.client_order_id
        self._looked_up = {
            each: asked_s for each, asked_s in self._looked_up.items() if now_s - asked_s < LOOK_UP_EVERY_S
        }
        waits = any(
            isinstance(task.effect, LookUp) and task.effect.order.client_order_id == order_id
            for task in self._tasks
        )
        if waits or order_id in self._looked_up:
            return False
        self._looked_up[order_id] = now_s
        return True

    def compare_books_soon(self) -> None:
        """Compare the books at the next occasion."""
        with self._changed:
            self._next_books_s = min(self._next_books_s, self._guard.monotonic_s())
            self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._tasks)

    def ranges(self) -> list[Event]:
        """The quotes since the last call, a range an instrument."""
        with self._quotes:
            taken, self._ranges = self._ranges, {}
        return [BarRanged(self.account, symbol, one.bar()) for symbol, one in taken.items()]

    # What a listening broker calls; see `port.Sink`.

    def reported(self, report: BrokerReport) -> None:
        """A report, in whatever order the venue sends them. One of another account is none of ours, and says
        that we speak with the wrong one: a person must see to it."""
        if report.account != self.account:
            why = f"the venue reports {report.client_order_id} of the account {report.account}"
            self._post(BreakerTrip(f"bot:{self.account}", "halt", why, "desk"))
            return
        self._post(Reported(report))

    def quoted(self, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> None:
        """A quote. One without a spread above zero is not a market."""
        if not 0 < bid <= ask:
            self.trouble(f"a quote of {symbol} that is none: bid {bid}, ask {ask}")
            return
        with self._quotes:
            known = self._ranges.get(symbol)
            if known is None:
                self._ranges[symbol] = _Range([bid], [ask])
            else:
                known.bids.append(bid)
                known.asks.append(ask)
                if len(known.bids) > 1_000:  # only the range counts
                    known.bids[1:-1] = [max(known.bids), min(known.bids)]
                    known.asks[1:-1] = [max(known.asks), min(known.asks)]

    def gap(self, text: str) -> None:
        """The stream was interrupted: what was missed is read from the venue's log."""
        _log.warning("%s: the venue's stream was interrupted: %s", self.account, text)
        self.compare_books_soon()

    def trouble(self, text: str) -> None:
        """The venue said what cannot be understood."""
        self._post(HealthObserved(self.account, "broker", "suspect", text))
        self.compare_books_soon()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self.broker.listen(self._symbols, self, self._stopping)
            except Unavailable as error:
                self._failed(str(error))
            except Exception as error:  # noqa: BLE001 (an adapter's fault must not end the ear)
                _log.exception("%s: listening failed", self.account)
                self._post(HealthObserved(self.account, "broker", "suspect", f"listening failed: {error}"))
            self._stopping.wait(1)

    def _work(self) -> None:
        while not self._stopping.is_set():
            effect = self._next()
            if self._stopping.is_set():
                return
            try:
                if effect is None:
                    self.compare_books()
                else:
                    self.carry_out(effect)
            except Exception as error:  # noqa: BLE001 (a fault of ours must not end the desk in silence)
                _log.exception("%s: the desk failed", self.account)
                self.trouble(f"the desk failed: {type(error).__name__}: {error}")

    def _next(self) -> Effect | None:
        """The next call, or None when it is time to compare the books."""
        with self._changed:
            while not self._stopping.is_set():
                now_s = self._guard.monotonic_s()
                due = min((task for task in self._tasks if task.due_s <= now_s), default=None)
                if due is not None:
                    self._tasks.remove(due)
                    heapq.heapify(self._tasks)
                    return due.effect
                if now_s >= self._next_books_s:
                    self._next_books_s = now_s + self._reconcile_every_s
                    return None
                next_s = min([task.due_s for task in self._tasks] + [self._next_books_s])
                self._changed.wait(max(next_s - now_s, 0.001))
        return None

    def carry_out(self, effect: Effect) -> None:
        """Make one call and tell the core what came of it."""
        match effect:
            case Submit(order):
                self._submit(order)
            case Cancel(order):
                self._request(order, "cancel", lambda: self.broker.cancel(order))
            case ClosePosition(order, lots, request_id):
                self._request(order, "close", lambda: self.broker.close_position(order, lots, request_id))
            case Modify(order, stop_loss, take_profit):
                self._request(order, "modify", lambda: self.broker.modify(order, stop_loss, take_profit))
            case LookUp(order, since_cursor):
                self._look_up(order, since_cursor)
            case _:
                raise AssertionError(f"{type(effect).__name__} is not for a desk")

    def _submit(self, order: BracketOrder) -> None:
        account, order_id = self.account, order.client_order_id
        try:
            why_not = self._guard.forbids(order)
        except Exception as error:  # noqa: BLE001 (nobody can say that it may leave)
            _log.exception("%s: the last look at %s failed", account, order_id)
            why_not = f"the last look failed: {type(error).__name__}: {error}"
        if why_not:
            self._post(SubmitNotSent(account, order_id, why_not, None))
            return
        failpoint("effect.before")
        try:
            reports = tuple(self.broker.submit(order))
        except Throttled as error:
            self._post(SubmitNotSent(account, order_id, str(error), error.retry_after_s))
        except NotSent as error:
            retry_after_s = RETRY_AFTER_S if error.is_passing else None
            self._post(SubmitNotSent(account, order_id, str(error), retry_after_s))
        except Ambiguous as error:
            self._left_s[order_id] = self._guard.monotonic_s()
            self._post(SubmitUnknown(account, order_id, str(error)))
        except Exception as error:  # noqa: BLE001 (what an adapter does not foresee may have been sent)
            self._left_s[order_id] = self._guard.monotonic_s()
            _log.exception("%s: submitting %s failed in a way that was not foreseen", account, order_id)
            self._post(SubmitUnknown(account, order_id, f"{type(error).__name__}: {error}"))
        else:
            failpoint("effect.after")
            if reports and all(report.account != account for report in reports):
                self._left_s[order_id] = self._guard.monotonic_s()
                self._post(SubmitUnknown(account, order_id, "the venue answered for another account"))
            for report in reports:
                self.reported(report)

    def _request(self, order: BracketOrder, name: str, call: Callable[[], Sequence[BrokerReport]]) -> None:
        try:
            reports = tuple(call())
        except Exception as error:  # noqa: BLE001 (asked again until the books agree)
            if not isinstance(error, (NotSent, Ambiguous)):
                _log.exception("%s: %s of %s failed", self.account, name, order.client_order_id)
            text = f"{type(error).__name__}: {error}"
            self._post(RequestFailed(self.account, order.client_order_id, name, text))
            self.compare_books_soon()
            return
        for report in reports:
            self.reported(report)

    def _look_up(self, order: BracketOrder, since_cursor: str) -> None:
        """An order can leave long after it was intended (retries, a busy desk), so its own time does not say
        how long it may be under way. One of a process before this had left when this one began to ask."""
        asked_s = self._guard.monotonic_s()
        left_s = self._left_s.setdefault(order.client_order_id, asked_s)
        try:
            lookup = self.broker.look_up(order, since_cursor)
            settle_s = self.broker.capabilities.settle_s
            if lookup.is_proof and asked_s - left_s < settle_s:
                lookup = replace(lookup, is_proof=False, text="the request may still be under way")
        except Exception as error:  # noqa: BLE001 (asked again at every tick)
            self._failed(f"asking for {order.client_order_id}: {type(error).__name__}: {error}")
            return
        if lookup.is_proof or lookup.reports:
            self._left_s.pop(order.client_order_id, None)
        self._post(LookedUp(self.account, lookup))

    def compare_books(self) -> None:
        """Everything reported since the last time, then the books: in this order into the core's queue."""
        try:
            if self.broker.capabilities.has_reports_since and self._cursor:
                reports, self._cursor = self.broker.reports_since(self._cursor)
                for report in reports:
                    self.reported(report)
            snapshot = self.broker.snapshot()
            is_hedging = self.broker.capabilities.is_hedging
            self._cursor = self._cursor or snapshot.cursor
        except Exception as error:  # noqa: BLE001 (an unanswered question, whatever the cause)
            if not isinstance(error, Unavailable):
                _log.exception("%s: reading the venue's books failed", self.account)
            self._failed(f"{type(error).__name__}: {error}")
            return
        if self.broker.capabilities.has_reports_since:
            # What happened between the two questions is read the next time, after a restart too.
            snapshot = replace(snapshot, cursor=self._cursor)
        self._failures = 0
        self._post(HealthObserved(self.account, "broker", "ok", "answers"))
        self._post(SnapshotTaken(snapshot, is_hedging))

    def _failed(self, text: str) -> None:
        self._failures += 1
        is_down = self._failures >= DOWN_AFTER
        reason = "does not answer" if is_down else f"did not answer: {text[:200]}"
        _log.warning("%s: the venue did not answer (%s in a row): %s", self.account, self._failures, text)
        self._post(HealthObserved(self.account, "broker", "down" if is_down else "suspect", reason))
        with self._changed:  # a venue that is down is asked soon, and not hammered
            pause_s = min(2.0 ** min(self._failures, 5), self._reconcile_every_s)
            self._next_books_s = self._guard.monotonic_s() + pause_s
