"""The deterministic simulation: a seed makes a run of ten simulated hours in which everything goes wrong that
can, then the faults stop and everything must come to rest. The same seed makes the same run.

What is random: decisions and how they are delivered, every answer of the venues, the stream, the market,
what persons do, when the process ends, and where it starts again from (a snapshot or the whole journal).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hive_core.configuration.model import Account, Execution
from hive_core.contracts.broker import VenueOrder, VenuePosition
from hive_core.contracts.decision import Decision
from hive_core.contracts.order import OrderState
from hive_exec.core.events import (
    BreakerReset,
    BreakerTrip,
    CloseAsked,
    Fallback,
    Kill,
    Resolution,
    Resume,
    Reviewed,
)
from hive_exec.core.snapshot import state_digest
from proofs.model.checks import Violation, check_books, check_ready
from proofs.model.decisions import decision_at
from proofs.model.oracle import Seeded
from proofs.model.quiet import quiet
from proofs.model.venue import ASK, BID, SECOND_NS, ModelVenue
from proofs.model.world import ACCOUNT, ONE_ACCOUNT, READ_UP, START_NS, SYMBOL, Crash, World

HOURS = 10
OTHER = "other"
PERSONS = ("anna", "ben", "chris")
PIP = Decimal("0.0001")
SPREAD = ASK - BID
LONGEST_VALIDITY_S = 7_200


@dataclass(frozen=True, slots=True)
class Run:
    """What one seed did. `violation` is "" where every promise was kept."""

    seed: int
    digest: str
    hours: float
    crashes: int
    faults: int
    decisions: int
    orders: int
    records: int
    violation: str


class Simulation:
    """One seed's run."""

    def __init__(self, seed: int, hours: float = HOURS) -> None:
        self.seed, self.hours = seed, hours
        self.oracle = Seeded(seed, fault_rate=0.12, crash_rate=0.006)
        self.number = 0
        self.faults = 0
        self.decisions: list[Decision] = []
        pick = self.oracle.between
        self.world = World(
            self.oracle,
            deduplicates=bool(seed & 1),
            is_hedging=bool(seed & 2),
            crashes_left=10**9,
            execution=Execution(people_for_global=pick(1, 2)),
            accounts=self._accounts(),
            has_snapshots=bool(seed & 4),
        )

    def _accounts(self) -> tuple[Account, ...]:
        pick = self.oracle.between
        account = Account(
            name=ACCOUNT,
            mode="broker",
            broker="model",
            symbols=(SYMBOL,),
            sources=("*",),
            accepted_unknowns=READ_UP,
            failover_to=OTHER if pick(0, 2) == 0 else None,
            max_orders_per_hour=pick(2, 12) if pick(0, 2) == 0 else None,
            review_over_headroom=Decimal("0.12") if pick(0, 2) == 0 else None,
            review_ttl_s=pick(30, 1_200),
            rejections_before_breaker=pick(2, 6),
            risk_per_trade_pct=Decimal(pick(1, 5)) / 10,
            commission_per_lot=Decimal(pick(0, 7)),
        )
        other = ONE_ACCOUNT[0].model_copy(update={"name": OTHER, "sources": ("other",)})
        return (account, other) if account.failover_to else (account,)

    # Moving the world.

    def _safely(self, act: Callable[[], Any]) -> None:
        """Do it, and start the daemon again whenever it ends; who asked asks once more."""
        while True:
            try:
                act()
            except Crash:
                self.world.restart()
                self.world.check_always()
                if self.oracle.between(0, 9) == 0:
                    self._same_from_the_whole_journal()
                continue
            break
        self.world.check_always()

    def _same_from_the_whole_journal(self) -> None:
        world = self.world
        if state_digest(world.disk.whole_fold(world.execution)) != state_digest(world.state):
            raise Violation("J1: after a restart the state is not the fold of the journal")

    def _venue(self) -> ModelVenue:
        venues = list(self.world.venues.values())
        return venues[self.oracle.between(0, len(venues) - 1)]

    def run(self) -> Run:
        """Faults for `hours`, then rest."""
        violation = ""
        world = self.world
        end_ns = START_NS + int(self.hours * 3_600) * SECOND_NS
        try:
            while world.now_ns < end_ns:
                self._one_step()
            self._rest()
        except Violation as broken:
            violation = f"at {(world.now_ns - START_NS) // SECOND_NS} s: {broken}"
        except Exception as broken:  # noqa: BLE001 (the daemon's own end is as bad)
            violation = (
                f"at {(world.now_ns - START_NS) // SECOND_NS} s: {type(broken).__name__}: {str(broken)[:500]}"
            )
        return Run(
            self.seed,
            world.digest(),
            (world.now_ns - START_NS) / SECOND_NS / 3_600,
            world.crashes,
            self.faults + self.oracle.faults,
            len(self.decisions),
            sum(len(venue.deals) for venue in world.venues.values()),
            len(world.disk.durable),
            violation,
        )

    def _one_step(self) -> None:
        pick = self.oracle.between
        for _ in range(pick(0, 2)):
            steps = _STEPS[pick(0, len(_STEPS) - 1)]
            steps(self)
        self._safely(self.world.listen)
        # The daemon looks every second; here it looks often while something happens, and seldom else.
        seconds = pick(1, 20) if pick(0, 2) else pick(21, 300)
        self._market()
        self.world.passes(seconds)
        self._safely(self.world.look)

    def _market(self) -> None:
        pick, world = self.oracle.between, self.world
        pips = pick(-3, 3) if pick(0, 15) else pick(-25, 25)
        bid = min(max(world.bid + PIP * pips, Decimal("1.0500")), Decimal("1.0700"))
        world.moves(bid, bid + SPREAD)
        if pick(0, 3) == 0:
            for venue in world.venues.values():
                venue.rest_fills()

    # What happens.

    def _decides(self) -> None:
        pick, world = self.oracle.between, self.world
        self.number += 1
        is_stale = pick(0, 9) == 0
        bid = world.bid
        is_limit = pick(0, 3) == 0
        side = "buy" if pick(0, 1) else "sell"
        decision = decision_at(
            f"s{self.seed}-{self.number}",
            world.now_ns - (pick(301, 900) if is_stale else pick(0, 5)) * SECOND_NS,
            legs=pick(1, 3),
            valid_s=(60, 600, LONGEST_VALIDITY_S)[pick(0, 2)],
            side=side,
            entry=bid + PIP * pick(2, 15) * (-1 if side == "buy" else 1) if is_limit else None,
            bid=bid,
            ask=world.ask,
        )
        self.faults += is_stale
        self.decisions.append(decision)
        self._safely(lambda: world.post(decision, PERSONS[0]))

    def _delivers_again(self) -> None:
        if self.decisions:
            self.faults += 1
            again = self.decisions[-1 - self.oracle.between(0, min(len(self.decisions) - 1, 20))]
            self._safely(lambda: self.world.post(again, PERSONS[1]))

    def _outage(self) -> None:
        venue = self._venue()
        self.faults += not venue.is_down
        venue.is_down = not venue.is_down

    def _outage_ends(self) -> None:
        for venue in self.world.venues.values():
            venue.is_down = False

    def _killed(self) -> None:
        if self.oracle.between(0, 7) == 0:
            self.faults += 1
            self._safely(lambda: self.world.order(Kill("simulated", PERSONS[0])))

    def _resumed(self) -> None:
        for person in PERSONS[: self.oracle.between(1, 3)]:
            self._safely(lambda who=person: self.world.order(Resume("simulated", who)))

    def _tripped(self) -> None:
        pick = self.oracle.between
        if pick(0, 5) == 0:
            scope = ("global", "cell", f"bot:{ACCOUNT}")[pick(0, 2)]
            fallbacks: tuple[Fallback, ...] = ("shadow", "reduced", "safe", "halt")
            event = BreakerTrip(scope, fallbacks[pick(0, 3)], "simulated", PERSONS[0])
            self.faults += 1
            self._safely(lambda: self.world.order(event))

    def _reset(self) -> None:
        scopes = list(self.world.state.controls.breakers)
        for scope in scopes:
            for person in PERSONS[: self.oracle.between(1, 2)]:
                self._safely(
                    lambda scope=scope, who=person: self.world.order(BreakerReset(scope, "simulated", who))
                )

    def _reviewed(self) -> None:
        pick = self.oracle.between
        for bot in list(self.world.state.bots.values()):
            for decision_id in list(bot.reviews):
                event = Reviewed(bot.name, decision_id, bool(pick(0, 2)), PERSONS[pick(0, 2)], "simulated")
                self._safely(lambda event=event: self.world.order(event))

    def _resolved(self) -> None:
        """Persons who have asked the venue end what certainly never arrived."""
        for name, bot in list(self.world.state.bots.items()):
            for key, line in list(bot.orders.items()):
                if line.state is OrderState.UNRESOLVED and not self.world.venues[name].may_know(key):
                    for person in PERSONS[: self.oracle.between(1, 2)]:
                        event = Resolution(name, key, person, "simulated")
                        self._safely(lambda event=event: self.world.order(event))

    def _closed(self) -> None:
        for name, bot in list(self.world.state.bots.items()):
            for key, line in list(bot.orders.items()):
                if not line.is_over and self.oracle.between(0, 3) == 0:
                    event = CloseAsked(name, key, PERSONS[0])
                    self._safely(lambda event=event: self.world.order(event))

    def _by_hand(self) -> None:
        """Somebody trades the account beside the daemon."""
        venue, pick = self._venue(), self.oracle.between
        self.faults += 1
        if venue.external and pick(0, 1):
            venue.external.pop(next(iter(venue.external)))
        elif len(venue.external) < 2:
            self.number += 1
            key, stop = f"hand{self.number}", BID - 50 * PIP if pick(0, 1) else None
            venue.external[key] = VenuePosition(key, "", SYMBOL, "buy", Decimal("0.1"), BID, stop, None)

    def _foreign(self) -> None:
        """An order with our mark that the journal lacks, or its end."""
        venue = self._venue()
        if venue.foreign:
            venue.foreign.clear()
        elif self.oracle.between(0, 7) == 0:
            self.faults += 1
            mark = f"ord_{self.number:024x}"
            order = VenueOrder(mark, "v-foreign", SYMBOL, "buy", Decimal(1), BID - PIP, None)
            venue.foreign.append(order)

    def _snapshot(self) -> None:
        self._safely(self.world.keep_snapshot)

    # Rest.

    def _rest(self) -> None:
        """The faults stop. Persons end what latches, time passes, and everything must converge."""
        world = self.world
        world.crashes_left, self.oracle.fault_rate = 0, 0.0
        for venue in world.venues.values():
            venue.is_down = False
            venue.foreign.clear()
        for seconds in (1, 2, 30, 15, 15, LONGEST_VALIDITY_S, 70, 15, 15):
            world.tick(seconds)
            world.listen()
            world.check_always()
        check_books(world)
        world.check_at_rest()
        for venue in world.venues.values():
            venue.market_moves()
        for seconds in (1, 31, 11, 11, 31):
            world.tick(seconds)
            world.listen()
        for person in PERSONS:
            world.order(Resume("rest", person))
            for scope in list(world.state.controls.breakers):
                world.order(BreakerReset(scope, "rest", person))
        world.tick(31)
        world.check_at_rest()
        check_ready(world)


_STEPS: tuple[Callable[[Simulation], None], ...] = (
    *(Simulation._decides,) * 8,
    *(Simulation._delivers_again,) * 2,
    Simulation._outage,
    *(Simulation._outage_ends,) * 2,
    Simulation._killed,
    *(Simulation._resumed,) * 2,
    Simulation._tripped,
    *(Simulation._reset,) * 3,
    *(Simulation._reviewed,) * 2,
    Simulation._resolved,
    Simulation._closed,
    Simulation._by_hand,
    Simulation._foreign,
    Simulation._snapshot,
)


def simulate(seed: int, hours: float = HOURS) -> Run:
    """The run of a seed."""
    with quiet():
        return Simulation(seed, hours).run()
