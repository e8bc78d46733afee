"""The cell: the one thread that owns journal, bots and the venue in this process, and drives the engine.

Everything that changes state is a command or an event on its queue. Those of one round share one fsync and
are answered after it. Between rounds it moves replay accounts forward, a little at a time, so that
a long replay never keeps a caller waiting.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hive_core.backtest.venue.terms import Terms
from hive_core.configuration.model import Account, Configuration
from hive_core.contracts.order import BracketOrder, OrderState
from hive_core.contracts.submission import SignalSubmission
from hive_core.evidence.canonical import canonical_bytes
from hive_core.landing.home import HiveHome
from hive_exec.brokers.desk import Desk
from hive_exec.brokers.paper import PaperVenue
from hive_exec.clock import SteadyClock
from hive_exec.core.commanding import Refused
from hive_exec.core.events import (
    Alarm,
    BarBegan,
    BarRanged,
    Cancel,
    ClosePosition,
    DecisionDue,
    Effect,
    Event,
    Flatten,
    HealthObserved,
    Kill,
    Reported,
    Reviewed,
    Started,
    Submit,
    SubmitNotSent,
    SubmitProvenAbsent,
    Ticked,
    TimePassed,
)
from hive_exec.core.last_look import reason_not_to_send
from hive_exec.core.records import CELL, RANK_BAR_OPENED, RANK_DECISION, FeedPosition, Record
from hive_exec.core.snapshot import state_as_data, state_from_data
from hive_exec.core.state import Bot, CellState, apply, observe_quote, observe_rate, with_settings
from hive_exec.core_version import core_version
from hive_exec.desks import DeskMaker, no_desks
from hive_exec.engine import Engine
from hive_exec.failpoints import failpoint
from hive_exec.journal.audit import JournalAudit
from hive_exec.journal.errors import JournalCorrupt as JournalCorrupt
from hive_exec.journal.home import Signing, open_journal
from hive_exec.journal.witnesses import WitnessReport
from hive_exec.journal.writing import Journal, record_of
from hive_exec.killing import KillFile
from hive_exec.replay.driver import ReplayDriver
from hive_exec.replay.feed import LakeFeed, RatePublished

if TYPE_CHECKING:
    from hive_exec.journal.lease import Lease

_log = logging.getLogger("hive_exec.cell")

MAX_QUEUED_COMMANDS = 1_024
SNAPSHOT_EVERY_RECORDS = 50_000
"""So many records are folded at a start within a few seconds."""
SLICE_S = 0.02
"""How long a replay may run before callers are looked after again."""
TICK_S = 1.0
NOTES_WAIT_S = 0.05
"""How long what nobody waits for may wait for a commit that somebody does."""
LISTEN_S = 0.25
"""How often the quotes of brokers are taken in, as a range an instrument."""

Answer = TypeVar("Answer")


class Busy(RuntimeError):
    """The queue is full; come back later."""


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
    is_awaited: bool = True


class Cell:
    """Bots, journal and venue under one home. Not started until `start`."""

    def __init__(
        self,
        home: HiveHome,
        configuration: Configuration,
        *,
        wall_clock_ns: Callable[[], int] | None = None,
        make_desk: DeskMaker = no_desks,
        lease: Lease | None = None,
    ) -> None:
        """`lease` is the lead of a PostgreSQL journal; without one the journal is a file under the home."""
        self.home = home
        self.configuration = configuration
        # A test's clock is the wall and the steady one at once.
        self.clock = SteadyClock() if wall_clock_ns is None else SteadyClock(wall_clock_ns, wall_clock_ns)
        self.wall_clock_ns = self.clock.now_ns
        self.lease = lease
        self.witness_faults: dict[str, str | None] = {}
        self.journal = self._open_journal(wall_clock_ns or time.time_ns)
        self.venue = PaperVenue(home.journal.with_name("paper.sqlite"), self.journal.flush, self._terms_of)
        self.feed = LakeFeed(home.lake)
        self.state = self._recall()
        self.engine = Engine(self.state, self.journal)
        self.fatal: BaseException | None = None
        self.on_fatal: Callable[[BaseException], None] | None = None
        self.on_signal: Callable[[str, SignalSubmission, int, str], None] | None = None
        self.lane_alarm: Callable[[], str] = lambda: ""
        self.desks: dict[str, Desk] = {}
        self._kills_under_way = 0
        self._kills = threading.Lock()
        self.kill_file = KillFile(home.journal.with_name("KILL"), self._kill_file_appeared)
        self._make_desk = make_desk
        self._replays: dict[str, ReplayDriver] = {}
        self._being_served: list[_Command] = []
        self._queue: queue.SimpleQueue[_Command | Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="hive-cell", daemon=True)
        self._next_tick_s = self._next_quotes_s = time.monotonic()
        self._notes_due_s: float | None = None
        self._to_decide: dict[str, Bot] = {}
        self._recover()

    @property
    def bots(self) -> dict[str, Bot]:
        """Every open account, by name."""
        return self.state.bots

    def start(self) -> None:
        """Begin to take commands, and to speak with brokers."""
        self._thread.start()
        self.kill_file.start()
        for desk in self.desks.values():
            desk.start()

    def stop(self) -> None:
        """Finish the commands that wait, then close the files."""
        self.kill_file.stop()
        for desk in self.desks.values():
            desk.stop()
        self._queue.put(None)
        self._thread.join()

    def call(self, work: Callable[[], Answer], *, is_urgent: bool = False) -> Future[Answer]:
        """Have the cell's thread run `work`; its answer comes once everything it wrote is durable.

        Raises:
            Busy: too many commands wait. What is urgent (the kill switch, what lessens risk) always may.
        """
        if not is_urgent and self._queue.qsize() >= MAX_QUEUED_COMMANDS:
            raise Busy(f"{MAX_QUEUED_COMMANDS} commands wait")
        answer: Future[Answer] = Future()
        self._queue.put(_Command(work, answer))
        if self.fatal is not None:  # Nobody takes commands any more.
            self._refuse_the_rest(self.fatal)
        return answer

    def note(self, work: Callable[[], None]) -> None:
        """Have the cell's thread run `work`, for which nobody waits: what it writes becomes durable with the
        next round that somebody waits for, or after `NOTES_WAIT_S`. Lost with the process, it must be done
        anew at the next start."""
        self._queue.put(_Command(work, Future(), is_awaited=False))

    def post(self, event: Event) -> None:
        """Hand an event to the core, from any thread."""
        self._queue.put(event)

    @property
    def waiting(self) -> int:
        """How many commands and events wait."""
        return self._queue.qsize()

    def write(self, record: Record) -> int:
        """Fold a record and buffer it; returns its place in the journal."""
        return self.engine.write(record)

    def signal_arrived(self, key: str, submission: SignalSubmission, seq: int, caller: str) -> None:
        """A signal was written as record `seq`. That is durable only after this round: whoever listens
        (`on_signal`, in this thread) notes it, and acts on it later."""
        if self.on_signal is not None:
            self.on_signal(key, submission, seq, caller)

    def now(self, key: str = "") -> FeedPosition:
        """The daemon's time, as a place in the streams of accounts that live by it."""
        return (self.clock.now_ns(), RANK_DECISION, key)

    def handle(self, bot: Bot, event: Event, at: FeedPosition) -> None:
        """Let the core decide on an event of an account, make it durable, then carry out what it wants."""
        self.engine.handle(event, at)
        self._carry_out(self.engine.take_waiting(), at)

    def kill_now(self) -> None:
        """From any thread: no order leaves from here on. The record of it follows by `command`."""
        with self._kills:
            self._kills_under_way += 1

    @property
    def is_killed_at_once(self) -> bool:
        """Whether a kill was ordered that the journal does not tell of yet."""
        return self._kills_under_way > 0

    def command(self, event: Event) -> None:
        """A person's order, now.

        Raises:
            CommandRefused: 409 with the reason; nothing changed.
        """
        at = self.now()
        if isinstance(event, Reviewed):  # a new day changes what it is judged by
            self.engine.handle(TimePassed(event.account), at)
        try:
            self.engine.handle(event, at)
        except Refused as refused:
            raise CommandRefused(409, "", str(refused)) from None
        self._carry_out(self.engine.take_waiting(), at)
        if isinstance(event, Kill):  # the journal says it now; no other command may take it back
            self.journal.flush()
            with self._kills:
                self._kills_under_way = max(self._kills_under_way - 1, 0)
        self._tick(at)

    def market_moved(
        self, bot: Bot, event: BarBegan | BarRanged | None, at: FeedPosition, act: Callable[[], None]
    ) -> None:
        """New prices: judge what they did to the account, let the venue act on them, and only then carry
        out the judgement, for the venue's stops come first. `event` is None when the core saw it before."""
        if event is not None:
            self.engine.handle(event, at)
        effects = self.engine.take_waiting()
        act()
        self.take_reports(bot)
        self._carry_out(effects, at)

    def _carry_out(self, effects: list[Effect], at: FeedPosition) -> None:
        if not effects:
            return
        self.journal.flush()
        for effect in effects:
            match effect:
                case Alarm(account, text):
                    _log.error("%s: %s", account, text)
                case Submit(order) if order.account not in self.desks:
                    self._submit([(effect, at)])
                case Cancel(order) if order.account not in self.desks:
                    self.venue.cancel(order, at)
                    self.take_reports(self.bots[order.account])
                case ClosePosition(order, lots, request_id) if order.account not in self.desks:
                    self.venue.close_position(order, lots, request_id, at)
                    self.take_reports(self.bots[order.account])
                case Flatten(account):
                    failpoint("effect.before")
                    self.venue.flatten(account, at)
                    failpoint("effect.after")
                    self.take_reports(self.bots[account])
                case _:
                    self._desk_of(effect).send(effect)

    def _why_not_here(self, order: BracketOrder) -> str:
        """The last look before an order goes to the venue in this process. A replay lives in another time."""
        if self.bots[order.account].settings.mode == "replay":
            return ""
        return self.why_not(order)

    def why_not(self, order: BracketOrder) -> str:
        """From any thread: why an order must not leave now, or ""."""
        if self.is_killed_at_once or self.kill_file.is_thrown:
            return "the kill switch is thrown"
        if self.fatal is not None:
            return "the daemon has stopped trading"
        return reason_not_to_send(self.state, self.bots[order.account], order, self.clock.now_ns())

    def _desk_of(self, effect: Any) -> Desk:
        return self.desks[effect.order.account]

    def _terms_of(self, account: str) -> Terms:
        """How the venue in this process fills an account; money is counted where its settings ask for it."""
        settings = self.configuration.account_named(account)
        if settings is None:
            return Terms()
        if not settings.venue.counts_money:
            return Terms(settings.venue)
        return Terms(settings.venue, settings.currency, settings.initial_balance)

    def decide_now(self, bot: Bot, decision_id: str) -> None:
        """Judge a received decision of an account on the wall clock. Its receipt is durable by then."""
        at = (max(self.wall_clock_ns(), bot.clock_ns), RANK_DECISION, decision_id)
        self._observe_rates(bot, at[0])
        self.handle(bot, TimePassed(bot.name), at)
        self.handle(bot, DecisionDue(bot.name, decision_id), at)

    def decide_soon(self, bot: Bot, decision_id: str) -> None:
        """Judge a received decision at the end of this round, when its receipt is durable: those of one round
        share the commits."""
        self._to_decide[decision_id] = bot

    def _decide(self) -> None:
        """Judge what was received in this round, and is durable. Intents stand in the journal before the
        first order leaves, in one commit, and each counts in the judgement of the next."""
        waiting, self._to_decide = self._to_decide, {}
        together: list[tuple[Submit, FeedPosition]] = []
        for decision_id, bot in waiting.items():
            at = (max(self.wall_clock_ns(), bot.clock_ns), RANK_DECISION, decision_id)
            self._observe_rates(bot, at[0])
            for event in (TimePassed(bot.name), DecisionDue(bot.name, decision_id)):
                self.engine.handle(event, at)
                effects = self.engine.take_waiting()
                submits = [one for one in effects if isinstance(one, Submit) and bot.name not in self.desks]
                if len(submits) == len(effects):
                    together += [(one, at) for one in submits]
                    continue
                self._submit(together)
                together = []
                self._carry_out(effects, at)
        self._submit(together)

    def _submit(self, together: list[tuple[Submit, FeedPosition]]) -> None:
        """Orders for the venue in this process, in one commit of its log, after a last look at each."""
        if not together:
            return
        held_back: list[tuple[SubmitNotSent, FeedPosition]] = []
        self.journal.flush()
        failpoint("effect.before")
        with self.venue.in_one_commit():
            for submit, at in together:
                order = submit.order
                if why_not := self._why_not_here(order):
                    held_back.append((SubmitNotSent(order.account, order.client_order_id, why_not, None), at))
                else:
                    self.venue.submit(order, at)
        failpoint("effect.after")
        for name in dict.fromkeys(submit.order.account for submit, _ in together):
            self.take_reports(self.bots[name])
        for event, at in held_back:
            self.handle(self.bots[event.account], event, at)

    def take_reports(self, bot: Bot) -> None:
        """Take in everything the venue said since the last report that the journal holds."""
        while reports := self.venue.reports_since(bot.name, bot.last_venue_seq):
            # One at a time: taking one in can make the venue say more.
            said = reports[0]
            self.handle(bot, Reported(said.report, said.venue_seq), said.at)

    def replay_of(self, bot: Bot) -> ReplayDriver:
        """The driver of a replay account."""
        if bot.name not in self._replays:
            self._replays[bot.name] = ReplayDriver(self, bot)
        return self._replays[bot.name]

    def _kill_file_appeared(self, text: str) -> None:
        self.post(Kill(text or f"the file {self.kill_file.path.name} appeared", "file"))

    def _recover(self) -> None:
        """Reconcile with the venue; only then does anything trade."""
        for name, bot in self.bots.items():
            self.bots[name] = self._under_todays_settings(bot)
        self._open_broker_accounts()
        self.engine.handle(Started(self.journal.epoch, core_version()), self.now())
        failpoint("reconcile.before")
        for bot in self.bots.values():  # all, before anything is carried out
            if bot.settings.has_broker:
                self._open_desk(bot)
        for bot in self.bots.values():
            if bot.settings.mode == "replay":
                self.replay_of(bot).recall_quotes()
            else:
                # Without them an open position in another currency has no worth.
                self._observe_rates(bot, max(self.wall_clock_ns(), bot.clock_ns))
            if not bot.settings.has_broker:
                self._reconcile(bot)
        # What the core wants done at a start (asking after orders) waits for the desks to begin.
        self._carry_out(self.engine.take_waiting(), self.now())
        self.journal.flush()
        for bot in self.bots.values():
            if bot.settings.mode == "paper":
                for decision_id in list(bot.pending):  # received, but the daemon ended before judging
                    self.decide_now(bot, decision_id)
        self.journal.flush()
        failpoint("reconcile.after")

    def _open_journal(self, wall_clock_ns: Callable[[], int]) -> Journal:
        witnesses = tuple(Path(path) for path in self.configuration.execution.witnesses)
        signing = Signing(self.configuration.environment, core_version(), witnesses)
        return open_journal(
            self.home, wall_clock_ns, signing, lease=self.lease, on_witness=self._witness_said
        )

    def _witness_said(self, report: WitnessReport) -> None:
        """A witness that cannot be written is told of until it can; the journal itself is safe."""
        if report.fault is not None and self.witness_faults.get(report.witness) is None:
            _log.error("the journal's heads do not reach witness %s: %s", report.witness, report.fault)
        self.witness_faults[report.witness] = report.fault

    def _recall(self) -> CellState:
        """The state: of the last snapshot that this code made and that holds, and the records after it."""
        configuration = self.configuration
        snapshot = self.journal.load_snapshot(core_version())
        state = CellState(configuration.environment, configuration.execution)
        if snapshot is not None:
            state = state_from_data(json.loads(snapshot.state), configuration.execution)
            state.environment = configuration.environment
        for link in self.journal.replay(snapshot):
            apply(state, record_of(link))
        self._snapshot_seq = 0 if snapshot is None else snapshot.seq
        # What lies before the snapshot is walked beside the work; what does not hold ends the daemon.
        self._audit = JournalAudit(self.journal, ()) if self.journal.verified_from else None
        return state

    def _save_snapshot(self) -> None:
        """So that the next start folds little. Made when much was written, and at the end."""
        if self.journal.durable_seq - self._snapshot_seq < SNAPSHOT_EVERY_RECORDS:
            return  # so little is verified and folded whole at every start
        self.journal.save_snapshot(canonical_bytes(state_as_data(self.state)), core_version())
        self._snapshot_seq = self.journal.durable_seq

    def _open_broker_accounts(self) -> None:
        from hive_exec.accounts import opening

        for settings in self.configuration.accounts:
            if settings.has_broker and settings.name not in self.bots:
                self.write(opening(settings.name, settings, self.clock.now_ns()))

    def _open_desk(self, bot: Bot) -> None:
        self.desks[bot.name] = self._make_desk(self, bot)

    def _observe_rates(self, bot: Bot, now_ns: int) -> None:
        for event in self.feed.events([], now_ns, now_ns):
            if isinstance(event, RatePublished):
                observe_rate(bot, event.currency, event.per_eur, event.at[0])

    def _under_todays_settings(self, bot: Bot) -> Bot:
        settings = self.configuration.account_named(bot.name)
        if settings is None:
            _log.warning("account %s is not configured any more; it keeps its settings", bot.name)
            return bot
        self._same_account(bot, settings)
        return with_settings(bot, settings)

    def _same_account(self, bot: Bot, settings: Account) -> None:
        for name in ("mode", "currency", "initial_balance", "broker"):
            before, now = getattr(bot.settings, name), getattr(settings, name)
            if before != now:
                raise SettingsChanged(
                    f"account {bot.name}: {name} is {now} in hive.toml, but it was opened with {before}; "
                    "restore it, or give the new account a new name"
                )

    def _reconcile(self, bot: Bot) -> None:
        self.take_reports(bot)
        for line in list(bot.orders.values()):
            # An intent without an outcome is looked up, never resent: the venue's log decides.
            if line.state is OrderState.INTENDED:
                order_id = line.order.client_order_id
                at = bot.position
                if bot.settings.mode == "paper":  # its time went on while the daemon was down
                    at = (max(self.wall_clock_ns(), bot.clock_ns), RANK_DECISION, order_id)
                self.handle(bot, SubmitProvenAbsent(bot.name, order_id), at)
        if bot.account.breached_rule is not None and bot.account.exposures:
            self.venue.flatten(bot.name, bot.position)
            self.take_reports(bot)

    def _run(self) -> None:
        try:
            while self._round():
                pass
            self._save_snapshot()
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
                command = self._queue.get_nowait()
                if isinstance(command, _Command):
                    waiting.append(command)
        for command in waiting:
            with contextlib.suppress(InvalidStateError):  # answered or cancelled already
                command.answer.set_exception(RuntimeError(f"the cell stopped: {error}"))

    def _round(self) -> bool:
        """One round: what waits, one flush, the answers, then a slice of every replay."""
        replays = [replay for replay in self._replays.values() if replay.has_work()]
        taken, goes_on = self._take(block=not replays and self._audit is None)
        self._being_served = [one for one in taken if isinstance(one, _Command)]
        answers: list[tuple[Future[Any], Any, Exception | None]] = []
        for one in taken:
            if not isinstance(one, _Command):
                self._take_event(one)
                continue
            try:
                answers.append((one.answer, one.work(), None))
            except CommandRefused as refused:
                answers.append((one.answer, None, refused))
        is_awaited = any(not isinstance(one, _Command) or one.is_awaited for one in taken)
        if self._to_decide:
            is_awaited = True
            self.journal.flush()  # receipts are durable before they are acted upon
            self._decide()
        self._look_at_the_time()
        if self._is_flush_due(is_awaited=is_awaited, is_idle=not taken):
            self.journal.flush()
        for future, value, refused_by in answers:
            if refused_by is None:
                future.set_result(value)
            else:
                future.set_exception(refused_by)
        for replay in replays:
            replay.run_for(SLICE_S)
        if replays:
            self.journal.flush()
        self._save_snapshot()
        if self._audit is not None and not taken and self._audit.step():
            _log.info("the whole journal holds: %s records", self._audit.verified)
            self._audit = None
        return goes_on

    def _is_flush_due(self, *, is_awaited: bool, is_idle: bool) -> bool:
        """Not while only notes were taken, for a little while: they go with what somebody waits for."""
        if not is_awaited and not is_idle:
            now_s = time.monotonic()
            self._notes_due_s = self._notes_due_s or now_s + NOTES_WAIT_S
            if now_s < self._notes_due_s:
                return False
        self._notes_due_s = None
        return True

    def _take(self, *, block: bool) -> tuple[list[_Command | Event], bool]:
        taken: list[_Command | Event] = []
        while True:
            try:
                one = self._queue.get(block=block and not taken, timeout=self._patience_s())
            except queue.Empty:
                return taken, True
            if one is None:
                return taken, False
            # From here on a caller who went away cannot take his command back.
            if not isinstance(one, _Command) or one.answer.set_running_or_notify_cancel():
                taken.append(one)
            if len(taken) >= MAX_QUEUED_COMMANDS:
                return taken, True

    def _patience_s(self) -> float | None:
        """How long the queue may stay silent: for ever where nothing depends on the time."""
        if self._notes_due_s is not None:
            return max(self._notes_due_s - time.monotonic(), 0.0)
        if not any(bot.settings.mode != "replay" for bot in self.bots.values()):
            return None
        until_s = min(self._next_tick_s, self._next_quotes_s) if self.desks else self._next_tick_s
        return max(until_s - time.monotonic(), 0.0)

    def _take_event(self, event: Event) -> None:
        at = self.now()
        self.engine.handle(event, at)
        self._carry_out(self.engine.take_waiting(), at)

    def _look_at_the_time(self) -> None:
        now_s = time.monotonic()
        if self.desks and now_s >= self._next_quotes_s:
            self._next_quotes_s = now_s + LISTEN_S
            self._take_quotes()
        if now_s >= self._next_tick_s and self._patience_s() is not None:
            self._next_tick_s = now_s + TICK_S
            self._tick(self.now())

    def _take_quotes(self) -> None:
        for name, desk in self.desks.items():
            bot = self.bots[name]
            for event in desk.ranges():
                if not isinstance(event, BarRanged):
                    continue
                at = (self.clock.now_ns(), RANK_BAR_OPENED, event.symbol)
                self.handle(bot, TimePassed(name), at)
                observe_quote(bot, event.symbol, event.bar.bid_close, event.bar.ask_close, at[0])
                self.handle(bot, event, at)

    def _tick(self, at: FeedPosition) -> None:
        jump_s = abs(self.clock.jump_ns()) / 1e9
        limit_s = self.configuration.execution.max_clock_jump_s
        if jump_s > limit_s:
            reason = f"the wall's clock was set by more than {limit_s} s; put it right, or restart the daemon"
            self.engine.handle(HealthObserved(CELL, "clock", "down", reason), at)
        elif "clock" in self.state.controls.conditions.get(CELL, {}):
            self.engine.handle(HealthObserved(CELL, "clock", "ok", "agrees with the wall's"), at)
        for name, desk in self.desks.items():
            bot = self.bots[name]
            self._observe_rates_daily(bot, at[0])
            self.engine.handle(TimePassed(name), at)
            condition = self.state.controls.conditions.get(name, {}).get("reconciliation")
            if condition is not None and condition.health != "ok":
                desk.compare_books_soon()
        for name, bot in self.bots.items():
            if bot.settings.mode == "paper" and bot.pending:  # what waits is judged by its own day
                self.engine.handle(TimePassed(name), at)
        self.engine.handle(Ticked(), at)
        self._carry_out(self.engine.take_waiting(), at)

    def _observe_rates_daily(self, bot: Bot, now_ns: int) -> None:
        latest = max((seen for _, seen in bot.account.rates_per_eur.values()), default=0)
        if now_ns - latest > 86_400 * 10**9 and now_ns - self._rates_read_ns > 600 * 10**9:
            self._rates_read_ns = now_ns
            self._observe_rates(bot, now_ns)

    _rates_read_ns = 0
