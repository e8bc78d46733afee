"""What must hold of a world: at any moment, and at rest once faults have stopped and time has passed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hive_core.contracts.order import WAITING_STATES
from hive_exec.core.controls import Mode
from hive_exec.core.snapshot import state_digest

if TYPE_CHECKING:
    from proofs.model.world import World

_NONE = Decimal(0)


class Violation(AssertionError):
    """A promise was broken."""


def check_always(world: World) -> None:
    """Safety at any moment.

    Raises:
        Violation: a promise was broken.
    """
    if world.witness.violations:
        raise Violation("; ".join(world.witness.violations))
    for name, venue in world.venues.items():
        bot = world.state.bots[name]
        breaker = world.state.controls.breakers.get(f"bot:{name}")
        if name in world.witness.foreign_shown and (breaker is None or breaker.fallback != "halt"):
            raise Violation(f"O9: {name} goes on beside an order with our mark that the journal lacks")
        exposures = bot.account.exposures
        for deal in venue.deals:
            at_venue = deal.open + deal.working
            if not at_venue:
                continue
            key = deal.order.client_order_id
            counted = sum((exposures[k].lots for k in (key, f"{key}/rest") if k in exposures), _NONE)
            if at_venue > counted:
                raise Violation(f"O5: {key} has {at_venue} lots at the venue, counted {counted}")


def check_books(world: World) -> None:
    """What the daemon believes of every order is what the venue has.

    Raises:
        Violation: a promise was broken.
    """
    for name, venue in world.venues.items():
        bot = world.state.bots[name]
        filled: dict[str, Decimal] = {}
        opened: dict[str, Decimal] = {}
        working: dict[str, Decimal] = {}
        for deal in venue.deals:
            key = deal.order.client_order_id
            if key not in bot.orders:
                raise Violation(f"O10: {key} is at the venue and not in the journal")
            filled[key] = filled.get(key, _NONE) + deal.filled
            opened[key] = opened.get(key, _NONE) + deal.open
            working[key] = working.get(key, _NONE) + deal.working
            if deal.open and not deal.has_stop:
                raise Violation(f"O6: {key} is open without a stop")
        for key, line in bot.orders.items():
            if line.state in WAITING_STATES:
                raise Violation(f"A4: {key} is {line.state} for ever")
            ours = (line.filled_lots, line.open_lots, line.working_lots)
            theirs = (filled.get(key, _NONE), opened.get(key, _NONE), working.get(key, _NONE))
            if ours != theirs:
                raise Violation(f"O10: {key} filled, open, working: {ours} here, {theirs} at the venue")
        if venue.is_hedging and bot.external != venue.external:
            raise Violation(f"O9: external positions {bot.external} here, {venue.external} at the venue")
        uncounted = {f"external/{key}" for key in bot.external} - set(bot.account.exposures)
        if uncounted:
            raise Violation(f"O5: {uncounted} do not count")


def check_at_rest(world: World) -> None:
    """Safety and liveness once faults have stopped and time has passed.

    Raises:
        Violation: a promise was broken.
    """
    check_always(world)
    for state in (world.disk.whole_fold(world.execution), world.disk.snapshot_and_tail(world.execution)):
        if state_digest(state) != state_digest(world.state):
            raise Violation("J1: the state is not the fold of the journal")
    check_books(world)
    for decision_id, decision in world.acknowledged.items():
        if decision_id not in world.state.bots[decision.account].decided:
            raise Violation(f"O1: acknowledged decision {decision_id} has no end")
    for bot in world.state.bots.values():
        if bot.reviews or bot.pending or bot.held:
            raise Violation(f"A4: something still waits at {bot.name}")
    if world.calls:
        raise Violation(f"A4: calls still wait: {world.calls}")


def check_ready(world: World) -> None:
    """Every account trades again.

    Raises:
        Violation: a promise was broken.
    """
    for bot in world.state.bots.values():
        standing = world.state.standing(bot)
        if standing.mode is not Mode.NORMAL:
            raise Violation(f"A4: {bot.name} is {standing.mode}: {standing.reasons}")
