"""Is this the account that the settings mean, connected, and with fresh quotes? Asked before all else.

A person can log the terminal in elsewhere at any time. A terminal that lost its trade server goes on
answering from memory.
"""

from __future__ import annotations

from collections.abc import Callable

from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_exec.brokers.metatrader.constants import MarginMode
from hive_exec.brokers.metatrader.rows import AccountRow, TickRow
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.brokers.metatrader.terminal import Terminal
from hive_exec.brokers.port import NotSent, Unavailable


class Guard:
    """Compares what the terminal says with the settings."""

    def __init__(self, settings: MetaTraderSettings, clock: ServerClock, now_ns: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self._now_ns = now_ns

    def check(self, terminal: Terminal, *, is_to_trade: bool = False) -> AccountRow:
        """The account, when it is the one that is meant and the terminal is connected to its server.

        Raises:
            Unavailable: it is another, or nothing that the terminal says is from now.
        """
        settings = self._settings
        state = terminal.state()
        account = terminal.account()
        if (account.login, account.server) != (settings.login, settings.server):
            raise Unavailable(
                f"the terminal is logged in to {account.login} at {account.server}, the settings name "
                f"{settings.login} at {settings.server}; log it in there, or correct the settings",
                is_passing=False,
            )
        is_hedging = account.margin_mode is MarginMode.RETAIL_HEDGING
        if is_hedging != (settings.accounting == "hedging"):
            raise Unavailable(
                f"account {account.login} is a {'hedging' if is_hedging else 'netting'} account, the "
                f"settings say {settings.accounting}; correct the settings",
                is_passing=False,
            )
        if not state.connected:
            raise Unavailable("the terminal has no connection to its trade server")
        if is_to_trade and not state.trade_allowed:
            raise Unavailable(
                "the terminal lets no program trade; switch on its algorithmic trading", is_passing=False
            )
        return account

    def age_ns(self, tick: TickRow) -> int:
        """How old a quote is; negative where it is stamped ahead of our clock."""
        return self._now_ns() - self._clock.to_utc_ns(tick.server_ms)

    def is_from_the_future(self, tick: TickRow) -> bool:
        """Whether a quote is stamped further ahead than clocks differ: the server's clock is another one."""
        return self.age_ns(tick) < -self._settings.clock_tolerance_s * 1_000_000_000

    def check_quote(self, name: str, tick: TickRow) -> None:
        """A quote that an order may be made by. Raises NotSent where it is old, not yet made, or crossed."""
        age_s = self.age_ns(tick) // 1_000_000_000
        if self.is_from_the_future(tick):
            raise NotSent(
                f"the quote of {name} is stamped {-age_s} s ahead: server_clock is "
                f"{self._settings.server_clock}, which is not this server's"
            )
        if age_s > self._settings.max_quote_age_s:
            raise NotSent(
                f"the quote of {name} is {age_s} s old: the market is closed, or server_clock "
                f"({self._settings.server_clock}) is not this server's",
                is_passing=True,
            )
        if not 0 < tick.bid <= tick.ask:
            raise NotSent(f"{name} is quoted {tick.bid} to {tick.ask}", is_passing=True)
