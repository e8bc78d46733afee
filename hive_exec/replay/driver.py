"""Driving one replay account: its clock and its quotes are the stored bars, in event order.

The core is the same as for a live account and is not told which it serves. The clock moves only up
to the time that was asked for, so that a decision which is still on its way is never overtaken.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_exec.core.events import BarBegan, BarRanged, DecisionDue, TimePassed
from hive_exec.core.records import RANK_DECISION, FeedPosition
from hive_exec.core.state import Bot, observe_quote, observe_rate
from hive_exec.replay.feed import BarClosed, BarOpened, FeedEvent, RatePublished

if TYPE_CHECKING:
    from hive_exec.cell import Cell

_AFTER_ALL_RANKS = 99
WINDOW_NS = 31 * 86_400 * NS_PER_SECOND
"""How much of the feed is held in memory at once: a month of M1 bars is some 60 MB of events."""


class ReplayDriver:
    """The place of one replay account in its feed. Runs in the cell's thread."""

    def __init__(self, cell: Cell, bot: Bot) -> None:
        self._cell = cell
        self._bot = bot
        # What core and venue have both seen; from there on events are read again.
        self._read_until_ns = min(bot.position, cell.venue.position(bot.name))[0] or bot.clock_ns
        self._window_end_ns = 0
        self._events: Iterator[FeedEvent] | None = None
        self._next: FeedEvent | None = None
        self._due: deque[tuple[FeedPosition, str]] = deque()
        self._is_woken = True

    def has_work(self) -> bool:
        """Whether the account was asked to go further than it is, or a decision came."""
        # A window is finished even where its first event already stands at the end that was asked for.
        is_open = self._events is not None
        return self._is_woken or is_open or self._bot.clock_ns < self._bot.advance_until_ns

    def decision_arrived(self) -> None:
        """The window must be read again: the decision's instrument may be new in it."""
        self._events = None
        self._is_woken = True

    def recall_quotes(self) -> None:
        """After a start: observe again the prices that were known where core and venue stand, so that
        what the venue reports next is valued as it would have been."""
        place = max(self._bot.position, self._cell.venue.position(self._bot.name))
        symbols = {exposure.symbol for exposure in self._bot.account.exposures.values()}
        for event in self._cell.feed.events(sorted(symbols), place[0], place[0]):
            # A bar's close is observed after the venue has acted on the bar.
            if event.at < place or (event.at == place and not isinstance(event, BarClosed)):
                self._observe(event)

    def run_for(self, seconds: float) -> None:
        """Process events in order, for about this long."""
        deadline = time.monotonic() + seconds
        while self.has_work() and time.monotonic() < deadline:
            self._one()

    def _one(self) -> None:
        if self._events is None:
            self._open_window()
        due = self._due[0] if self._due else None
        if due is not None and (self._next is None or due[0] < self._next.at):
            self._due.popleft()
            at = max(due[0], self._bot.position)
            self._cell.handle(self._bot, TimePassed(self._bot.name), at)
            self._cell.handle(self._bot, DecisionDue(self._bot.name, due[1]), at)
        elif self._next is not None:
            event, self._next = self._next, next(self._events or iter(()), None)
            self._take(event)
        else:
            self._close_window()

    def _open_window(self) -> None:
        """Read events from a little before what was seen up to where the account shall go. Those
        that core and venue have seen only renew the quotes."""
        bot = self._bot
        self._window_end_ns = min(bot.advance_until_ns, self._read_until_ns + WINDOW_NS)
        waiting = {
            key: (pending.due_ns, RANK_DECISION, key)
            for key, pending in bot.pending.items()
            if pending.due_ns <= max(self._window_end_ns, bot.clock_ns)
        }
        # What is late even so is judged where the clock stands now, by the quotes of now.
        self._due = deque(sorted((max(due, bot.position), key) for key, due in waiting.items()))
        symbols = {exposure.symbol for exposure in bot.account.exposures.values()}
        symbols |= {bot.pending[key].delivery.decision.symbol for key in waiting}
        self._events = self._cell.feed.events(sorted(symbols), self._read_until_ns, self._window_end_ns)
        self._next = next(self._events, None)

    def _close_window(self) -> None:
        end: FeedPosition = (self._window_end_ns, _AFTER_ALL_RANKS, "")
        self._read_until_ns = max(self._read_until_ns, self._window_end_ns)
        self._bot.position = max(self._bot.position, end)
        self._is_woken = self._read_until_ns < self._bot.advance_until_ns
        self._events = None

    def _take(self, event: FeedEvent) -> None:
        bot, venue = self._bot, self._cell.venue
        is_new = event.at > bot.position
        # While an account is flat its days open with its next decision. Whether they open must not
        # depend on which instruments happen to be in the window, or a restart could be seen.
        if is_new and bot.account.exposures:
            self._cell.handle(bot, TimePassed(bot.name), event.at)
        match event:
            case RatePublished(at, currency, per_eur):
                self._observe(event)
                if bot.settings.venue.counts_money:
                    venue.rate_published(bot.name, currency, per_eur, at)
            case BarOpened(at, symbol, bid, ask):
                self._observe(event)
                self._cell.market_moved(
                    bot,
                    BarBegan(bot.name, symbol, bid, ask) if is_new else None,
                    at,
                    lambda: venue.bar_opened(bot.name, symbol, bid, ask, at),
                )
            case BarClosed(at, symbol, opened_ns, bar):
                self._cell.market_moved(
                    bot,
                    BarRanged(bot.name, symbol, bar) if is_new else None,
                    at,
                    lambda: venue.bar_closed(bot.name, symbol, bar, opened_ns, at),
                )
                self._observe(event)
        bot.position = max(bot.position, event.at)

    def _observe(self, event: FeedEvent) -> None:
        match event:
            case RatePublished(at, currency, per_eur):
                observe_rate(self._bot, currency, per_eur, at[0])
            case BarOpened(at, symbol, bid, ask):
                observe_quote(self._bot, symbol, bid, ask, at[0])
            case BarClosed(at, symbol, _, bar):
                observe_quote(self._bot, symbol, bar.bid_close, bar.ask_close, at[0])
