"""What the life of signals is folded from: one version of one message, with what the parser said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from hive_core.signals.verdicts import ParsedUpdate, Refused

REACH = timedelta(days=7)
"""How many whole UTC days before its own an update can reach: a signal posted earlier is not found."""

EventOrder = tuple[datetime, int, str, int]


@dataclass(frozen=True, slots=True)
class PostedSignal:
    """A signal as a message version gives it. `number` counts it among those of its message."""

    signal_id: str
    number: int
    symbol: str
    side: str
    order_type: str
    entry: tuple[Decimal, Decimal] | None
    stop_loss: Decimal
    take_profits: tuple[Decimal, ...]
    valid_until: datetime
    has_runner: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """A call without its prices: "gold buy now"."""

    symbol: str
    side: str


@dataclass(frozen=True, slots=True)
class MessageVersion:
    """A version of a message: what it gives, asks or warns of. An `update` beside `signals` is of other
    signals than these; `is_deleted`: the message is gone from here on; `refused_call`: it called for a
    trade that nobody makes, and why; `is_taken_back`: it says that its own call is void."""

    source: str
    message_id: str
    version: int
    ts_event: datetime
    message_sha256: str
    reply_to: str | None = None
    is_deleted: bool = False
    signals: tuple[PostedSignal, ...] = ()
    update: ParsedUpdate | Refused | None = None
    alert: Alert | None = None
    refused_call: Refused | None = None
    is_taken_back: bool = False

    @property
    def order(self) -> EventOrder:
        """Where it stands among the versions of its source: by time, then by the number of the message
        (shorter ids first, for most are counts), then by version."""
        return self.ts_event, len(self.message_id), self.message_id, self.version
