"""What the cell does because time passed: its tick, the quotes of brokers, the rates of the day.

Commands and events are the cell's own; what a tick means is the core's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hive_core.calendars.trading_day import NS_PER_SECOND
from hive_exec.core.events import BarRanged, HealthObserved, Ticked, TimePassed
from hive_exec.core.records import CELL, RANK_BAR_OPENED, FeedPosition
from hive_exec.core.state import Bot, observe_quote, observe_rate
from hive_exec.replay.feed import LakeFeed, RatePublished

if TYPE_CHECKING:
    from hive_exec.cell import Cell

TICK_S = 1.0
LISTEN_S = 0.25
"""How often the quotes of brokers are taken in, as a range an instrument."""
RATES_EVERY_NS = 86_400 * NS_PER_SECOND
RATES_LOOK_EVERY_NS = 10 * NS_PER_SECOND
"""How often reference rates come, and how often one looks whether those that are due are there."""


def observe_rates(feed: LakeFeed, bot: Bot, now_ns: int) -> None:
    """Let an account know the reference rates of a moment."""
    for event in feed.events([], now_ns, now_ns):
        if isinstance(event, RatePublished):
            observe_rate(bot, event.currency, event.per_eur, event.at[0])


class Ticking:
    """When the cell looks at the time, in its thread."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._next_tick_s = self._next_quotes_s = time.monotonic()
        self._rates_read_ns: dict[str, int] = {}

    def patience_s(self) -> float | None:
        """How long the queue may stay silent: for ever where nothing depends on the time."""
        if not any(bot.settings.mode != "replay" for bot in self._cell.bots.values()):
            return None
        until_s = min(self._next_tick_s, self._next_quotes_s) if self._cell.desks else self._next_tick_s
        return max(until_s - time.monotonic(), 0.0)

    def look(self) -> None:
        """Do what is due."""
        now_s = time.monotonic()
        if self._cell.desks and now_s >= self._next_quotes_s:
            self._next_quotes_s = now_s + LISTEN_S
            self._take_quotes()
        if now_s >= self._next_tick_s and self.patience_s() is not None:
            self._next_tick_s = now_s + TICK_S
            self.tick(self._cell.now())

    def _take_quotes(self) -> None:
        for name, desk in self._cell.desks.items():
            bot = self._cell.bots[name]
            for event in desk.ranges():
                if not isinstance(event, BarRanged):
                    continue
                at = (self._cell.clock.now_ns(), RANK_BAR_OPENED, event.symbol)
                self._cell.handle(bot, TimePassed(name), at)
                is_first = event.symbol not in bot.account.quotes
                observe_quote(bot, event.symbol, event.bar.bid_close, event.bar.ask_close, at[0])
                self._cell.handle(bot, event, at)
                if is_first:
                    self._cell.decide_what_waited_for(bot, event.symbol)

    def tick(self, at: FeedPosition) -> None:
        """Let everything that waits for the time have its turn."""
        jump_s = abs(self._cell.clock.jump_ns()) / 1e9
        limit_s = self._cell.configuration.execution.max_clock_jump_s
        if jump_s > limit_s:
            reason = f"the wall's clock was set by more than {limit_s} s; put it right, or restart the daemon"
            self._cell.engine.handle(HealthObserved(CELL, "clock", "down", reason), at)
        elif "clock" in self._cell.state.controls.conditions.get(CELL, {}):
            self._cell.engine.handle(HealthObserved(CELL, "clock", "ok", "agrees with the wall's"), at)
        for bot in self._cell.bots.values():
            if bot.settings.mode != "replay":
                self.observe_rates(bot, at[0])
        for name, desk in self._cell.desks.items():
            self._cell.engine.handle(TimePassed(name), at)
            condition = self._cell.state.controls.conditions.get(name, {}).get("reconciliation")
            if condition is not None and condition.health != "ok":
                desk.compare_books_soon()
        for name, bot in self._cell.bots.items():
            if bot.settings.mode == "paper" and bot.pending:  # what waits is judged by its own day
                self._cell.engine.handle(TimePassed(name), at)
        self._cell.engine.handle(Ticked(), at)
        self._cell.carry_out_waiting(at)

    def observe_rates(self, bot: Bot, now_ns: int) -> None:
        """Let an account know the reference rates, where those that it knows are older than a day."""
        latest_ns = max((seen for _, seen in bot.account.rates_per_eur.values()), default=0)
        since_read_ns = now_ns - self._rates_read_ns.get(bot.name, 0)
        if now_ns - latest_ns > RATES_EVERY_NS and not 0 <= since_read_ns < RATES_LOOK_EVERY_NS:
            self._rates_read_ns[bot.name] = now_ns
            observe_rates(self._cell.feed, bot, now_ns)
