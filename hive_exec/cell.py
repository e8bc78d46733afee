"""The cell: the one thread that owns journal, bots and venue, and drives the pure core.

Everything that changes state is a command on its queue. Commands of one round share one fsync and
are answered after it. Between rounds it moves replay accounts forward, a little at a time, so that
a long replay never keeps a caller waiting.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, TypeVar

from hive_core.configuration.model import Configuration
from hive_core.contracts.order import OrderState
from hive_core.evidence.chain import first_fault
from hive_core.landing.home import HiveHome
from hive_exec.brokers.paper import PaperVenue
from hive_exec.core.events import (
    BarBegan,
    BarRanged,
    DecisionDue,
    Effect,
    Event,
    Flatten,
    Submit,
    SubmitProvenAbsent,
    TimePassed,
    VenueReported,
)
from hive_exec.core.records import RANK_DECISION, FeedPosition, Kind, Record
from hive_exec.core.state import Bot, apply, observe_rate, open_bot, with_settings
from hive_exec.core.step import step
from hive_exec.failpoints import failpoint
from hive_exec.journal.writing import Journal, record_of
from hive_exec.replay.driver import ReplayDriver
from hive_exec.replay.feed import LakeFeed, RatePublished

_log = logging.getLogger("hive_exec.cell")

MAX_QUEUED_COMMANDS = 1_024
SLICE_S = 0.02
"""How long a replay may run before callers are looked after again."""

Answer = TypeVar("Answer")


class Busy(RuntimeError):
    """The queue is full; come back later."""


class JournalCorrupt(RuntimeError):
    """The journal does not hold. Nothing trades on it."""


class SettingsChanged(RuntimeError):
    """The configuration contradicts what an account was opened with."""


class CommandRefused(ValueError):
    """A command that is not carried out. `status` is the HTTP answer."""

    def __init__(self, status: int, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.status = status
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Command:
    work: Callable[[], Any]
    answer: Future[Any]


class Cell:
    """Bots, journal and venue under one home. Not started until `start`."""

    def __init__(
        self,
        home: HiveHome,
        configuration: Configuration,
        *,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.home = home
        self.configuration = configuration
        self.wall_clock_ns = wall_clock_ns
        self.journal = Journal(home.journal, wall_clock_ns)
        self.venue = PaperVenue(home.journal.with_name("paper.sqlite"), self.journal.flush)
        self.feed = LakeFeed(home.lake)
        self.bots: dict[str, Bot] = {}
        self.fatal: BaseException | None = None
        self._replays: dict[str, ReplayDriver] = {}
        self.on_fatal: Callable[[BaseException], None] | None = None
        self._being_served: list[_Command] = []
        self._commands: queue.Queue[_Command | None] = queue.Queue(MAX_QUEUED_COMMANDS)
        self._thread = threading.Thread(target=self._run, name="hive-cell", daemon=True)
        self._recover()

    def start(self) -> None:
        """Begin to take commands."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the commands that wait, then close the files."""
        self._commands.put(None)
        self._thread.join()

    def call(self, work: Callable[[], Answer]) -> Future[Answer]:
        """Have the cell's thread run `work`; its answer comes once everything it wrote is durable.

        Raises:
            Busy: too many commands wait.
        """
        answer: Future[Answer] = Future()
        try:
            self._commands.put_nowait(_Command(work, answer))
        except queue.Full:
            raise Busy(f"{MAX_QUEUED_COMMANDS} commands wait") from None
        if self.fatal is not None:  # Nobody takes commands any more.
            self._refuse_the_rest(self.fatal)
        return answer

    def write(self, record: Record) -> int:
        """Fold a record into its bot and buffer it; returns its place in the journal."""
        if record.kind is Kind.ACCOUNT_OPENED:
            self.bots[record.account] = open_bot(record)
        else:
            apply(self.bots[record.account], record)
        return self.journal.append(record)

    def handle(self, bot: Bot, event: Event, at: FeedPosition) -> None:
        """Let the core decide on an event, make it durable, then carry out what it wants."""
        self._carry_out(bot, self._decide(bot, event, at), at)

    def market_moved(
        self, bot: Bot, event: BarBegan | BarRanged | None, at: FeedPosition, act: Callable[[], None]
    ) -> None:
        """New prices: judge what they did to the account, let the venue act on them, and only then carry
        out the judgement, for the venue's stops come first. `event` is None when the core saw it before."""
        effects = self._decide(bot, event, at) if event is not None else []
        act()
        self.take_reports(bot)
        self._carry_out(bot, effects, at)

    def _decide(self, bot: Bot, event: Event, at: FeedPosition) -> list[Effect]:
        records, effects = step(bot, event, at, self.configuration.environment)
        for record in records:
            self.write(record)
        return effects

    def _carry_out(self, bot: Bot, effects: list[Effect], at: FeedPosition) -> None:
        if not effects:
            return
        self.journal.flush()
        for effect in effects:
            failpoint("effect.before")
            match effect:
                case Submit(order):
                    self.venue.submit(order, at)
                case Flatten(account):
                    self.venue.flatten(account, at)
            failpoint("effect.after")
        self.take_reports(bot)

    def decide_now(self, bot: Bot, decision_id: str) -> None:
        """Judge a received decision of an account on the wall clock. Its receipt is durable by then."""
        at = (max(self.wall_clock_ns(), bot.clock_ns), RANK_DECISION, decision_id)
        self._observe_rates(bot, at[0])
        self.handle(bot, TimePassed(), at)
        self.handle(bot, DecisionDue(decision_id), at)

    def take_reports(self, bot: Bot) -> None:
        """Take in everything the venue said since the last report that the journal holds."""
        while reports := self.venue.reports_since(bot.name, bot.last_venue_seq):
            # One at a time: taking one in can make the venue say more.
            self.handle(bot, VenueReported(reports[0]), reports[0].at)

    def replay_of(self, bot: Bot) -> ReplayDriver:
        """The driver of a replay account."""
        if bot.name not in self._replays:
            self._replays[bot.name] = ReplayDriver(self, bot)
        return self._replays[bot.name]

    def _recover(self) -> None:
        """Load, fold, reconcile with the venue; only then does anything trade."""
        held, _, fault = first_fault(self.journal.links())
        if fault is not None:
            raise JournalCorrupt(f"record {fault.seq}: {fault.reason}; {held} records before it hold")
        for link in self.journal.links():
            record = record_of(link)
            if record.kind is Kind.ACCOUNT_OPENED:
                self.bots[record.account] = open_bot(record)
            else:
                apply(self.bots[record.account], record)
        for name, bot in self.bots.items():
            self.bots[name] = self._under_todays_settings(bot)
        failpoint("reconcile.before")
        for bot in self.bots.values():
            if bot.settings.mode == "replay":
                self.replay_of(bot).recall_quotes()
            else:
                # Without them an open position in another currency has no worth.
                self._observe_rates(bot, max(self.wall_clock_ns(), bot.clock_ns))
            self._reconcile(bot)
        self.journal.flush()
        for bot in self.bots.values():
            if bot.settings.mode == "paper":
                for decision_id in list(bot.pending):  # received, but the daemon ended before judging
                    self.decide_now(bot, decision_id)
        self.journal.flush()
        failpoint("reconcile.after")

    def _observe_rates(self, bot: Bot, now_ns: int) -> None:
        for event in self.feed.events([], now_ns, now_ns):
            if isinstance(event, RatePublished):
                observe_rate(bot, event.currency, event.per_eur, event.at[0])

    def _under_todays_settings(self, bot: Bot) -> Bot:
        settings = self.configuration.account_named(bot.name)
        if settings is None:
            _log.warning("account %s is not configured any more; it keeps its settings", bot.name)
            return bot
        for name in ("mode", "currency", "initial_balance"):
            before, now = getattr(bot.settings, name), getattr(settings, name)
            if before != now:
                raise SettingsChanged(
                    f"account {bot.name}: {name} is {now} in hive.toml, but it was opened with {before}; "
                    "restore it, or give the new account a new name"
                )
        return with_settings(bot, settings)

    def _reconcile(self, bot: Bot) -> None:
        self.take_reports(bot)
        for line in list(bot.orders.values()):
            # An intent without an outcome is looked up, never resent: the venue's log decides.
            if line.state is OrderState.INTENDED:
                order_id = line.order.client_order_id
                at = bot.position
                if bot.settings.mode == "paper":  # its time went on while the daemon was down
                    at = (max(self.wall_clock_ns(), bot.clock_ns), RANK_DECISION, order_id)
                self.handle(bot, SubmitProvenAbsent(order_id), at)
        if bot.account.breached_rule is not None and bot.account.exposures:
            self.venue.flatten(bot.name, bot.position)
            self.take_reports(bot)

    def _run(self) -> None:
        try:
            while self._round():
                pass
            self.journal.close()
            self.venue.close()
        except BaseException as error:
            self.fatal = error
            _log.critical("the cell stops: %s", error, exc_info=error)
            self._refuse_the_rest(error)
            if self.on_fatal is not None:
                self.on_fatal(error)
            raise

    def _refuse_the_rest(self, error: BaseException) -> None:
        """Nobody waits for an answer that will not come: neither those being served nor those behind."""
        waiting = list(self._being_served)
        with contextlib.suppress(queue.Empty):
            while True:
                command = self._commands.get_nowait()
                if command is not None:
                    waiting.append(command)
        for command in waiting:
            with contextlib.suppress(InvalidStateError):  # answered or cancelled already
                command.answer.set_exception(RuntimeError(f"the cell stopped: {error}"))

    def _round(self) -> bool:
        """One round: the commands that wait, one flush, then a slice of every replay."""
        replays = [replay for replay in self._replays.values() if replay.has_work()]
        commands, goes_on = self._take_commands(block=not replays)
        self._being_served = commands
        answers: list[tuple[Future[Any], Any, Exception | None]] = []
        for command in commands:
            try:
                answers.append((command.answer, command.work(), None))
            except CommandRefused as refused:
                answers.append((command.answer, None, refused))
        self.journal.flush()
        for future, value, refused_by in answers:
            if refused_by is None:
                future.set_result(value)
            else:
                future.set_exception(refused_by)
        for replay in replays:
            replay.run_for(SLICE_S)
        self.journal.flush()
        return goes_on

    def _take_commands(self, *, block: bool) -> tuple[list[_Command], bool]:
        commands: list[_Command] = []
        while True:
            try:
                command = self._commands.get(block=block and not commands)
            except queue.Empty:
                return commands, True
            if command is None:
                return commands, False
            # From here on a caller who went away cannot take his command back.
            if command.answer.set_running_or_notify_cancel():
                commands.append(command)
