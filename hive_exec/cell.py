"""The cell: the one thread that owns journal, bots and the venue in this process, and drives the engine.

Everything that changes state is a command or an event on its queue. Those of one round share one fsync and
are answered after it. Between rounds it moves replay accounts forward, a little at a time, so that
a long replay never keeps a caller waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from hive_core.configuration.model import Configuration
from hive_core.contracts.order import BracketOrder
from hive_core.contracts.submission import SignalSubmission
from hive_core.landing.home import HiveHome
from hive_exec.brokers.desk import Desk
from hive_exec.brokers.paper import PaperVenue
from hive_exec.clock import SteadyClock
from hive_exec.commands import Answer, Command, CommandQueue, CommandRefused
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
    Kill,
    Reported,
    Reviewed,
    Submit,
    SubmitNotSent,
    TimePassed,
)
from hive_exec.core.last_look import reason_not_to_send
from hive_exec.core.records import RANK_DECISION, FeedPosition, Record
from hive_exec.core.state import Bot
from hive_exec.desks import DeskMaker, no_desks
from hive_exec.engine import Engine
from hive_exec.failpoints import failpoint
from hive_exec.journal.errors import JournalCorrupt as JournalCorrupt
from hive_exec.kept_journal import KeptJournal
from hive_exec.killing import KillFile
from hive_exec.lane_standing import LaneStanding
from hive_exec.news_calendar import NewsCalendar
from hive_exec.policy.starting import started_engine
from hive_exec.recovery import recover
from hive_exec.replay.driver import ReplayDriver
from hive_exec.replay.feed import LakeFeed
from hive_exec.risk_models import RiskModels
from hive_exec.ticking import Ticking
from hive_exec.todays_settings import terms_of

if TYPE_CHECKING:
    from hive_exec.journal.lease import Lease

_log = logging.getLogger("hive_exec.cell")

SLICE_S = 0.02
"""How long a replay may run before callers are looked after again."""
NOTES_WAIT_S = 0.05
"""How long what nobody waits for may wait for a commit that somebody does."""


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
        self._kept = KeptJournal(home, configuration, wall_clock_ns or time.time_ns, lease)
        self.witness_faults = self._kept.witness_faults
        self.journal = self._kept.journal
        self.venue = PaperVenue(
            home.journal.with_name("paper.sqlite"), self.journal.flush, partial(terms_of, configuration)
        )
        self.feed = LakeFeed(home.lake)
        self.state = self._kept.recall()
        self.engine = Engine(self.state, self.journal)
        self.engine.policies = started_engine(configuration.execution.policy)
        self.engine.news = NewsCalendar(home.lake)
        self.engine.risk_models = RiskModels(home.lake, self.feed)
        self.fatal: BaseException | None = None
        self.on_fatal: Callable[[BaseException], None] | None = None
        self.on_signal: Callable[[str, SignalSubmission, int, str], None] | None = None
        self.on_signal_again: Callable[[str, str], None] = lambda _key, _caller: None
        self.fate_at_once: Callable[[], str | None] = lambda: None
        self.lane_standing: Callable[[], LaneStanding] = LaneStanding
        self.desks: dict[str, Desk] = {}
        self._kills_under_way = 0
        self._kills = threading.Lock()
        self.kill_file = KillFile(home.journal.with_name("KILL"), self._kill_file_appeared)
        self._replays: dict[str, ReplayDriver] = {}
        self._being_served: list[Command] = []
        self._queue = CommandQueue()
        self._thread = threading.Thread(target=self._run, name="hive-cell", daemon=True)
        self._ticking = Ticking(self)
        self._notes_due_s: float | None = None
        self._to_decide: dict[str, Bot] = {}
        recover(self, make_desk)

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
        self._queue.end()
        self._thread.join()
        if self.engine.policies is not None:
            self.engine.policies.close()

    def call(self, work: Callable[[], Answer], *, is_urgent: bool = False) -> Future[Answer]:
        """Have the cell's thread run `work`; its answer comes once everything it wrote is durable.

        Raises:
            Busy: too many commands wait. What is urgent (the kill switch, what lessens risk) always may.
        """
        answer = self._queue.call(work, is_urgent=is_urgent)
        if self.fatal is not None:  # Nobody takes commands any more.
            self._queue.refuse(self._being_served, self.fatal)
        return answer

    def note(self, work: Callable[[], None]) -> None:
        """Have the cell's thread run `work`, for which nobody waits: what it writes becomes durable with the
        next round that somebody waits for, or after `NOTES_WAIT_S`. Lost with the process, it must be done
        anew at the next start."""
        self._queue.note(work)

    def post(self, event: Event) -> None:
        """Hand an event to the core, from any thread."""
        self._queue.post(event)

    @property
    def waiting(self) -> int:
        """How many commands and events wait."""
        return self._queue.waiting

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
        self.carry_out_waiting(at)

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
        self.carry_out_waiting(at)
        if isinstance(event, Kill):  # the journal says it now; no other command may take it back
            self.journal.flush()
            with self._kills:
                self._kills_under_way = max(self._kills_under_way - 1, 0)
        self._ticking.tick(at)

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

    def carry_out_waiting(self, at: FeedPosition) -> None:
        """Make what the core decided durable, and carry out what it wants."""
        self._carry_out(self.engine.take_waiting(), at)

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

    def why_not(self, order: BracketOrder) -> str:
        """From any thread, the last look before it is sent: why an order must not leave now, or ""."""
        if self.is_killed_at_once or self.kill_file.is_thrown:
            return "the kill switch is thrown"
        if self.fatal is not None:
            return "the daemon has stopped trading"
        return reason_not_to_send(self.state, self.bots[order.account], order, self.clock.now_ns())

    def _desk_of(self, effect: Any) -> Desk:
        return self.desks[effect.order.account]

    def decide_soon(self, bot: Bot, decision_id: str) -> None:
        """Judge a received decision at the end of this round: those of one round share the commits."""
        self._to_decide[decision_id] = bot

    def decide_what_waited_for(self, bot: Bot, symbol: str) -> None:
        """Judge soon what came before the first quote of an instrument, now that it is there."""
        for decision_id, pending in bot.pending.items():
            if pending.delivery.decision.symbol == symbol:
                self.decide_soon(bot, decision_id)

    def _decide(self) -> None:
        """Judge what was received in this round. Receipts and intents stand in the journal before the first
        order leaves, in one commit, and each intent counts in the judgement of the next."""
        waiting, self._to_decide = self._to_decide, {}
        together: list[tuple[Submit, FeedPosition]] = []
        for decision_id, bot in waiting.items():
            at = (max(self.wall_clock_ns(), bot.clock_ns), RANK_DECISION, decision_id)
            self._ticking.observe_rates(bot, at[0])
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
                is_replay = self.bots[order.account].settings.mode == "replay"  # it lives in another time
                if why_not := "" if is_replay else self.why_not(order):
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

    def _run(self) -> None:
        try:
            while self._round():
                pass
            self._kept.save_snapshot(self.state)
            self.journal.close()
            self.venue.close()
        except BaseException as error:
            self.fatal = error
            _log.critical("the cell stops: %s", error, exc_info=error)
            self._queue.refuse(self._being_served, error)
            if self.on_fatal is not None:
                self.on_fatal(error)
            raise

    def _round(self) -> bool:
        """One round: what waits, one flush, the answers, then a slice of every replay."""
        replays = [replay for replay in self._replays.values() if replay.has_work()]
        is_idle = not replays and self._kept.is_audited
        taken, goes_on = self._queue.take(block=is_idle, patience_s=self._patience_s)
        self._being_served = [one for one in taken if isinstance(one, Command)]
        answers: list[tuple[Future[Any], Any, Exception | None]] = []
        for one in taken:
            if not isinstance(one, Command):
                self.engine.handle(one, at := self.now())
                self.carry_out_waiting(at)
                continue
            try:
                answers.append((one.answer, one.work(), None))
            except CommandRefused as refused:
                answers.append((one.answer, None, refused))
        is_awaited = any(not isinstance(one, Command) or one.is_awaited for one in taken)
        if self._to_decide:
            is_awaited = True
            self._decide()  # receipts become durable with what follows from them, before any of it is done
        self._ticking.look()
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
        self._kept.save_snapshot(self.state)
        if not taken:
            self._kept.audit()
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

    def _patience_s(self) -> float | None:
        """How long the queue may stay silent: for ever where nothing depends on the time."""
        if self._notes_due_s is not None:
            return max(self._notes_due_s - time.monotonic(), 0.0)
        return self._ticking.patience_s()
