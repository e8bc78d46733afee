"""The live lane in the daemon: which lane answers now, and how a new deck takes over between two messages.

A deck is read and made into a lane beside the cell's thread, for that takes a while; it takes over in the
cell's thread. What a message becomes is `live`'s, which deck may be used is `decks`'s.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from hive_core.contracts.lane import LaneOutcome
from hive_core.contracts.message import Message
from hive_core.signals.lane_context import LaneContext
from hive_core.signals.recompute import Heard
from hive_exec.lanes.live import LiveLane, Taken, unjudged

_log = logging.getLogger("hive_exec.lanes")

MAX_TRIES = 3
"""So often a lane is made beside the cell's thread while messages come; after that, in it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A lane of a new deck, with the messages that it was made of."""

    lane: LiveLane
    heard: tuple[Heard, ...]


class ServedLane:
    """The lane that answers. `take` and `adopt` are the cell's thread's; `prepare` is anybody's."""

    def __init__(self, heard: tuple[Heard, ...] = ()) -> None:
        """Before the first deck; `heard` are the messages that the journal says were judged."""
        self._lane: LiveLane | None = None
        self._heard = heard

    @property
    def heard(self) -> tuple[Heard, ...]:
        """Every message that was judged and may still count, in the order in which they came."""
        return self._heard if self._lane is None else self._lane.heard

    @property
    def is_at_work(self) -> bool:
        """Whether there is a lane that judges. Without one every message has the same fate."""
        return self._lane is not None

    @property
    def deck_sha256(self) -> str | None:
        """The deck by which it answers."""
        return None if self._lane is None else self._lane.context.sha256

    def take(
        self, key: str, message: Message, *, received_ns: int, now_ns: int, is_deleted: bool = False
    ) -> Taken:
        """Judge a message, or say that there is no deck that holds.

        A fault of ours ends neither the daemon nor the lane: it is answered, logged, and the lane is made
        anew from what it had heard before.
        """
        if self._lane is None:
            why = "there is no deck: materialise the asset deck"
            return unjudged(
                key, message, LaneOutcome.NO_DECK, why, received_ns=received_ns, is_deleted=is_deleted
            )
        heard, context = self._lane.heard, self._lane.context
        try:
            return self._lane.take(
                key, message, received_ns=received_ns, now_ns=now_ns, is_deleted=is_deleted
            )
        except Exception as error:  # noqa: BLE001 (one message must not end the daemon)
            _log.exception("the live lane failed at %s", key)
            self._make_anew(context, heard)
            return unjudged(
                key,
                message,
                LaneOutcome.FAILED,
                f"{type(error).__name__}: {error}",
                received_ns=received_ns,
                deck_sha256=context.sha256,
                is_deleted=is_deleted,
            )

    def _make_anew(self, context: LaneContext, heard: tuple[Heard, ...]) -> None:
        """What failed may have left half a message behind. Where that fails too there is no lane, and
        messages are refused, until a newer deck makes one."""
        self._lane, self._heard = None, heard
        try:
            self._lane = LiveLane(context, heard)
        except Exception:  # noqa: BLE001 (one deck must not end the daemon)
            _log.exception("the live lane cannot be made anew; it waits for a newer deck")

    def prepare(self, context: LaneContext) -> Prepared:
        """A lane of a new deck and of what was heard up to now."""
        heard = self.heard
        return Prepared(LiveLane(context, heard), heard)

    def adopt(self, prepared: Prepared, tries: int) -> bool:
        """Let a prepared lane take over.

        Returns:
            whether it did: not when messages came meanwhile and there are tries left; then prepare anew.
        """
        if prepared.heard != self.heard:
            if tries < MAX_TRIES:
                return False
            prepared = self.prepare(prepared.lane.context)
        self._lane = prepared.lane
        return True
