"""What persons may order: kill, resume, breakers, reviews, the end of an unresolved order, a close."""

from __future__ import annotations

from hive_core.contracts.order import OrderState
from hive_core.contracts.reasons import DenialReason, RejectionReason
from hive_exec.core.controls import GLOBAL, Mode
from hive_exec.core.deciding import approved, denied
from hive_exec.core.events import (
    Alarm,
    AskPolicies,
    BreakerReset,
    CloseAsked,
    Effect,
    Kill,
    Resolution,
    Resume,
    Reviewed,
)
from hive_exec.core.records import CELL, FeedPosition, Kind, Record
from hive_exec.core.requests import cancel, close
from hive_exec.core.shown import why_void
from hive_exec.core.state import Bot, CellState
from hive_exec.core.waiting import Pending, why_not_by

Outcome = tuple[list[Record], list[Effect]]


class Refused(ValueError):
    """A person's order that is not carried out, and why. Nothing changed."""


def killed(state: CellState, event: Kill, at: FeedPosition) -> Outcome:
    """Throw the kill switch: it latches, working orders are cancelled, and stops stay where they are."""
    records: list[Record] = []
    # Thrown again, it takes back what people agreed to before.
    if state.controls.kill is None or state.controls.kill.confirmed_by:
        body = {"reason": event.reason, "principal": event.principal}
        records.append(Record(CELL, Kind.KILLED, at, body))
    effects: list[Effect] = [Alarm(CELL, f"kill switch thrown by {event.principal}: {event.reason}")]
    for name in sorted(state.bots):
        bot = state.bots[name]
        if bot.settings.mode == "replay":
            continue
        for line in bot.orders.values():
            more, asked = cancel(bot, line, at, "kill switch")
            records += more
            effects += asked
    return records, effects


def resumed(state: CellState, event: Resume, at: FeedPosition) -> Outcome:
    """A person agrees to resume; with enough of them it is over.

    Raises:
        Refused: there is nothing to resume, or the same person agrees twice.
    """
    kill = state.controls.kill
    if kill is None:
        raise Refused("the kill switch is not thrown")
    if event.principal in kill.confirmed_by:
        raise Refused(f"{event.principal} has agreed already; another person must")
    confirmed = [*kill.confirmed_by, event.principal]
    body = {"reason": event.reason, "principal": event.principal}
    records = [Record(CELL, Kind.RESUME_CONFIRMED, at, body)]
    if len(confirmed) >= state.execution.people_for_global:
        records.append(Record(CELL, Kind.RESUMED, at, {"confirmed_by": confirmed}))
    return records, []


def breaker_reset(state: CellState, event: BreakerReset, at: FeedPosition) -> Outcome:
    """Close a breaker again; a global one needs as many people as the kill switch.

    Raises:
        Refused: it is not open, or the same person agrees twice.
    """
    if event.scope not in state.controls.breakers:
        raise Refused(f"breaker {event.scope} is not open")
    agreed = state.controls.resets.get(event.scope, ())
    if event.principal in agreed:
        raise Refused(f"{event.principal} has agreed already; another person must")
    needed = state.execution.people_for_global if event.scope == GLOBAL else 1
    body = {
        "scope": event.scope,
        "reason": event.reason,
        "principal": event.principal,
        "is_closed": len(agreed) + 1 >= needed,
    }
    return [Record(CELL, Kind.BREAKER_RESET, at, body)], []


