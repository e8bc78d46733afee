"""The port that every broker adapter fits.

An adapter speaks for one account at one venue. Its methods block, are called by one thread at a time
(`listen` by a thread of its own), hold no state that a restart would miss, and never send an
order-creating request twice by themselves: no retry, no reconnect-and-resend. What is not known is said
to be not known. `hive_exec.brokers.desk` turns calls into events for the core.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from hive_core.contracts.broker import BrokerReport, BrokerSnapshot, Capabilities, Lookup
from hive_core.contracts.order import BracketOrder


class NotSent(Exception):
    """Not one byte of the request left this process: it certainly did not reach the venue.

    `is_passing` says that the cause may heal within seconds: the way to the venue (a refused connection, a
    question before the request that got no answer, an old quote) or a rate of requests. What the venue, the
    account or the symbol cannot do, and credentials that were refused, stay as they are: not passing.
    """

    def __init__(self, text: str, *, is_passing: bool = False) -> None:
        super().__init__(text)
        self.is_passing = is_passing


class Ambiguous(Exception):
    """The request may have reached the venue, and what became of it is not known: a time-out, a reset, a
    5xx, an answer that cannot be read, after the first byte was sent."""


class Unavailable(Exception):
    """A question could not be answered (connection, maintenance, rate limit). Nothing is known from it.

    `is_passing`, as of `NotSent`, is False where it will not be answered either in a few seconds.
    """

    def __init__(self, text: str, *, is_passing: bool = True) -> None:
        super().__init__(text)
        self.is_passing = is_passing


class Throttled(NotSent):
    """Refused before it was processed, by the venue's rate limit or our own; `retry_after_s` says when."""

    def __init__(self, text: str, retry_after_s: int = 1) -> None:
        super().__init__(text, is_passing=True)
        self.retry_after_s = retry_after_s


class Sink(Protocol):
    """Where a listening adapter puts what it hears. Thread-safe; never blocks for long."""

    def reported(self, report: BrokerReport) -> None:
        """A report, in whatever order the venue sends them, duplicates included."""

    def quoted(self, symbol: str, bid: Decimal, ask: Decimal, ts_ns: int) -> None:
        """A quote of an instrument, by our symbol."""

    def gap(self, text: str) -> None:
        """The stream was interrupted: reports and quotes may be missing. Said once the stream is back."""

    def trouble(self, text: str) -> None:
        """The venue said what cannot be understood (unknown enum, missing field). No new risk until a
        snapshot agrees again."""


class Broker(Protocol):
    """One account at one venue."""

    @property
    def capabilities(self) -> Capabilities:
        """What the venue can do."""

    def submit(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """Send one order-creating request with stop and target in it.

        Returns:
            what the venue answered: accepted, filled, rejected, as reports.

        Raises:
            NotSent: nothing left (no connection; the venue cannot express the order; throttled). Only one
                that is passing is tried again.
            Ambiguous: it may have arrived.
        """

    def modify(
        self, order: BracketOrder, stop_loss: Decimal | None, take_profit: Decimal | None
    ) -> Sequence[BrokerReport]:
        """Move the stop or the target of a working order or of the position it opened; None leaves it.

        Raises:
            NotSent, Ambiguous: as `submit`. Repeating it is harmless.
        """

    def cancel(self, order: BracketOrder) -> Sequence[BrokerReport]:
        """Cancel what of an order still works. Raises as `submit`; repeating it is harmless."""

    def close_position(
        self, order: BracketOrder, lots: Decimal | None, request_id: str
    ) -> Sequence[BrokerReport]:
        """Close what an order opened, or `lots` of it, at the market. `request_id` names this request at the
        venue, so that a netting venue's closing order is known for ours.

        Raises:
            NotSent, Ambiguous: as `submit`. It must never open a position the other way (reduce only).
        """

    def look_up(self, order: BracketOrder, since_cursor: str) -> Lookup:
        """What became of an order, by the venue's own records.

        Args:
            since_cursor: the cursor of a snapshot taken before the order was sent, or "".

        Raises:
            Unavailable: the question could not be answered.
        """

    def snapshot(self) -> BrokerSnapshot:
        """The venue's books now.

        Raises:
            Unavailable: the question could not be answered.
        """

    def reports_since(self, cursor: str) -> tuple[tuple[BrokerReport, ...], str]:
        """Every report of our orders after a cursor, in the venue's order, and the cursor after them.

        Raises:
            Unavailable: the question could not be answered, or not completely.
        """

    def listen(self, symbols: Sequence[str], sink: Sink, stop: threading.Event) -> None:
        """Hear reports and quotes until `stop` is set. Reconnects by itself, within the venue's limits, and
        tells `sink.gap` each time. A stream without a heartbeat for longer than the venue promises is one
        that broke."""

    def close(self) -> None:
        """Let go of connections. Nothing is cancelled."""
