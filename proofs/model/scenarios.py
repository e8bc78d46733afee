"""The small worlds that are explored whole: what is done to each, step by step.

A step that the daemon does not survive is done again by whoever did it, as clients and persons do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from hive_core.configuration.model import Account
from hive_core.contracts.broker import VenueOrder, VenuePosition
from hive_core.contracts.decision import Decision
from hive_exec.core.events import CloseAsked, Kill, Resume, Reviewed
from proofs.model.decisions import decision_at
from proofs.model.venue import ASK, BID
from proofs.model.world import ACCOUNT, ONE_ACCOUNT, START_NS, SYMBOL, World

Step = Callable[[World], object]
OTHER = "other"
PIP = Decimal("0.0001")
WITH_FAILOVER = (
    ONE_ACCOUNT[0].model_copy(update={"failover_to": OTHER}),
    ONE_ACCOUNT[0].model_copy(update={"name": OTHER, "sources": ("other",)}),
)
WITH_REVIEW = (ONE_ACCOUNT[0].model_copy(update={"review_over_headroom": Decimal("0.01")}),)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A small world. `crashes` and `faults` bound those of one run; transports and outcomes of orders take
    every value besides."""

    name: str
    steps: tuple[Step, ...]
    crashes: int
    faults: int
    accounts: tuple[Account, ...] = ONE_ACCOUNT
    is_hedging: bool = True
    is_deep: bool = False
    """Whether it has so many runs that a short exploration leaves it out."""


def _posted(decision: Decision, by: str = "anna") -> Step:
    return lambda world: world.post(decision, by)


def _passes(seconds: int) -> Step:
    return lambda world: world.tick(seconds)


def _market(pips: int) -> Step:
    return lambda world: world.moves(BID + PIP * pips, ASK + PIP * pips)


def _ordered(event: Kill | Resume | Reviewed) -> Step:
    return lambda world: world.order(event)


def _decision(name: str, **changes: object) -> Decision:
    return decision_at(name, START_NS, **changes)  # type: ignore[arg-type]


def _listened(world: World) -> None:
    world.listen()


def _down(world: World) -> None:
    world.venue.is_down = True


def _up(world: World) -> None:
    world.venue.is_down = False


def _rest_fills(world: World) -> None:
    world.venue.rest_fills()


def _everything_closed(world: World) -> None:
    for key, line in list(world.bot.orders.items()):
        if not line.is_over:
            world.order(CloseAsked(ACCOUNT, key, "anna"))


def _reviewed_by(person: str) -> Step:
    def step(world: World) -> None:
        for decision_id in list(world.bot.reviews):
            world.order(Reviewed(ACCOUNT, decision_id, True, person, "it is fine"))

    return step


def _foreign_order(world: World) -> None:
    mark = f"ord_{0:024x}"
    world.venue.foreign = [VenueOrder(mark, "v0", SYMBOL, "buy", Decimal(1), BID, None)]


def _foreign_order_ends(world: World) -> None:
    world.venue.foreign = []


def _by_hand(world: World) -> None:
    position = VenuePosition("hand", "", SYMBOL, "buy", Decimal(1), BID, BID - 50 * PIP, None)
    world.venue.external["hand"] = position


_END = (_listened, _passes(2), _listened)
_LIMIT = _decision("limit", entry=BID - 10 * PIP, valid_s=20)
_HELD = _decision("held", valid_s=600)

SCENARIOS = (
    Scenario("one signal, one leg, two crashes", (_posted(_decision("a")), *_END), 2, 0),
    Scenario("one signal, one leg, two faults", (_posted(_decision("a")), *_END), 1, 2),
    Scenario("one signal, tried again late", (_posted(_decision("a")), _passes(40), *_END), 1, 0),
    Scenario("one signal, two legs", (_posted(_decision("a", legs=2)), *_END), 1, 0, is_deep=True),
    Scenario("two signals", (_posted(_decision("a")), _posted(_decision("b")), *_END), 1, 0, is_deep=True),
    Scenario("at a netting venue", (_posted(_decision("a")), *_END), 1, 1, is_hedging=False),
    Scenario(
        "a limit order that the market comes to",
        (_posted(_LIMIT), _listened, _market(-12), *_END, _market(0), *_END),
        1,
        1,
    ),
    Scenario("a limit order whose time ends", (_posted(_LIMIT), *_END, _passes(25), *_END), 1, 1),
    Scenario(
        "killed while an order works",
        (
            _posted(_decision("a")),
            _ordered(Kill("proof", "anna")),
            _rest_fills,
            *_END,
            _passes(12),
            _ordered(Resume("proof", "anna")),
            _ordered(Resume("proof", "ben")),
            _listened,
        ),
        1,
        1,
    ),
    Scenario("closed by a person", (_posted(_decision("a")), _everything_closed, *_END, _passes(12)), 1, 1),
    Scenario(
        "failover",
        (_down, _passes(3), _passes(3), _passes(3), _posted(_decision("a")), _up, _passes(3), *_END),
        1,
        1,
        WITH_FAILOVER,
    ),
    Scenario(
        "failover after the order left",
        (_posted(_decision("a")), _down, _passes(3), _passes(3), _passes(3), _up, *_END),
        1,
        0,
        WITH_FAILOVER,
    ),
    Scenario(
        "held while the venue is down",
        (_down, _passes(3), _passes(3), _passes(3), _posted(_HELD), _up, _market(3), _passes(3), *_END),
        1,
        1,
    ),
    Scenario(
        "held until the market is beyond its bound",
        (_down, _passes(3), _passes(3), _passes(3), _posted(_HELD), _up, _market(13), _passes(3), *_END),
        1,
        1,
    ),
    Scenario(
        "reviewed by a person",
        (_posted(_decision("a")), _reviewed_by("anna"), _reviewed_by("ben"), *_END),
        1,
        1,
        WITH_REVIEW,
    ),
    Scenario(
        "reviewed by the second who handed it in",
        (
            _posted(_decision("a")),
            _posted(_decision("a"), "ben"),
            _reviewed_by("ben"),
            _reviewed_by("carl"),
            *_END,
        ),
        1,
        1,
        WITH_REVIEW,
    ),
    Scenario(
        "a foreign order with our mark",
        (_foreign_order, _passes(1), _posted(_decision("a")), _foreign_order_ends, *_END),
        1,
        1,
    ),
    Scenario(
        "a position opened by hand",
        (_posted(_decision("a")), _by_hand, *_END, _posted(_decision("b")), *_END),
        1,
        0,
    ),
)
