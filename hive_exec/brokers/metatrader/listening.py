"""Hearing a terminal that does not speak by itself: quotes and reports are polled.

Each poll is question and answer, so silence cannot be mistaken for calm: what is not answered in time is an
interruption, told once answers come again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_exec.brokers.metatrader.guard import Guard
from hive_exec.brokers.metatrader.history import History
from hive_exec.brokers.metatrader.server_time import ServerClock
from hive_exec.brokers.metatrader.terminal import Misread, Terminal
from hive_exec.brokers.port import Sink, Unavailable

_DAY_S = 86_400
_LONGEST_PAUSE_S = 30.0


class Listener:
    """One loop over one terminal. What it remembers is which ticks and reports it has told."""

    def __init__(
        self,
        terminal: Terminal,
        guard: Guard,
        history: History,
        settings: MetaTraderSettings,
        clock: ServerClock,
        now_ns: Callable[[], int],
    ) -> None:
        self._terminal = terminal
        self._guard = guard
        self._history = history
        self._settings = settings
        self._clock = clock
        self._now_ns = now_ns
        self._ticks: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._since_s = 0

    def run(self, names: Mapping[str, str], sink: Sink, stop: threading.Event) -> None:
        """Poll until `stop`. `names` are the broker's names by our symbols."""
        self._since_s = self._clock.to_server_s(self._now_ns())
        broken, misread, pause_s = "", "", self._settings.poll_ms / 1000
        while not stop.is_set():
            try:
                self._guard.check(self._terminal)
                self._poll(names, sink)
            except Misread as fault:
                # Said once, not twice a second; and again when it is another.
                if misread != str(fault):
                    misread = str(fault)
                    sink.trouble(misread)
                broken = broken or str(fault)
            except Unavailable as fault:
                broken = broken or str(fault)
            else:
                if broken:
                    sink.gap(broken)
                broken, misread, pause_s = "", "", self._settings.poll_ms / 1000
            stop.wait(pause_s)
            if broken:
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _poll(self, names: Mapping[str, str], sink: Sink) -> None:
        for symbol, name in names.items():
            tick = self._terminal.tick(name)
            before_ms = self._ticks.get(symbol)
            self._ticks[symbol] = tick.server_ms
            if before_ms == tick.server_ms:
                continue
            limit_ns = self._settings.max_quote_age_s * 1_000_000_000
            if self._guard.is_from_the_future(tick) or (
                before_ms is not None and self._guard.age_ns(tick) > limit_ns
            ):
                # It changed just now, so it is fresh, and its stamp says otherwise.
                raise Misread(
                    f"{name} is quoted now and stamped {self._guard.age_ns(tick) // 1_000_000_000} s ago: "
                    f"server_clock {self._settings.server_clock} is not this server's"
                )
            if before_ms is not None or self._guard.age_ns(tick) <= limit_ns:
                sink.quoted(symbol, tick.bid, tick.ask, self._clock.to_utc_ns(tick.server_ms))
        begin_s = max(0, self._since_s - self._settings.overlap_s)
        end_s = self._clock.to_server_s(self._now_ns()) + _DAY_S
        reports, latest_s = self._history.between(begin_s, end_s)
        for report in reports:
            if report.execution_id not in self._told:
                sink.reported(report)
            self._told[report.execution_id] = report.ts_ns
        self._since_s = max(self._since_s, min(latest_s, self._clock.to_server_s(self._now_ns())))
        current = {report.execution_id for report in reports}
        # What has left the window will not be read again.
        self._told = {key: at_ns for key, at_ns in self._told.items() if key in current}
