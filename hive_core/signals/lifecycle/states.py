"""One signal's life: its state, and what each action makes of it.

Which signal an update belongs to stands in `references`; the order of events in `fold`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from hive_core.signals.lifecycle.events import EventOrder, PostedSignal


class SignalState(StrEnum):
    """Where a signal stands. The first four are open."""

    PENDING = "pending"
    ACTIVE = "active"
    AMENDED = "amended"
    PARTIALLY_CLOSED = "partially_closed"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


OPEN_STATES = frozenset(
    {SignalState.PENDING, SignalState.ACTIVE, SignalState.AMENDED, SignalState.PARTIALLY_CLOSED}
)
_ENDS = frozenset({SignalState.CLOSED, SignalState.CANCELLED, SignalState.SUPERSEDED, SignalState.DELETED})
TRANSITIONS: dict[SignalState, frozenset[SignalState]] = {
    SignalState.PENDING: frozenset(SignalState) - {SignalState.PENDING},
    SignalState.ACTIVE: _ENDS | {SignalState.AMENDED, SignalState.PARTIALLY_CLOSED},
    SignalState.AMENDED: _ENDS | {SignalState.PARTIALLY_CLOSED, SignalState.EXPIRED},
    SignalState.PARTIALLY_CLOSED: _ENDS,
    # Told of by a reply, an expired order was filled in time after all.
    SignalState.EXPIRED: frozenset(SignalState) - {SignalState.PENDING, SignalState.EXPIRED},
    SignalState.CLOSED: frozenset({SignalState.SUPERSEDED}),
    SignalState.CANCELLED: frozenset({SignalState.SUPERSEDED}),
    SignalState.SUPERSEDED: frozenset(),
    SignalState.DELETED: frozenset(),
}
"""Every state and what may follow it. A closed or cancelled signal is superseded by a later version of
its message, which is as closed; nothing opens again."""


@dataclass(slots=True)
class Life:
    """A signal and what has become of it. Changed only by the fold that owns it."""

    signal: PostedSignal
    first_signal_id: str
    source: str
    message_id: str
    version: int
    ts_event: datetime
    order: EventOrder
    stop: Decimal | None
    targets: tuple[Decimal, ...]
    entry: tuple[Decimal, Decimal] | None
    is_active: bool
    ts_changed: datetime
    closed_share: Decimal = Decimal(0)
    closed_layers: tuple[Decimal, ...] = ()
    is_at_breakeven: bool = False
    targets_hit: int = 0
    amendments: int = 0
    history: int = 1
    ended: SignalState | None = None
    superseded_by: str | None = None
    partials: dict[tuple[Decimal | None, Decimal | None], datetime] = field(default_factory=dict)
    """When each share of each layer was last asked to be closed: so that it counts once when repeated."""

    @property
    def layers(self) -> tuple[Decimal, ...]:
        """The prices at which it enters: both edges of a zone, or its one price; none for the market's."""
        if self.entry is None:
            return ()
        return tuple(dict.fromkeys(self.entry))

    @property
    def open_layers(self) -> tuple[Decimal, ...]:
        """The layers that are not closed."""
        return tuple(layer for layer in self.layers if layer not in self.closed_layers)

    def state_at(self, now: datetime) -> SignalState:
        """Its state: an order that nobody said was filled expires with its validity."""
        if self.ended is not None:
            return self.ended
        if not self.is_active and now >= self.signal.valid_until:
            return SignalState.EXPIRED
        if self.closed_share > 0:
            return SignalState.PARTIALLY_CLOSED
        if self.amendments:
            return SignalState.AMENDED
        return SignalState.ACTIVE if self.is_active else SignalState.PENDING

    def is_open_at(self, now: datetime) -> bool:
        """Whether anything can still become of it."""
        return self.state_at(now) in OPEN_STATES

    def effective_stop(self) -> Decimal | None:
        """The stop that stands: at break-even the mean price of the open layers, if it has one."""
        if not self.is_at_breakeven:
            return self.stop
        layers = self.open_layers or self.layers
        return sum(layers, Decimal(0)) / len(layers) if layers else None


def begin(signal: PostedSignal, source: str, message_id: str, version: int, order: EventOrder) -> Life:
    """The life of a signal from its posting on."""
    return Life(
        signal=signal,
        first_signal_id=signal.signal_id,
        source=source,
        message_id=message_id,
        version=version,
        ts_event=order[0],
        order=order,
        stop=signal.stop_loss,
        targets=signal.take_profits,
        entry=signal.entry,
        is_active=signal.order_type == "market",
        ts_changed=order[0],
    )


def amended(old: Life, signal: PostedSignal, version: int, order: EventOrder) -> Life:
    """The life of a signal under a new version of its message; the old one is superseded.

    What was done to it stays done. A price that the new text changes is the new one's; the entry stays,
    once it is told to have happened.
    """
    before = old.signal
    new_stop = signal.stop_loss != before.stop_loss
    new_targets = signal.take_profits != before.take_profits
    new_entry = signal.entry != before.entry and not old.is_active
    is_changed = new_stop or new_targets or new_entry
    life = Life(
        signal=signal,
        first_signal_id=old.first_signal_id,
        source=old.source,
        message_id=old.message_id,
        version=version,
        ts_event=old.ts_event,
        order=old.order,
        stop=signal.stop_loss if new_stop else old.stop,
        targets=signal.take_profits if new_targets else old.targets,
        entry=signal.entry if new_entry else old.entry,
        is_active=old.is_active or signal.order_type == "market",
        ts_changed=order[0] if is_changed else old.ts_changed,
        closed_share=old.closed_share,
        closed_layers=old.closed_layers,
        is_at_breakeven=old.is_at_breakeven and not new_stop,
        targets_hit=old.targets_hit,
        amendments=old.amendments + is_changed,
        history=old.history + 1,
        ended=old.ended,
        partials=dict(old.partials),
    )
    old.ended = SignalState.SUPERSEDED
    old.superseded_by = signal.signal_id
    old.ts_changed = order[0]
    old.history += 1
    return life


def end(life: Life, state: SignalState, now: datetime) -> bool:
    """End a life, if it has not ended; whether that changed it."""
    if life.ended is not None:
        return False
    life.ended = state
    life.ts_changed = now
    life.history += 1
    return True
