"""The port every broker adapter fits: submit a bracket, flatten, and say what happened since."""

from __future__ import annotations

from typing import Protocol

from hive_core.contracts.order import BracketOrder
from hive_exec.core.events import VenueReport
from hive_exec.core.records import FeedPosition


class Broker(Protocol):
    """What the daemon needs of a venue. A report that was given out is given out again when asked."""

    def submit(self, order: BracketOrder, at: FeedPosition) -> None:
        """Send an order. What became of it comes as a report."""

    def flatten(self, account: str, at: FeedPosition) -> None:
        """Cancel every order and close every position of an account at the next price."""

    def reports_since(self, account: str, venue_seq: int) -> list[VenueReport]:
        """Every report after a sequence number, in order: the back-fill after a restart."""
