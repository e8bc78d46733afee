"""What the live lane made of a message: one record a message, whatever became of it.

The journal keeps it beside the message, so that every answer can be made again: from the deck that it names,
the messages before it, and the functions of the pipeline.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hive_core.contracts.base import Contract, Identifier, Sha256, SourceId, TimestampNs

SIGNAL_JUDGED = "signal_judged"
"""The kind of the record."""

FATE = "fate"
"""In the body of a receipt: the `LaneOutcome` of a signal that no lane will judge. There is no record of its
judgement then."""

MAX_DETAIL = 2_000


class LaneOutcome(StrEnum):
    """What became of a message in the live lane."""

    JUDGED = "judged"
    """It was read, and from now on is part of what next messages lean on."""
    NO_DECK = "no_deck"
    """There is no context that holds: nothing is guessed."""
    LATE = "late"
    """A later message of its source was heard before, or it is older than the context reaches."""
    FROM_THE_FUTURE = "from_the_future"
    REPEATED = "repeated"
    """This version of the message, or its deletion, was heard before, or stands in the deck."""
    CONFLICT = "conflict"
    """The message is known with other content, and this is no later version of it."""
    FULL = "full"
    """More messages or sources than are held at once."""
    FAILED = "failed"
    """A fault of ours met it; the daemon's log has it. The message is not heard."""


class SignalFate(Contract):
    """What became of one row that a message was read as.

    `outcome` is that of resolution (`signals.judging.ResolutionOutcome`) for a valid signal; `quarantined`
    with its reason for one that is not; `late` for one whose account and instrument had heard a later one;
    `update` for what speaks of a signal that stands. Noise has no fate.
    """

    signal_id: Identifier
    outcome: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
    reason: Annotated[str, Field(pattern=r"^[a-z_]{0,48}$")] = ""
    detail: Annotated[str, Field(max_length=MAX_DETAIL)] = ""
    decision_id: Identifier | None = None
    decision_sha256: Sha256 | None = None


class SignalJudged(Contract):
    """The live lane's answer to a message. `key` is that of its submission, `deck_sha256` the deck by which
    it was judged (None where there was none), `version`, `earlier_versions` and `message_sha256`
    those under which it is known.
    """

    key: Identifier
    source: SourceId
    message_id: Identifier
    version: Annotated[int, Field(ge=1)]
    earlier_versions: Annotated[int, Field(ge=0)] = 0
    message_sha256: Sha256
    ts_received_ns: TimestampNs
    deck_sha256: Sha256 | None
    outcome: LaneOutcome
    detail: Annotated[str, Field(max_length=MAX_DETAIL)] = ""
    fates: Annotated[tuple[SignalFate, ...], Field(max_length=256)] = ()
