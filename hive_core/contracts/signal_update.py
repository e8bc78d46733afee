"""SignalUpdate: what a source asks to do with a signal that stands, attached to that signal.

It crosses to the daemon, which alone knows what was traded. Which signal an update belongs to is found
in `hive_core.signals.lifecycle`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hive_core.contracts.base import (
    Contract,
    ExactDecimal,
    Identifier,
    Price,
    Sha256,
    SourceId,
    TimestampNs,
)
from hive_core.evidence.canonical import short_id

UpdateKind = Literal[
    "breakeven",
    "move_stop",
    "move_target",
    "partial_close",
    "close",
    "cancel",
    "target_hit",
    "stop_hit",
]
_PRICED = frozenset({"move_stop", "move_target"})


class UpdateAction(Contract):
    """One step. `price` is the new stop or target, `share` the part of what is left that is closed,
    `entry_price` the layer of several that it is said of, all in full. A hit is a notice: nothing is to
    be done."""

    kind: UpdateKind
    price: Price | None = None
    share: Annotated[ExactDecimal, Field(gt=0, le=Decimal(1))] | None = None
    target_number: Annotated[int, Field(ge=1, le=16)] | None = None
    entry_price: Price | None = None

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        if (self.price is not None) != (self.kind in _PRICED):
            raise ValueError(f"a {self.kind} {'needs a' if self.kind in _PRICED else 'has no'} price")
        if (self.share is not None) != (self.kind == "partial_close"):
            raise ValueError("a share is of a partial close, and every partial close has one")
        return self


class SignalUpdate(Contract):
    """The actions of one message version for one signal, in the order in which they are said.

    `update_id` is made of the message version and the signal, so the same update has the same id
    everywhere, and comes into effect once.
    """

    update_id: Identifier
    source: SourceId
    message_id: Identifier
    version: Annotated[int, Field(ge=1)]
    message_sha256: Sha256
    signal_id: Identifier
    actions: Annotated[tuple[UpdateAction, ...], Field(min_length=1, max_length=16)]
    ts_event_ns: TimestampNs

    @model_validator(mode="after")
    def _is_named_by_its_content(self) -> Self:
        if self.update_id != update_id(self.source, self.message_id, self.version, self.signal_id):
            raise ValueError("update_id is not that of its message version and signal")
        return self


def update_id(source: str, message_id: str, version: int, signal_id: str | None) -> str:
    """The id of what a message version asks of a signal; of none, where it belongs to none."""
    return short_id(
        "upd",
        {"source": source, "message_id": message_id, "version": version, "signal_id": signal_id},
    )
