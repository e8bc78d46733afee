"""What a room has said lately, as far as a next message leans on it: alerts that wait for their details,
and the one instrument it calls. Memory only; what texts mean stands in `intents`.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from hive_core.configuration.model import SourceProfile
from hive_core.signals.parser.context import NAMED_BEFORE, NO_CONTEXT, ONLY_ONE_CALLED, Context
from hive_core.signals.parser.intents import context_of, read_text
from hive_core.signals.parser.scale import usual_price
from hive_core.signals.updates.rescaling import readings_near
from hive_core.signals.verdicts import ActionKind, ParsedSignal, ParsedUpdate, Refused, Verdict

MEMORY = timedelta(hours=23)
"""How far back a message may lean on what stood before it: less than the one day that is read as context,
so a day read alone is read as with all others."""

ALERT_WINDOW = timedelta(minutes=15)
"""Details that answer no message complete an alert of their source that is at most this old."""

_NEAR_FACTOR = Decimal(4)
"""How many times the last stop a price of the same instrument may be at most: no two scales are as near."""

_ENDS = frozenset({ActionKind.CANCEL, ActionKind.CLOSE})

HABIT_SIGNALS = 3
"""So many signals of one instrument, and none of another, within `MEMORY` are a habit."""


@dataclass(frozen=True, slots=True)
class _Alert:
    ts: datetime
    context: Context


@dataclass(slots=True)
class Room:
    """The memory of one source. Bounded: what is older than `MEMORY` is forgotten."""

    profile: SourceProfile
    _answered: dict[str, tuple[datetime, Context]] = field(default_factory=dict)
    _order: deque[tuple[datetime, str]] = field(default_factory=deque)
    _alert: _Alert | None = None
    _called: deque[tuple[datetime, str]] = field(default_factory=deque)
    _calls_of: Counter[str] = field(default_factory=Counter)
    _last_stop: dict[str, Decimal] = field(default_factory=dict)
    _last_symbol: str = ""

    def read(self, ts: datetime, message_id: str, text: str, reply_to: str | None) -> list[Verdict]:
        """The verdicts on the room's next message. Messages come in order of time."""
        self._forget(ts - MEMORY)
        context = self._context(ts, reply_to)
        verdicts = read_text(text, self.profile, context, ts)
        self._remember(ts, message_id, text, verdicts)
        return [self._on_scale(verdict, context) for verdict in verdicts]

    def _on_scale(self, verdict: Verdict, context: Context) -> Verdict:
        """An update with its prices read as those of the signals before it: "3.649" of gold is 3649."""
        if not isinstance(verdict, ParsedUpdate):
            return verdict
        symbol = verdict.symbol or context.symbol
        known = self._last_stop.get(symbol or self._last_symbol)
        if known is None and symbol is not None:
            known = usual_price(symbol)
        if known is None:
            return verdict
        actions = tuple(
            replace(
                action,
                price=_nearest_reading(action.price, known),
                entry_price=_nearest_reading(action.entry_price, known),
            )
            for action in verdict.actions
        )
        return replace(verdict, actions=actions)

    def _context(self, ts: datetime, reply_to: str | None) -> Context:
        if reply_to is not None and reply_to in self._answered and self._answered[reply_to][0] <= ts:
            said = self._answered[reply_to][1]
            return replace(said, habit=self._habit())
        if self._alert is not None and timedelta(0) <= ts - self._alert.ts <= ALERT_WINDOW:
            return replace(self._alert.context, habit=self._habit())
        habit = self._habit()
        return NO_CONTEXT if habit is None else Context(habit=habit)

    def _habit(self) -> tuple[str, Decimal] | None:
        if len(self._calls_of) != 1 or len(self._called) < HABIT_SIGNALS:
            return None
        return self._last_symbol, self._last_stop[self._last_symbol]

    def _remember(self, ts: datetime, message_id: str, text: str, verdicts: list[Verdict]) -> None:
        """What texts say by themselves is remembered; what they lean on is not: memory must have an end."""
        for verdict in verdicts:
            if isinstance(verdict, ParsedUpdate) and _ENDS.intersection(
                action.kind for action in verdict.actions
            ):
                self._alert = None
            if isinstance(verdict, ParsedSignal):
                self._alert = None
                if not {NAMED_BEFORE, ONLY_ONE_CALLED}.intersection(verdict.grounds):
                    self._called.append((ts, verdict.symbol))
                    self._calls_of[verdict.symbol] += 1
                    self._last_stop[verdict.symbol] = verdict.stop_loss
                    self._last_symbol = verdict.symbol
                    self._answer(ts, message_id, Context(verdict.symbol))
            elif (
                isinstance(verdict, Refused) and (left := context_of(text, verdict, self.profile)) is not None
            ):
                self._answer(ts, message_id, left)
                if left.side is not None:
                    self._alert = _Alert(ts, left)

    def _answer(self, ts: datetime, message_id: str, context: Context) -> None:
        self._answered[message_id] = (ts, context)
        self._order.append((ts, message_id))

    def _forget(self, before: datetime) -> None:
        while self._called and self._called[0][0] < before:
            _, symbol = self._called.popleft()
            self._calls_of[symbol] -= 1
            if not self._calls_of[symbol]:
                del self._calls_of[symbol], self._last_stop[symbol]
                self._last_symbol = self._called[-1][1] if self._called else ""
        while self._order and self._order[0][0] < before:
            ts, message_id = self._order.popleft()
            if self._answered.get(message_id, (None,))[0] == ts:
                del self._answered[message_id]


def _nearest_reading(price: Decimal | None, known: Decimal) -> Decimal | None:
    """The reading of a written price that stands near a known one; the price as it is where none does."""
    if price is None:
        return None
    return next(iter(readings_near(price, known, _NEAR_FACTOR)), price)
