"""Message: what a channel posted. Immutable; an edit is a new version."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hive_core.contracts.base import Contract, Identifier, SourceId, TimestampNs


class Message(Contract):
    """One post of one source, as it was written. `ts_event_ns` is when it was posted."""

    source: SourceId
    message_id: Identifier
    version: Annotated[int, Field(ge=1)] = 1
    ts_event_ns: TimestampNs
    text: Annotated[str, Field(max_length=16_384)]
    reply_to: Identifier | None = None
