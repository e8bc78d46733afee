"""A report of the venue in this process: what it says, its place in the venue's own log, and when it
happened by the account's clock (which in a replay is that of the prices)."""

from __future__ import annotations

from dataclasses import dataclass

from hive_core.contracts.broker import BrokerReport
from hive_exec.core.records import FeedPosition


@dataclass(frozen=True, slots=True)
class VenueReport:
    """`venue_seq` counts the venue's reports of an account from 1, without a gap."""

    venue_seq: int
    at: FeedPosition
    report: BrokerReport