def reviewed(state: CellState, bot: Bot, event: Reviewed, at: FeedPosition) -> Outcome:
    """A person's word on a decision. Void when it comes too late, when what was judged has changed, or when
    the market is not known to be within the worst price that he was shown (R10, O7).

    Raises:
        Refused: nothing of this id waits, the person is one of those who handed it in, or he approves while
            nothing may be sent.
    """
    review, pending = bot.reviews.get(event.decision_id), bot.pending.get(event.decision_id)
    if review is None or pending is None:
        raise Refused(f"no decision {event.decision_id} waits for a person")
    why = why_not_by(event.principal, pending)
    if why:
        raise Refused(why)
    if at[0] >= review.expires_ns:
        return _review_ended(bot, pending, "timed_out", event, at)
    if not event.is_approved:
        return _review_ended(bot, pending, "refused", event, at)
    standing = state.standing(bot)
    if standing.mode is not Mode.NORMAL:
        reasons = "; ".join(standing.reasons)
        raise Refused(f"{bot.name} is in mode {standing.mode}, approve once it may send again: {reasons}")
    why = why_void(bot, pending.delivery.decision, review, standing, at[0])
    if why:
        return _review_ended(bot, pending, "void", event, at, f" ({why})")
    ended = _ended(bot, event.decision_id, "approved", event.principal, event.reason, at)
    records, effects = approved(state, bot, pending, event, at)
    if any(isinstance(effect, AskPolicies) for effect in effects):
        return records, effects  # the person's word counts once the policies have answered
    return [ended, *records], effects


_REVIEW_DENIALS = {
    "timed_out": DenialReason.REVIEW_TIMED_OUT,
    "refused": DenialReason.REVIEW_REFUSED,
    "void": DenialReason.REVIEW_VOID,
}


def _ended(bot: Bot, decision_id: str, how: str, principal: str, reason: str, at: FeedPosition) -> Record:
    body = {"decision_id": decision_id, "outcome": how, "principal": principal, "reason": reason}
    return Record(bot.name, Kind.REVIEW_ENDED, at, body)


def _review_ended(
    bot: Bot, pending: Pending, how: str, event: Reviewed, at: FeedPosition, why: str = ""
) -> Outcome:
    ended = _ended(bot, event.decision_id, how, event.principal, event.reason, at)
    detail = f"review {how}{why}: {event.principal}: {event.reason}"
    return [ended, denied(bot, pending, "human_review", _REVIEW_DENIALS[how], detail, at)], []


def reviews_timed_out(bot: Bot, at: FeedPosition) -> Outcome:
    """Nobody looked in time: no."""
    records = []
    for review in bot.reviews.values():
        if at[0] >= review.expires_ns:
            pending = bot.pending[review.decision_id]
            records.append(_ended(bot, review.decision_id, "timed_out", "hive", "nobody looked in time", at))
            code = DenialReason.REVIEW_TIMED_OUT
            records.append(denied(bot, pending, "human_review", code, "nobody looked in time", at))
    return records, []


def resolution(bot: Bot, event: Resolution, at: FeedPosition) -> Outcome:
    """A person says that an unresolved order never arrived; the second person's word counts.

    Raises:
        Refused: the order is not unresolved, or it is the same person again.
    """
    line = bot.orders.get(event.client_order_id)
    if line is None or line.state is not OrderState.UNRESOLVED:
        found = "no such order" if line is None else line.state.value
        raise Refused(f"order {event.client_order_id} is not unresolved: {found}")
    if line.not_accepted_by == event.principal:
        raise Refused(f"{event.principal} has said so already; another person must")
    body = {
        "client_order_id": event.client_order_id,
        "principal": event.principal,
        "reason": event.reason,
    }
    if not line.not_accepted_by:
        return [Record(bot.name, Kind.RESOLUTION_PROPOSED, at, body)], []
    ended = {
        "client_order_id": event.client_order_id,
        "reason": RejectionReason.RESOLVED_BY_PEOPLE.value,
        "principals": [line.not_accepted_by, event.principal],
        "because": event.reason,
    }
    return [Record(bot.name, Kind.ORDER_NOT_ACCEPTED, at, ended)], []


def close_asked(bot: Bot, event: CloseAsked, at: FeedPosition) -> Outcome:
    """Close what an order opened, or cancel it where it works.

    Raises:
        Refused: there is nothing to close.
    """
    line = bot.orders.get(event.client_order_id)
    if line is None or (not line.open_lots and not line.working_lots):
        raise Refused(f"order {event.client_order_id} has nothing open and nothing working")
    if not bot.settings.has_broker:
        raise Refused(f"{bot.name} is no account at a broker; it closes as a whole")
    records: list[Record] = []
    effects: list[Effect] = []
    for wanted in (cancel, close):
        more, asked = wanted(bot, line, at, f"asked by {event.principal}")
        records += more
        effects += asked
    return records, effects
